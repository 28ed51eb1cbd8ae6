// The player of the package, for the client stories and the network stories: tests/client-stories/README.md describes its commands and answers.

import readline from 'node:readline';
import { BadKeyError, PoolCounter, UnavailableError } from 'poolcounter';

const WORDS = new Map([
  ['locked', 'LOCKED'],
  ['done', 'DONE'],
  ['queueFull', 'QUEUE_FULL'],
  ['timeout', 'TIMEOUT'],
  ['lockHeld', 'LOCK_HELD'],
  ['released', 'RELEASED'],
  ['notLocked', 'NOT_LOCKED'],
]);

/** @typedef {import('poolcounter').Options} Options */

class Player {
  /** @type {PoolCounter} */
  #client;
  /** @type {string[]} */
  #servers;
  /** The newest last. @type {import('poolcounter').Lock[]} */
  #held = [];

  /** @param {Options} options */
  constructor(options) {
    this.#client = new PoolCounter(options);
    this.#servers = options.servers.map((server) => (typeof server === 'string' ? server : server.server));
  }

  /** @type {Record<string, (...words: string[]) => Promise<string | undefined>>} */
  #commands = {
    acquire: async (mode, workers, maxqueue, timeout, key) => {
      const acquired = await this.#client.acquire(Buffer.from(key ?? '', 'hex'), {
        mode: mode === 'me' ? 'forMe' : 'forAnyone',
        workers: Number(workers),
        maxqueue: Number(maxqueue),
        timeoutSeconds: Number(timeout),
      });
      if (acquired.outcome === 'locked') {
        this.#held.push(acquired.lock);
      }
      return WORDS.get(acquired.outcome);
    },
    release: async () => {
      const lock = this.#held.pop();
      const lost = lock?.signal.aborted === true;
      const word = WORDS.get((await lock?.release()) ?? '');
      // In the stories the release of a lost lock is RELEASED, because the lock is free. The package gives notLocked.
      return lost && word === 'NOT_LOCKED' ? 'RELEASED' : word;
    },
    abandon: async () => {
      this.#held.pop()?.abandon();
      return undefined;
    },
    stats: async (index, name) => {
      const server = String(this.#servers[Number(index)]);
      const values = Object.entries((await this.#client.stats(name, server))[server] ?? {});
      return `STATS ${values.map(([each, value]) => `${each}: ${value}`).join('; ')}`;
    },
    close: async () => this.close(),
  };

  /**
   * @param {string} line
   * @returns {Promise<string>}
   */
  async answer(line) {
    const [verb = '', ...words] = line.split(' ');
    try {
      return (await this.#commands[verb]?.(...words)) ?? 'OK';
    } catch (error) {
      if (error instanceof BadKeyError) {
        return error.message.replace(/^the /, '');
      }
      if (error instanceof UnavailableError) {
        return `${error.code.toLowerCase()} ${error.server} ${error.cause}`;
      }
      throw error;
    }
  }

  /** @returns {Promise<undefined>} */
  async close() {
    this.#held = [];
    await this.#client.close();
    return undefined;
  }
}

/** The clients of this process, by number, made when they are first needed. */
class Players {
  /** @type {Options | undefined} */
  #options;
  /** @type {Map<string, Player>} */
  #players = new Map();

  /**
   * @param {string} line
   * @returns {Promise<string>}
   */
  async answer(line) {
    const [, number = '1', command = ''] = /^(?:#(\d+) )?(.*)$/s.exec(line) ?? [];
    if (command.startsWith('new ')) {
      await Promise.all([...this.#players.values()].map((player) => player.close()));
      this.#options = settings(command.slice('new '.length).split(' '));
      this.#players = new Map([['1', new Player(this.#options)]]);
      return 'OK';
    }
    if (!this.#options) {
      throw new Error('there are no settings yet');
    }
    const player = this.#players.get(number) ?? new Player(this.#options);
    this.#players.set(number, player);
    return player.answer(command);
  }
}

/**
 * @param {string[]} words
 * @returns {Options}
 */
function settings(words) {
  const values = Object.fromEntries(words.map((word) => word.split('=', 2)));
  const servers = values.servers.split(',');
  return {
    servers: values.choice === 'ring' ? servers.map(ringServer) : servers,
    connectTimeoutMs: Number(values.connect_timeout_ms),
    minAnswerTimeoutMs: Number(values.answer_timeout_ms),
    avoidForMs: Number(values.pass_over_ms),
    awaitRelease: values.await_release === '1',
  };
}

/**
 * @param {string} text `label:server:weight`
 * @returns {import('poolcounter').RingServer}
 */
function ringServer(text) {
  const [, label = '', server = '', weight] = /^([^:]*):(.*):(\d+)$/.exec(text) ?? [];
  return { label, server, weight: Number(weight) };
}

/**
 * @param {string} prefix
 * @param {string} command
 */
async function play(prefix, command) {
  console.log(prefix + (await players.answer(command)).replaceAll('\n', '\\n'));
}

const players = new Players();
for await (const line of readline.createInterface({ input: process.stdin })) {
  const [, prefix, command = ''] = /^(&\S+ )?(.*)$/s.exec(line) ?? [];
  const played = play(prefix ?? '', command);
  // A command with a label runs at the same time as others. If it fails, the process ends.
  if (prefix === undefined) {
    await played;
  }
}
