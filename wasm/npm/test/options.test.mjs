// Wrong arguments, and which server a key belongs to.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { BadServerError, PoolCounter } from 'poolcounter';
import { Action, Config, Engine } from '../lib/wasm/poolcounter_wasm.js';
import { LIMITS } from './support/pools.mjs';

const DOCUMENTED = fs.readFileSync(new URL('../../../docs/options.md', import.meta.url), 'utf8');
const TYPES = fs.readFileSync(new URL('../lib/index.d.ts', import.meta.url), 'utf8');
const VECTORS = JSON.parse(fs.readFileSync(new URL('../../../core/tests/server-choice.json', import.meta.url), 'utf8'));

/** @param {any} options */
const make = (options) => () => new PoolCounter(options);

test('wrong options', () => {
  const servers = ['127.0.0.1'];
  for (const options of [
    { servers: '127.0.0.1' },
    {},
    { servers: [1] },
    { servers: ['127.0.0.1', { label: 'a', server: '127.0.0.1' }] },
    { servers: [{ server: '127.0.0.1' }] },
    { servers, maxIdleConnections: '8' },
    { servers, connectTwice: 1 },
  ]) {
    assert.throws(make(options), TypeError, JSON.stringify(options));
  }
  for (const unknown of ['connectTimeout', 'constructor', 'a b']) {
    const named = { name: 'TypeError', message: `a pool has no option ${unknown}` };
    assert.throws(make({ servers, [unknown]: 1 }), named);
  }
  const seconds = { name: 'TypeError', message: 'a pool has no option timeout: a request has timeoutSeconds' };
  assert.throws(make({ servers, timeout: 1 }), seconds);
  const misspelt = [{ label: 'a', server: '127.0.0.1', wieght: 2 }];
  assert.throws(make({ servers: misspelt }), { name: 'TypeError', message: 'a server has no option wieght' });
  for (const options of [
    { servers, maxIdleConnections: -1 },
    { servers, maxIdleConnections: 10_001 },
    { servers, maxIdleConnections: 1.5 },
    { servers, connectTimeoutMs: 0 },
    { servers, minAnswerTimeoutMs: NaN },
    { servers, avoidForMs: -1 },
    { servers, maxIdleTimeMs: Infinity },
    { servers: [{ label: 'a', server: '127.0.0.1', weight: 1001 }] },
  ]) {
    assert.throws(make(options), RangeError, JSON.stringify(options));
  }
  for (const options of [
    { servers: [] },
    { servers: ['127.0.0.1', 'a b'] },
    { servers: [{ label: 'a', server: '127.0.0.1', weight: 0 }] },
  ]) {
    assert.throws(make(options), BadServerError, JSON.stringify(options));
  }
  make({ servers, maxIdleConnections: undefined, avoidForMs: 0, connectTimeoutMs: 0.5 })();
});

test('wrong requests', async () => {
  const pool = new PoolCounter({ servers: ['127.0.0.1'] });
  /** @param {any} request */
  const acquire = (request, /** @type {any} */ key = 'k') => pool.acquire(key, request);
  for (const wrong of [
    { workers: '1' },
    { timeoutSeconds: undefined },
    { mode: 'forAll' },
    { signal: {} },
    { signal: null },
    { signal: new EventTarget() },
  ]) {
    await assert.rejects(acquire({ ...LIMITS, ...wrong }), TypeError, JSON.stringify(wrong));
  }
  for (const unknown of ['maxQueue', 'answerTimeout', 'connectTimeoutMs', 'constructor']) {
    const named = { name: 'TypeError', message: `a request has no option ${unknown}` };
    await assert.rejects(acquire({ ...LIMITS, [unknown]: undefined }), named);
    await assert.rejects(
      pool.run('k', /** @type {any} */ ({ ...LIMITS, [unknown]: 1 }), () => 1),
      named,
    );
  }
  const named = { name: 'TypeError', message: 'a request has no option timeout: a request has timeoutSeconds' };
  const { timeoutSeconds, ...old } = LIMITS;
  await assert.rejects(acquire({ ...old, timeout: timeoutSeconds }), named);
  await assert.rejects(acquire({ ...LIMITS, timeout: 5000 }), named);
  for (const wrong of [{ workers: -1 }, { maxqueue: 2 ** 32 }, { timeoutSeconds: 0.5 }, { answerTimeoutMs: 0 }]) {
    await assert.rejects(acquire({ ...LIMITS, ...wrong }), RangeError, JSON.stringify(wrong));
  }
  await assert.rejects(acquire(LIMITS, 7), TypeError);
  await assert.rejects(acquire(undefined), TypeError);
  await assert.rejects(pool.run('k', LIMITS, /** @type {any} */ ('work')), TypeError);
});

