/** The texts for LocalSettings.php. */

import { conf } from '../wasm/poolcounter_lab.js';
import { copyAndSay } from './clipboard.js';
import { byId, make } from './dom.js';
import { SIDES } from './types.js';

/** @type {Record<string, HTMLElement>} */
const blocks = {};

let query = '';

/**
 * Puts them into the page.
 *
 * @param {import('./types.js').Named[]} clients
 */
export function makeConf(clients) {
  byId('client').append(...clients.map(({ name, title }) => make('option', { value: name }, title)));
  byId('client').addEventListener('change', show);
  for (const side of SIDES) {
    const name = side.toUpperCase();
    const code = make('code', { id: `conf-${side}` });
    const said = make('span', { class: 'said', role: 'status' });
    const button = make(
      'button',
      { type: 'button', id: `copy-${side}` },
      'Copy',
      make('span', { class: 'unseen' }, ` ${name}`),
    );
    button.addEventListener('click', () => copyAndSay(code.textContent ?? '', said));
    const head = make('div', { class: 'conf-head' }, make('span', { class: `side ${side}` }, name), said, button);
    const text = make('pre', { role: 'region', 'aria-label': `Setting ${name} for LocalSettings.php` }, code);
    byId('conf').append(make('div', { class: 'conf' }, head, text));
    blocks[side] = code;
  }
}

/** @param {string} of the address of the settings */
export function showConf(of) {
  query = of;
  show();
}

function show() {
  const client = /** @type {HTMLSelectElement} */ (byId('client')).value;
  const texts = JSON.parse(conf(query, client));
  for (const side of SIDES) {
    blocks[side].textContent = texts[side];
  }
}
