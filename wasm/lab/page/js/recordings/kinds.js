/** The charts of a replay. */

import { duration } from '../numbers.js';

/** @type {import('../charts.js').Kind[]} */
export const KINDS = [
  { name: 'peakWaiting', title: 'Readers waiting', average: 'waiting' },
  { name: 'longestWait', title: 'Longest wait', average: 'none', format: duration },
  { name: 'wait', title: 'Wait on average', format: duration },
  { name: 'works', title: 'Work running' },
  { name: 'refused', title: 'Refused a second (QUEUE_FULL)' },
  { name: 'timedOut', title: 'Timed out a second' },
  { name: 'stale', title: 'Old copies a second' },
  { name: 'requests', title: 'Requests a second' },
];
