// Makes wasm/npm/dist, which is published: wasm/npm/lib as one small file with the WebAssembly in it, and the type declarations. Without esbuild, which `npm ci` installs, it
// has the files of lib, and is larger.
//
// bundler.mjs is the same file as an ES module, for bundlers: where they make an ES module, a call of `require` for a module of Node may remain, and fail when the program runs.

import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const [lib, published] = ['npm/lib', 'npm/dist'].map((folder) => fileURLToPath(new URL(folder, import.meta.url)));
// The folder is replaced at the end: a program that runs meanwhile finds its files.
const dist = `${published}.${process.pid}`;
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

/** For esbuild: the files of lib as ES modules. It puts these into one scope. CommonJS modules would each stay in a function of their own. */
const asModules = {
  name: 'ES modules',
  setup(build) {
    build.onLoad({ filter: /\.js$/ }, ({ path: file }) => ({
      contents: asModule(fs.readFileSync(file, 'utf8'), file),
    }));
  },
};

/** An ES module of a CommonJS module, whose imports and exports have the form that all files of lib have. */
function asModule(code, file) {
  const module = code
    .replace(/^const (\{[^}]*\}|\w+) = require\('([^']+)'\);$/gm, (_, names, from) => importOf(names, from))
    .replace(/^exports\.(\w+) = (\w+);$/gm, 'export { $2 as $1 };')
    .replace(/^module\.exports = (\{[^}:]*\});$/m, 'export $1;')
    .replace(/^module\.exports = (\w+);$/m, 'export default $1;');
  if (/\brequire\(|\bmodule\.exports\b|^exports\./m.test(module)) {
    throw new Error(`${file} uses CommonJS in a form that wasm/dist.mjs does not know`);
  }
  return module;
}

function importOf(names, from) {
  if (names.startsWith('{')) {
    return `import ${names.replaceAll(':', ' as')} from '${from}';`;
  }
  return `import ${from.startsWith('node:') ? '' : '* as '}${names} from '${from}';`;
}

/** A CommonJS module of an ES module, with one default export, that esbuild has made. It imports nothing but modules of Node. */
function asCommon(code) {
  const imports = [];
  const body = code
    .replace(/\bimport(\{[^}]*\}| [\w$]+ )from"(node:\w+)";/g, (_, names, from) => {
      imports.push(`const ${names.replaceAll(' as ', ':').trim()}=require("${from}");`);
      return '';
    })
    .replace(/\bexport\{([\w$]+) as default\};\s*$/, 'module.exports=$1;\n');
  if (/\b(import|export)\b *["'{*]/.test(body) || !body.includes('module.exports=')) {
    throw new Error('esbuild has made an import or an export that wasm/dist.mjs does not know');
  }
  return `"use strict";${imports.join('')}${body}`;
}

fs.rmSync(dist, { recursive: true, force: true });
fs.mkdirSync(dist);
for (const name of ['index.mjs', 'index.d.ts', 'index.d.mts']) {
  fs.copyFileSync(path.join(lib, name), path.join(dist, name));
}
const esbuild = tool('esbuild');
if (esbuild) {
  const { outputFiles } = await esbuild.build({
    entryPoints: [path.join(lib, 'index.js')],
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node18',
    plugins: [asModules],
    write: false,
  });
  const [{ text }] = outputFiles;
  const made = path.join(dist, 'index.js');
  fs.writeFileSync(made, asCommon(text));
  const names = Object.keys(createRequire(made)(made));
  fs.writeFileSync(
    bundler,
    text.replace(/\bexport\{([\w$]+) as default\};\s*$/, `export const{${names.join(',')}}=$1;\n`),
  );
} else {
  fs.cpSync(lib, dist, { recursive: true, filter: (file) => !/\.wasm$|\.wasm\.d\.ts$/.test(file) });
  fs.writeFileSync(bundler, "export * from './index.mjs';\n");
}
const old = `${dist}.old`;
if (fs.existsSync(published)) {
  fs.renameSync(published, old);
}
fs.renameSync(dist, published);
fs.rmSync(old, { recursive: true, force: true });
