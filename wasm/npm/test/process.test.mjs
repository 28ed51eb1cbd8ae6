// What keeps a process alive, and what does not.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Daemon, freshAddress, until } from './support/daemon.mjs';
import { WISH, counted, lockOf, openPool } from './support/pools.mjs';
import { runWithPool } from './support/programs.mjs';

/** @param {import('node:test').TestContext} t @param {string} address @param {string} body */
const run = (t, address, body) => runWithPool(t, address, body, WISH);

test('a process with idle connections ends by itself', async (t) => {
  const { address } = await Daemon.start(t);
  const body = `
    for (const key of ['a', 'b']) console.log(JSON.stringify(await pool.run(key, wish, () => key)));`;
  const expected = '{"outcome":"locked","value":"a"}\n{"outcome":"locked","value":"b"}\n0';
  assert.equal(await run(t, address, body), expected);
});

test('an idle connection to a name with several addresses does not keep the process', async (t) => {
  const { address } = await Daemon.start(t);
  // Nobody is at the first one.
  const body = `
    import dns from 'node:dns';
    const found = ['${freshAddress()}', '${address}'].map((address) => ({ address, family: 4 }));
    dns.lookup = (host, options, callback) => setImmediate(callback, null, found);
    dns.promises.lookup = async () => found;
    const named = new PoolCounter({ servers: ['pc1.invalid'], connectTimeoutMs: 30000 });
    console.log((await named.run('k', wish, () => 1)).outcome);`;
  assert.equal(await run(t, address, body), 'locked\n0');
});

test('a lock that is held does not keep the process, and is free then', async (t) => {
  const { address } = await Daemon.start(t);
  assert.equal(await run(t, address, `console.log((await pool.acquire('k', wish)).outcome);`), 'locked\n0');
  await (await lockOf(openPool(t, { servers: [address] }), 'k')).release();
});

test('a wait keeps the process', async (t) => {
  const { address } = await Daemon.start(t);
  const pool = openPool(t, { servers: [address] });
  const lock = await lockOf(pool, 'k');
  const ended = run(t, address, `console.log((await pool.acquire('k', wish)).outcome);`);
  await until(async () => (await counted(pool, 'waiting_workers')) === 1);
  await lock.release();
  assert.equal(await ended, 'done\n0');
});

test('a wait that fails leaves nothing behind', async (t) => {
  const daemon = await Daemon.start(t);
  const body = `
    await pool.run('k', wish, () => 1);
    process.kill(${daemon.process.pid}, 'SIGKILL');
    await pool.acquire('k', wish).catch((error) => console.log(error.code));`;
  assert.match(await run(t, daemon.address, body), /^(CONNECT|READ)\n0$/);
});

test('a lock that is forgotten is abandoned', async (t) => {
  const { address } = await Daemon.start(t);
  const body = `
    import { setFlagsFromString } from 'node:v8';
    import { runInNewContext } from 'node:vm';
    setFlagsFromString('--expose-gc');
    await pool.acquire('k', wish);
    const collecting = setInterval(runInNewContext('gc'), 10);
    console.log((await pool.acquire('k', wish)).outcome);
    clearInterval(collecting);`;
  assert.equal(await run(t, address, body), 'locked\n0');
});

test('both kinds of module have the same classes', async (t) => {
  const body = `
    import { createRequire } from 'node:module';
    console.log(createRequire(process.cwd() + '/x.js')('poolcounter').PoolCounter === PoolCounter);`;
  assert.equal(await run(t, '127.0.0.1', body), 'true\n0');
});
