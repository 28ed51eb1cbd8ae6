/** Copies text, if the browser allows it. */

import { make } from './dom.js';

/**
 * The only way to copy on a page without https.
 *
 * @param {string} text
 * @returns {boolean} whether it was copied
 */
function copyBySelection(text) {
  const focused = document.activeElement;
  const area = make('textarea', { class: 'unseen', readonly: '', 'aria-hidden': 'true' });
  area.value = text;
  document.body.append(area);
  area.select();
  const copied = document.execCommand('copy');
  area.remove();
  if (focused instanceof HTMLElement) {
    focused.focus();
  }
  return copied;
}

/**
 * @param {string} text
 * @returns {Promise<boolean>} whether it was copied
 */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/**
 * Copies, and shows a message for a while.
 *
 * @param {string} text
 * @param {HTMLElement} said
 */
export async function copyAndSay(text, said) {
  said.textContent = (await copy(text)) ? 'Copied.' : 'This browser does not let the page copy.';
  setTimeout(() => {
    said.textContent = '';
  }, 4000);
}
