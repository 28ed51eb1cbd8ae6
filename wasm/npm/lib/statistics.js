'use strict';

/**
 * Name and value of each line: a number where it is one, else its text.
 *
 * @param {string} text
 * @returns {import('./index.js').Statistics}
 */
function parseStatistics(text) {
  /** @type {import('./index.js').Statistics} */
  const statistics = {};
  for (const line of text.split('\n')) {
    const [name, ...rest] = line.split(': ');
    if (name !== undefined && rest.length > 0) {
      const value = rest.join(': ');
      statistics[name] = /^\d{1,15}$/.test(value) ? Number(value) : value;
    }
  }
  return statistics;
}

module.exports = { parseStatistics };
