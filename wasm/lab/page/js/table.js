/** The table that compares the totals. */

import { byId, make } from './dom.js';
import { nameOf } from './names.js';
import { count, duration, percent } from './numbers.js';
import { SIDES } from './types.js';

/** @typedef {import('./types.js').Errors} Errors */
/** @typedef {import('./types.js').Report} Report */
/** @typedef {import('./types.js').Totals} Totals */

/**
 * @typedef {object} Row
 * @property {string} label
 * @property {(totals: Totals) => number} value
 * @property {(value: number, totals: Totals) => string} [text]
 * @property {'less' | 'more'} [better] which is better, if either is
 * @property {string} [hint]
 * @property {boolean} [wait] whether errors are among what it measures
 * @property {boolean} [part] whether it is part of the row above, and left out if it is 0
 */

/** A share of the requests. If the errors differ by more, waits are not compared, because fast errors look like short waits. */
const HAIR = 0.001;

const ofRequests = (/** @type {number} */ value, /** @type {Totals} */ totals) =>
  totals.requests > 0 ? `${count(value)} (${percent(value / totals.requests)})` : count(value);

/**
 * @param {string} label
 * @param {keyof Errors} name
 * @returns {Row}
 */
function cause(label, name) {
  return { label, value: (totals) => totals.errorsBy[name], part: true };
}

/**
 * @param {'p50' | 'p95' | 'p99'} name
 * @param {string} hint
 * @returns {Row}
 */
function waitRow(name, hint) {
  return { label: name, hint, value: (totals) => totals.wait[name], text: duration, better: 'less', wait: true };
}

/** @type {{ title: string, rows: Row[] }[]} */
const SECTIONS = [
  {
    title: 'Answers',
    rows: [
      { label: 'Fresh', value: (totals) => totals.fresh, text: ofRequests, better: 'more' },
      { label: 'Stale', value: (totals) => totals.stale, text: ofRequests, better: 'less', hint: 'an old copy' },
      { label: 'Errors', value: (totals) => totals.errors, text: ofRequests, better: 'less' },
      cause('queue full', 'queueFull'),
      cause('waited too long in the pool', 'timeout'),
      cause('parse died', 'crashed'),
      cause('no web worker, backlog full', 'refused'),
      cause('reader gave up', 'gaveUp'),
      { label: 'Unanswered', value: (totals) => totals.unfinished, hint: 'at the end' },
    ],
  },
  {
    title: 'Waits',
    rows: [
      waitRow('p50', 'half wait no longer'),
      waitRow('p95', '95\u00a0% wait no longer'),
      waitRow('p99', '99\u00a0% wait no longer'),
      { label: 'Longest queue', hint: 'readers in the pool, of all pages', value: (totals) => totals.longestQueue },
      {
        label: 'Longest backlog',
        hint: 'for a web worker, on all servers',
        value: (totals) => totals.longestBacklog,
        better: 'less',
      },
    ],
  },
  {
    title: 'Work',
    rows: [
      { label: 'Parses done', value: (totals) => totals.parses, better: 'less' },
      { label: 'of a revision in the cache already', value: (totals) => totals.repeatedParses, part: true },
      { label: 'died halfway', value: (totals) => totals.crashes, part: true },
      { label: 'CPU seconds', value: (totals) => totals.cpuSeconds, better: 'less' },
      { label: 'CPU busy', value: (totals) => totals.cpuBusy, text: percent, better: 'less', hint: 'on average' },
    ],
  },
];

/**
 * @param {Row} line
 * @param {Totals} own
 * @param {Totals} other
 * @returns {HTMLElement}
 */
function cell({ value, text = count, better, wait }, own, other) {
  const difference = value(own) - value(other);
  const alike = !wait || Math.abs(own.errors - other.errors) <= own.requests * HAIR;
  const wins = (better === 'less' && difference < 0) || (better === 'more' && difference > 0);
  const [ownText, otherText] = [text(value(own), own), text(value(other), other)];
  const shown = make('td', {}, ownText);
  if (wins && alike && ownText !== otherText) {
    shown.className = 'better';
    shown.prepend(make('span', { class: 'tick', 'aria-hidden': 'true' }, '✓'));
    shown.append(make('span', { class: 'unseen' }, ', better'));
  }
  return shown;
}

/**
 * @param {Row} line
 * @param {Report} report
 * @returns {HTMLElement[]} a row, or none
 */
function rowOf(line, { a, b }) {
  if (line.part && line.value(a.totals) === 0 && line.value(b.totals) === 0) {
    return [];
  }
  const hint = line.hint ? make('span', { class: 'hint' }, line.hint) : '';
  const head = make('th', { scope: 'row' }, line.label, ' ', hint);
  const cells = [cell(line, a.totals, b.totals), cell(line, b.totals, a.totals)];
  return [make('tr', line.part ? { class: 'part' } : {}, head, ...cells)];
}

/**
 * Fills the table.
 *
 * @param {Report} report
 */
export function showTable(report) {
  const { comparison } = report;
  const other = { a: comparison.b, b: comparison.a };
  for (const side of SIDES) {
    const name = nameOf(comparison[side], other[side]);
    byId(`name-${side}`).textContent = name;
    byId(`legend-${side}`).textContent = name;
  }
  const bodies = SECTIONS.map(({ title, rows }) => {
    const head = make('tr', { class: 'section' }, make('th', { colspan: '3', scope: 'rowgroup' }, title));
    return make('tbody', {}, head, ...rows.flatMap((line) => rowOf(line, report)));
  });
  const table = byId('comparison');
  table.querySelectorAll('tbody').forEach((body) => body.remove());
  table.append(...bodies);
}
