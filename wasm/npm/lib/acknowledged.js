'use strict';

const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const { performance } = require('node:perf_hooks');

/** What is not known after this time is found out in another way, which needs as long. */
const WITHIN_MS = 200;

/** Of a row, beside the two ends of the connection, as Linux counts them. */
const QUEUES = 4;
const RETRANSMISSION_TIMEOUT = 12;

/** @typedef {(acknowledged: boolean | undefined) => void} Tell */

/** Linux's table of connections. It is read once for all who ask at the same time; who asks while it is read is answered by the next reading. */
class Table {
  /** By the ends of the connection. @type {Map<string, Tell>} */
  #asked = new Map();
  #isRead = false;
  #path;

  /** @param {string} path */
  constructor(path) {
    this.#path = path;
  }

  /**
   * @param {string} ends
   * @param {Tell} tell Called at least once; only the first time counts.
   */
  ask(ends, tell) {
    this.#asked.set(ends, tell);
    setTimeout(() => tell(undefined), WITHIN_MS).unref();
    if (!this.#isRead) {
      this.#isRead = true;
      void this.#read();
    }
  }

  async #read() {
    while (this.#asked.size > 0) {
      const file = await fs.promises.open(this.#path).catch(() => undefined);
      const asked = this.#asked;
      this.#asked = new Map();
      await (file && search(file, asked).catch(() => undefined));
      await file?.close().catch(() => undefined);
      asked.forEach((tell) => tell(undefined));
    }
    this.#isRead = false;
  }
}

const ipv4 = new Table('/proc/self/net/tcp');
const ipv6 = new Table('/proc/self/net/tcp6');

/**
 * Answers questions, and removes them. The table of a busy host has megabytes, of which the system gives a page at a time.
 *
 * @param {fs.promises.FileHandle} file
 * @param {Map<string, Tell>} asked
 */
async function search(file, asked) {
  const until = performance.now() + WITHIN_MS;
  const page = Buffer.allocUnsafe(16 * 1024);
  const [{ length } = ''] = asked.keys();
  let rest = '';
  while (asked.size > 0 && performance.now() < until) {
    const { bytesRead } = await file.read(page, 0, page.length, null);
    const rows = (rest + page.toString('latin1', 0, bytesRead)).split('\n');
    rest = rows.pop() ?? '';
    for (const row of rows) {
      const start = row.indexOf(': ') + 2;
      const ends = row.slice(start, start + length);
      asked.get(ends)?.(isEmpty(row));
      asked.delete(ends);
    }
    if (bytesRead === 0) {
      return;
    }
  }
}

/**
 * Whether nothing waits to be acknowledged.
 *
 * @param {string} row
 * @returns {boolean | undefined}
 */
function isEmpty(row) {
  const words = row.trim().split(/ +/);
  // Where Linux is imitated, all queues may look empty. Then the time-out, which is never 0, looks so too.
  return Number(words[RETRANSMISSION_TIMEOUT]) > 0 ? words[QUEUES]?.startsWith('00000000:') : undefined;
}

/**
 * Whether the other host has acknowledged all that was sent; undefined if the system does not tell, or not in time.
 *
 * @param {net.Socket} socket
 * @returns {Promise<boolean | undefined>}
 */
function isAcknowledged({ localAddress, localPort, remoteAddress, remotePort }) {
  return new Promise((tell) => {
    if (localAddress && localPort && remoteAddress && remotePort) {
      const table = net.isIPv4(localAddress) ? ipv4 : ipv6;
      table.ask(`${end(localAddress, localPort)} ${end(remoteAddress, remotePort)}`, tell);
    } else {
      tell(undefined);
    }
  });
}

/**
 * One end of a connection, as the table writes it: an address as numbers of 32 bits, whose bytes are in the order of this machine.
 *
 * @param {string} address
 * @param {number} port
 * @returns {string}
 */
function end(address, port) {
  const bytes = net.isIPv4(address) ? Buffer.from(address.split('.').map(Number)) : ipv6Bytes(address);
  if (os.endianness() === 'LE') {
    bytes.swap32();
  }
  return `${bytes.toString('hex')}:${port.toString(16).padStart(4, '0')}`.toUpperCase();
}

/**
 * @param {string} address Perhaps with a zone.
 * @returns {Buffer}
 */
function ipv6Bytes(address) {
  // Without the dots of an IPv4 address in it.
  const { hostname } = new URL(`http://[${address.replace(/%.*/, '')}]`);
  const [before = [], after = []] = hostname
    .slice(1, -1)
    .split('::')
    .map((half) => half.split(':').filter(Boolean));
  const zeros = Array(8 - before.length - after.length).fill('');
  return Buffer.from([...before, ...zeros, ...after].map((group) => group.padStart(4, '0')).join(''), 'hex');
}

module.exports = { isAcknowledged };
