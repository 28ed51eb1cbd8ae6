/** One chart: uPlot in the colours of the page, as wide as its place. */

import uPlot from '../vendor/uPlot.esm.js';
import { make } from './dom.js';
import { minute, rough } from './numbers.js';

/** @typedef {{ label: string, colour: string, dash?: number[], fill?: boolean }} Line */

const HEIGHT = 150;
const FONT = '12px system-ui, sans-serif';
/** Steps of the time axis, in seconds. */
const STEPS = [60, 120, 300];
/** Steps of the other axis: whole numbers. */
const COUNTS = [1, 2, 5]
  .flatMap((first) => [0, 1, 2, 3, 4, 5, 6].map((zeros) => first * 10 ** zeros))
  .sort((a, b) => a - b);

/**
 * @param {string} name of a custom property
 * @returns {string} its value now: light and dark differ
 */
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** @returns {uPlot.Axis} what both axes share */
function axis() {
  const grid = { stroke: () => colour('--grid'), width: 1 };
  return { stroke: () => colour('--muted'), font: FONT, grid, ticks: { ...grid, size: 4 } };
}

/**
 * @param {Line} line
 * @returns {uPlot.Series}
 */
function series({ label, colour: name, dash, fill }) {
  /** @type {uPlot.Series} */
  const made = { label, stroke: () => colour(`--${name}`), width: 1.75, points: { show: false } };
  return { ...made, ...(dash && { dash }), ...(fill && { fill: () => colour(`--${name}-fill`) }) };
}

/**
 * @param {Line[]} lines
 * @param {(index: number | null) => void} cursor
 * @returns {uPlot.Options}
 */
function options(lines, cursor) {
  return {
    width: 300,
    height: HEIGHT,
    legend: { show: false },
    padding: [8, 22, 0, 0],
    cursor: { y: false, drag: { x: false, y: false }, sync: { key: 'page' }, points: { size: 7 } },
    scales: {
      x: { time: false },
      y: { range: (_plot, _low, high) => [0, Math.max(1, high ?? 0) * 1.08] },
    },
    axes: [
      { ...axis(), size: 28, space: 56, incrs: STEPS, values: (_plot, ticks) => ticks.map(minute) },
      { ...axis(), size: 46, space: 28, incrs: COUNTS, values: (_plot, ticks) => ticks.map(rough) },
    ],
    series: [{}, ...lines.map(series)],
    hooks: { setCursor: [(plot) => cursor(plot.cursor.idx ?? null)] },
  };
}

/**
 * @param {Line} line
 * @returns {HTMLElement} how it is drawn
 */
function sample({ label, colour: name, dash }) {
  return make('span', { class: 'sample' }, make('i', { class: `line ${name}${dash ? ' dashed' : ''}` }), label);
}

/** A chart with a heading. */
export class Chart {
  #plot;
  /** The place of the chart in the page. */
  root;

  /**
   * @param {string} title
   * @param {Line[]} lines
   * @param {(index: number | null) => void} cursor is told at which moment somebody points
   */
  constructor(title, lines, cursor) {
    this.caption = make('span', { class: 'values' });
    const legend = make('span', { class: 'samples' }, ...lines.map(sample));
    const heading = make('figcaption', {}, make('span', { class: 'chart-title' }, title), legend, this.caption);
    this.picture = make('div', { class: 'picture', role: 'img', 'aria-label': title });
    this.root = make('figure', { class: 'chart' }, heading, this.picture);
    this.#plot = new uPlot(options(lines, cursor), [[], ...lines.map(() => [])], this.picture);
    new ResizeObserver(() => this.#fit()).observe(this.picture);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#plot.redraw());
  }

  /** @param {(number | null)[][]} data times, and a list for each line */
  show(data) {
    this.#plot.setData(/** @type {uPlot.AlignedData} */ (data));
  }

  #fit() {
    const width = Math.floor(this.picture.clientWidth);
    if (width > 0 && width !== this.#plot.width) {
      this.#plot.setSize({ width, height: HEIGHT });
    }
  }
}
