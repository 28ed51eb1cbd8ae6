/** One chart: uPlot in the colours of the page, as wide as its container. */

import uPlot from '../vendor/uPlot.esm.js';
import { make } from './dom.js';
import { clock, rough } from './numbers.js';

/** @typedef {{ label: string, colour: string, dash?: number[], fill?: boolean }} Line */

const HEIGHT = 150;
const FONT = '12px system-ui, sans-serif';
/** Steps of the time axis, in seconds. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600];

/**
 * @param {string} name of a custom property
 * @returns {string} its value now: light and dark differ
 */
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/**
 * @param {uPlot} _plot
 * @param {number[]} ticks
 * @returns {string[]} minutes where they are whole
 */
function times(_plot, ticks) {
  const whole = ticks.every((tick) => tick % 60 === 0) && ticks.length > 0;
  return ticks.map((tick) => (whole ? `${tick / 60}\u00a0min` : clock(tick)));
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
  const made = { label, stroke: () => colour(`--${name}`), width: 1.75, points: { show: false }, spanGaps: true };
  return { ...made, ...(dash && { dash }), ...(fill && { fill: () => colour(`--${name}-fill`) }) };
}

/**
 * @param {Line[]} lines
 * @param {{ top?: number, format?: (value: number) => string, duration: () => number, together?: string, cursor?: (index: number | null) => void }} how
 * @returns {uPlot.Options}
 */
function options(lines, { top, format = rough, duration, together = 'lab', cursor }) {
  return {
    width: 300,
    height: HEIGHT,
    legend: { show: false },
    padding: [8, 22, 0, 0],
    cursor: {
      show: Boolean(cursor),
      y: false,
      drag: { x: false, y: false },
      ...(cursor && { sync: { key: together } }),
      points: { size: 7 },
    },
    scales: {
      x: { time: false, range: () => [0, duration()] },
      y: { range: (_plot, _low, high) => (top ? [0, top] : [0, Math.max(1, high) * 1.08]) },
    },
    axes: [
      { ...axis(), size: 28, space: 64, incrs: STEPS, values: times },
      { ...axis(), size: 52, space: 28, values: (_plot, ticks) => ticks.map(format) },
    ],
    series: [{}, ...lines.map(series)],
    hooks: cursor ? { setCursor: [(plot) => cursor(plot.cursor.idx ?? null)] } : {},
  };
}

/** A chart with a heading. */
export class Chart {
  #plot;
  #duration = 1;
  /** The container of the chart in the page. */
  root;

  /**
   * @param {string} title
   * @param {Line[]} lines
   * @param {{ top?: number, format?: (value: number) => string, together?: string, cursor?: (index: number | null) => void }} how
   */
  constructor(title, lines, how = {}) {
    this.caption = make('span', { class: 'values' });
    const heading = make('figcaption', {}, make('span', { class: 'chart-title' }, title), ' ', this.caption);
    this.picture = make('div', { class: 'picture', role: 'img', 'aria-label': title });
    this.root = make('figure', { class: 'chart' }, heading, this.picture);
    const duration = () => this.#duration;
    this.#plot = new uPlot(options(lines, { ...how, duration }), [[], ...lines.map(() => [])], this.picture);
    const fit = () => this.#fit();
    new ResizeObserver(fit).observe(this.picture);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#plot.redraw());
  }

  /**
   * @param {number} duration the end of the time axis
   * @param {(number | null)[][]} data times, and a list for each line
   */
  show(duration, data) {
    this.#duration = duration;
    this.#plot.setData(/** @type {uPlot.AlignedData} */ (data));
  }

  /**
   * Moves the cursor, here and in the charts that follow.
   *
   * @param {number} at
   */
  point(at) {
    this.#plot.setCursor({ left: this.#plot.valToPos(at, 'x'), top: 0 });
  }

  #fit() {
    const width = Math.floor(this.picture.clientWidth);
    if (width > 0 && width !== this.#plot.width) {
      this.#plot.setSize({ width, height: HEIGHT });
    }
  }
}
