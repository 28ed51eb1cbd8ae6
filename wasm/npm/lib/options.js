'use strict';

const { Config } = require('./wasm/poolcounter_wasm.js');
const { BadServerError } = require('./errors.js');
const { integer, noOption, noneOf, notNegative, positive } = require('./request.js');

const MOST_IDLE = 10_000;

/** @type {Record<string, (value: unknown, name: string) => any>} */
const CHECKS = {
  connectTimeoutMs: positive,
  connectTwice: flag,
  minAnswerTimeoutMs: positive,
  firstAnswerTimeoutMs: positive,
  avoidForMs: notNegative,
  maxIdleTimeMs: notNegative,
  maxIdleConnections: (value, name) => integer(value, name, MOST_IDLE),
  awaitRelease: flag,
};

/**
 * What a client is made from, in core's terms, and the servers as they were named.
 *
 * @param {import('./index.js').Options} options
 * @returns {{ config: Config, servers: string[] }}
 */
function configure({ servers, ...options }) {
  if (!Array.isArray(servers)) {
    throw new TypeError('servers must be an array');
  }
  const config = new Config();
  const names = servers.map((server) => addServer(config, server, typeof servers[0] !== 'string'));
  if (names.length === 0) {
    throw new BadServerError('no PoolCounter server is configured');
  }
  if (typeof servers[0] !== 'string' && servers.every(({ weight }) => weight === 0)) {
    throw new BadServerError("every server's weight is 0");
  }
  for (const [name, value] of Object.entries(options)) {
    const check = Object.hasOwn(CHECKS, name) && CHECKS[name];
    if (!check || (value !== undefined && !config.set(name, Number(check(value, name))))) {
      throw noOption('a pool', name);
    }
  }
  return { config, servers: names };
}

/**
 * @param {Config} config
 * @param {unknown} server
 * @param {boolean} ring
 * @returns {string} The server as it was named.
 */
function addServer(config, server, ring) {
  const { server: name, label, weight = 1, ...others } = ring ? Object(server) : { server };
  if (typeof name !== 'string') {
    throw new TypeError('servers must be strings, or objects with label and server');
  }
  const problem = config.addServer(name);
  if (problem !== undefined) {
    throw new BadServerError(problem);
  }
  if (ring) {
    noneOf(others, 'a server');
    if (typeof label !== 'string') {
      throw new TypeError('label must be a string');
    }
    if (!config.placeOnRing(label, integer(weight, 'weight', 0xffff_ffff))) {
      throw new RangeError(`weight is too great: ${weight}`);
    }
  }
  return name;
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {boolean}
 */
function flag(value, name) {
  if (typeof value !== 'boolean') {
    throw new TypeError(`${name} must be true or false`);
  }
  return value;
}

module.exports = { configure };
