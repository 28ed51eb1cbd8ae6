/** Real daemons with an admin interface, on addresses of their own, and clients that hold and wait. */

import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

const PORT = 7531;
const ADMIN_PORT = 7532;
/** Nothing here takes longer on the slowest machine. */
export const PATIENCE_MS = 60_000;

// From a place of its own: the runner has a process for each file.
let addresses = randomInt(1 << 16, 255 << 16);

/** @returns {string} an address of 127.0.0.0/8 that no other test of this run has */
function freshAddress() {
  addresses += 1;
  return `127.${addresses >> 16}.${(addresses >> 8) & 255}.${addresses & 255}`;
}

/**
 * Waits until something is true.
 *
 * @param {() => boolean | Promise<boolean>} condition
 * @param {string} what
 */
export async function until(condition, what) {
  const end = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (Date.now() > end) {
      throw new Error(`not within ${PATIENCE_MS / 1000} s: ${what}`);
    }
    await sleep(10);
  }
}

/** A daemon that runs until it is stopped. It can be started again, at the same addresses. */
export class Daemon {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #process;
  #more;
  address = freshAddress();
  url = `http://${this.address}:${ADMIN_PORT}/`;

  /** @param {string[]} more arguments */
  constructor(more) {
    this.#more = more;
  }

  /**
   * Starts one, and stops it when the test is over.
   *
   * @param {{ after: (stop: () => Promise<void>) => void }} test
   * @param {string[]} more arguments
   * @returns {Promise<Daemon>}
   */
  static async start(test, ...more) {
    const daemon = new Daemon(more);
    test.after(() => daemon.kill());
    await daemon.start();
    return daemon;
  }

  /** Starts it, and waits until it answers. */
  async start() {
    const program = path.resolve(process.env.POOLCOUNTERD ?? '');
    const admin = `${this.address}:${ADMIN_PORT}`;
    this.#process = spawn(program, ['-l', this.address, '--admin', admin, ...this.#more], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    await once(this.#process, 'spawn');
    const answers = () =>
      fetch(`${this.url}healthz`).then(
        ({ ok }) => ok,
        () => false,
      );
    await until(() => this.#process?.exitCode !== null || answers(), 'the daemon answers');
    if (this.#process.exitCode !== null) {
      throw new Error(`the daemon has ended with status ${this.#process.exitCode}`);
    }
  }

  /** Has it replaced by its own program. */
  upgrade() {
    this.#process?.kill('SIGUSR1');
  }

  /** Ends it at once. */
  async kill() {
    const child = this.#process;
    if (child?.pid && child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
  }

  /** @returns {Promise<Client>} a client of it */
  client() {
    return Client.connect(this.address);
  }

  /**
   * @param {string} route
   * @returns {Promise<any>} the JSON of an answer
   */
  async json(route) {
    const response = await fetch(this.url + route);
    return response.json();
  }
}

/** A client that speaks the protocol by hand. */
export class Client {
  #socket;
  #received = '';
  /** @type {(() => void) | undefined} */
  #woken;
  /** Where it connects from, as the daemon sees it. */
  address;

  /** @param {net.Socket} socket connected */
  constructor(socket) {
    this.#socket = socket;
    this.address = `${socket.localAddress}:${socket.localPort}`;
    socket.setEncoding('latin1');
    socket.on('data', (data) => {
      this.#received += data;
      this.#woken?.();
    });
    // A daemon that is killed ends it.
    socket.on('error', () => {});
  }

  /**
   * @param {string} host
   * @returns {Promise<Client>}
   */
  static connect(host) {
    return Client.connectTo({ host, port: PORT });
  }

  /**
   * @param {net.NetConnectOpts} where
   * @returns {Promise<Client>}
   */
  static async connectTo(where) {
    const socket = net.connect(where);
    await once(socket, 'connect');
    return new Client(socket);
  }

  /** @param {string | Buffer} line without its end */
  send(line) {
    this.#socket.write(Buffer.concat([Buffer.from(line), Buffer.from('\n')]));
  }

  /**
   * @param {string | Buffer} line without its end
   * @returns {Promise<string>} the line that answers
   */
  async ask(line) {
    this.send(line);
    return this.line();
  }

  /** @returns {Promise<string>} the next line that comes */
  async line() {
    const end = Date.now() + PATIENCE_MS;
    while (!this.#received.includes('\n')) {
      await Promise.race([new Promise((resolve) => (this.#woken = () => resolve(undefined))), sleep(1000)]);
      if (Date.now() > end) {
        throw new Error('no line came');
      }
    }
    const [line, ...rest] = this.#received.split('\n');
    this.#received = rest.join('\n');
    return line;
  }

  /** Goes away. */
  close() {
    this.#socket.destroy();
  }
}

/**
 * One client holds a key, and others wait for it.
 *
 * @param {Daemon} daemon
 * @param {string | Buffer} key as it is sent
 * @param {number} waiters
 * @param {string} [limits] workers, maxqueue, timeout
 * @returns {Promise<{ holder: Client, waiting: Client[], granted: number }>} `granted` is when, by Date.now()
 */
export async function crowd(daemon, key, waiters, limits = '1 100 600') {
  const line = Buffer.concat([Buffer.from('ACQ4ANY '), Buffer.from(key), Buffer.from(` ${limits}`)]);
  const holder = await daemon.client();
  const said = await holder.ask(line);
  if (said !== 'LOCKED') {
    throw new Error(`the holder is told ${said}`);
  }
  const granted = Date.now();
  const waiting = await Promise.all(Array.from({ length: waiters }, () => daemon.client()));
  const before = await waitingNow(daemon);
  waiting.forEach((client) => client.send(line));
  await until(async () => (await waitingNow(daemon)) === before + waiters, `${waiters} wait`);
  return { holder, waiting, granted };
}

/**
 * @param {Daemon} daemon
 * @returns {Promise<number>} how many wait
 */
async function waitingNow(daemon) {
  return (await daemon.json('v1/status')).waiters;
}
