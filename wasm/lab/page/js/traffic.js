/** The small chart in the form: the requests that the scenario asks for. */

import { Chart } from './chart.js';
import { byId, make } from './dom.js';

/** @typedef {import('./types.js').Point} Point */
/** @typedef {import('./types.js').Scenario} Scenario */

const CURVES = /** @type {const} */ ([
  { name: 'hotReaders', label: 'hot page', colour: 'hot' },
  { name: 'readers', label: 'other pages', colour: 'other', dash: [6, 3] },
  { name: 'crawler', label: 'crawler', colour: 'crawler', dash: [2, 2] },
]);

/**
 * @param {Point[]} points
 * @param {number} duration
 * @returns {Map<number, number>} the rate at each corner: flat before the first and after the last
 */
function corners(points, duration) {
  const [first, last] = [points[0], points[points.length - 1]];
  const inner = new Map(points.map(({ at, rate }) => [at, rate]));
  const ends = [0, Math.max(duration, last.at)];
  return new Map([[ends[0], first.rate], [ends[1], last.rate], ...inner]);
}

/** The chart. */
export class Traffic {
  #chart = new Chart(
    'Requests a second',
    CURVES.map(({ label, colour, ...rest }) => ({ label, colour, ...('dash' in rest && { dash: [...rest.dash] }) })),
  );

  constructor() {
    byId('traffic').append(this.#chart.root);
    this.#chart.caption.append(
      ...CURVES.map(({ label, colour }) =>
        make('span', { class: 'key' }, make('i', { class: `line ${colour}` }), label),
      ),
    );
  }

  /** @param {Scenario} scenario */
  show(scenario) {
    const curves = CURVES.map(({ name }) => corners(scenario[name], scenario.duration));
    const times = [...new Set(curves.flatMap((curve) => [...curve.keys()]))].sort((one, two) => one - two);
    const lines = curves.map((curve) => times.map((time) => curve.get(time) ?? null));
    this.#chart.show(scenario.duration, [times, ...lines]);
    const words = CURVES.map(({ name, label }) => `${label}: ${scenario[name].map(({ rate }) => rate).join(', ')}`);
    this.#chart.picture.setAttribute('aria-label', `Requests a second over time. ${words.join('; ')}.`);
  }
}
