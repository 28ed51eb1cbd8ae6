/** Ages that are counted on between two answers, so that they are right to a second whenever they are read. */

import { write } from './dom.js';
import { age } from './numbers.js';

/** @typedef {{ seconds: number, at: number, grows: boolean }} Counted */

const INTERVAL_MS = 200;

/** @type {Map<Element, Counted>} */
const shown = new Map();
/** @type {ReturnType<typeof setInterval> | undefined} */
let timer;

/**
 * @param {Element} element
 * @param {Counted} counted
 */
function show(element, { seconds, at, grows }) {
  const passed = (performance.now() - at) / 1000;
  write(element, age(grows ? seconds + passed : seconds - passed));
}

/**
 * Shows an age in an element, and counts it on.
 *
 * @param {Element} element
 * @param {number | null} seconds null where there is none
 * @param {number} at when it was so, by `performance.now()`
 * @param {{ grows?: boolean }} [how] false for what is left of a time
 */
export function showAge(element, seconds, at, { grows = true } = {}) {
  if (seconds === null) {
    shown.delete(element);
    write(element, '–');
    return;
  }
  const counted = { seconds, at, grows };
  shown.set(element, counted);
  show(element, counted);
}

function tick() {
  for (const [element, counted] of shown) {
    if (element.isConnected) {
      show(element, counted);
    } else {
      shown.delete(element);
    }
  }
}

/** Counts on. */
export function countOn() {
  timer ??= setInterval(tick, INTERVAL_MS);
}

/** Leaves all ages as they are: nobody knows them. */
export function standStill() {
  clearInterval(timer);
  timer = undefined;
}
