'use strict';

const { Driver } = require('./driver.js');
const { Lock } = require('./lock.js');
const { configure } = require('./options.js');
const { checkedName, checkedRequest, keyBytes } = require('./request.js');
const { parseStatistics } = require('./statistics.js');

/**
 * @typedef {import('./index.js').Request} Request
 * @typedef {import('./index.js').Acquired} Acquired
 * @typedef {import('./index.js').Statistics} Statistics
 */

class PoolCounter {
  #driver;
  #servers;

  /** @param {import('./index.js').Options} options */
  constructor(options) {
    const { config, servers } = configure(options);
    this.#servers = servers;
    this.#driver = new Driver(config, servers.length);
  }

  /**
   * @template T
   * @param {string | Uint8Array} key
   * @param {Request} request
   * @param {(lock: import('./index.js').Lock) => T | PromiseLike<T>} work
   * @returns {Promise<import('./index.js').Result<T>>}
   */
  async run(key, request, work) {
    if (typeof work !== 'function') {
      throw new TypeError('work must be a function');
    }
    const acquired = await this.#acquire(key, request);
    if (acquired.outcome !== 'locked') {
      return acquired;
    }
    const { lock } = acquired;
    let value;
    try {
      value = await work(lock);
    } catch (error) {
      lock.abandon();
      throw error;
    }
    await lock.release();
    return { outcome: 'locked', value };
  }

  /**
   * @param {string | Uint8Array} key
   * @param {Request} request
   * @returns {Promise<Acquired>}
   */
  async acquire(key, request) {
    const acquired = await this.#acquire(key, request);
    if (acquired.outcome === 'locked') {
      acquired.lock.mayBeForgotten();
    }
    return acquired;
  }

  /**
   * @param {string | Uint8Array} key
   * @param {Request} request
   * @returns {Promise<{ outcome: 'locked', lock: Lock } | import('./index.js').NotLocked>}
   */
  #acquire(key, request) {
    return new Promise((resolve, reject) => {
      const checked = checkedRequest(request);
      const bytes = keyBytes(key);
      const { signal } = request;
      signal?.throwIfAborted();
      this.#driver.acquire(bytes, checked, {
        locked: (number) => resolve({ outcome: 'locked', lock: new Lock(this.#driver, number) }),
        answered: (outcome) => resolve({ outcome }),
        failed: reject,
        signal,
      });
    });
  }

  /**
   * @param {string} [name]
   * @param {string} [server]
   * @returns {Promise<Record<string, Statistics>>}
   */
  async stats(name = 'FULL', server) {
    const line = checkedName(name);
    const asked = server === undefined ? this.#servers : [server];
    const answers = await Promise.all(asked.map(async (each) => [each, await this.#statistics(line, each)]));
    return Object.fromEntries(answers);
  }

  async close() {
    await this.#driver.close();
  }

  async [Symbol.asyncDispose]() {
    await this.close();
  }

  /**
   * @param {string} name
   * @param {string} server
   * @returns {Promise<Statistics>}
   */
  async #statistics(name, server) {
    const index = this.#servers.indexOf(server);
    if (index < 0) {
      throw new RangeError(`${server} is none of the servers`);
    }
    const text = await new Promise((answered, failed) => {
      this.#driver.statistics(index, name, { answered, failed });
    });
    return parseStatistics(text);
  }
}

/** @type {{ PoolCounter: typeof import('./index.js').PoolCounter }} */
module.exports = { PoolCounter };
