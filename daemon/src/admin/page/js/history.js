/** The charts of the last ten minutes, and the same as a table. */

import { Chart } from './chart.js';
import { curvesOf, minutesOf, peak, timesOf, total } from './curves.js';
import { byId, write } from './dom.js';
import { clock, count, minute } from './numbers.js';
import { Records } from './records.js';

/** @typedef {import('./types.js').Curve} Curve */
/** @typedef {import('./types.js').History} History */
/** @typedef {import('./curves.js').Curves} Curves */
/** @typedef {{ curve: Curve, label: string, colour: string, dash?: number[], fill?: boolean }} Line */
/** @typedef {{ title: string, kind: 'level' | 'events', lines: Line[] }} Kind */
/** @typedef {import('./curves.js').Minute} Minute */

/** Dashes tell lines apart where colours do not. They come last, so that a line below them is seen. */
/** @type {Kind[]} */
const KINDS = [
  {
    title: 'Held and waiting',
    kind: 'level',
    lines: [
      { curve: 'waiters', label: 'waiting', colour: 'b', fill: true },
      { curve: 'holders', label: 'held', colour: 'a', dash: [5, 3] },
    ],
  },
  {
    title: 'Granted and told “done”, in 5 s',
    kind: 'events',
    lines: [
      { curve: 'granted', label: 'granted', colour: 'b', fill: true },
      { curve: 'done', label: 'done', colour: 'a', dash: [5, 3] },
    ],
  },
  {
    title: 'Refused and timed out, in 5 s',
    kind: 'events',
    lines: [
      { curve: 'refused', label: 'refused', colour: 'hot', fill: true },
      { curve: 'timed_out', label: 'timed out', colour: 'crawler', dash: [5, 3] },
    ],
  },
];

/**
 * @param {Kind} kind
 * @param {Curves} curves
 * @param {number[]} times
 * @returns {string}
 */
function inWords({ title, kind, lines }, curves, times) {
  const each = lines.map(({ curve, label }) => {
    const highest = peak(curves[curve]);
    const when = highest > 0 ? ` at ${clock(times[curves[curve].indexOf(highest)])}` : '';
    const now = kind === 'level' ? `${count(curves[curve].at(-1) ?? 0)} now` : `${count(total(curves[curve]))} in all`;
    return `${label}: ${now}, ${count(highest)} at most${when}`;
  });
  return `${title}, over the last ten minutes. ${each.join('; ')}.`;
}

/** What `/v1/history` says. */
export class HistoryView {
  #charts = KINDS.map((kind) => ({ kind, chart: this.#make(kind) }));
  /** @type {Curves | undefined} */
  #curves;
  /** @type {number[]} */
  #times = [];
  /** @type {number | null} */
  #at = null;
  /** @type {Records<Minute>} */
  #records = new Records(byId('minutes'), columns(), ({ begin }) => String(begin));

  /**
   * @param {History} history
   * @param {string} group
   */
  show(history, group) {
    this.#curves = curvesOf(history, group);
    this.#times = timesOf(history, this.#curves.waiters.length);
    write(byId('history-of'), group === '' ? 'all groups' : `group ${group}`);
    for (const { kind, chart } of this.#charts) {
      const curves = this.#curves;
      chart.show([this.#times, ...kind.lines.map(({ curve }) => curves[curve])]);
      chart.picture.setAttribute('aria-label', inWords(kind, curves, this.#times));
    }
    this.#records.show(minutesOf(this.#curves, this.#times, history.step_seconds));
    this.#caption();
  }

  /**
   * @param {Kind} kind
   * @returns {Chart}
   */
  #make({ title, lines }) {
    const chart = new Chart(title, lines, (index) => this.#point(index));
    byId('charts').append(chart.root);
    return chart;
  }

  /** @param {number | null} index of a step; null if nobody points */
  #point(index) {
    if (index !== this.#at) {
      this.#at = index;
      this.#caption();
    }
  }

  #caption() {
    const [curves, at] = [this.#curves, this.#at];
    if (!curves) {
      return;
    }
    for (const { kind, chart } of this.#charts) {
      const each = kind.lines.map(({ curve, label }) => {
        const list = curves[curve];
        const value = at === null ? (kind.kind === 'level' ? peak(list) : total(list)) : list[at];
        return `${value === null || value === undefined ? '–' : count(value)} ${label}`;
      });
      const when = at === null ? (kind.kind === 'level' ? 'at most' : 'in all') : clock(this.#times[at]);
      write(chart.caption, `${when}: ${each.join(', ')}`);
    }
  }
}

/** @returns {import('./records.js').Column<Minute>[]} */
function columns() {
  const number = (/** @type {string} */ title, /** @type {Curve} */ curve) => ({
    title,
    kind: /** @type {const} */ ('number'),
    fill: (/** @type {HTMLElement} */ cell, /** @type {Minute} */ one) =>
      write(cell, one[curve] === null ? '–' : count(one[curve])),
  });
  return [
    { title: 'Minute', kind: 'name', fill: (cell, { begin }) => write(cell, minute(begin)) },
    number('Waiting, at most', 'waiters'),
    number('Held, at most', 'holders'),
    number('Granted', 'granted'),
    number('Done', 'done'),
    number('Refused', 'refused'),
    number('Timed out', 'timed_out'),
  ];
}
