/** Makes one sentence about the results from the numbers. */

import { nameOf } from './names.js';
import { count, duration, percent } from './numbers.js';

/** @typedef {import('./types.js').Outcome} Outcome */
/** @typedef {import('./types.js').Report} Report */
/** @typedef {import('./types.js').Totals} Totals */

/** The average of an interval in which no core is idle, less a margin for rounding. */
const ALL_BUSY = 0.995;

/**
 * @param {Outcome} outcome
 * @returns {string} how busy the servers are
 */
function cpu({ series }) {
  const seconds = series.cpuBusy.filter((busy) => busy >= ALL_BUSY).length * series.interval;
  if (seconds > 0) {
    return `the site is at 100\u00a0% CPU for ${duration(seconds)}`;
  }
  return `the CPUs are ${percent(Math.max(...series.cpuBusy))} busy at most`;
}

/**
 * @param {number} some
 * @param {number} all
 * @param {string} who reader or request
 * @returns {string} 31 % of the readers get, 12 readers get, no reader gets
 */
function part(some, all, who) {
  if (some <= 1) {
    return `${some === 0 ? 'no' : 'one'} ${who} gets`;
  }
  return some < all / 1000 ? `${count(some)} ${who}s get` : `${percent(some / all)} of the ${who}s get`;
}

/**
 * @param {Totals} totals
 * @param {string} who
 * @param {boolean} withWait
 * @returns {string} what readers get
 */
function answers({ requests, errors, stale, wait }, who, withWait) {
  const said = [`${part(errors, requests, who)} an error`];
  if (stale > 0 && stale >= requests / 1000) {
    said.push(`${percent(stale / requests)} an old copy`);
  }
  if (withWait) {
    said.push(`99\u00a0% of the answers come within ${duration(wait.p99)}`);
  }
  return said.join(', ');
}

/**
 * @param {Outcome} outcome
 * @param {string} who
 * @param {boolean} withWait
 * @returns {string}
 */
function clause(outcome, who, withWait) {
  return `${cpu(outcome)}, ${answers(outcome.totals, who, withWait)}`.replace(/, (?=[^,]*$)/, ' and ');
}

/**
 * @param {string} name
 * @returns {string} without a pool, with a pool for anyone (workers 2)
 */
function under(name) {
  return name === 'no pool' ? 'without a pool' : `with a ${name.replace(/, (.*)/, ' ($1)')}`;
}

/**
 * @param {Report} report
 * @returns {string}
 */
export function verdict({ comparison, a, b }) {
  if (a.totals.requests === 0) {
    return 'Nobody asks for a page: there is nothing to compare.';
  }
  // Where nobody gets an error, the wait is what tells them apart.
  const withWait = a.totals.errors === 0 && b.totals.errors === 0;
  const who = comparison.scenario.crawler.some(({ rate }) => rate > 0) ? 'request' : 'reader';
  const [first, second] = [clause(a, who, withWait), clause(b, who, withWait)];
  if (first === second) {
    return `With either setting ${first}.`;
  }
  const names = [under(nameOf(comparison.a, comparison.b)), under(nameOf(comparison.b, comparison.a))];
  const sentence = `${names[0]} ${first}; ${names[1]} ${second}.`;
  return sentence[0].toUpperCase() + sentence.slice(1);
}
