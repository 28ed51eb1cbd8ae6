/** The charts of both settings over time. */

import { Chart } from './chart.js';
import { byId, make } from './dom.js';
import { clock, duration as seconds, percent, rough } from './numbers.js';
import { SIDES } from './types.js';

/** @typedef {import('./types.js').Average} Average */
/** @typedef {import('./types.js').Curve} Curve */
/** @typedef {import('./types.js').Outcome} Outcome */
/** @typedef {import('./types.js').Report} Report */
/**
 * @typedef {object} Kind
 * @property {Curve} name
 * @property {string} title
 * @property {Average | 'none'} [average] the curve of averages, if this one has none; without it a point is an average
 * @property {number} [top]
 * @property {(value: number) => string} [format]
 */

/** @type {Kind[]} */
const KINDS = [
  { name: 'mostParses', title: 'Parses running', average: 'parses' },
  { name: 'mostWaiting', title: 'Readers waiting in the pool', average: 'waiting' },
  { name: 'waitP95', title: 'Wait, p95', average: 'none', format: seconds },
  { name: 'stale', title: 'Old copies a second' },
  { name: 'errors', title: 'Errors a second' },
  { name: 'cpuBusy', title: 'CPU busy', top: 1.05, format: percent },
  { name: 'mostBacklog', title: 'Waiting for a web worker', average: 'backlog' },
  { name: 'requests', title: 'Requests a second' },
];

/** Dashes distinguish the settings without colours. They are drawn last, so that a line below them is visible. */
const LINES = [
  { label: 'B', colour: 'b', fill: true },
  { label: 'A', colour: 'a', dash: [5, 3] },
];

/**
 * @param {Kind} kind
 * @param {Outcome} outcome
 * @returns {{ peak: number, at: number, mean: number | null }}
 */
function sum({ name, average }, { series }) {
  const values = series[name].map((value) => value ?? 0);
  const peak = Math.max(...values);
  const averages = average === 'none' ? [] : series[average ?? name];
  const mean = averages.reduce((total, value) => (total ?? 0) + (value ?? 0), null);
  return { peak, at: values.indexOf(peak), mean: mean === null ? null : mean / averages.length };
}

/**
 * @param {Kind} kind
 * @param {number | null} value
 * @returns {string}
 */
function text({ format = rough }, value) {
  return value === null ? '–' : format(value);
}

/** All charts, their cursor, and a table with the same numbers. */
export class Charts {
  /** @type {Report | undefined} */
  #report;
  #charts = new Map(KINDS.map((kind) => [kind, this.#make(kind)]));
  #slider = /** @type {HTMLInputElement} */ (byId('moment'));

  constructor() {
    this.#slider.addEventListener('input', () => this.#point(this.#slider.valueAsNumber));
  }

  /** @param {Report} report */
  show(report) {
    this.#report = report;
    const { interval } = report.a.series;
    const { duration } = report.comparison.scenario;
    byId('interval').textContent = seconds(interval);
    const times = report.a.series.parses.map((_, index) => (index + 0.5) * interval);
    for (const [kind, chart] of this.#charts) {
      chart.show(duration, [times, report.b.series[kind.name], report.a.series[kind.name]]);
      chart.picture.setAttribute('aria-label', this.#inWords(kind, report));
    }
    this.#slider.max = String(times.length - 1);
    this.#values(null);
    showPeaks(report);
  }

  /**
   * @param {Kind} kind
   * @returns {Chart}
   */
  #make(kind) {
    const chart = new Chart(kind.title, LINES, { ...kind, cursor: (index) => this.#values(index) });
    byId('charts').append(chart.root);
    return chart;
  }

  /** @param {number} index of an interval */
  #point(index) {
    const interval = this.#report?.a.series.interval ?? 0;
    for (const chart of this.#charts.values()) {
      chart.point((index + 0.5) * interval);
    }
    this.#values(index);
  }

  /** @param {number | null} index of an interval; without one the highest values are shown */
  #values(index) {
    const report = this.#report;
    if (!report) {
      return;
    }
    for (const [kind, chart] of this.#charts) {
      const value = (/** @type {Outcome} */ outcome) =>
        index === null ? sum(kind, outcome).peak : outcome.series[kind.name][index];
      const shown = SIDES.flatMap((side) => [
        make('span', { class: `side ${side}` }, side.toUpperCase()),
        ` ${text(kind, value(report[side]))} `,
      ]);
      const what = kind.average ? 'peak ' : 'highest average ';
      chart.caption.replaceChildren(index === null ? what : '', ...shown);
    }
    const at = index === null ? '' : clock((index + 0.5) * report.a.series.interval);
    byId('moment-text').textContent = at;
    this.#slider.value = String(index ?? 0);
    this.#slider.setAttribute('aria-valuetext', this.#momentInWords(index, report));
  }

  /**
   * @param {number | null} index
   * @param {Report} report
   * @returns {string}
   */
  #momentInWords(index, report) {
    if (index === null) {
      return 'none';
    }
    const all = KINDS.map((kind) => {
      const [a, b] = SIDES.map((side) => text(kind, report[side].series[kind.name][index]));
      return `${kind.title}: A ${a}, B ${b}`;
    });
    return [clock((index + 0.5) * report.a.series.interval), ...all].join('. ');
  }

  /**
   * @param {Kind} kind
   * @param {Report} report
   * @returns {string}
   */
  #inWords(kind, report) {
    const { interval } = report.a.series;
    const sides = SIDES.map((side) => {
      const { peak, at, mean } = sum(kind, report[side]);
      const when = peak > 0 ? ` at ${clock(at * interval)}` : '';
      const average = mean === null ? '' : `${text(kind, mean)} on average, `;
      return `${side.toUpperCase()}: ${average}${text(kind, peak)} at most${when}`;
    });
    return `${kind.title} over time. ${sides.join('; ')}.`;
  }
}

/**
 * Fills the table with the numbers of the charts.
 *
 * @param {Report} report
 */
function showPeaks(report) {
  const cells = (/** @type {string[]} */ texts) => texts.map((words) => make('td', {}, words));
  const heads = ['', 'A on average', 'A at most', 'at', 'B on average', 'B at most', 'at'];
  const head = make('tr', {}, ...heads.map((words) => (words ? make('th', { scope: 'col' }, words) : make('td'))));
  const rows = KINDS.map((kind) => {
    const texts = SIDES.flatMap((side) => {
      const { peak, at, mean } = sum(kind, report[side]);
      return [text(kind, mean), text(kind, peak), peak > 0 ? clock(at * report[side].series.interval) : '–'];
    });
    return make('tr', {}, make('th', { scope: 'row' }, kind.title), ...cells(texts));
  });
  byId('peaks').replaceChildren(make('thead', {}, head), make('tbody', {}, ...rows));
}
