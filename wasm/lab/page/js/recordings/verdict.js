/** Makes one sentence about a replay from its numbers. */

import { count, duration } from '../numbers.js';

/** @typedef {import('./types.js').GroupReport} GroupReport */

/**
 * @param {number} before
 * @param {number} after
 * @param {string} one
 * @param {string} many
 * @returns {string[]} 12 readers instead of 340 are refused; nothing if neither are any
 */
function change(before, after, one, many) {
  if (before === 0 && after === 0) {
    return [];
  }
  const who = after === 1 ? 'one reader' : `${after === 0 ? 'no' : count(after)} reader${after === 0 ? '' : 's'}`;
  return [`${who} ${after === 1 || after === 0 ? one : many} (${count(before)} before)`];
}

/**
 * @param {GroupReport} group
 * @returns {string}
 */
export function verdict({ name, change: setting, a, b }) {
  if (setting === null) {
    return `${name} as it was recorded: change a setting to see what it would have done.`;
  }
  const said = [
    ...change(a.refused, b.refused, 'is refused', 'are refused'),
    ...change(a.timedOut, b.timedOut, 'waits too long', 'wait too long'),
    ...change(a.turnedAway, b.turnedAway, 'is turned away at once', 'are turned away at once'),
    ...change(a.stale ?? 0, b.stale ?? 0, 'gets an old copy', 'get an old copy'),
    ...change(a.errors ?? 0, b.errors ?? 0, 'gets an error', 'get an error'),
    `work is done ${b.works === 1 ? 'once' : `${count(b.works)} times`} (${count(a.works)} before)`,
  ];
  if (a.wait.count > 0 || b.wait.count > 0) {
    said.push(`95\u00a0% of the waits end within ${duration(b.wait.p95)} (${duration(a.wait.p95)} before)`);
  }
  const last = said.pop();
  const all = said.length > 0 ? `${said.join(', ')} and ${last}` : last;
  return `With ${setting.replace(/^[^:]*: /, '')}, in ${name} ${all}.`;
}
