// Compresses a module for Node and changes its loader to decompress it, which takes a millisecond: node wasm/pack.mjs MODULE LOADER

import fs from 'node:fs';
import { brotliCompressSync, constants } from 'node:zlib';

const [module, loader] = process.argv.slice(2);
const bytes = fs.readFileSync(module);
fs.writeFileSync(`${module}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }));

const code = fs
  .readFileSync(loader, 'utf8')
  .replace('_bg.wasm`', '_bg.wasm.br`')
  .replace(/require\('fs'\)\.readFileSync\(wasmPath\)/, "require('zlib').brotliDecompressSync($&)")
  // Removes the names of an enum's values, which are not used.
  .replace(/, "\d+": "\w+"/g, '');
if (!code.includes('.br`') || !code.includes('brotliDecompressSync')) {
  throw new Error(`${loader} does not load the module as expected`);
}
fs.writeFileSync(loader, code);
