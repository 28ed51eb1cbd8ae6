'use strict';

const net = require('node:net');
const { getSystemErrorMap } = require('node:util');

/** While an answer is waited for, the host is asked from time to time whether it is still there. */
const KEEPALIVE_MS = 15_000;

/** How long to wait for a place in the backlog of a Unix socket, which cannot be waited for. */
const BACKLOG_PAUSE_MS = 5;

/** What comes is taken out of it at once, so one serves all sockets. Core takes no more than this at a time. */
const buffer = Buffer.allocUnsafe(16 * 1024);

/**
 * What is told of sockets, by their numbers.
 *
 * @typedef {object} Listener
 * @property {(number: number) => void} connected
 * @property {(number: number, buffer: Buffer, length: number) => void} received
 * @property {(number: number) => void} closed
 * @property {(number: number, cause: string) => void} broken
 */

/** Moves bytes. No socket keeps the process alive. */
class Sockets {
  /** @type {Map<number, net.Socket>} */
  #sockets = new Map();
  #targets;
  #listener;

  /**
   * @param {{ host: string, port: number }[]} targets A port of 0 makes the host a path.
   * @param {Listener} listener
   */
  constructor(targets, listener) {
    this.#targets = targets.map(({ host, port }) =>
      port === 0
        ? { path: host }
        : { host, port, autoSelectFamily: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEPALIVE_MS },
    );
    this.#listener = listener;
  }

  /**
   * @param {number} number
   * @param {number} server
   */
  connect(number, server) {
    const target = /** @type {net.NetConnectOpts} */ (this.#targets[server]);
    const socket = net.connect({ ...target, onread: { buffer, callback: (length) => this.#received(number, length) } });
    this.#sockets.set(number, socket);
    socket.unref();
    const listens = () => this.#sockets.get(number) === socket;
    socket.on('connect', () => listens() && this.#listener.connected(number));
    socket.on('end', () => listens() && this.#listener.closed(number));
    socket.on('error', (error) => listens() && this.#broken(number, server, error));
  }

  /**
   * @param {number} number
   * @param {string} bytes A character for each.
   */
  send(number, bytes) {
    this.#sockets.get(number)?.write(bytes, 'latin1');
  }

  /** @param {number} number */
  close(number) {
    this.#sockets.get(number)?.destroy();
    this.#sockets.delete(number);
  }

  /** Resolves when all that are open now are closed. */
  async ended() {
    const open = [...this.#sockets.values()].filter((socket) => !socket.closed);
    await Promise.all(open.map((socket) => new Promise((resolve) => socket.once('close', resolve))));
  }

  /**
   * @param {number} number
   * @param {number} length
   */
  #received(number, length) {
    if (this.#sockets.has(number)) {
      this.#listener.received(number, buffer, length);
    }
    return true;
  }

  /**
   * @param {number} number
   * @param {number} server
   * @param {NodeJS.ErrnoException} error
   */
  #broken(number, server, error) {
    if (error.code === 'EAGAIN') {
      const socket = this.#sockets.get(number);
      const again = () => this.#sockets.get(number) === socket && this.connect(number, server);
      setTimeout(again, BACKLOG_PAUSE_MS);
      return;
    }
    this.#listener.broken(number, reason(error));
  }
}

/**
 * The system's words, as the C library has them.
 *
 * @param {NodeJS.ErrnoException & { errors?: NodeJS.ErrnoException[] }} error
 * @returns {string}
 */
function reason(error) {
  // A name with several addresses, none of which could be connected to.
  const last = error.errors?.at(-1) ?? error;
  const text = getSystemErrorMap().get(last.errno ?? 0)?.[1] ?? last.message;
  return text.charAt(0).toUpperCase() + text.slice(1);
}

module.exports = { Sockets };
