// A client of the farm: a worker in each async function. clients.py has the arguments, events.py the lines that it writes.

import fs from 'node:fs';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

const [library, end, seed, first, workers, log, connect, servers, keys, slow] = process.argv.slice(2);
const { PoolCounter, UnavailableError } = await import(library);

const file = fs.openSync(log, 'a');
const pool = new PoolCounter({ servers: servers.split(','), connectTimeoutMs: Number(connect) });
const now = () => process.hrtime.bigint();

function note(number, ...words) {
  fs.writeSync(file, `${[now(), number, ...words].join('\t')}\n`);
}

/** A number below `limit`, from a generator of the worker's own. */
function dice(start) {
  let state = BigInt(start) * 2654435761n + 1n;
  return (limit) => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
    return Number(state >> 33n) % limit;
  };
}

async function protect(number, chance, { names, least, most }) {
  const key = names[chance(names.length)];
  const mode = chance(2) ? 'forMe' : 'forAnyone';
  const timeout = chance(100) < 15 ? 0 : 3;
  note(number, 'asked', key, mode === 'forMe' ? 'me' : 'anyone', timeout);
  let acquired;
  try {
    acquired = await pool.acquire(key, { workers: 1, maxqueue: number, timeoutSeconds: timeout, mode });
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    note(number, 'failed', error.constructor.name, error.message);
    await sleep(10 + chance(40));
    return;
  }
  note(number, acquired.outcome === 'queueFull' ? 'queue_full' : acquired.outcome);
  if (acquired.outcome !== 'locked') return;
  const { lock } = acquired;
  lock.signal.addEventListener('abort', () => note(number, 'lost'), { once: true });
  const left = Number((BigInt(end) - now()) / 1_000_000n);
  await sleep(Math.max(0, Math.min(least + chance(most - least), left)));
  const failed = chance(100) < 5;
  note(number, failed ? 'abandon' : 'release');
  await (failed ? lock.abandon() : lock.release());
  note(number, 'free');
}

async function work(worker) {
  const chance = dice(Number(seed) + worker);
  // The first one has keys and work of its own, if there are slow ones.
  const own = slow !== '' && worker === Number(first);
  const kind = { names: (own ? slow : keys).split(','), least: own ? 20_000 : 10, most: own ? 40_000 : 50 };
  for (let number = worker * 1_000_000; now() < BigInt(end); number += 1) {
    await protect(number, chance, kind);
    await sleep(10 + chance(50));
  }
}

await Promise.all(Array.from({ length: Number(workers) }, (_, index) => work(Number(first) + index)));
await pool.close();
