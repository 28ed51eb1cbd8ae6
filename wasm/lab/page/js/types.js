/**
 * The results of the simulation that the page shows.
 *
 * @typedef {'a' | 'b'} Side
 * @typedef {{ name: string, title: string, story: string }} Preset
 * @typedef {{ name: string, label: string, unit: string, kind: string, min?: number, max?: number, of?: string[] }} Field
 * @typedef {{ name: string, title: string }} Named
 * @typedef {{ presets: Preset[], fields: Field[], clients: Named[] }} Catalogue
 * @typedef {{ at: number, rate: number }} Point
 * @typedef {{ mode: 'none' | 'forAnyone' | 'forMe', workers: number, maxqueue: number, timeout: number, slots: number, fastStale: boolean }} Setting
 * @typedef {{ duration: number, seed: number, hotReaders: Point[], readers: Point[], crawler: Point[] }} Scenario
 * @typedef {{ preset: string, scenario: Scenario, a: Setting, b: Setting }} Comparison
 * @typedef {{ field: string, reason: string, text: string }} Fault
 * @typedef {{ comparison: Comparison, texts: Record<string, string>, query: string, invalid: Fault[] }} Form
 * @typedef {{ count: number, mean: number, p50: number, p95: number, p99: number, max: number }} Waits
 * @typedef {{ queueFull: number, timeout: number, crashed: number, refused: number, gaveUp: number }} Errors
 * @typedef {object} Totals
 * @property {number} requests
 * @property {number} fresh
 * @property {number} stale
 * @property {number} errors
 * @property {Errors} errorsBy
 * @property {number} unfinished
 * @property {number} parses
 * @property {number} repeatedParses
 * @property {number} crashes
 * @property {number} cpuSeconds
 * @property {number} cpuBusy
 * @property {number} longestQueue
 * @property {number} longestBacklog
 * @property {Waits} wait
 * @typedef {'requests' | 'stale' | 'cpuBusy' | 'errors' | 'waitP95' | 'mostParses' | 'mostWaiting' | 'mostBacklog'} Curve
 * @typedef {'parses' | 'waiting' | 'backlog'} Average
 * @typedef {{ interval: number, waitP95: (number | null)[] } & Record<Exclude<Curve, 'waitP95'> | Average, number[]>} Series
 * @typedef {{ totals: Totals, series: Series }} Outcome
 * @typedef {{ comparison: Comparison, query: string, conf: Record<Side, string>, a: Outcome, b: Outcome }} Report
 */

/** The two settings that are compared. */
export const SIDES = /** @type {const} */ (['a', 'b']);
