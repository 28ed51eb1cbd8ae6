/** The charts of the last ten minutes, and the same as a table. */

import { Chart } from './chart.js';
import { curvesOf, peak, timesOf, total } from './curves.js';
import { byId, write } from './dom.js';
import { clock, count, minute } from './numbers.js';
import { Records } from './records.js';

/** @typedef {import('./types.js').Curve} Curve */
/** @typedef {import('./types.js').History} History */
/** @typedef {import('./curves.js').Curves} Curves */
/** @typedef {{ curve: Curve, label: string, colour: string, dash?: number[], fill?: boolean }} Line */
/** @typedef {{ title: string, kind: 'level' | 'events', lines: Line[] }} Kind */
/** @typedef {{ name: string, time: string } & Record<Curve, number | null>} Minute */

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

const MINUTE = 60;

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

/**
 * @param {Curves} curves
 * @param {number[]} times
 * @returns {Minute[]} the newest first
 */
function minutesOf(curves, times) {
  /** @type {Map<number, number[]>} */
  const steps = new Map();
  // A step belongs to the minute in which it begins.
  const step = times.length > 1 ? times[1] - times[0] : 0;
  times.forEach((time, index) => {
    const begin = Math.floor((time - step) / MINUTE) * MINUTE;
    steps.set(begin, [...(steps.get(begin) ?? []), index]);
  });
  const of = (/** @type {Curve} */ curve, /** @type {number[]} */ indices) =>
    indices.map((index) => curves[curve][index]);
  const known = (/** @type {(number | null)[]} */ list, /** @type {number} */ value) =>
    list.some((one) => one !== null) ? value : null;
  return [...steps].reverse().map(([begin, indices]) => {
    const level = (/** @type {Curve} */ curve) => known(of(curve, indices), peak(of(curve, indices)));
    const events = (/** @type {Curve} */ curve) => known(of(curve, indices), total(of(curve, indices)));
    return {
      name: String(begin),
      time: minute(begin),
      holders: level('holders'),
      waiters: level('waiters'),
      granted: events('granted'),
      done: events('done'),
      refused: events('refused'),
      timed_out: events('timed_out'),
    };
  });
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
  #records = new Records(byId('minutes'), columns(), ({ name }) => name);

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
    this.#records.show(minutesOf(this.#curves, this.#times));
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
    { title: 'Minute', kind: 'name', fill: (cell, { time }) => write(cell, time) },
    number('Waiting, at most', 'waiters'),
    number('Held, at most', 'holders'),
    number('Granted', 'granted'),
    number('Done', 'done'),
    number('Refused', 'refused'),
    number('Timed out', 'timed_out'),
  ];
}
