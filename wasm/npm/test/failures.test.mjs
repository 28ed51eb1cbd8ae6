// Daemons that are dead, frozen or restarted.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { BadKeyError, ClosedError, ConnectError, PoolCounterError, ReadError, UnavailableError } from 'poolcounter';
import { Daemon, freshAddress, until } from './support/daemon.mjs';
import { LIMITS, counted, lockOf, openPool } from './support/pools.mjs';
import { IS_NODE, runProgram } from './support/programs.mjs';

test('nobody is there', async (t) => {
  const address = freshAddress();
  const pool = openPool(t, { servers: [address], connectTwice: true });
  const refused = { name: 'ConnectError', code: 'CONNECT', server: address, cause: 'Connection refused' };
  await assert.rejects(pool.acquire('k', LIMITS), refused);
  const failed = pool.run('k', LIMITS, () => assert.fail('there is no lock'));
  await assert.rejects(failed, (error) => error instanceof UnavailableError && error instanceof PoolCounterError);
  await assert.rejects(pool.stats(), ConnectError);
});

test('a name that does not exist', async (t) => {
  const pool = openPool(t, { servers: ['no-such-host.invalid'] });
  const words = /^(Name or service not known|No address associated with hostname|.* failure in name resolution)$/;
  const cause = IS_NODE ? words : /./;
  await assert.rejects(pool.acquire('k', LIMITS), { code: 'CONNECT', server: 'no-such-host.invalid', cause });
});

test('the next server is asked', async (t) => {
  const { address } = await Daemon.start(t);
  const pool = openPool(t, { servers: [freshAddress(), address, freshAddress()] });
  const keys = Array.from({ length: 30 }, (_, i) => `key ${i}`);
  const locks = await Promise.all(keys.map((key) => lockOf(pool, key)));
  await Promise.all(locks.map((lock) => lock.release()));
});

test('a frozen daemon', async (t) => {
  const daemon = await Daemon.start(t);
  const pool = openPool(t, { servers: [daemon.address], minAnswerTimeoutMs: 50 });
  daemon.freeze();
  const late = { code: 'READ', cause: 'Connection timed out', server: daemon.address };
  await assert.rejects(pool.acquire('k', { ...LIMITS, timeoutSeconds: 0 }), late);
  await assert.rejects(pool.acquire('k', { ...LIMITS, answerTimeoutMs: 60 }), late);
});

test('a daemon that dies under waiters and holders', async (t) => {
  const daemon = await Daemon.start(t);
  const pool = openPool(t, { servers: [daemon.address] });
  const lock = await lockOf(pool, 'k');
  const unwatched = await lockOf(pool, 'other');
  const { signal } = lock;
  const second = assert.rejects(pool.acquire('k', LIMITS), ReadError);
  await until(async () => (await counted(pool, 'waiting_workers')) === 1);
  assert.equal(signal.aborted, false);
  await daemon.stop();
  await second;
  await until(() => signal.aborted);
  assert.equal(unwatched.signal.aborted, true);
  assert.equal(await lock.release(), 'notLocked');
  unwatched.abandon();
  await assert.rejects(pool.acquire('k', LIMITS), ConnectError);
});

test('holders that give up their other locks when one is lost harm no later lock', async (t) => {
  const { address } = await Daemon.start(t);
  const pool = openPool(t, { servers: [address] });
  const locks = await Promise.all(['a', 'b', 'c'].map((key) => lockOf(pool, key)));
  const abandonAll = () => locks.forEach((lock) => lock.abandon());
  locks.forEach((lock) => lock.signal.addEventListener('abort', abandonAll));
  await pool.close();
  const later = await Promise.all(['d', 'e', 'f'].map((key) => lockOf(pool, key)));
  assert.deepEqual(
    later.map((lock) => lock.signal.aborted),
    [false, false, false],
  );
  assert.equal(await counted(pool, 'processing_workers'), 3);
});

for (const awaitRelease of [false, true]) {
  test(`a lock that is lost is not released, awaitRelease: ${awaitRelease}`, async (t) => {
    const { address } = await Daemon.start(t);
    const pool = openPool(t, { servers: [address], awaitRelease });
    const [first, second] = [await lockOf(pool, 'a'), await lockOf(pool, 'b')];
    await pool.close();
    assert.equal(await first.release(), 'notLocked');
    assert.equal(await (await lockOf(pool, 'a')).release(), 'released');
    assert.equal(await second.release(), 'notLocked');
    const work = async () => {
      await pool.close();
      return 'a page';
    };
    assert.deepEqual(await pool.run('k', LIMITS, work), { outcome: 'locked', value: 'a page' });
    assert.equal(await counted(pool, 'processing_workers'), 0);
  });
}

