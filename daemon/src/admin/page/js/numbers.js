/** Numbers as people read them. The blank before a unit does not break. */

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
 * @param {number} value
 * @param {string} one what is counted
 * @param {string} [many]
 * @returns {string} 1 waiter, 2 waiters
 */
export function some(value, one, many = `${one}s`) {
  return `${whole.format(value)} ${value === 1 ? one : many}`;
}

/**
 * @param {number} seconds
 * @returns {string} whole seconds that have passed: 0 s, 59 s, 3 min 5 s, 2 h 5 min, 3 d 4 h
 */
export function age(seconds) {
  const passed = Math.max(0, Math.floor(seconds));
  /** @type {[number, string][]} */
  const parts = [
    [Math.floor(passed / 86_400), 'd'],
    [Math.floor(passed / 3600) % 24, 'h'],
    [Math.floor(passed / 60) % 60, 'min'],
    [passed % 60, 's'],
  ];
  const first = parts.findIndex(([value]) => value > 0);
  const shown = first < 0 ? parts.slice(-1) : parts.slice(first, first + 2);
  return shown
    .filter(([value], index) => value > 0 || index === 0)
    .map(([value, unit]) => `${value}${BLANK}${unit}`)
    .join(' ');
}

/**
 * @param {number} seconds
 * @returns {string} a span: 5.4 ms, 0.12 s, 12.3 s, 3 min 20 s
 */
export function span(seconds) {
  if (seconds > 0 && seconds < 0.1) {
    return `${short.format(seconds * 1000)}${BLANK}ms`;
  }
  return seconds < 99.5 ? `${short.format(seconds)}${BLANK}s` : age(Math.round(seconds));
}

const two = (/** @type {number} */ value) => String(value).padStart(2, '0');

/**
 * @param {number} seconds since 1970
 * @returns {string} 14:05 by the clock of whoever looks
 */
export function minute(seconds) {
  const at = new Date(seconds * 1000);
  return `${two(at.getHours())}:${two(at.getMinutes())}`;
}

/**
 * @param {number} seconds since 1970
 * @returns {string} 14:05:30 by the clock of whoever looks
 */
export function clock(seconds) {
  return `${minute(seconds)}:${two(new Date(seconds * 1000).getSeconds())}`;
}
