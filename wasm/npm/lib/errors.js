'use strict';

/** @typedef {import('./index.js').ErrorCode} ErrorCode */

class PoolCounterError extends Error {
  /** @type {ErrorCode} */
  // @ts-expect-error Each of its children sets it.
  code;

  get name() {
    return this.constructor.name;
  }
}

class UnavailableError extends PoolCounterError {
  /** @type {import('./index.js').UnavailableCode} */
  // @ts-expect-error Each of its children sets it.
  code;

  /**
   * @param {string} message
   * @param {string} server
   * @param {string} cause
   */
  constructor(message, server, cause) {
    super(message);
    this.server = server;
    this.cause = cause;
  }
}

class ConnectError extends UnavailableError {
  code = /** @type {const} */ ('CONNECT');
}

class WriteError extends UnavailableError {
  code = /** @type {const} */ ('WRITE');
}

class ReadError extends UnavailableError {
  code = /** @type {const} */ ('READ');
}

class RemoteError extends UnavailableError {
  code = /** @type {const} */ ('REMOTE');
}

class BadKeyError extends PoolCounterError {
  code = /** @type {const} */ ('BAD_KEY');
}

class BadServerError extends PoolCounterError {
  code = /** @type {const} */ ('BAD_SERVER');
}

class ClosedError extends PoolCounterError {
  code = /** @type {const} */ ('CLOSED');
}

module.exports = {
  PoolCounterError,
  UnavailableError,
  ConnectError,
  WriteError,
  ReadError,
  RemoteError,
  BadKeyError,
  BadServerError,
  ClosedError,
};