test('a restarted daemon is connected to anew', async (t) => {
  const { address, ...daemon } = await restartable(t);
  const pool = openPool(t, { servers: [address] });
  const locks = await Promise.all(['a', 'b', 'c'].map((key) => lockOf(pool, key)));
  await Promise.all(locks.map((lock) => lock.release()));
  await daemon.restart();
  await (await lockOf(pool, 'a')).release();
});

test('a release that waits for its answer', async (t) => {
  const daemon = await Daemon.start(t);
  const pool = openPool(t, { servers: [daemon.address], awaitRelease: true });
  const lock = await lockOf(pool, 'k');
  assert.equal(await lock.release(), 'released');
  const last = await lockOf(pool, 'k');
  daemon.freeze();
  const unanswered = assert.rejects(last.release(), UnavailableError);
  await daemon.stop();
  await unanswered;
});

test('a Unix socket', async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'poolcounter-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const server = `unix:${folder}/socket`;
  const pool = openPool(t, { servers: [server] });
  await assert.rejects(pool.acquire('k', LIMITS), { code: 'CONNECT', server, cause: 'No such file or directory' });
  await Daemon.start(t, { more: ['--listen', server] });
  const locks = await Promise.all(Array.from({ length: 300 }, (_, i) => lockOf(pool, `k${i}`)));
  await Promise.all(locks.map((lock) => lock.release()));
});

// Other runtimes have other words for it, and need more files themselves.
const onNode = IS_NODE ? test : () => undefined;
onNode('a process that may open no more files gets errors of this package alone', async (t) => {
  const { address } = await Daemon.start(t);
  const program = `
    import { PoolCounter } from 'poolcounter';
    for (const server of ['unix:/no/such/socket', '${address}']) {
      const pool = new PoolCounter({ servers: [server], connectTimeoutMs: 30000, minAnswerTimeoutMs: 30000 });
      const calls = Array.from({ length: 100 }, (_, i) => pool.acquire('k' + i, ${JSON.stringify(LIMITS)}));
      const outcomes = (await Promise.allSettled(calls)).map(({ value, reason }) => value?.outcome ?? reason);
      const names = outcomes.map((outcome) => outcome.cause ? outcome.name + ' ' + outcome.cause : outcome);
      console.log([...new Set(names)].sort().join(', '));
      await pool.close();
    }`;
  const expected = [
    'ConnectError No such file or directory, ConnectError Too many open files',
    'ConnectError Too many open files, locked',
    '0',
  ];
  assert.equal(await runProgram(t, program, { files: 60 }), expected.join('\n'));
});

test('a key that cannot be sent', async (t) => {
  const pool = openPool(t, { servers: [freshAddress()] });
  for (const [key, message] of /** @type {const} */ ([
    ['', 'the key is empty'],
    ['a\nRELEASE', 'the key contains a line feed'],
    [Uint8Array.of(0), 'the key contains a NUL byte'],
    ['k'.repeat(200_000), 'the key is too long: its command would take 200018 bytes, and 1024 is the most'],
  ])) {
    await assert.rejects(pool.acquire(key, LIMITS), { name: 'BadKeyError', code: 'BAD_KEY', message });
    await assert.rejects(pool.acquire(key, LIMITS), BadKeyError);
  }
});

test('a pool that is closed', async (t) => {
  const { address } = await Daemon.start(t);
  const pool = openPool(t, { servers: [address] });
  const other = openPool(t, { servers: [address] });
  const lock = await lockOf(pool, 'k');
  const { signal } = lock;
  const waiting = assert.rejects(pool.acquire('k', LIMITS), ClosedError);
  const connecting = assert.rejects(pool.acquire('other', LIMITS), { code: 'CLOSED' });
  await pool.close();
  await Promise.all([waiting, connecting]);
  assert.equal(signal.aborted, true);
  await (await lockOf(other, 'k')).release();
  assert.equal(await lock.release(), 'notLocked');
  await (await lockOf(pool, 'k')).release();
  await pool[Symbol.asyncDispose]();
});

test('an answer that came while the program was busy counts', async (t) => {
  const { address } = await Daemon.start(t);
  const pool = openPool(t, { servers: [address], minAnswerTimeoutMs: 20, awaitRelease: true });
  await (await lockOf(pool, 'first')).release();
  const acquiring = pool.acquire('k', { ...LIMITS, timeoutSeconds: 0 });
  const end = performance.now() + 200;
  while (performance.now() < end) {
    // Busy.
  }
  assert.equal((await acquiring).outcome, 'locked');
});

/**
 * A daemon that can be started again on its address.
 *
 * @param {import('node:test').TestContext} t
 */
async function restartable(t) {
  const daemon = await Daemon.start(t);
  const restart = async () => {
    await daemon.stop();
    await Daemon.start(t, { address: daemon.address });
  };
  return { address: daemon.address, restart };
}
