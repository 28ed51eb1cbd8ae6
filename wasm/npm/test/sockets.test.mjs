// What the package does with real sockets, without core.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import { test } from 'node:test';
import { Sockets } from '../lib/sockets.js';
import { freshAddress, until } from './support/daemon.mjs';

const PORT = 7531;

/** Sockets, and what is told of them. @param {import('node:test').TestContext} t */
function open(t) {
  /** @type {string[]} */
  const news = [];
  const sockets = new Sockets({
    connected: (number) => news.push(`connected ${number}`),
    received: (number, buffer, length) => news.push(`received ${number} ${buffer.toString('latin1', 0, length)}`),
    closed: (number) => news.push(`closed ${number}`),
    broken: (number, cause) => news.push(`broken ${number} ${cause}`),
  });
  t.after(() => Array.from({ length: 10 }, (_, number) => sockets.close(number)));
  return { sockets, news };
}

/**
 * A server that keeps its side of a connection open, and closes it when the test is over.
 *
 * @param {import('node:test').TestContext} t
 */
async function listen(t) {
  const address = freshAddress();
  /** @type {net.Socket[]} */
  const peers = [];
  const server = net.createServer({ allowHalfOpen: true }, (peer) => {
    peer.on('error', () => undefined);
    peers.push(peer);
  });
  server.listen(PORT, address);
  await once(server, 'listening');
  t.after(() => {
    server.close();
    peers.forEach((peer) => peer.destroy());
  });
  /** @returns {Promise<net.Socket>} */
  const accepted = async () => {
    await until(() => peers.length > 0);
    return /** @type {net.Socket} */ (peers.shift());
  };
  return { address, accepted };
}

/** A port, as the kernel writes it. @param {number} port */
function hex(port) {
  return port.toString(16).toUpperCase().padStart(4, '0');
}

/** Time for what should not happen. */
async function aFewTurns() {
  for (let turn = 0; turn < 20; turn += 1) {
    await new Promise(setImmediate);
  }
}

test('hosts are looked up as the system does it', async (t) => {
  const { sockets } = open(t);
  assert.deepEqual(await sockets.lookUp('127.0.0.9'), ['127.0.0.9']);
  assert.deepEqual(await sockets.lookUp('127.1'), ['127.0.0.1']);
  assert.deepEqual(await sockets.lookUp('::1'), ['::1']);
  const loopback = await sockets.lookUp('localhost');
  assert.ok(loopback.length > 0 && loopback.every((address) => net.isIP(address) > 0));
});

test('a host without an address is an error in the words of the system', async (t) => {
  const { sockets } = open(t);
  const words = /^(Name or service not known|No address associated with hostname|.* failure in name resolution)$/;
  for (const host of ['no-such-host.invalid', '1.2.3.4.5', '[', '%']) {
    await assert.rejects(sockets.lookUp(host), { message: words });
  }
  for (const host of ['xn--', 'a'.repeat(300), '\ud800']) {
    await assert.rejects(sockets.lookUp(host), { message: /^[A-Z][a-z]+ / });
  }
});

test('a socket connects to an address, moves bytes, and hears of the end', async (t) => {
  const { sockets, news } = open(t);
  const { address, accepted } = await listen(t);
  sockets.connect(3, address, PORT);
  await until(() => news.length === 1);
  const peer = await accepted();
  sockets.send(3, 'caf\u00e9\n');
  assert.deepEqual((await once(peer, 'data'))[0], Buffer.from('caf\u00e9\n', 'latin1'));
  peer.write('LOCKED\n');
  await until(() => news.length === 2);
  peer.end();
  await until(() => news.length === 3);
  assert.deepEqual(news, ['connected 3', 'received 3 LOCKED\n', 'closed 3']);
});

test('a host that says nothing is asked after ten seconds whether it is there', async (t) => {
  const { sockets, news } = open(t);
  const { address, accepted } = await listen(t);
  sockets.connect(1, address, PORT);
  await until(() => news.length === 1);
  const { remotePort = 0 } = await accepted();
  // The kernel's word for a timer of keepalive, 2, and hundredths of a second until it ends.
  const timer = new RegExp(`:${hex(remotePort)} [0-9A-F]{8}:${hex(PORT)} .*? 02:([0-9A-F]{8}) `);
  const [, rest = ''] = timer.exec(fs.readFileSync('/proc/net/tcp', 'latin1')) ?? [];
  assert.ok(Number.parseInt(rest, 16) <= 1000, `${rest} hundredths of a second`);
});

test('what cannot be connected is told of later, in words', async (t) => {
  const { sockets, news } = open(t);
  sockets.connect(1, freshAddress(), PORT);
  sockets.connect(2, '/no/such/socket', 0);
  sockets.connect(3, `/tmp/${'\u00e9'.repeat(52)}`, 0);
  sockets.connect(4, '127.0.0.1', 70_000);
  assert.deepEqual(news, []);
  await until(() => news.length === 4);
  await aFewTurns();
  assert.deepEqual(news.sort().slice(0, 3), [
    'broken 1 Connection refused',
    'broken 2 No such file or directory',
    'broken 3 The path of the socket has 109 bytes, and 107 is the most',
  ]);
  assert.match(String(news[3]), /^broken 4 .*70000/);
});

test('nothing is heard of a socket that was closed, though its number is given again', async (t) => {
  const { sockets, news } = open(t);
  const [first, second] = [await listen(t), await listen(t)];
  sockets.connect(1, first.address, PORT);
  sockets.close(1);
  sockets.connect(1, freshAddress(), PORT);
  sockets.close(1);
  sockets.connect(1, second.address, PORT);
  const peer = await second.accepted();
  peer.write('LOCKED\n');
  await until(() => news.length === 2);
  await aFewTurns();
  assert.deepEqual(news, ['connected 1', 'received 1 LOCKED\n']);
});

test('a number that is not open is nothing', (t) => {
  const { sockets } = open(t);
  sockets.close(5);
  sockets.send(5, 'RELEASE\n');
});
