/** The form: its texts, and their errors. */

import { byId, make } from './dom.js';
import { makeGroups, makeSettings } from './fields.js';
import { SIDES } from './types.js';

/** @typedef {import('./types.js').Catalogue} Catalogue */
/** @typedef {import('./types.js').Fault} Fault */
/** @typedef {import('./types.js').Form} Form */
/** @typedef {import('./fields.js').Control} Control */

/** The form of the page. */
export class LabForm {
  #form = /** @type {HTMLFormElement} */ (byId('form'));
  #presets;

  /**
   * @param {Catalogue} catalogue
   * @param {{ edited: () => void, preset: (name: string) => void }} listener
   */
  constructor(catalogue, listener) {
    this.#presets = catalogue.presets;
    this.#makePresets();
    makeSettings();
    makeGroups(catalogue.fields);
    this.#makeNewSeed(listener.edited);
    this.#form.addEventListener('submit', (event) => event.preventDefault());
    this.#form.addEventListener('input', ({ target }) => {
      if (target instanceof HTMLInputElement && target.name === 'preset') {
        listener.preset(target.value);
      } else {
        listener.edited();
      }
    });
    byId('reset').addEventListener('click', () => {
      const { preset } = this.texts();
      listener.preset(preset);
      // The button is gone now.
      byId(`preset-${preset}`).focus();
    });
  }

  /** @returns {Record<string, string>} the text of every field */
  texts() {
    const texts = Object.fromEntries(
      this.#controls().map((control) => [
        control.name,
        control.type === 'checkbox' ? String(/** @type {HTMLInputElement} */ (control).checked) : control.value,
      ]),
    );
    return { ...texts, preset: String(new FormData(this.#form).get('preset')) };
  }

  /**
   * Fills every field. An invalid text is not changed.
   *
   * @param {Form} form
   */
  show({ texts, invalid }) {
    const refused = Object.fromEntries(invalid.map(({ field, text }) => [field, text]));
    for (const control of this.#controls()) {
      if (control instanceof HTMLInputElement && control.type === 'checkbox') {
        control.checked = texts[control.name] === 'true';
      } else {
        control.value = refused[control.name] ?? texts[control.name];
      }
    }
    /** @type {HTMLInputElement} */ (byId(`preset-${texts.preset}`)).checked = true;
  }

  /**
   * Shows the errors, and whether the form has been changed.
   *
   * @param {Form} form
   * @param {boolean} changed whether it differs from its preset
   */
  mark({ comparison, invalid }, changed) {
    const faults = new Map(invalid.map((fault) => [fault.field, fault]));
    for (const control of this.#controls()) {
      mark(control, faults.get(control.name)?.reason);
      faults.delete(control.name);
    }
    this.#showRefused([...faults.values()]);
    for (const side of SIDES) {
      this.#enable(side, comparison[side].mode);
    }
    byId('changed').hidden = !changed;
  }

  /**
   * @param {Form} form
   * @returns {number} how many fields have an invalid value; errors without a field do not prevent a run
   */
  faults({ invalid }) {
    const names = new Set(invalid.map(({ field }) => field));
    return this.#controls().filter(({ name }) => names.has(name)).length;
  }

  /** @returns {Control[]} every field but the presets */
  #controls() {
    const controls = [...this.#form.elements].filter((element) => element.id.startsWith('field-'));
    return /** @type {Control[]} */ (controls);
  }

  /**
   * Shows errors of an address that belong to no field.
   *
   * @param {Fault[]} faults
   */
  #showRefused(faults) {
    const line = byId('refused');
    line.hidden = faults.length === 0;
    line.textContent = faults
      .map(({ field, reason }) => `The address has a part that was left out: ${field}: ${reason}.`)
      .join(' ');
  }

  /**
   * @param {import('./types.js').Side} side
   * @param {string} mode
   */
  #enable(side, mode) {
    for (const name of ['workers', 'maxqueue', 'timeout', 'slots', 'fastStale']) {
      const control = /** @type {Control} */ (byId(`field-${side}.${name}`));
      const idle = mode === 'none' || (name === 'fastStale' && mode !== 'forAnyone');
      // An invalid value can be corrected.
      control.disabled = idle && !control.hasAttribute('aria-invalid');
    }
  }

  #makePresets() {
    for (const { name, title, story } of this.#presets) {
      const radio = make('input', { type: 'radio', name: 'preset', value: name, id: `preset-${name}` });
      radio.setAttribute('aria-describedby', `story-${name}`);
      const label = make('label', { for: radio.id }, title);
      const text = make('span', { class: 'story', id: `story-${name}` }, story);
      byId('presets').append(make('div', { class: 'preset' }, radio, make('div', {}, label, text)));
    }
  }

  /** @param {() => void} edited */
  #makeNewSeed(edited) {
    const seed = /** @type {HTMLInputElement} */ (byId('field-seed'));
    const button = make('button', { type: 'button', class: 'quiet', id: 'new-seed' }, 'Another seed');
    button.addEventListener('click', () => {
      seed.value = String(crypto.getRandomValues(new Uint16Array(1))[0]);
      edited();
    });
    seed.after(button);
  }
}

/**
 * @param {Control} control
 * @param {string | undefined} reason
 */
function mark(control, reason) {
  const line = byId(`fault-${control.name}`);
  line.textContent = reason ?? '';
  line.hidden = reason === undefined;
  if (reason === undefined) {
    control.removeAttribute('aria-invalid');
  } else {
    control.setAttribute('aria-invalid', 'true');
    control.closest('details')?.setAttribute('open', '');
  }
}
