// Runs the examples of the README.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import typescript from 'typescript';
import { Daemon, freshAddress, until } from './support/daemon.mjs';
import { LIMITS, counted, lockOf, openPool } from './support/pools.mjs';
import { runProgram } from './support/programs.mjs';

const README = fs.readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const [ARTICLE = '', ...ACQUIRES] = [...README.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => String(code));

/** A function for each of the application. */
const APPLICATION = `
  const render = async (name) => 'rendered ' + name;
  const save = async (name, page) => console.log('saved', page);
  const load = async (name) => 'loaded ' + name;
  const loadStale = async (name) => 'stale ' + name;
  const computeAndSave = async () => console.log('computed');`;

/** @param {string} address */
function article(address) {
  const servers = "'10.0.0.1', '10.0.0.2'";
  assert.ok(ARTICLE.includes(servers));
  const patience = 'connectTimeoutMs: 30000';
  const code = ARTICLE.replace(`[${servers}]`, `['${address}'], ${patience}`);
  return `${code} ${APPLICATION} console.log(await article('x'));`;
}

/** What waits for the key of the example, and another that holds it. @param {import('node:test').TestContext} t */
async function held(t) {
  const { address } = await Daemon.start(t);
  const pool = openPool(t, { servers: [address] });
  return { address, lock: await lockOf(pool, 'article:x'), pool };
}

test('the first example does the work', async (t) => {
  const { address } = await Daemon.start(t);
  assert.equal(await runProgram(t, article(address)), 'saved rendered x\nrendered x\n0');
});

test('the first example is told that the work is done', async (t) => {
  const { address, lock, pool } = await held(t);
  const ended = runProgram(t, article(address));
  await until(async () => (await counted(pool, 'waiting_workers')) === 1);
  await lock.release();
  assert.equal(await ended, 'loaded x\n0');
});

test('the first example has something stale when the wait is too long', async (t) => {
  const { address } = await held(t);
  const program = article(address).replace('timeoutSeconds: 15', 'timeoutSeconds: 0');
  assert.equal(await runProgram(t, program), 'stale x\n0');
});

test('the first example works unprotected without a server', async (t) => {
  assert.equal(await runProgram(t, article(freshAddress()), { errors: 'ignore' }), 'rendered x\n0');
});

test('there are two examples of a lock, and the first of them is for every Node', () => {
  assert.deepEqual(
    ACQUIRES.map((code) => code.includes('await using')),
    [false, true],
  );
});

for (const [index, code] of ACQUIRES.entries()) {
  /** A function of it, and what it prints. @param {string} address @param {string} application */
  const program = (address, application) =>
    translated(`
      import { PoolCounter } from 'poolcounter';
      ${application}
      const pool = new PoolCounter({ servers: ['${address}'], connectTimeoutMs: 30000 });
      const limits = ${JSON.stringify(LIMITS)};
      const example = async () => { ${code} };
      await example().catch((error) => console.log(error.message));`);

  test(`example ${index + 1} of a lock releases it`, async (t) => {
    const { address } = await Daemon.start(t);
    assert.equal(await runProgram(t, program(address, APPLICATION)), 'computed\n0');
    assert.equal(await counted(openPool(t, { servers: [address] }), 'total_releases'), 1);
  });

  test(`example ${index + 1} of a lock abandons it when the work fails`, async (t) => {
    const { address } = await Daemon.start(t);
    const failing = "const computeAndSave = async () => { throw new Error('no page today'); };";
    // The process stays alive, so that its end does not free the lock.
    const body = `${program(address, failing)}\nawait pool.run('page:1', limits, () => console.log('the next one'));`;
    assert.equal(await runProgram(t, body), 'no page today\nthe next one\n0');
    assert.equal(await counted(openPool(t, { servers: [address] }), 'total_releases'), 1);
  });
}

/** For a Node that does not know `await using`. @param {string} code */
function translated(code) {
  const { ModuleKind, ScriptTarget } = typescript;
  const old = Number.parseInt(process.versions.node, 10) < 24;
  return old ? typescript.transpile(code, { module: ModuleKind.ESNext, target: ScriptTarget.ES2022 }) : code;
}
