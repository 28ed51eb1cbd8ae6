/** The form of a replay: the group, and its new setting. */

import { check_change as checkChange } from '../../wasm/poolcounter_lab.js';
import { byId, make } from '../dom.js';
import { count } from '../numbers.js';

/** @typedef {import('./types.js').Contents} Contents */
/** @typedef {import('./types.js').Group} Group */
/** @typedef {import('./types.js').Texts} Texts */
/** @typedef {HTMLInputElement | HTMLSelectElement} Control */

const NUMBERS = ['workers', 'maxqueue', 'timeout', 'slots'];
const SETTINGS = ['pool', ...NUMBERS, 'fastStale'];
/** The largest whole number of seed and cores. */
const MOST = 4_294_967_295;

/** A form of texts. An empty text means: as it was recorded. */
export class ReplayForm {
  #controls = new Map(SETTINGS.map((name) => [name, /** @type {Control} */ (byId(`new-${name}`))]));
  #group = /** @type {HTMLSelectElement} */ (byId('group'));
  #seed = /** @type {HTMLInputElement} */ (byId('replay-seed'));
  #cores = /** @type {HTMLInputElement} */ (byId('replay-cores'));
  /** @type {Group[]} */
  #groups = [];
  /** @type {Texts} */
  texts = { group: '', seed: '1', cores: '', settings: {} };

  /** @param {() => void} edited */
  constructor(edited) {
    byId('replay-form').addEventListener('submit', (event) => event.preventDefault());
    byId('replay-form').addEventListener('input', ({ target }) => {
      const name = this.#group.value;
      if (target !== this.#group) {
        this.texts.settings = this.#settingsWith(name);
      }
      this.texts = { ...this.texts, group: name, seed: this.#seed.value, cores: this.#cores.value };
      this.show(this.texts);
      edited();
    });
  }

  /**
   * Equal settings are the same text, however they were typed: only what was changed, in the order of the groups.
   *
   * @param {string} changed the group in the form
   * @returns {Texts['settings']}
   */
  #settingsWith(changed) {
    const values = [...this.#controls].map(([field, control]) => [field, control.value]);
    const all = { ...this.texts.settings, [changed]: Object.fromEntries(values.filter(([, value]) => value !== '')) };
    const names = this.#groups.map(({ name }) => name).filter((name) => Object.keys(all[name] ?? {}).length > 0);
    return Object.fromEntries(names.map((name) => [name, all[name]]));
  }

  /**
   * Begins anew with other recordings.
   *
   * @param {Contents} contents
   */
  begin({ groups }) {
    this.#groups = groups;
    const options = groups.map(({ name, pools, requests }) => {
      const pool = pools.filter((known) => known !== name).join(', ');
      return make('option', { value: name }, `${name}${pool && ` (${pool})`}: ${count(requests)} requests`);
    });
    this.#group.replaceChildren(...options);
    this.show({ group: groups[0]?.name ?? '', seed: '1', cores: '', settings: {} });
  }

  /**
   * Fills every field.
   *
   * @param {Texts} texts
   */
  show(texts) {
    this.texts = texts;
    this.#group.value = texts.group;
    put(this.#seed, texts.seed);
    put(this.#cores, texts.cores);
    const group = this.#groups.find(({ name }) => name === texts.group);
    const own = texts.settings[texts.group] ?? {};
    for (const [name, control] of this.#controls) {
      put(control, own[name] ?? '');
    }
    if (group) {
      this.#showRecorded(group);
    }
  }

  /** @returns {{ seed: number, cores: number | null, changes: string[] } | number} the plan; or how many fields need other values */
  plan() {
    let faults = 0;
    /** @type {string[]} */
    const changes = [];
    for (const { name } of this.#groups) {
      const { change, invalid } = JSON.parse(checkChange(name, JSON.stringify(this.texts.settings[name] ?? {})));
      faults += Object.keys(invalid).length;
      if (name === this.texts.group) {
        this.#controls.forEach((control, field) => mark(control, invalid[field]));
      }
      if (change !== null) {
        changes.push(change);
      }
    }
    const [seed, cores] = [whole(this.#seed, 0), this.#cores.value === '' ? null : whole(this.#cores, 1)];
    mark(this.#seed, seed === undefined ? `must be a whole number from 0 to ${MOST}` : undefined);
    mark(this.#cores, cores === undefined ? `must be a whole number from 1 to ${MOST}` : undefined);
    if (seed === undefined || cores === undefined || faults > 0) {
      return faults + Number(seed === undefined) + Number(cores === undefined);
    }
    return { seed, cores, changes };
  }

  /** @param {Group} group */
  #showRecorded({ limits, otherLimits, fastStale, forAnyone, slots }) {
    const recorded = { ...limits, pool: forAnyone ? 'for anyone' : 'for me', slots: slots ? '0' : '–' };
    const texts = /** @type {Record<string, string | number>} */ ({ ...recorded, fastStale: fastStale ? 'on' : 'off' });
    const none = this.#controls.get('pool')?.value === 'none';
    for (const [name, control] of this.#controls) {
      byId(`recorded-${name}`).textContent = String(texts[name]);
      if (NUMBERS.includes(name)) {
        control.setAttribute('placeholder', String(texts[name]));
      }
      const useless = (name === 'slots' && !slots) || (name === 'fastStale' && !forAnyone);
      control.disabled = name !== 'pool' && (none || useless);
    }
    byId('slots-why').hidden = slots;
    byId('other-limits').hidden = otherLimits === 0;
    byId('other-limits').textContent =
      `Requests of this group came with ${count(otherLimits + 1)} settings; the most frequent one is shown. What you do not change stays different.`;
  }
}

/**
 * Sets a value without moving the cursor in a field that has it already.
 *
 * @param {Control} control
 * @param {string} value
 */
function put(control, value) {
  if (control.value !== value) {
    control.value = value;
  }
}

/**
 * @param {HTMLInputElement} control
 * @param {number} least
 * @returns {number | undefined}
 */
function whole({ value }, least) {
  const number = Number(value);
  return /^\d+$/.test(value) && number >= least && number <= MOST ? number : undefined;
}

/**
 * @param {Control} control
 * @param {string | undefined} reason
 */
function mark(control, reason) {
  const line = byId(`fault-${control.id}`);
  line.textContent = reason ?? '';
  line.hidden = reason === undefined;
  if (reason === undefined) {
    control.removeAttribute('aria-invalid');
  } else {
    control.setAttribute('aria-invalid', 'true');
  }
}
