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

class Failure extends PoolCounterError {
  /** @type {import('./index.js').FailureCode} */
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

class ConnectError extends Failure {
  code = /** @type {const} */ ('CONNECT');
}

class WriteError extends Failure {
  code = /** @type {const} */ ('WRITE');
}

class ReadError extends Failure {
  code = /** @type {const} */ ('READ');
}

class RemoteError extends Failure {
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
  Failure,
  ConnectError,
  WriteError,
  ReadError,
  RemoteError,
  BadKeyError,
  BadServerError,
  ClosedError,
};
