/** Formats numbers for people. The blank before a unit does not break. */

const BLANK = '\u00a0';
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

/**
 * @param {number} value
 * @returns {string} 1,234
 */
export function count(value) {
  return whole.format(value);
}

/**
 * @param {number} value
 * @returns {string} three digits: 12.3, 0.0457, 1,230
 */
export function rough(value) {
  return Math.abs(value) >= 100 ? whole.format(value) : short.format(value);
}

/**
 * @param {number} share
 * @returns {string} 31 %, 4.6 %, 99.5 %, under 0.1 %
 */
export function percent(share) {
  const value = share * 100;
  if (value > 0 && value < 0.1) {
    return `<${BLANK}0.1${BLANK}%`;
  }
  if (value > 99.9 && value < 100) {
    return `>${BLANK}99.9${BLANK}%`;
  }
  const tenths = Math.round(value * 10) / 10;
  const fine = (tenths > 0 && tenths < 10) || (tenths >= 99 && tenths < 100);
  return `${fine ? tenths.toFixed(1) : whole.format(tenths)}${BLANK}%`;
}

/**
 * @param {number} seconds
 * @returns {string} 0.05 s, 12.3 s, 3 min 20 s, 2 h 5 min
 */
export function duration(seconds) {
  if (seconds < 99.5) {
    return `${short.format(seconds)}${BLANK}s`;
  }
  const rounded = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(rounded / 3600), Math.floor(rounded / 60) % 60, rounded % 60];
  const parts =
    hours > 0
      ? [`${hours}${BLANK}h`, minutes && `${minutes}${BLANK}min`]
      : [`${minutes}${BLANK}min`, rest && `${rest}${BLANK}s`];
  return parts.filter(Boolean).join(' ');
}

/**
 * @param {number} seconds since the beginning
 * @returns {string} 12:30, 1:02:30
 */
export function clock(seconds) {
  const two = (/** @type {number} */ value) => String(Math.floor(value)).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
