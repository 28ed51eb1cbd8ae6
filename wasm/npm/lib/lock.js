'use strict';

/** @typedef {import('./driver.js').Driver} Driver */

/**
 * A lock whose object was collected as garbage is abandoned.
 *
 * @type {FinalizationRegistry<{ driver: Driver, number: number }>}
 */
const forgotten = new FinalizationRegistry(({ driver, number }) => driver.abandon(number));

/** A lock that is held. */
class Lock {
  #driver;
  /** @type {number | undefined} */
  #number;
  #registered = false;
  /** @type {AbortController | undefined} */
  #lost;

  /**
   * @param {Driver} driver
   * @param {number} number
   */
  constructor(driver, number) {
    this.#driver = driver;
    this.#number = number;
  }

  /** To be called if others than this package have it. */
  mayBeForgotten() {
    if (this.#number !== undefined) {
      this.#registered = true;
      forgotten.register(this, { driver: this.#driver, number: this.#number }, this);
    }
    return this;
  }

  get signal() {
    return (this.#lost ??= this.#lostController()).signal;
  }

  /** @returns {Promise<'released' | 'notLocked'>} */
  release() {
    const number = this.#take();
    if (number === undefined) {
      return Promise.resolve('notLocked');
    }
    return new Promise((answered, failed) => this.#driver.release(number, { answered, failed }));
  }

  abandon() {
    const number = this.#take();
    if (number !== undefined) {
      this.#driver.abandon(number);
    }
  }

  async [Symbol.asyncDispose]() {
    this.abandon();
  }

  #take() {
    const number = this.#number;
    this.#number = undefined;
    if (this.#registered) {
      forgotten.unregister(this);
    }
    return number;
  }

  #lostController() {
    const controller = new AbortController();
    if (this.#number !== undefined) {
      this.#driver.onLockLost(this.#number, () => controller.abort());
    }
    return controller;
  }
}

module.exports = { Lock };
