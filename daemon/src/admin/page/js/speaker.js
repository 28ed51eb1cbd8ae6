/** Tells a screen reader what is new, and not each second. */

import { byId } from './dom.js';

/** A new hot key is told no more often than this. */
const QUIET_MS = 15_000;

let last = -Infinity;

/** @param {string} text is told at once */
export function tell(text) {
  last = performance.now();
  byId('said').textContent = text;
}

/**
 * Tells what may soon be different again, unless something was told a moment ago.
 *
 * @param {string} text
 * @returns {boolean} whether it was told
 */
export function tellIfQuiet(text) {
  const quiet = performance.now() - last > QUIET_MS;
  if (quiet) {
    tell(text);
  }
  return quiet;
}
