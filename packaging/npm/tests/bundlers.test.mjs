// Each bundler makes one file, which takes a lock in a folder where nothing else is.
//
// BUNDLERS=esbuild,rollup runs only these.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Daemon } from '../../../wasm/npm/test/support/daemon.mjs';
import { RUNTIMES, TOOLS, folder, project, run, tool } from './project.mjs';

const [MODULE, COMMON] = ['module.mjs', 'common.cjs'];
const ENDS = { esm: '.mjs', cjs: '.cjs' };

/** A bundler: how it makes `file` in this format from an entry of the project, whose folder is its working directory. */
const BUNDLERS = {
  esbuild: {
    bundles: [
      [MODULE, 'esm'],
      [MODULE, 'cjs'],
      [COMMON, 'esm'],
      [COMMON, 'cjs'],
    ],
    async make({ root, entry, format, file }) {
      const { build } = await tool('esbuild');
      const { warnings } = await build({
        absWorkingDir: root,
        entryPoints: [entry],
        outfile: file,
        bundle: true,
        minify: true,
        platform: 'node',
        format,
        logLevel: 'silent',
      });
      assert.deepEqual(warnings, []);
    },
  },
  webpack: {
    bundles: [
      [MODULE, 'esm'],
      [MODULE, 'cjs'],
      [COMMON, 'cjs'],
    ],
    async make({ root, entry, format, file }) {
      const { default: webpack } = await tool('webpack');
      const output = { path: path.dirname(file), filename: path.basename(file) };
      const asModule = { experiments: { outputModule: true }, output: { ...output, module: true } };
      const how = { context: root, entry: `./${entry}`, mode: 'production', target: 'node18', output };
      const stats = await new Promise((resolve, reject) => {
        webpack({ ...how, ...(format === 'esm' && asModule) }, (error, made) =>
          error ? reject(error) : resolve(made),
        );
      });
      const { errors, warnings } = stats.compilation;
      assert.deepEqual([...errors, ...warnings].map(String), []);
    },
  },
  // Without the plugin for CommonJS: the package has a module for bundlers.
  rollup: {
    bundles: [
      [MODULE, 'esm'],
      [MODULE, 'cjs'],
    ],
    async make({ root, entry, format, file }) {
      const [{ rollup }, { default: nodeResolve }] = [await tool('rollup'), await tool('@rollup/plugin-node-resolve')];
      const plugins = [(nodeResolve.nodeResolve ?? nodeResolve)({ preferBuiltins: true })];
      const said = [];
      const onLog = (_level, { message }) => said.push(message);
      const bundle = await rollup({ input: path.join(root, entry), plugins, onLog });
      await bundle.write({ file, format: format === 'esm' ? 'es' : 'cjs' });
      await bundle.close();
      assert.deepEqual(said, []);
    },
  },
  vite: {
    bundles: [
      [MODULE, 'esm'],
      [MODULE, 'cjs'],
      [COMMON, 'esm'],
    ],
    async make({ root, entry, format, file }) {
      const { build } = await tool('vite');
      const output = { format: format === 'esm' ? 'es' : 'cjs', entryFileNames: path.basename(file) };
      await build({
        root,
        configFile: false,
        logLevel: 'silent',
        ssr: { noExternal: true },
        build: { ssr: entry, outDir: path.dirname(file), rollupOptions: { output } },
      });
    },
  },
  ncc: {
    bundles: [
      [MODULE, 'esm'],
      [COMMON, 'cjs'],
    ],
    async make({ root, entry, file }) {
      const cli = path.join(TOOLS, 'node_modules/@vercel/ncc/dist/ncc/cli.js');
      const out = path.dirname(file);
      await run(process.execPath, [cli, 'build', entry, '--out', out, '--no-cache', '--quiet'], { cwd: root });
      const [made] = ['index.js', 'index.mjs', 'index.cjs'].filter((name) => fs.existsSync(path.join(out, name)));
      fs.renameSync(path.join(out, made), file);
    },
  },
  bun: {
    bundles: [
      [MODULE, 'esm'],
      [MODULE, 'cjs'],
      [COMMON, 'esm'],
      [COMMON, 'cjs'],
    ],
    async make({ root, entry, format, file }) {
      await run(
        runtime(`@oven/bun-linux-${process.arch}/bin/bun`),
        ['build', entry, '--target', 'node', '--format', format, '--outfile', file],
        { cwd: root },
      );
    },
  },
};

const { BUNDLERS: chosen = Object.keys(BUNDLERS).join() } = process.env;
for (const name of chosen.split(',')) {
  const { bundles, make } = BUNDLERS[name];
  for (const [entry, format] of bundles) {
    test(`${name}: ${entry} as one file, ${format}`, async (t) => {
      const [root, out, empty] = [await project(t), folder(t), folder(t)];
      const file = path.join(out, `bundle${ENDS[format]}`);
      await make({ root, entry, format, file });
      const program = path.join(empty, path.basename(file));
      fs.copyFileSync(file, program);
      fs.rmSync(root, { recursive: true });
      const { address } = await Daemon.start(t);
      for (const node of nodes()) {
        assert.equal(await run(node, [program, address], { cwd: empty }), 'locked a page function\n', node);
      }
    });
  }
}

/** The Node of this machine, and all others that take part. */
function nodes() {
  const names = RUNTIMES ? fs.readdirSync(path.join(RUNTIMES, 'node_modules')) : [];
  return ['node', ...names.filter((name) => /^node-\d/.test(name)).map((name) => runtime(`${name}/bin/node`))];
}

/** @param {string} name Below node_modules of the runtimes. */
function runtime(name) {
  assert.ok(RUNTIMES, 'POOLCOUNTER_NPM_RUNTIMES is not set: run packaging/npm/test-all');
  return path.join(RUNTIMES, 'node_modules', name);
}
