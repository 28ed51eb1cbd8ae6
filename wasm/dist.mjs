// Makes wasm/npm/dist, which is published: wasm/npm/lib without the comments in the code, which are a seventh of the size. The type declarations keep their comments. Without the
// tools that `npm ci` installs, all comments stay.

import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const [lib, dist] = ['npm/lib', 'npm/dist'].map((folder) => fileURLToPath(new URL(folder, import.meta.url)));
const require = createRequire(`${lib}/`);

function tool(name) {
  try {
    return require(name);
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error;
    return undefined;
  }
}

const [ts, prettier] = [tool('typescript'), tool('prettier')];

async function withoutComments(code, fileName) {
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, removeComments: true };
  const { outputText } = ts.transpileModule(code, { fileName, compilerOptions });
  const style = await prettier.resolveConfig(fileName);
  return prettier.format(outputText, { ...style, parser: 'babel' });
}

async function make(name) {
  const [from, to] = [path.join(lib, name), path.join(dist, name)];
  if (ts && prettier && /\.m?js$/.test(name)) {
    fs.writeFileSync(to, await withoutComments(fs.readFileSync(from, 'utf8'), from));
  } else {
    fs.copyFileSync(from, to);
  }
}

fs.rmSync(dist, { recursive: true, force: true });
fs.mkdirSync(path.join(dist, 'wasm'), { recursive: true });
const names = fs.readdirSync(lib).filter((name) => name !== 'wasm');
const module = fs.readdirSync(path.join(lib, 'wasm')).filter((name) => /\.(js|br)$/.test(name));
await Promise.all([...names, ...module.map((name) => path.join('wasm', name))].map(make));
