/** A real daemon, its clients, and recordings of it by poolcounterctl. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { DEADLINE_MS } from './browser.mjs';

const DAEMON = process.env.POOLCOUNTERD ?? 'poolcounterd';
const CTL = process.env.POOLCOUNTERCTL ?? 'poolcounterctl';

/**
 * @template T
 * @param {Promise<T>} wanted
 * @param {string} what
 * @returns {Promise<T>} it, unless it takes too long
 */
async function inTime(wanted, what) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took too long`)), DEADLINE_MS);
  });
  try {
    return /** @type {T} */ (await Promise.race([wanted, late]));
  } finally {
    clearTimeout(timer);
  }
}

/** @returns {Promise<void>} */
function pause() {
  return new Promise((resolve) => {
    setTimeout(resolve, 20);
  });
}

/** @param {() => boolean} condition */
async function until(condition) {
  while (!condition()) {
    await pause();
  }
}

/** The daemon hands over what it has recorded every 100 ms. */
const QUIET_MS = 1500;

/**
 * Waits until a file has not grown for a while.
 *
 * @param {string} file
 */
async function quiet(file) {
  let [size, since] = [-1, Date.now()];
  await until(() => {
    const now = statSync(file).size;
    if (now !== size) {
      [size, since] = [now, Date.now()];
    }
    return Date.now() - since > QUIET_MS;
  });
}

/** A daemon on sockets in a folder of its own. */
export class Daemon {
  #process;
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #recorder;
  /** Its folder, for files of a test. */
  folder;

  /**
   * @param {import('node:child_process').ChildProcess} child
   * @param {string} folder
   */
  constructor(child, folder) {
    this.#process = child;
    this.folder = folder;
  }

  /** @returns {Promise<Daemon>} */
  static async start() {
    const folder = mkdtempSync(join(tmpdir(), 'lab-'));
    const sockets = ['--listen', `unix:${folder}/clients`, '--admin', `unix:${folder}/admin`];
    const child = spawn(DAEMON, sockets, { stdio: ['ignore', 'inherit', 'inherit'] });
    const daemon = new Daemon(child, folder);
    await inTime(daemon.#isThere(), 'the start of the daemon');
    return daemon;
  }

  async #isThere() {
    for (;;) {
      try {
        const client = await this.client();
        client.leave();
        return;
      } catch {
        assert.equal(this.#process.exitCode, null, 'the daemon has ended');
        await pause();
      }
    }
  }

  /** @returns {Promise<Client>} */
  async client() {
    const socket = connect(`${this.folder}/clients`);
    await once(socket, 'connect');
    return new Client(socket);
  }

  /**
   * Records what a test does.
   *
   * @param {string} name of the file
   * @param {() => Promise<unknown>} what
   * @param {string[]} [options]
   * @returns {Promise<string>} the file
   */
  async record(name, what, options = []) {
    const file = join(this.folder, name);
    const words = ['record', '-s', `unix:${this.folder}/admin`, '-o', file, ...options];
    const recorder = spawn(CTL, words, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#recorder = recorder;
    const ended = once(recorder, 'exit');
    await inTime(
      until(() => existsSync(file) && statSync(file).size > 0),
      'the start of the recording',
    );
    await what();
    await inTime(quiet(file), 'the rest of the recording');
    recorder.kill('SIGINT');
    const [code] = await inTime(ended, 'the end of the recording');
    assert.equal(code, 0);
    return file;
  }

  /** Stops it, and removes its folder. */
  async stop() {
    this.#recorder?.kill('SIGKILL');
    const ended = once(this.#process, 'exit');
    if (this.#process.exitCode === null) {
      this.#process.kill('SIGTERM');
      await inTime(ended, 'the end of the daemon');
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A connection. */
export class Client {
  #socket;
  #lines;

  /** @param {import('node:net').Socket} socket */
  constructor(socket) {
    this.#socket = socket;
    this.#lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  }

  /**
   * @param {string | Buffer} text one or more lines; bytes have the end of their line
   * @returns {Promise<string>} the answer to the first of them
   */
  ask(text) {
    this.#socket.write(typeof text === 'string' ? `${text}\n` : text);
    return this.answer();
  }

  /** @returns {Promise<string>} the next answer */
  async answer() {
    const { value, done } = await inTime(this.#lines.next(), 'an answer');
    assert.ok(!done, 'the daemon has closed the connection');
    return value;
  }

  /** Closes it. */
  leave() {
    this.#socket.destroy();
  }
}
