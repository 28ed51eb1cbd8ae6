/** The blocks for LocalSettings.php. */

import { copyAndSay } from './clipboard.js';
import { byId, make } from './dom.js';
import { SIDES } from './types.js';

/** @type {Record<string, HTMLElement>} */
const blocks = {};

/** Puts them into the page. */
export function makeConf() {
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

/** @param {Record<import('./types.js').Side, string>} conf */
export function showConf(conf) {
  for (const side of SIDES) {
    blocks[side].textContent = conf[side];
  }
}
