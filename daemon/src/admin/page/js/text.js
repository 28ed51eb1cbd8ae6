/** Keys as people read them. The daemon sends the text form: printable ASCII, where `%` begins an escape of two digits. */

const ELLIPSIS = '…';

/**
 * Cuts a key in its middle, but in no escape.
 *
 * @param {string} key in the text form
 * @param {number} most characters, the ellipsis included
 * @returns {string}
 */
export function shorten(key, most) {
  if (key.length <= most) {
    return key;
  }
  const kept = most - ELLIPSIS.length;
  let begin = Math.ceil(kept / 2);
  let end = key.length - Math.floor(kept / 2);
  const escape = Math.max(key.lastIndexOf('%', begin - 1), 0);
  if (key[escape] === '%' && begin - escape < 3) {
    begin = escape;
  }
  const last = key.lastIndexOf('%', end - 1);
  if (last >= 0 && end - last < 3) {
    end = last + 3;
  }
  return `${key.slice(0, begin)}${ELLIPSIS}${key.slice(end)}`;
}

/**
 * @param {string} key in the text form
 * @returns {string} the last part of a path that means this key
 */
export function partOfPath(key) {
  // Browsers take these two for folders, whether or not the path has them encoded. The text form may encode any byte.
  const known = key === '.' || key === '..' ? key.replaceAll('.', '%2E') : key;
  return encodeURIComponent(known);
}

/**
 * @param {import('./types.js').Peer} peer
 * @returns {string} its address, and what the kernel tells of its process
 */
export function peer({ address, pid, user }) {
  const known = [pid === null ? '' : `pid ${pid}`, user === null ? '' : `user ${user}`].filter(Boolean);
  return known.length > 0 ? `${address} (${known.join(', ')})` : address;
}
