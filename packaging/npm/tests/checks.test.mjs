// What checks of packages say of the packed file. Neither uses the network.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { PACKAGE, TOOLS, run, tool } from './project.mjs';

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
