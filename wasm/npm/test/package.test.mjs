// The packed file, installed without a network into sample projects.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { Daemon } from './support/daemon.mjs';

/** The limit for the files that a program loads, compressed by gzip. */
const MOST_BYTES = 37_000;

const execute = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const typescript = path.join(root, 'node_modules/typescript/bin/tsc');
const typeRoots = path.join(root, 'node_modules/@types');

let work = '';
let packed = '';

before(async () => {
  work = fs.mkdtempSync(path.join(os.tmpdir(), 'poolcounter-'));
  const { stdout } = await execute('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', work], {
    cwd: root,
  });
  packed = path.join(work, JSON.parse(stdout)[0].filename);
});

after(() => fs.rmSync(work, { recursive: true, force: true }));

/**
 * A project with the package installed; its folder.
 *
 * @param {string} name
 */
async function install(name) {
  const folder = path.join(work, name);
  fs.cpSync(path.join(root, 'test/projects', name), folder, { recursive: true });
  await execute('npm', ['install', '--offline', '--no-audit', '--no-fund', packed], { cwd: folder });
  return folder;
}

/** @param {string} folder @param {string[]} words */
async function node(folder, ...words) {
  return (await execute(process.execPath, words, { cwd: folder })).stdout;
}

test('it holds what a program needs and no more', async () => {
  const folder = path.join(await install('esm'), 'node_modules/poolcounter');
  const files = fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const names = files.map((entry) => entry.name);
  for (const name of ['package.json', 'README.md', 'LICENSE-MIT', 'LICENSE-APACHE', 'index.mjs', 'index.d.mts']) {
    assert.ok(names.includes(name), name);
  }
  assert.ok(!names.some((name) => name.includes('test') || name.includes('eslint') || name.includes('_bg.wasm.d.ts')));
  assert.deepEqual(
    fs.readdirSync(path.join(folder, '..')).filter((name) => !name.startsWith('.')),
    ['poolcounter'],
  );
});

test('what a program loads is small', async () => {
  const dist = path.join(await install('esm'), 'node_modules/poolcounter/dist');
  const code = fs.readdirSync(dist).filter((name) => /\.(js|mjs)$/.test(name));
  assert.deepEqual(code.sort(), ['bundler.mjs', 'index.js', 'index.mjs']);
  for (const loaded of [['index.mjs', 'index.js'], ['bundler.mjs']]) {
    const files = loaded.map((name) => fs.readFileSync(path.join(dist, name)));
    const bytes = gzipSync(Buffer.concat(files), { level: 9 }).length;
    assert.ok(bytes > 10_000 && bytes < MOST_BYTES, `${loaded}: ${bytes} bytes`);
  }
});

test('the module for bundlers exports what the others do', async () => {
  const dist = path.join(await install('esm'), 'node_modules/poolcounter/dist');
  const [bundler, usual] = await Promise.all(['bundler.mjs', 'index.mjs'].map((name) => import(path.join(dist, name))));
  assert.deepEqual(Object.keys(bundler), Object.keys(usual));
  assert.equal(bundler.PoolCounter.name, usual.PoolCounter.name);
});

for (const kind of ['esm', 'commonjs']) {
  test(`a project of kind ${kind}`, async (t) => {
    const folder = await install(kind);
    const { address } = await Daemon.start(t);
    assert.equal(await node(folder, 'main.js', address), 'locked a page function\n');
  });
}

for (const library of ['es2022', 'es2022,dom']) {
  test(`a strict TypeScript project without the types of Node, lib ${library}`, async (t) => {
    const folder = await install('typescript-alone');
    const { address } = await Daemon.start(t);
    await node(folder, typescript, '--project', '.', '--lib', library);
    assert.equal(await node(folder, 'main.mjs', address), 'false\nreleased\n');
  });
}

test('a strict TypeScript project with the types of Node', async (t) => {
  const folder = await install('typescript');
  const { address } = await Daemon.start(t);
  await node(folder, typescript, '--project', '.', '--typeRoots', typeRoots);
  assert.equal(await node(folder, 'main.mjs', address), 'released\n2\nlocked a page function\n');
  assert.equal(await node(folder, 'other.cjs', address), 'function\n');
});
