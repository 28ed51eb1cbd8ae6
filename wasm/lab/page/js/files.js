/** Files that the user gives: dropped on the page, or chosen. */

import { byId } from './dom.js';

/** @param {(files: File[]) => void} take */
export function takeFiles(take) {
  const input = /** @type {HTMLInputElement} */ (byId('files'));
  input.addEventListener('change', () => {
    if (input.files?.length) {
      take([...input.files]);
    }
    // The same file can be chosen again.
    input.value = '';
  });
  const dropping = (/** @type {boolean} */ is) => document.body.classList.toggle('dropping', is);
  addEventListener('dragover', (event) => {
    if (event.dataTransfer?.types.includes('Files')) {
      event.preventDefault();
      dropping(true);
    }
  });
  addEventListener('dragleave', ({ relatedTarget }) => dropping(relatedTarget !== null));
  addEventListener('drop', (event) => {
    dropping(false);
    const files = event.dataTransfer?.files;
    if (files?.length) {
      event.preventDefault();
      take([...files]);
    }
  });
}
