/** Ten minutes of one group, or of all. */

/** @typedef {import('./types.js').Curve} Curve */
/** @typedef {import('./types.js').History} History */
/** @typedef {Record<Curve, (number | null)[]>} Curves */
/** @typedef {{ begin: number } & Record<Curve, number | null>} Minute */

const MINUTE = 60;
/** Numbers at a moment; the others are counts within a step. */
const LEVELS = new Set(['holders', 'waiters']);

/** @type {Curve[]} */
export const CURVES = ['holders', 'waiters', 'granted', 'done', 'refused', 'timed_out'];

/**
 * @param {(number | null)[][]} lists
 * @param {number} length
 * @returns {(number | null)[]} their sum; null where no list has a number
 */
function add(lists, length) {
  return Array.from({ length }, (_, index) => {
    const known = lists.map((list) => list[index] ?? null).filter((value) => value !== null);
    return known.length > 0 ? known.reduce((sum, value) => sum + value, 0) : null;
  });
}

/**
 * @param {History} history
 * @param {string} group none is all of them
 * @returns {Curves}
 */
export function curvesOf(history, group) {
  const groups = history.groups.filter(({ name }) => group === '' || name === group);
  const length = Math.max(0, ...history.groups.map(({ waiters }) => waiters.length));
  const entries = CURVES.map((curve) => [
    curve,
    add(
      groups.map((one) => one[curve]),
      length,
    ),
  ]);
  return Object.fromEntries(entries);
}

/**
 * @param {(number | null)[]} list
 * @returns {number} the sum of what is known
 */
export function total(list) {
  return list.reduce((/** @type {number} */ sum, value) => sum + (value ?? 0), 0);
}

/**
 * @param {(number | null)[]} list
 * @returns {number} the highest; 0 if nothing is known
 */
export function peak(list) {
  return Math.max(0, ...list.map((value) => value ?? 0));
}

/**
 * @param {History} history
 * @param {number} length
 * @returns {number[]} the end of each step, in seconds since 1970
 */
export function timesOf({ end, step_seconds: step }, length) {
  const last = Date.parse(end) / 1000;
  return Array.from({ length }, (_, index) => last - (length - 1 - index) * step);
}

/**
 * The minutes of the clock. A step belongs to the minute in which it begins.
 *
 * @param {Curves} curves
 * @param {number[]} times the end of each step, in seconds
 * @param {number} step its length, in seconds
 * @returns {Minute[]} the newest first; null where nothing of a minute is known
 */
export function minutesOf(curves, times, step) {
  /** @type {Map<number, number[]>} */
  const steps = new Map();
  times.forEach((time, index) => {
    const begin = Math.floor((time - step) / MINUTE) * MINUTE;
    steps.set(begin, [...(steps.get(begin) ?? []), index]);
  });
  return [...steps].reverse().map(([begin, indices]) => {
    const each = CURVES.map((curve) => {
      const list = indices.map((index) => curves[curve][index]);
      const known = list.some((value) => value !== null);
      return [curve, known ? (LEVELS.has(curve) ? peak(list) : total(list)) : null];
    });
    return { begin, ...Object.fromEntries(each) };
  });
}
