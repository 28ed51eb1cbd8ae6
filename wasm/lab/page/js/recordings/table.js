/** The tables of a replay: the recording's own figures, column A and column B; and the keys that change most. */

import { byId, make } from '../dom.js';
import { count, duration, percent } from '../numbers.js';

/** @typedef {import('./types.js').Column} Column */
/** @typedef {import('./types.js').Figures} Figures */
/** @typedef {import('./types.js').GroupReport} GroupReport */
/** @typedef {import('./types.js').KeyCounts} KeyCounts */

/**
 * @typedef {object} Row
 * @property {string} label
 * @property {string} [hint]
 * @property {(figures: Figures) => number | null} value
 * @property {(value: number, figures: Figures) => string} [text]
 * @property {'less' | 'more'} [better] which of A and B is better, if either is
 * @property {boolean} [part] whether it is part of the row above, and left out if it is 0
 */

/** @type {readonly Column[]} */
const COLUMNS = ['recorded', 'a', 'b'];

const ofRequests = (/** @type {number} */ value, /** @type {Figures} */ figures) =>
  figures.requests > 0 ? `${count(value)} (${percent(value / figures.requests)})` : count(value);
const wait = (/** @type {number} */ value, /** @type {Figures} */ figures) =>
  figures.wait.count > 0 ? duration(value) : '–';

/** @type {{ title: string, rows: Row[] }[]} */
const SECTIONS = [
  {
    title: 'Answers',
    rows: [
      { label: 'Requests', value: (figures) => figures.requests },
      { label: 'found the result and did not ask', value: (figures) => figures.found, part: true },
      { label: 'missing in the recording', value: (figures) => figures.missing, part: true },
      { label: 'LOCKED', hint: 'do the work', value: (figures) => figures.granted },
      { label: 'DONE', hint: 'use the work of another', value: (figures) => figures.done },
      {
        label: 'QUEUE_FULL',
        hint: 'refused',
        value: (figures) => figures.refused,
        text: ofRequests,
        better: 'less',
      },
      {
        label: 'TIMEOUT',
        hint: 'waited too long',
        value: (figures) => figures.timedOut,
        text: ofRequests,
        better: 'less',
      },
      { label: 'TIMEOUT at once', hint: 'did not wait', value: (figures) => figures.notFree, part: true },
      { label: 'Old copies', value: (figures) => figures.stale, text: ofRequests, better: 'less' },
      { label: 'Errors', hint: 'no copy at all', value: (figures) => figures.errors, text: ofRequests, better: 'less' },
    ],
  },
  {
    title: 'Waits',
    rows: [
      { label: 'p50', hint: 'half of the waits', value: (figures) => figures.wait.p50, text: wait, better: 'less' },
      {
        label: 'p95',
        hint: '95\u00a0% of the waits',
        value: (figures) => figures.wait.p95,
        text: wait,
        better: 'less',
      },
      { label: 'Longest', value: (figures) => figures.wait.max, text: wait, better: 'less' },
      {
        label: 'Longest queue',
        hint: 'readers that wait at once, of all keys',
        value: (figures) => figures.mostWaiting,
      },
    ],
  },
  {
    title: 'Work',
    rows: [
      { label: 'Work done', value: (figures) => figures.works, better: 'less' },
      { label: 'twice', value: (figures) => figures.repeated, part: true },
      { label: 'died', value: (figures) => figures.died, part: true },
      { label: 'At once, at most', value: (figures) => figures.mostWorks, better: 'less' },
      { label: 'Unfinished', hint: 'at the end', value: (figures) => figures.unfinished, part: true },
    ],
  },
];

/**
 * @param {Row} row
 * @param {GroupReport} group
 * @param {Column} column
 * @returns {HTMLElement}
 */
function cell({ value, text = count, better }, group, column) {
  const shown = (/** @type {Column} */ of) => {
    const number = value(group[of]);
    return number === null ? '–' : text(number, group[of]);
  };
  const made = make('td', {}, shown(column));
  if (column !== 'recorded' && better) {
    const other = column === 'a' ? 'b' : 'a';
    const difference = (value(group[column]) ?? 0) - (value(group[other]) ?? 0);
    if ((better === 'less' ? difference < 0 : difference > 0) && shown(column) !== shown(other)) {
      made.className = 'better';
      made.prepend(make('span', { class: 'tick', 'aria-hidden': 'true' }, '✓'));
      made.append(make('span', { class: 'unseen' }, ', better'));
    }
  }
  return made;
}

/**
 * @param {Row} row
 * @param {GroupReport} group
 * @returns {HTMLElement[]} a row, or none
 */
function rowOf(row, group) {
  if (row.part && COLUMNS.every((column) => row.value(group[column]) === 0)) {
    return [];
  }
  const hint = row.hint ? make('span', { class: 'hint' }, row.hint) : '';
  const head = make('th', { scope: 'row' }, row.label, ' ', hint);
  return [make('tr', row.part ? { class: 'part' } : {}, head, ...COLUMNS.map((column) => cell(row, group, column)))];
}

/**
 * Fills the table of a group.
 *
 * @param {GroupReport} group
 */
export function showTable(group) {
  const bodies = SECTIONS.map(({ title, rows }) => {
    const head = make('tr', { class: 'section' }, make('th', { colspan: '4', scope: 'rowgroup' }, title));
    return make('tbody', {}, head, ...rows.flatMap((row) => rowOf(row, group)));
  });
  const table = byId('replay-comparison');
  table.querySelectorAll('tbody').forEach((body) => body.remove());
  table.append(...bodies);
}

/** @type {{ label: string, value: (counts: KeyCounts) => string }[]} */
const OF_KEYS = [
  { label: 'LOCKED', value: (counts) => count(counts.granted) },
  { label: 'DONE', value: (counts) => count(counts.done) },
  { label: 'QUEUE_FULL', value: (counts) => count(counts.refused) },
  { label: 'TIMEOUT', value: (counts) => count(counts.timedOut) },
  { label: 'old copies', value: (counts) => count(counts.stale) },
  { label: 'waited', value: (counts) => duration(counts.waitedMicros / 1e6) },
];

/** A key that is longer is cut in its middle. */
const MOST_OF_A_KEY = 80;

/**
 * @param {string} key
 * @returns {string} its beginning and its end
 */
function brief(key) {
  const half = MOST_OF_A_KEY / 2;
  return key.length > MOST_OF_A_KEY ? `${key.slice(0, half)}…${key.slice(-half)}` : key;
}

/**
 * Fills the table of keys.
 *
 * @param {GroupReport} group
 */
export function showKeys({ keys }) {
  byId('keys-none').hidden = keys.length > 0;
  byId('keys').hidden = keys.length === 0;
  byId('keys-cut').hidden = keys.every(({ key }) => brief(key) === key);
  const heads = ['Key', ...OF_KEYS.map(({ label }) => label)].map((text) => make('th', { scope: 'col' }, text));
  const rows = keys.map(({ key, a, b }) => {
    const cells = OF_KEYS.map(({ value }) => {
      const [before, after] = [value(a), value(b)];
      return make('td', {}, before === after ? before : make('strong', {}, `${before} → ${after}`));
    });
    return make('tr', {}, make('th', { scope: 'row', class: 'key-name' }, brief(key)), ...cells);
  });
  byId('keys').replaceChildren(make('thead', {}, make('tr', {}, ...heads)), make('tbody', {}, ...rows));
}
