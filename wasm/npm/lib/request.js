'use strict';

const GREATEST = 0xffff_ffff;
/** In bytes: what a line of 1,024 has beside `STATS`, a space and its end. */
const LONGEST_NAME = 1017;

/**
 * A request, checked and complete. An `answerTimeoutMs` of 0 leaves that to core.
 *
 * @typedef {{ forMe: boolean, workers: number, maxqueue: number, timeoutSeconds: number, answerTimeoutMs: number }} CheckedRequest
 */

/**
 * @param {import('./index.js').Request} request
 * @returns {CheckedRequest}
 */
function checkedRequest({ workers, maxqueue, timeoutSeconds, mode = 'forAnyone', answerTimeoutMs, signal, ...others }) {
  noneOf(others, 'a request');
  if (mode !== 'forAnyone' && mode !== 'forMe') {
    throw new TypeError(`mode must be 'forAnyone' or 'forMe', not ${String(mode)}`);
  }
  if (signal !== undefined && typeof signal?.throwIfAborted !== 'function') {
    throw new TypeError('signal must be an AbortSignal');
  }
  return {
    forMe: mode === 'forMe',
    workers: integer(workers, 'workers', GREATEST),
    maxqueue: integer(maxqueue, 'maxqueue', GREATEST),
    timeoutSeconds: integer(timeoutSeconds, 'timeoutSeconds', GREATEST),
    answerTimeoutMs: answerTimeoutMs === undefined ? 0 : positive(answerTimeoutMs, 'answerTimeoutMs'),
  };
}

/**
 * What is left of an object when all that is known was taken from it.
 *
 * @param {object} unknown
 * @param {string} owner
 */
function noneOf(unknown, owner) {
  const [name] = Object.keys(unknown);
  if (name !== undefined) {
    throw noOption(owner, name);
  }
}

/**
 * The error for an unknown option. `timeout` could be taken for milliseconds, so its error names the option that says the unit.
 *
 * @param {string} owner
 * @param {string} name
 */
function noOption(owner, name) {
  const instead = name === 'timeout' ? ': a request has timeoutSeconds' : '';
  return new TypeError(`${owner} has no option ${name}${instead}`);
}

/**
 * @param {string | Uint8Array} key
 * @returns {Uint8Array}
 */
function keyBytes(key) {
  if (typeof key === 'string') {
    return Buffer.from(key);
  }
  if (key instanceof Uint8Array) {
    return key;
  }
  throw new TypeError('a key must be a string or a Uint8Array');
}

/**
 * The name of a statistic, of which core would say that it is a key.
 *
 * @param {unknown} name
 * @returns {string}
 */
function checkedName(name) {
  if (typeof name !== 'string') {
    throw new TypeError('the name of a statistic must be a string');
  }
  if (name === '' || /[\0\r\n]/.test(name) || Buffer.byteLength(name) > LONGEST_NAME) {
    throw new RangeError(`${JSON.stringify(name.slice(0, 40))} is no name of a statistic`);
  }
  return name;
}

/**
 * @param {unknown} value
 * @param {string} name
 * @param {number} greatest
 * @returns {number}
 */
function integer(value, name, greatest) {
  if (typeof value !== 'number') {
    throw new TypeError(`${name} must be a number`);
  }
  if (!Number.isInteger(value) || value < 0 || value > greatest) {
    throw new RangeError(`${name} must be a whole number from 0 to ${greatest}`);
  }
  return value;
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {number}
 */
function positive(value, name) {
  if (notNegative(value, name) === 0) {
    throw new RangeError(`${name} must be above 0`);
  }
  return /** @type {number} */ (value);
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {number}
 */
function notNegative(value, name) {
  if (typeof value !== 'number') {
    throw new TypeError(`${name} must be a number`);
  }
  if (!Number.isFinite(value) || value < 0) {
    throw new RangeError(`${name} must be a finite number that is not negative`);
  }
  return value;
}

module.exports = { checkedName, checkedRequest, keyBytes, integer, noOption, noneOf, notNegative, positive };
