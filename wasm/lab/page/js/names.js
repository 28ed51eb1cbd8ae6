/** The name of a setting. */

/** @typedef {import('./types.js').Setting} Setting */

const POOLS = { none: 'no pool', forAnyone: 'pool for anyone', forMe: 'pool for me' };
const NUMBERS = /** @type {const} */ (['workers', 'maxqueue', 'timeout', 'slots']);

/**
 * @param {Setting} setting
 * @param {Setting} other the one that it is compared with
 * @returns {string} pool for anyone, workers 4: the mode, and the numbers in which two pools differ
 */
export function nameOf(setting, other) {
  if (setting.mode === 'none' || other.mode === 'none') {
    return setting.mode === 'none' ? POOLS.none : POOLS[setting.mode] + (setting.fastStale ? ', fastStale' : '');
  }
  const numbers = NUMBERS.filter((name) => setting[name] !== other[name]).map((name) => `${name} ${setting[name]}`);
  const stale = setting.fastStale === other.fastStale ? [] : [setting.fastStale ? 'fastStale' : 'no fastStale'];
  return [POOLS[setting.mode], ...numbers, ...stale].join(', ');
}
