'use strict';

const { Result } = require('./wasm/poolcounter_wasm.js');
const { BadKeyError, BadServerError, ConnectError, ReadError, RemoteError, WriteError } = require('./errors.js');

/**
 * The error for the call that failed last.
 *
 * @param {import('./wasm/poolcounter_wasm.js').Engine} engine
 * @returns {Error}
 */
function lastFailure(engine) {
  const message = engine.message();
  const server = engine.failedServer();
  const cause = engine.text();
  switch (engine.result()) {
    case Result.Connect:
      return new ConnectError(message, server, cause);
    case Result.Write:
      return new WriteError(message, server, cause);
    case Result.Read:
      return new ReadError(message, server, cause);
    case Result.Remote:
      return new RemoteError(message, server, cause);
    case Result.BadKey:
      return new BadKeyError(message);
    default:
      return new BadServerError(message);
  }
}

module.exports = { lastFailure };