/**
 * The names in a column of docs/options.md below a heading.
 *
 * @param {string} heading
 * @param {string} column
 */
function documented(heading, column) {
  const [, section = ''] = DOCUMENTED.split(`\n## ${heading}\n`);
  const [columns = [], , ...rows] = (/^\| default .*?\n\n/ms.exec(section)?.[0] ?? '')
    .trim()
    .split('\n')
    .map((line) => line.split(' | '));
  const names = rows.map((row) => row[columns.indexOf(column)] ?? '');
  return names.flatMap((name) => /^`(\w+)`$/.exec(name)?.[1] ?? []).sort();
}

/** The members of an interface. @param {string} name */
function members(name) {
  const [, body = ''] = new RegExp(`^export interface ${name} \\{(.*?)^\\}`, 'ms').exec(TYPES) ?? [];
  return [...body.matchAll(/^ {2}(\w+)\??:/gm)].map(([, member]) => member).sort();
}

test('docs/options.md names every option', async () => {
  const options = documented('Options of a client', 'Node');
  assert.deepEqual(options, members('Options'));
  assert.deepEqual(documented('Options of a request', 'Node'), members('Request'));
  const values = { servers: ['127.0.0.1'], connectTwice: true, awaitRelease: true };
  make(
    Object.fromEntries(options.map((name) => [name, Object.entries(values).find(([each]) => each === name)?.[1] ?? 1])),
  )();
});

test('the name of an option says its unit', () => {
  const numbers = [...TYPES.matchAll(/^ {2}(\w+)\??: number;/gm)].map(([, name = '']) => name);
  const counts = ['weight', 'maxIdleConnections', 'workers', 'maxqueue'];
  assert.ok(numbers.length > counts.length);
  assert.deepEqual(
    numbers.filter((name) => !/(Ms|Seconds)$/.test(name)),
    counts,
  );
});

/**
 * The servers that are tried for a key, if none can be connected to.
 *
 * @param {Config} config
 * @param {string} key
 */
function tried(config, key) {
  const engine = new Engine(config);
  engine.acquire(Buffer.from(key), false, 1, 1, 0, 0, 0);
  const servers = [];
  for (let step = engine.poll(); (step & 7) !== Action.None; step = engine.poll()) {
    if ((step & 7) === Action.LookUp) {
      engine.found(step >>> 3, '127.0.0.1', 0);
      engine.tick(engine.wakeup());
    } else if ((step & 7) === Action.Connect) {
      servers.push(engine.server());
      engine.broken(step >>> 3, 'refused', 0);
    }
  }
  return servers;
}

test("MediaWiki's order of servers", () => {
  for (const { servers, keys } of VECTORS.mediawiki) {
    for (const [key, expected] of Object.entries(keys).filter(([each]) => sendable(each))) {
      const config = new Config();
      servers.forEach((/** @type {string} */ server) => config.addServer(server));
      const names = tried(config, key).map((index) => servers[index]);
      assert.deepEqual(names, expected, key);
    }
  }
});

test("python-poolcounter's ring", () => {
  for (const { nodes, keys } of VECTORS.ring) {
    for (const [key, expected] of Object.entries(keys).filter(([each]) => sendable(each))) {
      const config = new Config();
      for (const [label, weight] of nodes) {
        config.addServer('127.0.0.1');
        assert.ok(config.placeOnRing(label, weight));
      }
      const labels = tried(config, key).map((index) => nodes[index][0]);
      assert.deepEqual(labels, [expected], key);
    }
  }
});

/** Whether a line can contain this key: the vectors also have other keys. @param {string} key */
function sendable(key) {
  return key.length > 0 && Buffer.byteLength(key) < 900;
}
