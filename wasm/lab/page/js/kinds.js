/** The charts of a simulated day. */

import { duration, percent } from './numbers.js';

/** @type {import('./charts.js').Kind[]} */
export const KINDS = [
  { name: 'mostParses', title: 'Parses running', average: 'parses' },
  { name: 'mostWaiting', title: 'Readers waiting in the pool', average: 'waiting' },
  { name: 'waitP95', title: 'Wait, p95', average: 'none', format: duration },
  { name: 'stale', title: 'Old copies a second' },
  { name: 'errors', title: 'Errors a second' },
  { name: 'cpuBusy', title: 'CPU busy', top: 1.05, format: percent },
  { name: 'mostBacklog', title: 'Waiting for a web worker', average: 'backlog' },
  { name: 'requests', title: 'Requests a second' },
];
