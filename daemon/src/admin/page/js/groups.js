/** All groups, each with a small picture of its queue. */

import { showAge } from './ages.js';
import { curvesOf, peak, total } from './curves.js';
import { byId, make, selectById, write } from './dom.js';
import { count } from './numbers.js';
import { Records } from './records.js';

/** @typedef {import('./types.js').Group} Group */
/** @typedef {import('./types.js').History} History */
/** @typedef {import('./curves.js').Curves} Curves */
/** @typedef {Group & { curves: Curves }} Row */

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 120;
const HEIGHT = 24;

/** @returns {Element} an empty picture */
function picture() {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute('class', 'spark');
  svg.setAttribute('aria-hidden', 'true');
  svg.append(document.createElementNS(SVG, 'path'));
  return svg;
}

/**
 * @param {(number | null)[]} list
 * @returns {string} a line through what is known, as an SVG path
 */
function pathOf(list) {
  const high = Math.max(1, peak(list));
  const points = list.map((value, index) => {
    const x = (index / Math.max(1, list.length - 1)) * WIDTH;
    return value === null ? null : `${x.toFixed(1)} ${(HEIGHT - 1 - (value / high) * (HEIGHT - 2)).toFixed(1)}`;
  });
  return points
    .map((point, index) => (point === null ? '' : `${(points[index - 1] ?? null) === null ? 'M' : 'L'}${point}`))
    .join('');
}

/** What `/v1/groups` says, with the sums of `/v1/history`. */
export class Groups {
  #choose;
  #now = 0;
  #chosen = '';
  /** @type {Records<Row>} */
  #records;

  /** @param {(group: string) => void} choose shows one group, or none for all */
  constructor(choose) {
    this.#choose = choose;
    this.#records = new Records(byId('groups'), this.#columns(), ({ name }) => name);
  }

  /** @returns {import('./records.js').Column<Row>[]} */
  #columns() {
    const events = (
      /** @type {string} */ title,
      /** @type {'granted' | 'done' | 'refused' | 'timed_out'} */ curve,
    ) => ({
      title,
      kind: /** @type {const} */ ('number'),
      fill: (/** @type {HTMLElement} */ cell, /** @type {Row} */ row) => write(cell, count(total(row.curves[curve]))),
    });
    const bad = (/** @type {string} */ title, /** @type {'refused' | 'timed_out'} */ curve) => ({
      ...events(title, curve),
      strong: (/** @type {Row} */ row) => total(row.curves[curve]) > 0,
    });
    return [
      { title: 'Group', kind: 'name', fill: (cell, row) => this.#name(cell, row) },
      { title: 'Keys', kind: 'number', fill: (cell, row) => write(cell, count(row.keys)) },
      { title: 'Held', kind: 'number', fill: (cell, row) => write(cell, count(row.holders)) },
      { title: 'Waiting', kind: 'number', fill: (cell, row) => write(cell, count(row.waiters)) },
      {
        title: 'Held longest',
        kind: 'number',
        fill: (cell, row) => showAge(cell, row.oldest_contended_hold_seconds, this.#now),
      },
      { title: 'Waiting, at most', kind: 'number', fill: (cell, row) => spark(cell, row.curves.waiters) },
      events('Granted', 'granted'),
      events('Done', 'done'),
      bad('Refused', 'refused'),
      bad('Timed out', 'timed_out'),
    ];
  }

  /**
   * @param {HTMLElement} cell
   * @param {Row} row
   */
  #name(cell, { name }) {
    if (!cell.firstChild) {
      const made = make('button', { type: 'button', class: 'key' }, name);
      made.addEventListener('click', () => this.#choose(this.#chosen === name ? '' : name));
      cell.append(made);
    }
    cell.firstElementChild?.setAttribute('aria-pressed', String(this.#chosen === name));
  }

  /**
   * @param {Group[]} groups
   * @param {History} history
   * @param {number} now
   * @param {string} chosen
   */
  show(groups, history, now, chosen) {
    this.#now = now;
    this.#chosen = chosen;
    const all = groups.map((group) => ({ ...group, curves: curvesOf(history, group.name) }));
    this.#records.show(all.sort(byQueue));
    offer(
      groups.map(({ name }) => name),
      chosen,
    );
  }
}

/**
 * The longest queue of the last ten minutes comes first, then what was granted most often.
 *
 * @param {Row} a
 * @param {Row} b
 * @returns {number}
 */
function byQueue({ curves: a }, { curves: b }) {
  return peak(b.waiters) - peak(a.waiters) || total(b.granted) - total(a.granted);
}

/**
 * @param {HTMLElement} cell
 * @param {(number | null)[]} list
 */
function spark(cell, list) {
  if (!cell.firstChild) {
    cell.append(picture(), make('span'));
  }
  cell.querySelector('path')?.setAttribute('d', pathOf(list));
  write(/** @type {Element} */ (cell.lastElementChild), count(peak(list)));
}

/**
 * Offers the groups in the choice of the hot keys. The one that is chosen is offered even where the daemon does not know it.
 *
 * @param {string[]} names
 * @param {string} chosen
 */
function offer(names, chosen) {
  const select = selectById('group');
  const wanted = ['', ...new Set(chosen ? [...names, chosen] : names)];
  const offered = [...select.options].map(({ value }) => value);
  if (wanted.join(' ') !== offered.join(' ')) {
    select.replaceChildren(...wanted.map((name) => make('option', { value: name }, name || 'all groups')));
  }
  select.value = chosen;
}
