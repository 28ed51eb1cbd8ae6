/** What somebody has chosen to see. It stands in the address behind `#`, which no server is told, so that it can be passed on. */

/** @typedef {{ sort: string, window: string, group: string, key: string }} View */

/** @type {View} */
const FIRST = { sort: 'waiting', window: 'minute', group: '', key: '' };
const SORTS = ['waiting', 'held', 'acquires', 'refused', 'waited'];
const WINDOWS = ['minute', 'hour'];

/**
 * @param {string} hash
 * @returns {View} what it says; the first view where it says nothing that is known
 */
export function read(hash) {
  const given = new URLSearchParams(hash.slice(1));
  const one = (/** @type {string} */ name, /** @type {string[]} */ known) =>
    known.includes(given.get(name) ?? '') ? (given.get(name) ?? '') : known[0];
  return {
    sort: one('sort', SORTS),
    window: one('window', WINDOWS),
    group: given.get('group') ?? '',
    key: given.get('key') ?? '',
  };
}

/** @param {View} view is put into the address */
export function keep(view) {
  const differs = /** @type {(keyof View)[]} */ (Object.keys(FIRST)).filter((name) => view[name] !== FIRST[name]);
  const hash = new URLSearchParams(differs.map((name) => [name, view[name]])).toString();
  history.replaceState(null, '', hash ? `#${hash}` : location.pathname);
}

/**
 * @param {string} sort
 * @returns {boolean} whether it orders by what happened lately, and not by what is now
 */
export function isLately(sort) {
  return !['waiting', 'held'].includes(sort);
}
