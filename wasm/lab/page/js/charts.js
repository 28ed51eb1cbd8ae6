/** The charts of both settings over time. */

import { Chart } from './chart.js';
import { byId, make } from './dom.js';
import { clock, duration as seconds, rough } from './numbers.js';
import { SIDES } from './types.js';

/** @typedef {{ interval: number } & { [name: string]: any }} Series curves by name, each a list with a number, or null, for every interval */
/** @typedef {{ duration: number, a: Series, b: Series }} Shown */
/**
 * @typedef {object} Kind
 * @property {string} name of a curve
 * @property {string} title
 * @property {string} [average] the curve of averages, if this one has none; without it a point is an average
 * @property {number} [top]
 * @property {(value: number) => string} [format]
 */

/** Dashes distinguish the settings without colours. They are drawn last, so that a line below them is visible. */
const LINES = [
  { label: 'B', colour: 'b', fill: true },
  { label: 'A', colour: 'a', dash: [5, 3] },
];

/**
 * @param {Kind} kind
 * @param {Series} series
 * @returns {{ peak: number, at: number, mean: number | null }}
 */
function sum({ name, average }, series) {
  const values = /** @type {number[]} */ (series[name].map((/** @type {number | null} */ value) => value ?? 0));
  const peak = Math.max(...values);
  const averages = /** @type {number[]} */ (average === 'none' ? [] : series[average ?? name]);
  const mean = averages.length === 0 ? null : averages.reduce((total, value) => total + value, 0);
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
  /** @type {Shown | undefined} */
  #shown;
  #kinds;
  #prefix;
  #charts;
  #slider;

  /**
   * @param {Kind[]} kinds
   * @param {string} [prefix] of the ids of their elements
   */
  constructor(kinds, prefix = '') {
    this.#kinds = kinds;
    this.#prefix = prefix;
    this.#charts = new Map(kinds.map((kind) => [kind, this.#make(kind)]));
    this.#slider = /** @type {HTMLInputElement} */ (this.#part('moment'));
    this.#slider.addEventListener('input', () => this.#point(this.#slider.valueAsNumber));
  }

  /** @param {Shown} shown */
  show(shown) {
    this.#shown = shown;
    const { interval } = shown.a;
    this.#part('interval').textContent = seconds(interval);
    const times = shown.a[this.#kinds[0].name].map(
      (/** @type {number} */ _value, /** @type {number} */ index) => (index + 0.5) * interval,
    );
    for (const [kind, chart] of this.#charts) {
      chart.show(shown.duration, [times, shown.b[kind.name], shown.a[kind.name]]);
      chart.picture.setAttribute('aria-label', inWords(kind, shown));
    }
    this.#slider.max = String(times.length - 1);
    this.#values(null);
    this.#showPeaks(shown);
  }

  /**
   * @param {string} name
   * @returns {HTMLElement}
   */
  #part(name) {
    return byId(this.#prefix + name);
  }

  /**
   * @param {Kind} kind
   * @returns {Chart}
   */
  #make(kind) {
    const together = `${this.#prefix}lab`;
    const chart = new Chart(kind.title, LINES, { ...kind, together, cursor: (index) => this.#values(index) });
    this.#part('charts').append(chart.root);
    return chart;
  }

  /** @param {number} index of an interval */
  #point(index) {
    const interval = this.#shown?.a.interval ?? 0;
    for (const chart of this.#charts.values()) {
      chart.point((index + 0.5) * interval);
    }
    this.#values(index);
  }

  /** @param {number | null} index of an interval; without one the highest values are shown */
  #values(index) {
    const shown = this.#shown;
    if (!shown) {
      return;
    }
    for (const [kind, chart] of this.#charts) {
      const value = (/** @type {Series} */ series) =>
        index === null ? sum(kind, series).peak : series[kind.name][index];
      const parts = SIDES.flatMap((side) => [
        make('span', { class: `side ${side}` }, side.toUpperCase()),
        ` ${text(kind, value(shown[side]))} `,
      ]);
      const what = kind.average ? 'peak ' : 'highest average ';
      chart.caption.replaceChildren(index === null ? what : '', ...parts);
    }
    const at = index === null ? '' : clock((index + 0.5) * shown.a.interval);
    this.#part('moment-text').textContent = at;
    this.#slider.value = String(index ?? 0);
    this.#slider.setAttribute('aria-valuetext', this.#momentInWords(index, shown));
  }

  /**
   * @param {number | null} index
   * @param {Shown} shown
   * @returns {string}
   */
  #momentInWords(index, shown) {
    if (index === null) {
      return 'none';
    }
    const all = this.#kinds.map((kind) => {
      const [a, b] = SIDES.map((side) => text(kind, shown[side][kind.name][index]));
      return `${kind.title}: A ${a}, B ${b}`;
    });
    return [clock((index + 0.5) * shown.a.interval), ...all].join('. ');
  }

  /**
   * Fills the table with the numbers of the charts.
   *
   * @param {Shown} shown
   */
  #showPeaks(shown) {
    const cells = (/** @type {string[]} */ texts) => texts.map((words) => make('td', {}, words));
    const heads = ['', 'A on average', 'A at most', 'at', 'B on average', 'B at most', 'at'];
    const head = make('tr', {}, ...heads.map((words) => (words ? make('th', { scope: 'col' }, words) : make('td'))));
    const rows = this.#kinds.map((kind) => {
      const texts = SIDES.flatMap((side) => {
        const { peak, at, mean } = sum(kind, shown[side]);
        return [text(kind, mean), text(kind, peak), peak > 0 ? clock(at * shown[side].interval) : '–'];
      });
      return make('tr', {}, make('th', { scope: 'row' }, kind.title), ...cells(texts));
    });
    this.#part('peaks').replaceChildren(make('thead', {}, head), make('tbody', {}, ...rows));
  }
}

/**
 * @param {Kind} kind
 * @param {Shown} shown
 * @returns {string}
 */
function inWords(kind, shown) {
  const { interval } = shown.a;
  const sides = SIDES.map((side) => {
    const { peak, at, mean } = sum(kind, shown[side]);
    const when = peak > 0 ? ` at ${clock(at * interval)}` : '';
    const average = mean === null ? '' : `${text(kind, mean)} on average, `;
    return `${side.toUpperCase()}: ${average}${text(kind, peak)} at most${when}`;
  });
  return `${kind.title} over time. ${sides.join('; ')}.`;
}
