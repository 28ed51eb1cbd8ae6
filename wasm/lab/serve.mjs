/**
 * A web server for a folder: `node serve.mjs FOLDER PORT`, on 127.0.0.1. With port 0, the system chooses a free port.
 */

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import process, { argv, exit } from 'node:process';
import { fileURLToPath } from 'node:url';

const TYPES = new Map([
  ['.css', 'text/css; charset=utf-8'],
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.svg', 'image/svg+xml'],
  ['.wasm', 'application/wasm'],
]);

/**
 * @param {string} folder
 * @param {string} url
 * @returns {string} the requested file; never one outside the folder
 */
function fileOf(folder, url) {
  const path = decodeURIComponent(new URL(url, 'http://localhost').pathname);
  return join(folder, normalize(path.endsWith('/') ? `${path}index.html` : path));
}

/**
 * Serves the files of a folder below a path.
 *
 * @param {string} folder
 * @param {{ port?: number, below?: string, types?: Map<string, string> }} [how]
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function serve(folder, { port = 0, below = '/', types = TYPES } = {}) {
  const server = createServer(async (request, response) => {
    try {
      const url = request.url ?? '/';
      const file = url.startsWith(below) ? fileOf(folder, url.slice(below.length - 1)) : '';
      if (!(await stat(file)).isFile()) {
        throw new Error('not a file');
      }
      const type = types.get(extname(file)) ?? 'application/octet-stream';
      response.writeHead(200, { 'content-type': type, 'cache-control': 'no-cache' });
      createReadStream(file).pipe(response);
    } catch {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('There is no such file.\n');
    }
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', () => resolve(undefined));
  });
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  const close = () => {
    server.closeAllConnections?.();
    return /** @type {Promise<void>} */ (new Promise((resolve) => server.close(() => resolve())));
  };
  return { url: `http://127.0.0.1:${address.port}${below}`, close };
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, port] = argv.slice(2);
  try {
    const { url } = await serve(folder, { port: Number(port) });
    console.log(`The stampede lab is at ${url} until Ctrl-C.`);
    process.on('SIGINT', () => exit(0));
  } catch (error) {
    console.error(`serve: ${error instanceof Error ? error.message : error}`);
    exit(1);
  }
}
