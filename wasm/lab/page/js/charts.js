/** The charts of both settings over time. */

import { Chart } from './chart.js';
import { byId, make } from './dom.js';
import { clock, percent, rough } from './numbers.js';
import { SIDES } from './types.js';

/** @typedef {import('./types.js').Curve} Curve */
/** @typedef {import('./types.js').Report} Report */
/** @typedef {{ name: Curve, title: string, top?: number, format?: (value: number) => string }} Kind */

/** @type {Kind[]} */
const KINDS = [
  { name: 'parses', title: 'Parses running' },
  { name: 'waiting', title: 'Readers waiting in the pool' },
  { name: 'cpuBusy', title: 'CPU busy', top: 1.05, format: percent },
  { name: 'errors', title: 'Errors a second' },
  { name: 'backlog', title: 'Waiting for a web worker' },
  { name: 'requests', title: 'Requests a second' },
];

/** Dashes distinguish the settings without colours. They are drawn last, so that a line below them is visible. */
const LINES = [
  { label: 'B', colour: 'b', fill: true },
  { label: 'A', colour: 'a', dash: [5, 3] },
];

/**
 * @param {number[]} values
 * @returns {{ peak: number, at: number, mean: number }}
 */
function sum(values) {
  const peak = Math.max(...values);
  const mean = values.reduce((total, value) => total + value, 0) / values.length;
  return { peak, at: values.indexOf(peak), mean };
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
    for (const [{ name, format = rough }, chart] of this.#charts) {
      const value = (/** @type {number[]} */ values) => format(index === null ? sum(values).peak : values[index]);
      const shown = SIDES.flatMap((side) => [
        make('span', { class: `side ${side}` }, side.toUpperCase()),
        ` ${value(report[side].series[name])} `,
      ]);
      chart.caption.replaceChildren(index === null ? 'peak ' : '', ...shown);
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
    const all = KINDS.map(({ name, title, format = rough }) => {
      const [a, b] = SIDES.map((side) => format(report[side].series[name][index]));
      return `${title}: A ${a}, B ${b}`;
    });
    return [clock((index + 0.5) * report.a.series.interval), ...all].join('. ');
  }

  /**
   * @param {Kind} kind
   * @param {Report} report
   * @returns {string}
   */
  #inWords({ name, title, format = rough }, report) {
    const { interval } = report.a.series;
    const sides = SIDES.map((side) => {
      const { peak, at, mean } = sum(report[side].series[name]);
      const when = peak > 0 ? ` at ${clock(at * interval)}` : '';
      return `${side.toUpperCase()}: ${format(mean)} on average, ${format(peak)} at most${when}`;
    });
    return `${title} over time. ${sides.join('; ')}.`;
  }
}

/**
 * Fills the table with the numbers of the charts.
 *
 * @param {Report} report
 */
function showPeaks(report) {
  const cells = (/** @type {string[]} */ texts) => texts.map((text) => make('td', {}, text));
  const heads = ['', 'A on average', 'A at most', 'at', 'B on average', 'B at most', 'at'];
  const head = make('tr', {}, ...heads.map((text) => (text ? make('th', { scope: 'col' }, text) : make('td'))));
  const rows = KINDS.map(({ name, title, format = rough }) => {
    const texts = SIDES.flatMap((side) => {
      const { peak, at, mean } = sum(report[side].series[name]);
      return [format(mean), format(peak), peak > 0 ? clock(at * report[side].series.interval) : '–'];
    });
    return make('tr', {}, make('th', { scope: 'row' }, title), ...cells(texts));
  });
  byId('peaks').replaceChildren(make('thead', {}, head), make('tbody', {}, ...rows));
}
