'use strict';

const dns = require('node:dns');
const net = require('node:net');
const { getSystemErrorMap } = require('node:util');
const { isAcknowledged } = require('./acknowledged.js');

/**
 * After so long without a word the host is asked whether it is still there. Node has it asked again each second, ten times in all: a host that vanished is noticed
 * after 20 s, and an outage of five seconds costs nothing.
 */
const KEEPALIVE_MS = 10_000;

/**
 * How long a socket that is being closed still reads. The server closes its side at once; one that is frozen does not. The kernel goes on sending the end of the
 * stream after that, too.
 */
const LINGER_MS = 5_000;

/** How long to wait before a Unix socket whose backlog was full is tried again: there is no event for that. */
const BACKLOG_PAUSE_MS = 5;

/** The C library's texts where libuv has others. */
const LOOK_UP_WORDS = new Map([
  ['EAI_AGAIN', 'temporary failure in name resolution'],
  ['EAI_FAIL', 'non-recoverable failure in name resolution'],
  ['EAI_NODATA', 'no address associated with hostname'],
  ['EAI_NONAME', 'name or service not known'],
]);

/** Received bytes are copied at once, so all sockets share it. Core takes no more than this at a time. */
const buffer = Buffer.allocUnsafe(16 * 1024);

/**
 * The events of sockets, by their numbers.
 *
 * @typedef {object} Listener
 * @property {(number: number) => void} connected
 * @property {(number: number, buffer: Buffer, length: number) => void} received
 * @property {(number: number) => void} closed
 * @property {(number: number, cause: string) => void} broken
 * @property {(number: number, acknowledged: boolean | undefined) => void} asked
 */

/** Looks names up and moves bytes. No socket keeps the process alive; a look-up does. */
class Sockets {
  /** @type {Map<number, net.Socket>} */
  #sockets = new Map();
  /** For each that is being closed: fulfilled when the system has all that it sends. @type {Set<Promise<void>>} */
  #closing = new Set();
  #listener;

  /** @param {Listener} listener */
  constructor(listener) {
    this.#listener = listener;
  }

  /**
   * The addresses of a host, in the system's order. The system may take long, and cannot be told to stop.
   *
   * @param {string} host
   * @returns {Promise<string[]>} At least one.
   * @throws {Error} Its message has the system's words.
   */
  async lookUp(host) {
    try {
      const found = await dns.promises.lookup(host, { all: true, verbatim: true });
      return found.map(({ address }) => address);
    } catch (error) {
      throw new Error(reason(/** @type {NodeJS.ErrnoException} */ (error)));
    }
  }

  /**
   * Begins to connect. The listener is told what comes of it, later and once: `connected` or `broken`.
   *
   * @param {number} number
   * @param {string} host An address, or the path of a Unix socket. A name is looked up first.
   * @param {number} port 0 for a path.
   */
  connect(number, host, port) {
    const socket = open(host, port, (length) => {
      if (listens()) {
        this.#listener.received(number, buffer, length);
      }
      return true;
    });
    // The number may be that of another socket by then.
    const listens = () => this.#sockets.get(number) === socket;
    this.#sockets.set(number, socket);
    socket.unref();
    socket.on('connect', () => {
      // Where a name has several addresses, Node has a new handle for each.
      socket.unref();
      this.#listener.connected(number);
    });
    socket.on('end', () => listens() && this.#listener.closed(number));
    socket.on('error', (/** @type {NodeJS.ErrnoException} */ error) => {
      if (!listens()) {
        return;
      }
      if (error.code === 'EAGAIN') {
        setTimeout(() => listens() && this.connect(number, host, port), BACKLOG_PAUSE_MS);
      } else {
        this.#listener.broken(number, reason(error));
      }
    });
  }

  /**
   * @param {number} number
   * @param {string} bytes A character for each.
   */
  send(number, bytes) {
    this.#sockets.get(number)?.write(bytes, 'latin1');
  }

  /**
   * Asks the system whether all that was sent is acknowledged. The listener is told what comes of it, later and once, unless the socket is closed before.
   *
   * @param {number} number
   */
  async ask(number) {
    const socket = this.#sockets.get(number);
    const acknowledged = socket && (await isAcknowledged(socket));
    if (socket && this.#sockets.get(number) === socket) {
      this.#listener.asked(number, acknowledged);
    }
  }

  /**
   * Closes a socket which may have bytes that nobody has read. Were it closed with them, the kernel would send a RST, only once, and drop what is not yet
   * acknowledged. So what comes is read until the server has closed its side. The listener hears no more of it, and the number may be given again.
   *
   * @param {number} number
   */
  close(number) {
    const socket = this.#take(number);
    if (socket === undefined) {
      return;
    }
    if (socket.connecting || socket.destroyed) {
      socket.destroy();
      return;
    }
    // If the program was busy, what has come meanwhile is read before.
    const bound = setTimeout(() => setImmediate(() => socket.destroy()), LINGER_MS).unref();
    socket.once('close', () => clearTimeout(bound));
    /** @type {Promise<void>} */
    const closing = new Promise((resolve) => {
      socket.end(() => {
        this.#closing.delete(closing);
        resolve();
      });
    });
    this.#closing.add(closing);
  }

  /**
   * Closes a socket to which the server has nothing to say: it is told before this returns, even if the program is busy then.
   *
   * @param {number} number
   */
  closeNow(number) {
    this.#take(number)?.destroy();
  }

  /** Fulfilled when the system has all that is to be sent by sockets that were closed, and their ends. */
  async handedOver() {
    await Promise.all(this.#closing);
    // What came until now is read.
    await new Promise(setImmediate);
  }

  /** @param {number} number */
  #take(number) {
    const socket = this.#sockets.get(number);
    this.#sockets.delete(number);
    return socket;
  }
}

/**
 * @param {string} host
 * @param {number} port
 * @param {(length: number) => boolean} callback
 * @returns {net.Socket} What is wrong is told by its event `error`.
 */
function open(host, port, callback) {
  const onread = { buffer, callback };
  try {
    if (port > 0) {
      const keepAlive = { keepAlive: true, keepAliveInitialDelay: KEEPALIVE_MS };
      return net.connect({ host, port, noDelay: true, ...keepAlive, onread });
    }
    return net.connect({ path: host, onread });
  } catch (error) {
    return new net.Socket().destroy(/** @type {Error} */ (error));
  }
}

/**
 * The system's words, as the C library has them.
 *
 * @param {NodeJS.ErrnoException} error
 * @returns {string}
 */
function reason(error) {
  const { code, message } = error;
  const [name = '', words = message || (code ?? error.name)] = getSystemErrorMap().get(error.errno ?? 0) ?? [];
  const text = LOOK_UP_WORDS.get(name) ?? words;
  return text.charAt(0).toUpperCase() + text.slice(1);
}

module.exports = { Sockets };
