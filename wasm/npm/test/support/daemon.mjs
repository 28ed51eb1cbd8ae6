// Real daemons, on addresses of their own.

import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

const PORT = 7531;
const PATIENCE_MS = 60_000;

/** @typedef {'ours' | 'reference'} Kind */

/** @type {Kind[]} */
export const KINDS = process.env.POOLCOUNTER_REFERENCE ? ['ours', 'reference'] : ['ours'];

// From a random start, because the runner has a process for each file.
let addresses = randomInt(1 << 16, 255 << 16);

/** An address of 127.0.0.0/8 that no other test of this run has. */
export function freshAddress() {
  addresses += 1;
  return `127.${addresses >> 16}.${(addresses >> 8) & 255}.${addresses & 255}`;
}

/** Waits until something is true, and fails if that takes too long. @param {() => boolean | Promise<boolean>} condition */
export async function until(condition) {
  const end = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (Date.now() > end) {
      throw new Error('what was waited for did not come');
    }
    await sleep(10);
  }
}

export class Daemon {
  /** @param {Kind} kind @param {string} address @param {string[]} more Arguments. */
  constructor(kind, address, more) {
    const program = path.resolve(process.env[kind === 'ours' ? 'POOLCOUNTERD' : 'POOLCOUNTER_REFERENCE'] ?? '');
    fs.accessSync(program, fs.constants.X_OK);
    const environment = { ...process.env };
    if (kind === 'reference') {
      environment.LD_LIBRARY_PATH = path.join(path.dirname(program), 'lib');
    }
    this.address = address;
    this.process = spawn(program, ['-l', address, ...more], {
      env: environment,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }

  /**
   * Starts one and stops it when the test is over.
   *
   * @param {import('node:test').TestContext} t
   * @param {{ kind?: Kind, address?: string, more?: string[] }} [options]
   */
  static async start(t, { kind = 'ours', address = freshAddress(), more = [] } = {}) {
    const daemon = new Daemon(kind, address, more);
    t.after(() => daemon.stop());
    await until(() => answers(address));
    return daemon;
  }

  /** How many sockets it has open. */
  sockets() {
    const folder = `/proc/${this.process.pid}/fd`;
    return fs.readdirSync(folder).filter((name) => isSocket(path.join(folder, name))).length;
  }

  async stop() {
    // Without a process id it never ran, and a signal would go to this process's own group.
    if (this.process.pid && this.process.exitCode === null && this.process.signalCode === null) {
      const exited = once(this.process, 'exit');
      this.process.kill('SIGKILL');
      await exited;
    }
  }

  freeze() {
    this.process.kill('SIGSTOP');
  }
}

/** @param {string} file */
function isSocket(file) {
  try {
    return fs.readlinkSync(file).startsWith('socket:');
  } catch {
    // The descriptor was closed meanwhile.
    return false;
  }
}

/** The daemon accepts connections before it listens on all addresses, but answers only afterwards. @param {string} host @returns {Promise<boolean>} */
function answers(host) {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port: PORT });
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.write('STATS uptime\n'));
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
