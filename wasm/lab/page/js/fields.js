/** The fields of the form, each with its label, its unit and its message. */

import { byId, make } from './dom.js';
import { clock, rough } from './numbers.js';

/** @typedef {import('./types.js').Field} Field */
/** @typedef {import('./types.js').Side} Side */
/** @typedef {HTMLInputElement | HTMLSelectElement} Control */

/** Fields by group; other fields are in the last group. */
const GROUPS = [
  { title: 'Readers', open: true, names: ['duration', 'hotReaders', 'readers', 'crawler', 'patience'] },
  { title: 'Edits and pages', open: false, names: ['edits', 'otherEdits', 'pages', 'hotCached', 'cachedShare'] },
  {
    title: 'Parses',
    open: true,
    names: ['parseCpu', 'otherParseCpu', 'parseSpread', 'requestCpu', 'crashShare'],
  },
  { title: 'Servers', open: false, names: ['servers', 'cores', 'webWorkers', 'backlog', 'balance'] },
  { title: 'Chance', open: false, names: ['seed'] },
];

/** Rows of the table of settings. */
const SETTINGS = [
  { name: 'mode', label: 'Pool' },
  { name: 'workers', label: 'workers', hint: 'parse at a time', min: '1' },
  { name: 'maxqueue', label: 'maxqueue', hint: 'parse or wait, for each page', min: '1' },
  { name: 'timeout', label: 'timeout', hint: 'seconds', min: '0' },
  { name: 'slots', label: 'slots', hint: '0: a lock for each page; 4: all pages share 4 locks', min: '0' },
  { name: 'fastStale', label: 'fastStale', hint: 'old copy, no wait' },
];

const WORDS = /** @type {Record<string, string>} */ ({
  none: 'none',
  forAnyone: 'for anyone',
  forMe: 'for me',
  roundRobin: 'in turn',
  random: 'by chance',
});

/** Beside each curve; {@link readCurve} says what a text means. */
const CURVE_HINT = 'such as 20, or seconds:rate at each corner: 600:2, 605:150';

/**
 * @param {string} name
 * @returns {HTMLElement} where the message of a field stands
 */
function message(name) {
  return make('p', { class: 'fault', id: `fault-${name}`, hidden: '' });
}

/**
 * @param {string} name
 * @param {string[]} words
 * @returns {HTMLSelectElement}
 */
function choice(name, words) {
  const options = words.map((word) => make('option', { value: word }, WORDS[word] ?? word));
  return make('select', { id: `field-${name}`, name, 'aria-describedby': `fault-${name}` }, ...options);
}

/**
 * @param {string} name
 * @param {Record<string, string>} attributes
 * @returns {HTMLInputElement}
 */
function input(name, attributes) {
  return make('input', {
    id: `field-${name}`,
    name,
    autocomplete: 'off',
    'aria-describedby': `fault-${name}`,
    ...attributes,
  });
}

/**
 * @param {Field} field
 * @returns {Control}
 */
function control(field) {
  const bounds = { min: String(field.min), max: String(field.max) };
  switch (field.kind) {
    case 'integer':
      return input(field.name, { type: 'number', inputmode: 'numeric', step: '1', ...bounds });
    case 'number':
      return input(field.name, { type: 'number', inputmode: 'decimal', step: 'any', ...bounds });
    case 'switch':
      return input(field.name, { type: 'checkbox' });
    case 'choice':
      return choice(field.name, field.of ?? []);
    default:
      return input(field.name, {
        type: 'text',
        spellcheck: 'false',
        'aria-describedby': `fault-${field.name} hint-${field.name} reading-${field.name}`,
      });
  }
}

/**
 * @param {Field} field
 * @returns {HTMLElement} label, control and message
 */
function row(field) {
  const unit = field.unit ? make('span', { class: 'unit' }, field.unit) : '';
  const label = make('label', { for: `field-${field.name}` }, field.label, ' ', unit);
  const line = make('div', { class: `field ${field.kind}` }, label, control(field));
  if (field.kind === 'curve') {
    line.append(
      make('p', { class: 'hint reading', id: `reading-${field.name}` }),
      make('p', { class: 'hint reading', id: `hint-${field.name}` }, CURVE_HINT),
    );
  }
  line.append(message(field.name));
  return line;
}

/**
 * @param {import('./types.js').Point[]} points
 * @returns {string} what a curve means: 2 until 10:00, 150 at 10:05, 40 from 30:00; nothing for a rate that stays
 */
function readCurve(points) {
  const last = points.length - 1;
  if (last === 0) {
    return '';
  }
  const words = points.map(({ at, rate }, number) => {
    const when = { 0: 'until', [last]: 'from' }[number] ?? 'at';
    return `${rough(rate)} ${when} ${clock(at)}`;
  });
  return words.join(', ');
}

/**
 * Says below each curve what it means.
 *
 * @param {Field[]} fields
 * @param {import('./types.js').Scenario} scenario
 */
export function showReadings(fields, scenario) {
  for (const { name } of fields.filter(({ kind }) => kind === 'curve')) {
    const curve = /** @type {Record<string, any>} */ (scenario)[name];
    byId(`reading-${name}`).textContent = readCurve(curve);
  }
}

/**
 * Puts the fields of the scenario into the page.
 *
 * @param {Field[]} fields
 */
export function makeGroups(fields) {
  const named = new Set(GROUPS.flatMap(({ names }) => names));
  const rest = fields.filter(({ name }) => !named.has(name)).map(({ name }) => name);
  const wide = matchMedia('(min-width: 64rem)').matches;
  for (const { title, open, names } of GROUPS) {
    const shown = title === 'Chance' ? [...names, ...rest] : names;
    const group = make('details', { id: `group-${title.split(' ')[0].toLowerCase()}` }, make('summary', {}, title));
    group.open = open && wide;
    group.append(...shown.flatMap((name) => fields.filter((field) => field.name === name).map(row)));
    byId('groups').append(group);
  }
  const readers = byId('group-readers');
  readers.append(make('div', { id: 'traffic' }));
}

/**
 * @param {string} name of a row
 * @param {Side} side
 * @param {string | undefined} min
 * @returns {Control}
 */
function settingControl(name, side, min) {
  const full = `${side}.${name}`;
  const made =
    name === 'mode'
      ? choice(full, ['none', 'forAnyone', 'forMe'])
      : input(
          full,
          name === 'fastStale'
            ? { type: 'checkbox' }
            : { type: 'number', inputmode: 'numeric', step: '1', min: min ?? '' },
        );
  made.setAttribute('aria-labelledby', `setting-${name} side-${side}`);
  return made;
}

/** Puts the table of settings into the page. */
export function makeSettings() {
  for (const { name, label, hint, min } of SETTINGS) {
    const title = make('span', { id: `setting-${name}` }, label);
    const head = make('th', { scope: 'row' }, title, ...(hint ? [make('span', { class: 'hint' }, hint)] : []));
    const cells = /** @type {Side[]} */ (['a', 'b']).map((side) =>
      make('td', {}, settingControl(name, side, min), message(`${side}.${name}`)),
    );
    byId('settings').append(make('tr', {}, head, ...cells));
  }
}
