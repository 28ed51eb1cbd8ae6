// Puts a module for Node into a JavaScript file, because bundlers take no other file along: node wasm/pack.mjs MODULE LOADER
//
// The file is bytes.js beside the loader, and the loader is changed to use it. The module is compressed: it takes a millisecond to decompress.

import fs from 'node:fs';
import path from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

const [module, loader] = process.argv.slice(2);
const bytes = fs.readFileSync(module);
const text = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }).toString(
  'base64',
);
fs.writeFileSync(
  path.join(path.dirname(loader), 'bytes.js'),
  `'use strict';\n\nconst { brotliDecompressSync } = require('node:zlib');\n\n` +
    `const bytes = brotliDecompressSync(Buffer.from('${text}', 'base64'));\n\nmodule.exports = { bytes };\n`,
);

const code = fs
  .readFileSync(loader, 'utf8')
  .replace(/^const wasmPath = .*\n/m, '')
  .replace("wasmBytes = require('fs').readFileSync(wasmPath)", "{ bytes: wasmBytes } = require('./bytes.js')")
  // Removes what is not used: the names of an enum's values, and freeing before the garbage collection.
  .replace(/, "\d+": "\w+"/g, '')
  .replace(/^ {4}free\(\) \{\n(?: {8}.*\n)+ {4}\}\n/gm, '')
  .replace(/^if \(Symbol\.dispose\) .*\n/gm, '');
if (!code.includes("{ bytes: wasmBytes } = require('./bytes.js')") || /__dirname|wasmPath|require\('fs'\)/.test(code)) {
  throw new Error(`${loader} does not load the module as expected`);
}
fs.writeFileSync(loader, code);
