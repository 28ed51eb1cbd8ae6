// Which objects keep a process alive, and which do not.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { Daemon, freshAddress, until } from './support/daemon.mjs';
import { LIMITS, counted, lockOf, openPool } from './support/pools.mjs';
import { IS_NODE, runWithPool } from './support/programs.mjs';

/** @param {import('node:test').TestContext} t @param {string} address @param {string} body */
const run = (t, address, body) => runWithPool(t, address, body, LIMITS);

test('a process with idle connections ends by itself', async (t) => {
  const { address } = await Daemon.start(t);
  const body = `
    for (const key of ['a', 'b']) console.log(JSON.stringify(await pool.run(key, request, () => key)));`;
  const expected = '{"outcome":"locked","value":"a"}\n{"outcome":"locked","value":"b"}\n0';
  assert.equal(await run(t, address, body), expected);
});

test('an idle connection to a name with several addresses does not keep the process', async (t) => {
  const { address } = await Daemon.start(t);
  // No server listens at the first one.
  const body = `
    import dns from 'node:dns';
    const found = ['${freshAddress()}', '${address}'].map((address) => ({ address, family: 4 }));
    dns.lookup = (host, options, callback) => setImmediate(callback, null, found);
    dns.promises.lookup = async () => found;
    const named = new PoolCounter({ servers: ['pc1.invalid'], connectTimeoutMs: 30000 });
    console.log((await named.run('k', request, () => 1)).outcome);`;
  assert.equal(await run(t, address, body), 'locked\n0');
});

test('a lock that is held does not keep the process, and is free then', async (t) => {
  const { address } = await Daemon.start(t);
  assert.equal(await run(t, address, `console.log((await pool.acquire('k', request)).outcome);`), 'locked\n0');
  await (await lockOf(openPool(t, { servers: [address] }), 'k')).release();
});

test('a wait keeps the process', async (t) => {
  const { address } = await Daemon.start(t);
  const pool = openPool(t, { servers: [address] });
  const lock = await lockOf(pool, 'k');
  const ended = run(t, address, `console.log((await pool.acquire('k', request)).outcome);`);
  await until(async () => (await counted(pool, 'waiting_workers')) === 1);
  await lock.release();
  assert.equal(await ended, 'done\n0');
});

const LAST_WORDS = {
  'a release just before the end': 'void lock.release(); process.exit();',
  'a release while the process ends': "process.on('exit', () => void lock.release());",
  'a release just before the pool is closed': 'void lock.release(); await pool.close(); process.exit();',
  'a release by a pool that is closed at the end of its block': 'await lock.release(); await pool.close();',
};

for (const [name, words] of Object.entries(LAST_WORDS)) {
  test(`${name} arrives`, async (t) => {
    const { address } = await Daemon.start(t);
    const pool = openPool(t, { servers: [address] });
    const first = await lockOf(pool, 'k');
    const ended = run(t, address, `const { lock } = await pool.acquire('k', { ...request, mode: 'forMe' }); ${words}`);
    await until(async () => (await counted(pool, 'waiting_workers')) === 1);
    const second = pool.acquire('k', LIMITS);
    await until(async () => (await counted(pool, 'waiting_workers')) === 2);
    first.abandon();
    // If only the end of the process freed the lock, the outcome would be locked.
    assert.deepEqual(await second, { outcome: 'done' });
    assert.equal(await ended, '0');
  });
}

for (const [end, outcome] of /** @type {const} */ ([
  ['release', 'done'],
  ['abandon', 'locked'],
])) {
  test(`a program that is busy has said before that it does ${end} its lock`, async (t) => {
    const { address } = await Daemon.start(t);
    const pool = openPool(t, { servers: [address] });
    const lock = await lockOf(pool, 'k');
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'poolcounter-'));
    t.after(() => fs.rmSync(folder, { recursive: true }));
    const file = path.join(folder, 'outcome');
    const body = `
      import fs from 'node:fs';
      const { outcome } = await pool.acquire('k', request);
      fs.writeFileSync('${file}.new', outcome);
      fs.renameSync('${file}.new', '${file}');`;
    const ended = run(t, address, body);
    await until(async () => (await counted(pool, 'waiting_workers')) === 1);
    void lock[end]();
    const deadline = Date.now() + 20_000;
    while (!fs.existsSync(file) && Date.now() < deadline) {
      // Busy.
    }
    assert.ok(fs.existsSync(file));
    assert.equal(fs.readFileSync(file, 'latin1'), outcome);
    assert.equal(await ended, '0');
  });
}

test('a pool is closed, and the process ends, though the daemon is frozen', async (t) => {
  const daemon = await Daemon.start(t);
  // A timer that ends before closed sockets are destroyed.
  const body = `
    await pool.run('idle', request, () => 1);
    await pool.acquire('held', request);
    process.kill(${daemon.process.pid}, 'SIGSTOP');
    const waiting = pool.acquire('held', request);
    await new Promise(setImmediate);
    const rejected = waiting.catch((error) => console.log(error.code));
    await pool.close();
    await rejected;
    console.log('closed');
    setTimeout(() => console.log('still there'), 4000).unref();`;
  assert.equal(await run(t, daemon.address, body), 'CLOSED\nclosed\n0');
});

test('a wait that fails leaves nothing behind', async (t) => {
  const daemon = await Daemon.start(t);
  const body = `
    await pool.run('k', request, () => 1);
    process.kill(${daemon.process.pid}, 'SIGKILL');
    await pool.acquire('k', request).catch((error) => console.log(error.code));`;
  assert.match(await run(t, daemon.address, body), /^(CONNECT|READ)\n0$/);
});

// Only Node can be told to collect garbage like this.
const onNode = IS_NODE ? test : () => undefined;
onNode('a lock that is forgotten is abandoned', async (t) => {
  const { address } = await Daemon.start(t);
  const body = `
    import { setFlagsFromString } from 'node:v8';
    import { runInNewContext } from 'node:vm';
    setFlagsFromString('--expose-gc');
    await pool.acquire('k', request);
    const collecting = setInterval(runInNewContext('gc'), 10);
    console.log((await pool.acquire('k', request)).outcome);
    clearInterval(collecting);`;
  assert.equal(await run(t, address, body), 'locked\n0');
});

test('both kinds of module have the same classes', async (t) => {
  const body = `
    import { createRequire } from 'node:module';
    console.log(createRequire(process.cwd() + '/x.js')('poolcounter').PoolCounter === PoolCounter);`;
  assert.equal(await run(t, '127.0.0.1', body), 'true\n0');
});
