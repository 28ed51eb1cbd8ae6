/** The sentence, and numbers in it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clock, count, duration, percent, rough } from '../page/js/numbers.js';
import { verdict } from '../page/js/verdict.js';

/** @typedef {import('../page/js/types.js').Outcome} Outcome */
/** @typedef {import('../page/js/types.js').Report} Report */

/** @param {string} text with ordinary blanks */
const plain = (text) => text.replaceAll('\u00a0', ' ');

const POOL = { mode: 'forAnyone', workers: 2, maxqueue: 100, timeout: 15, slots: 0, fastStale: false };

/**
 * @param {{ cpuBusy: number[], errors?: number, stale?: number, p99?: number, requests?: number }} what
 * @returns {Outcome}
 */
function outcome({ cpuBusy, errors = 0, stale = 0, p99 = 0.05, requests = 10_000 }) {
  const totals = { requests, errors, stale, wait: { count: requests - errors, p99 } };
  return /** @type {any} */ ({ totals, series: { interval: 10, cpuBusy } });
}

/**
 * @param {object} a
 * @param {object} b
 * @param {[Outcome, Outcome]} outcomes
 * @param {number} [crawler] its requests a second
 * @returns {string}
 */
function sentence(a, b, outcomes, crawler = 0) {
  const scenario = { crawler: [{ at: 0, rate: crawler }] };
  const comparison = { scenario, a: { ...POOL, ...a }, b: { ...POOL, ...b } };
  return plain(verdict(/** @type {any} */ ({ comparison, a: outcomes[0], b: outcomes[1] })));
}

test('a stampede, and none', () => {
  const outcomes = /** @type {[Outcome, Outcome]} */ ([
    outcome({ cpuBusy: [1, 1, 0.999, 0.2], errors: 3100 }),
    outcome({ cpuBusy: [0.4, 0.25], stale: 50 }),
  ]);
  assert.equal(
    sentence({ mode: 'none' }, {}, outcomes),
    'Without a pool the site is at 100 % CPU for 30 s and 31 % of the readers get an error; ' +
      'with a pool for anyone the CPUs are 40 % busy at most, no reader gets an error and 0.5 % an old copy.',
  );
});

test('two pools are told apart by what differs', () => {
  const outcomes = /** @type {[Outcome, Outcome]} */ ([
    outcome({ cpuBusy: [0.5], p99: 3 }),
    outcome({ cpuBusy: [0.5], p99: 150 }),
  ]);
  assert.equal(
    sentence({ workers: 1 }, { workers: 4, fastStale: true }, outcomes),
    'With a pool for anyone (workers 1, no fastStale) the CPUs are 50 % busy at most, no reader gets an error and ' +
      '99 % of the answers come within 3 s; with a pool for anyone (workers 4, fastStale) the CPUs are 50 % busy ' +
      'at most, no reader gets an error and 99 % of the answers come within 2 min 30 s.',
  );
});

test('no difference', () => {
  const same = outcome({ cpuBusy: [0.31], errors: 1 });
  assert.equal(
    sentence({ mode: 'none' }, {}, [same, same]),
    'With either setting the CPUs are 31 % busy at most and one reader gets an error.',
  );
});

test('a crawler is no reader', () => {
  const same = outcome({ cpuBusy: [0.31], errors: 4 });
  assert.equal(
    sentence({ mode: 'none' }, {}, [same, same], 40),
    'With either setting the CPUs are 31 % busy at most and 4 requests get an error.',
  );
});

test('nobody comes', () => {
  const none = outcome({ cpuBusy: [0], requests: 0 });
  assert.equal(sentence({ mode: 'none' }, {}, [none, none]), 'Nobody asks for a page: there is nothing to compare.');
});

test('shares near the whole are not the whole', () => {
  assert.deepEqual([0.0096, 0.0996, 0.984, 0.9896, 0.9903, 0.995, 0.997, 0.999, 0.9991].map(percent).map(plain), [
    '1.0 %',
    '10 %',
    '98 %',
    '99.0 %',
    '99.0 %',
    '99.5 %',
    '99.7 %',
    '99.9 %',
    '> 99.9 %',
  ]);
});

test('numbers as people read them', () => {
  assert.deepEqual([0, 0.0004, 0.046, 0.31, 0.9996, 1].map(percent).map(plain), [
    '0 %',
    '< 0.1 %',
    '4.6 %',
    '31 %',
    '> 99.9 %',
    '100 %',
  ]);
  assert.deepEqual([0.05, 12.34, 99.6, 200, 3600, 7500].map(duration).map(plain), [
    '0.05 s',
    '12.3 s',
    '1 min 40 s',
    '3 min 20 s',
    '1 h',
    '2 h 5 min',
  ]);
  assert.deepEqual([0, 75, 3750].map(clock), ['0:00', '1:15', '1:02:30']);
  assert.deepEqual([count(1234.6), rough(0.04567), rough(1234.5)], ['1,235', '0.0457', '1,235']);
});
