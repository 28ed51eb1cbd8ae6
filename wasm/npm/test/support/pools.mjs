import { PoolCounter } from 'poolcounter';

/** One holder at a time, for anyone; a timeout that is enough for a busy machine. */
export const LIMITS = { workers: 1, maxqueue: 100, timeoutSeconds: 60 };

/**
 * A pool with time for a busy machine, closed when the test is over.
 *
 * @param {import('node:test').TestContext} t
 * @param {import('poolcounter').Options} options
 */
export function openPool(t, options) {
  const pool = new PoolCounter({ connectTimeoutMs: 30_000, minAnswerTimeoutMs: 30_000, ...options });
  t.after(() => pool.close());
  return pool;
}

/**
 * Acquires a lock that must be granted at once.
 *
 * @param {PoolCounter} pool
 * @param {string | Uint8Array} key
 * @param {Partial<import('poolcounter').Request>} [request]
 */
export async function lockOf(pool, key, request = {}) {
  const acquired = await pool.acquire(key, { ...LIMITS, ...request });
  if (acquired.outcome !== 'locked') {
    throw new Error(`it is ${acquired.outcome}`);
  }
  return acquired.lock;
}

/**
 * A number from the statistics of the only server.
 *
 * @param {PoolCounter} pool
 * @param {string} name
 */
export async function counted(pool, name) {
  const [statistics] = Object.values(await pool.stats('FULL'));
  return Number(statistics?.[name]);
}
