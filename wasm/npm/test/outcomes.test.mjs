// The outcomes of locks, with our daemon and the reference.

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, test } from 'node:test';
import { Daemon, KINDS, freshAddress, until } from './support/daemon.mjs';
import { LIMITS, counted, lockOf, openPool } from './support/pools.mjs';

for (const kind of KINDS) {
  describe(`${kind}: outcomes`, () => {
    /** @param {import('node:test').TestContext} t */
    const start = async (t) => openPool(t, { servers: [(await Daemon.start(t, { kind })).address] });

    /** @param {import('poolcounter').PoolCounter} pool @param {number} number */
    const waiting = (pool, number) => until(async () => (await counted(pool, 'waiting_workers')) === number);

    test('one works, the others are told that it is done', async (t) => {
      const pool = await start(t);
      const lock = await lockOf(pool, 'page 1');
      const others = [1, 2, 3].map(() => pool.run('page 1', LIMITS, () => assert.fail('nothing was to be done')));
      await waiting(pool, 3);
      assert.equal(await lock.release(), 'released');
      assert.deepEqual(await Promise.all(others), Array(3).fill({ outcome: 'done' }));
    });

    test('the value of the work is given', async (t) => {
      const pool = await start(t);
      assert.deepEqual(await pool.run('k', LIMITS, async () => 'a page'), { outcome: 'locked', value: 'a page' });
      assert.deepEqual(await pool.run('k', LIMITS, () => undefined), { outcome: 'locked', value: undefined });
    });

    test('work that throws is done by the next one', async (t) => {
      const pool = await start(t);
      const problem = new Error('no page today');
      const first = pool.run('k', LIMITS, async () => {
        await waiting(pool, 1);
        throw problem;
      });
      const second = pool.run('k', LIMITS, () => 'the second');
      await assert.rejects(first, problem);
      assert.deepEqual(await second, { outcome: 'locked', value: 'the second' });
      await assert.rejects(
        pool.run('k', LIMITS, () => {
          throw problem;
        }),
        problem,
      );
    });

    test('the queue is full', async (t) => {
      const pool = await start(t);
      const lock = await lockOf(pool, 'k');
      assert.deepEqual(await pool.acquire('k', { ...LIMITS, maxqueue: 1 }), { outcome: 'queueFull' });
      await lock.release();
    });

    test('the wait is too long', async (t) => {
      const pool = await start(t);
      const lock = await lockOf(pool, 'k');
      assert.deepEqual(await pool.acquire('k', { ...LIMITS, timeoutSeconds: 0 }), { outcome: 'timeout' });
      assert.deepEqual(await pool.acquire('k', { ...LIMITS, timeoutSeconds: 1 }), { outcome: 'timeout' });
      await lock.release();
    });

    test('for me, each has its turn', async (t) => {
      const pool = await start(t);
      const lock = await lockOf(pool, 'k', { mode: 'forMe' });
      const second = lockOf(pool, 'k', { mode: 'forMe' });
      await waiting(pool, 1);
      await lock.release();
      await (await second).release();
    });

    test('hundreds at once: no more than two work, and each has its turn', async (t) => {
      const pool = await start(t);
      let working = 0;
      let most = 0;
      const work = async () => {
        working += 1;
        most = Math.max(most, working);
        await new Promise(setImmediate);
        working -= 1;
      };
      /** @type {import('poolcounter').Request} */
      const request = { workers: 2, maxqueue: 1000, timeoutSeconds: 60, mode: 'forMe' };
      const holders = [await lockOf(pool, 'k', request), await lockOf(pool, 'k', request)];
      const runs = [];
      // The reference has a backlog of 20. On a busy machine, connections beyond it can be lost.
      while (runs.length < 400) {
        for (let count = 0; count < 10; count += 1) {
          runs.push(pool.run('k', request, work));
        }
        await waiting(pool, runs.length);
      }
      await Promise.all(holders.map((holder) => holder.release()));
      const results = await Promise.all(runs);
      assert.ok(results.every(({ outcome }) => outcome === 'locked'));
      assert.equal(most, 2);
      assert.equal(await counted(pool, 'total_acquired'), 402);
    });

    test('a wait that is aborted is forgotten by the server', async (t) => {
      const pool = await start(t);
      const lock = await lockOf(pool, 'k');
      const controller = new AbortController();
      const second = pool.acquire('k', { ...LIMITS, signal: controller.signal });
      await waiting(pool, 1);
      controller.abort(new Error('enough'));
      await assert.rejects(second, { message: 'enough' });
      await waiting(pool, 0);
      await lock.release();
      await (await lockOf(pool, 'k')).release();
    });

    test('a signal that was aborted before sends nothing, and one that comes late does nothing', async (t) => {
      const pool = await start(t);
      await assert.rejects(pool.acquire('k', { ...LIMITS, signal: AbortSignal.abort() }), { name: 'AbortError' });
      assert.equal(await counted(pool, 'total_acquired'), 0);
      const controller = new AbortController();
      const lock = await lockOf(pool, 'k', { signal: controller.signal });
      controller.abort();
      assert.equal(await lock.release(), 'released');
    });

    test('one signal ends many waits', async (t) => {
      const pool = await start(t);
      const lock = await lockOf(pool, 'k');
      const controller = new AbortController();
      const { signal } = controller;
      await Promise.all(['a', 'b'].map((key) => pool.run(key, { ...LIMITS, signal }, () => undefined)));
      assert.equal(getEventListeners(signal, 'abort').length, 0);
      const waits = Array.from({ length: 50 }, () => pool.acquire('k', { ...LIMITS, signal }));
      assert.equal(getEventListeners(signal, 'abort').length, 1);
      await waiting(pool, 50);
      controller.abort(new Error('enough'));
      await Promise.all(waits.map((wait) => assert.rejects(wait, { message: 'enough' })));
      assert.equal(getEventListeners(signal, 'abort').length, 0);
      await lock.release();
    });

    test('a lock that is disposed of unreleased is abandoned', async (t) => {
      const pool = await start(t);
      const lock = await lockOf(pool, 'k');
      const second = lockOf(pool, 'k');
      await waiting(pool, 1);
      await lock[Symbol.asyncDispose]();
      const other = await second;
      await other.release();
      await other[Symbol.asyncDispose]();
      assert.equal(await other.release(), 'notLocked');
      other.abandon();
      await (await lockOf(pool, 'k')).release();
    });

    test('keys are bytes', async (t) => {
      const pool = await start(t);
      const lock = await lockOf(pool, 'ä b', { mode: 'forMe' });
      const now = { timeoutSeconds: 0, workers: 1, maxqueue: 10 };
      assert.equal((await pool.acquire(Buffer.from('c3a42062', 'hex'), now)).outcome, 'timeout');
      assert.equal((await pool.acquire(new TextEncoder().encode('ä%20b'), now)).outcome, 'timeout');
      const other = await lockOf(pool, Uint8Array.of(0xff, 0x80, 0x01));
      await Promise.all([lock.release(), other.release()]);
    });

    test('statistics are numbers where they are', async (t) => {
      const pool = await start(t);
      await pool.run('k', LIMITS, () => undefined);
      const [full] = Object.values(await pool.stats());
      assert.equal(full?.total_acquired, 1);
      assert.equal(typeof full?.uptime, 'string');
      assert.deepEqual(Object.values(await pool.stats('total_acquired')), [{ total_acquired: 1 }]);
      await assert.rejects(pool.stats('nothing'), { name: 'RemoteError', code: 'REMOTE', cause: 'WRONG_STAT' });
      await assert.rejects(pool.stats('FULL', 'elsewhere'), RangeError);
    });

    test('what is no name of a statistic is not asked for', async (t) => {
      const pool = openPool(t, { servers: [freshAddress()] });
      for (const name of ['', 'FULL\nX', 'FULL\r', 'x\0', 'x'.repeat(2000)]) {
        await assert.rejects(pool.stats(name), { name: 'RangeError', message: /name of a statistic/ });
      }
      const wrong = /** @type {string} */ (/** @type {unknown} */ (7));
      await assert.rejects(pool.stats(wrong), { name: 'TypeError', message: /name of a statistic/ });
    });

    test('few connections are kept', async (t) => {
      const daemon = await Daemon.start(t, { kind });
      const pool = openPool(t, { servers: [daemon.address], maxIdleConnections: 2 });
      const locks = await Promise.all(Array.from({ length: 20 }, (_, i) => lockOf(pool, `k${i}`)));
      const sockets = daemon.sockets();
      await Promise.all(locks.map((lock) => lock.release()));
      await until(() => daemon.sockets() === sockets - 18);
    });
  });
}
