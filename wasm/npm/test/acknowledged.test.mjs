// Reading the system's table of connections.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { isAcknowledged } from '../lib/acknowledged.js';

/**
 * A connection to a server that never reads.
 *
 * @param {import('node:test').TestContext} t
 * @param {{ port?: number, host?: string, path?: string }} where
 */
async function connect(t, where) {
  const server = net.createServer({ pauseOnConnect: true }, (peer) => {
    peer.on('error', () => undefined);
    t.after(() => peer.destroy());
  });
  server.listen(where);
  t.after(() => server.close());
  await once(server, 'listening');
  const address = server.address();
  const { port } = address !== null && typeof address === 'object' ? address : { port: 0 };
  const socket = where.path === undefined ? net.connect(port, where.host) : net.connect(where.path);
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/**
 * Asks until this answer comes: an acknowledgement may be under way, and a busy system may not answer in time.
 *
 * @param {net.Socket} socket
 * @param {boolean} acknowledged
 */
async function told(socket, acknowledged) {
  const until = performance.now() + 20_000;
  for (;;) {
    const answer = await isAcknowledged(socket);
    if (answer === acknowledged) {
      return;
    }
    assert.ok(performance.now() < until, `at last it says ${answer}`);
  }
}

/**
 * A table that is read in small pieces.
 *
 * @param {string} text
 */
function file(text) {
  const bytes = Buffer.from(text);
  let place = 0;
  return {
    /** @param {Buffer} page */
    read: async (page) => {
      const bytesRead = bytes.copy(page, 0, place, place + 100);
      place += bytesRead;
      return { bytesRead };
    },
    close: async () => undefined,
  };
}

for (const host of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) {
  test(`what ${host} has acknowledged, and what not`, async (t) => {
    if (host === '::1' && !fs.existsSync('/proc/net/if_inet6')) {
      return t.skip('there is no IPv6 here');
    }
    const socket = await connect(t, { host, port: 0 });
    const other = await connect(t, { host, port: 0 });
    socket.write('ACQ4ME a 1 2 3\n');
    await told(socket, true);
    // More than both sides can buffer.
    socket.write(Buffer.alloc(50_000_000));
    await Promise.all([told(socket, false), told(other, true)]);
    socket.destroy();
    assert.equal(await isAcknowledged(socket), undefined);
    return undefined;
  });
}

test('of a Unix socket nothing is known', async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'poolcounter-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  assert.equal(await isAcknowledged(await connect(t, { path: path.join(folder, 'socket') })), undefined);
});

test('a table in which every time-out is 0 is not that of Linux', async (t) => {
  const socket = await connect(t, { host: '127.0.0.1', port: 0 });
  const [head, ...rows] = fs.readFileSync('/proc/self/net/tcp', 'latin1').split('\n');
  const [near, far] = [socket.localPort, socket.remotePort].map((port) => (port ?? 0).toString(16).padStart(4, '0'));
  const row = rows.find((each) => new RegExp(`: 0100007F:${near} 0100007F:${far} `, 'i').test(each)) ?? '';
  const words = row.trim().split(/ +/);
  assert.notEqual(words[12], '0');
  const imitated = words.map((word, place) => (place < 12 ? word : '0')).join(' ');
  const open = t.mock.method(fs.promises, 'open', async () => file([head, ...rows.slice(0, 2), row, ''].join('\n')));
  await told(socket, true);
  open.mock.mockImplementation(async () => file([head, imitated, ''].join('\n')));
  assert.equal(await isAcknowledged(socket), undefined);
});

test('of an address with a zone that nobody has, nothing is known', async () => {
  const end = { localAddress: 'fe80::1%lo', localPort: 1, remoteAddress: 'fe80::2%lo', remotePort: 1 };
  assert.equal(await isAcknowledged(/** @type {net.Socket} */ (end)), undefined);
});

test('without a table, and where it does not end, nothing is known', async (t) => {
  const socket = await connect(t, { host: '127.0.0.1', port: 0 });
  const open = t.mock.method(fs.promises, 'open', async () => Promise.reject(new Error('no such file')));
  assert.equal(await isAcknowledged(socket), undefined);
  open.mock.mockImplementation(() => new Promise(() => undefined));
  assert.equal(await isAcknowledged(socket), undefined);
});
