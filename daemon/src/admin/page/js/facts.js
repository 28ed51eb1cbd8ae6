/** Names and values, as a list. */

import { make, write } from './dom.js';

/** A list of facts, whose elements stay while the values change. */
export class Facts {
  #list;
  /** @type {Map<string, HTMLElement>} */
  #values = new Map();

  /** @param {HTMLElement} list a `dl` */
  constructor(list) {
    this.#list = list;
  }

  /**
   * @param {string} name
   * @returns {HTMLElement} the place of its value
   */
  place(name) {
    const place = this.#values.get(name) ?? make('dd', {});
    if (!this.#values.has(name)) {
      this.#values.set(name, place);
      this.#list.append(make('div', {}, make('dt', {}, name), place));
    }
    return place;
  }

  /** @param {string} name */
  remove(name) {
    this.#values.get(name)?.parentElement?.remove();
    this.#values.delete(name);
  }

  /**
   * @param {string} name
   * @param {string} text
   */
  show(name, text) {
    write(this.place(name), text);
  }
}
