/** The hot keys. */

import { showAge } from './ages.js';
import { byId, make, write } from './dom.js';
import { age, count, some } from './numbers.js';
import { Records } from './records.js';
import { tellIfQuiet } from './speaker.js';
import { peer, shorten } from './text.js';
import { isLately } from './view.js';

/** @typedef {import('./types.js').HotKey} HotKey */
/** @typedef {import('./types.js').Keys} Keys */
/** @typedef {import('./view.js').View} View */

/** Characters of a key in the table, and in a sentence. */
const IN_TABLE = 48;
const IN_SENTENCE = 72;
const LAST_COLUMN = 6;
const TITLES = new Map([
  ['acquires', 'Acquires'],
  ['refused', 'Refusals'],
  ['waited', 'Time waited'],
]);

/**
 * @param {HotKey} hot
 * @param {string} sort
 * @returns {string} the value of a list; what lies between two bounds is shown with both
 */
function countInWords({ count: most, error }, sort) {
  const text = sort === 'waited' ? age : count;
  if (most === null) {
    return '–';
  }
  const least = text(most - (error ?? 0));
  return least === text(most) ? least : `${least} to ${text(most)}`;
}

/**
 * @param {HotKey} hot
 * @returns {string}
 */
function holderInWords({ holder, holders }) {
  if (!holder) {
    return '–';
  }
  return holders > 1 ? `${peer(holder)} and ${count(holders - 1)} more` : peer(holder);
}

/** What `/v1/keys` says. */
export class HotKeys {
  #open;
  #now = 0;
  #sort = 'waiting';
  #hottest = '';
  /** @type {Records<HotKey>} */
  #records;

  /** @param {(key: string) => void} open shows a key's detail */
  constructor(open) {
    this.#open = open;
    this.#records = new Records(byId('hot'), this.#columns(), ({ key }) => key);
  }

  /** @returns {import('./records.js').Column<HotKey>[]} */
  #columns() {
    return [
      { title: 'Key', kind: 'name', fill: (cell, hot) => this.#name(cell, hot) },
      { title: 'Waiting', kind: 'number', fill: (cell, hot) => write(cell, count(hot.waiters)), strong: isWaitedFor },
      { title: 'Held by', kind: 'wide', fill: (cell, hot) => write(cell, holderInWords(hot)) },
      { title: 'Held for', kind: 'number', fill: (cell, hot) => showAge(cell, hot.held_seconds, this.#now) },
      { title: 'Longest wait', kind: 'number', fill: (cell, hot) => showAge(cell, hot.waiting_seconds, this.#now) },
      { title: 'Group', kind: 'text', fill: (cell, hot) => write(cell, hot.group) },
      { title: 'Acquires', kind: 'number', fill: (cell, hot) => write(cell, countInWords(hot, this.#sort)) },
    ];
  }

  /**
   * @param {HTMLElement} cell
   * @param {HotKey} hot
   */
  #name(cell, { key }) {
    if (!cell.firstChild) {
      const button = make('button', { type: 'button', class: 'key' }, shorten(key, IN_TABLE));
      button.addEventListener('click', () => this.#open(key));
      cell.append(button);
    }
  }

  /**
   * @param {Keys} keys
   * @param {number} now
   * @param {View} view
   */
  show(keys, now, view) {
    this.#now = now;
    this.#sort = keys.sort;
    const lately = isLately(keys.sort);
    this.#records.retitle(LAST_COLUMN, lately ? `${TITLES.get(keys.sort)}, last ${view.window}` : null);
    this.#records.show(keys.keys);
    byId('hot').hidden = keys.keys.length === 0;
    byId('none').hidden = keys.keys.length > 0;
    const none = lately ? `Nothing of the kind within the last ${view.window}.` : 'No key is held.';
    write(byId('none'), view.group ? `${none} Other groups are not shown.` : none);
    byId('more-line').hidden = keys.next === null;
    this.#showVerdict(keys, now);
  }

  /**
   * @param {Keys} keys
   * @param {number} now
   */
  #showVerdict({ sort, keys: [first] }, now) {
    const verdict = byId('verdict');
    verdict.hidden = sort !== 'waiting' || !first;
    if (verdict.hidden) {
      return;
    }
    if (!isWaitedFor(first)) {
      this.#hottest = '';
      write(verdict, 'Nobody waits.');
      return;
    }
    // The parts stay while only the age changes.
    const told = this.#hottest === first.key && verdict.childElementCount > 0;
    const holder = first.holder
      ? `${holderInWords(first)} ${first.holders > 1 ? 'hold' : 'holds'} it, for `
      : 'nobody holds it';
    if (!told) {
      verdict.replaceChildren(...['span', 'code', 'span', 'span'].map((name) => make(/** @type {'span'} */ (name))));
    }
    const [waiters, key, who, since] = verdict.children;
    write(waiters, `${some(first.waiters, 'client waits', 'clients wait')} for `);
    write(key, shorten(first.key, IN_SENTENCE));
    write(who, `: ${holder}`);
    if (first.holder) {
      showAge(since, first.held_seconds, now);
    } else {
      write(since, '');
    }
    if (!told && tellIfQuiet(verdict.textContent ?? '')) {
      this.#hottest = first.key;
    }
  }
}

/** @param {HotKey} hot @returns {boolean} */
function isWaitedFor({ waiters }) {
  return waiters > 0;
}
