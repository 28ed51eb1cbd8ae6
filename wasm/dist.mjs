// Makes wasm/npm/dist, which is published: wasm/npm/lib as one small file with the WebAssembly in it, and the type declarations. Without esbuild, which `npm ci` installs, it
// has the files of lib, and is larger.
//
// bundler.mjs is the same file as an ES module, for bundlers: where they make an ES module, a call of `require` for a module of Node may remain, and fail when the program runs.

import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const [lib, dist] = ['npm/lib', 'npm/dist'].map((folder) => fileURLToPath(new URL(folder, import.meta.url)));
const bundler = path.join(dist, 'bundler.mjs');

function tool(name) {
  try {
    return createRequire(`${lib}/`)(name);
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') {
      throw error;
    }
    return undefined;
  }
}

const REQUIRE = /\brequire\("node:(\w+)"\)/g;

/** An ES module that exports what a file of CommonJS exports under these names. The file requires nothing but modules of Node. */
function asModule(code, names) {
  const builtins = [...new Set([...code.matchAll(REQUIRE)].map(([, name]) => name))];
  const body = code.replace(REQUIRE, 'node_$1').replace(/\bmodule\.exports\b/, 'node_exports');
  if (
    /\b(require|module|exports|__dirname|__filename)\b(?!:)/.test(body.replace(/\{exports:\{\}\}|\.exports\b/g, ''))
  ) {
    throw new Error('the package uses more of CommonJS than an ES module can have');
  }
  const imports = builtins.map((name) => `import node_${name} from "node:${name}";`);
  return `${imports.join('')}var node_exports;${body}export const{${names.join(',')}}=node_exports;\n`;
}

fs.rmSync(dist, { recursive: true, force: true });
fs.mkdirSync(dist);
for (const name of ['index.mjs', 'index.d.ts', 'index.d.mts']) {
  fs.copyFileSync(path.join(lib, name), path.join(dist, name));
}
const esbuild = tool('esbuild');
if (esbuild) {
  const made = path.join(dist, 'index.js');
  const entryPoints = [path.join(lib, 'index.js')];
  esbuild.buildSync({ entryPoints, outfile: made, bundle: true, minify: true, platform: 'node', target: 'node18' });
  const names = Object.keys(createRequire(made)(made));
  fs.writeFileSync(bundler, asModule(fs.readFileSync(made, 'utf8'), names));
} else {
  fs.cpSync(lib, dist, { recursive: true, filter: (file) => !/\.wasm$|\.wasm\.d\.ts$/.test(file) });
  fs.writeFileSync(bundler, "export * from './index.mjs';\n");
}
