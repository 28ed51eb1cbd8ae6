// The package in a project, where there is no compiler and no network.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Daemon } from '../../../wasm/npm/test/support/daemon.mjs';
import { onlyNode, project, run } from './project.mjs';

test('no compiler can be found', async (t) => {
  const env = { PATH: onlyNode(t) };
  for (const compiler of ['cc', 'gcc', 'cargo', 'rustc', 'python3', 'make']) {
    await assert.rejects(run('sh', ['-c', `command -v ${compiler}`], { env }));
  }
});

test('it is installed alone, and runs no script', async (t) => {
  const folder = path.join(await project(t), 'node_modules');
  assert.deepEqual(
    fs.readdirSync(folder).filter((name) => !name.startsWith('.')),
    ['poolcounter'],
  );
  const { dependencies, scripts } = JSON.parse(fs.readFileSync(path.join(folder, 'poolcounter/package.json'), 'utf8'));
  assert.equal(dependencies, undefined);
  assert.deepEqual(
    Object.keys(scripts).filter((name) => /install|prepare/.test(name)),
    [],
  );
});

test('it has the licences of the crates in its WebAssembly', async (t) => {
  const licences = fs.readFileSync(path.join(await project(t), 'node_modules/poolcounter/THIRD-PARTY'), 'utf8');
  assert.match(licences, /^wasm-bindgen [\d.]+, MIT OR Apache-2\.0, by /m);
  assert.match(licences, /^slab [\d.]+, MIT, by /m);
});

for (const program of ['module.mjs', 'common.cjs']) {
  test(`${program} takes a lock`, async (t) => {
    const { address } = await Daemon.start(t);
    const env = { PATH: onlyNode(t) };
    const said = await run('node', [program, address], { cwd: await project(t), env });
    assert.equal(said, 'locked a page function\n');
  });
}
