// What checks of packages say of the packed file, and its size. None uses the network.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { PACKAGE, TOOLS, project, run, tool } from './project.mjs';

test('publint has nothing to say', async () => {
  const { publint } = await tool('publint');
  const file = fs.readFileSync(PACKAGE);
  const tarball = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength);
  const { messages, pkg } = await publint({ pack: { tarball }, strict: true });
  assert.equal(pkg.name, 'poolcounter');
  assert.deepEqual(messages, []);
});

test('arethetypeswrong has nothing to say', async () => {
  const cli = path.join(TOOLS, 'node_modules/@arethetypeswrong/cli/dist/index.js');
  const words = [cli, PACKAGE, '--profile', 'strict', '--format', 'json', '--no-definitely-typed'];
  const { analysis } = JSON.parse(await run(process.execPath, words));
  assert.equal(analysis.packageName, 'poolcounter');
  assert.deepEqual(analysis.problems, []);
});

test('its files have the same mode, whatever the umask was', async () => {
  const lines = (await run('tar', ['--list', '--verbose', '--file', PACKAGE])).trimEnd().split('\n');
  assert.ok(lines.some((line) => line.endsWith(' package/THIRD-PARTY')));
  assert.deepEqual(
    lines.filter((line) => !line.startsWith('-rw-r--r-- ')),
    [],
  );
});

// README.md names this limit too.
const LIMIT = 36_000;

for (const [how, files] of Object.entries({
  require: ['index.js'],
  import: ['index.mjs', 'index.js'],
  'a bundler': ['bundler.mjs'],
})) {
  test(`what ${how} loads is below ${LIMIT} bytes, compressed by gzip`, async (t) => {
    const dist = path.join(await project(t), 'node_modules/poolcounter/dist');
    const sizes = files.map((file) => gzipSync(fs.readFileSync(path.join(dist, file)), { level: 9 }).length);
    const size = sizes.reduce((sum, each) => sum + each);
    t.diagnostic(`${size} bytes`);
    assert.ok(size < LIMIT, `${size} bytes`);
  });
}
