'use strict';

/**
 * The calls that end when a signal is aborted. They share one listener: Node warns of more than a few on a signal.
 *
 * @type {WeakMap<AbortSignal, { aborts: Set<() => void>, listener: () => void }>}
 */
const listened = new WeakMap();

/**
 * Has a function called when the signal is aborted.
 *
 * @param {AbortSignal} signal
 * @param {() => void} abort
 */
function atAbort(signal, abort) {
  const known = listened.get(signal);
  if (known) {
    known.aborts.add(abort);
    return;
  }
  const aborts = new Set([abort]);
  const listener = () => aborts.forEach((each) => each());
  listened.set(signal, { aborts, listener });
  signal.addEventListener('abort', listener, { once: true });
}

/**
 * Takes that back.
 *
 * @param {AbortSignal} signal
 * @param {() => void} abort
 */
function notAtAbort(signal, abort) {
  const known = listened.get(signal);
  known?.aborts.delete(abort);
  if (known?.aborts.size === 0) {
    listened.delete(signal);
    signal.removeEventListener('abort', known.listener);
  }
}

module.exports = { atAbort, notAtAbort };
