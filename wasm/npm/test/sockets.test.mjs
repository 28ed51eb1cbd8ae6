// The package's use of real sockets, without core.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import { test } from 'node:test';
import { Sockets } from '../lib/sockets.js';
import { freshAddress, until } from './support/daemon.mjs';

const PORT = 7531;
/** For which a socket that was closed still reads. */
const LINGER_MS = 5_000;

/** Sockets, and the reported events. @param {import('node:test').TestContext} t */
function open(t) {
  /** @type {string[]} */
  const news = [];
  const sockets = new Sockets({
    connected: (number) => news.push(`connected ${number}`),
    received: (number, buffer, length) => news.push(`received ${number} ${buffer.toString('latin1', 0, length)}`),
    closed: (number) => news.push(`closed ${number}`),
    broken: (number, cause) => news.push(`broken ${number} ${cause}`),
    asked: (number, acknowledged) => news.push(`asked ${number} ${acknowledged}`),
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
  const server = net.createServer({ allowHalfOpen: true }, (peer) => peers.push(peer));
  server.listen(PORT, address);
  await once(server, 'listening');
  t.after(() => {
    server.close();
    peers.forEach((peer) => peer.destroy());
  });
  /** The next connection. @returns {Promise<net.Socket>} */
  const accepted = async () => {
    await until(() => peers.length > 0);
    const [peer] = peers.splice(0, 1);
    t.after(() => peer?.destroy());
    return /** @type {net.Socket} */ (peer);
  };
  return { address, accepted };
}

/** A port, as the kernel writes it. @param {number} port */
function hex(port) {
  return port.toString(16).toUpperCase().padStart(4, '0');
}

/** A time in which nothing should happen. */
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
  // The kernel's number for a keepalive timer, 2, and hundredths of a second until it ends.
  const timer = new RegExp(`:${hex(remotePort)} [0-9A-F]{8}:${hex(PORT)} .*? 02:([0-9A-F]{8}) `);
  const [, rest = ''] = timer.exec(fs.readFileSync('/proc/net/tcp', 'latin1')) ?? [];
  assert.ok(Number.parseInt(rest, 16) <= 1000, `${rest} hundredths of a second`);
});

test('what cannot be connected is told of later, in words', async (t) => {
  const { sockets, news } = open(t);
  sockets.connect(1, freshAddress(), PORT);
  sockets.connect(2, '/no/such/socket', 0);
  sockets.connect(3, '127.0.0.1', 70_000);
  assert.deepEqual(news, []);
  await until(() => news.length === 3);
  await aFewTurns();
  assert.deepEqual(news.sort().slice(0, 2), ['broken 1 Connection refused', 'broken 2 No such file or directory']);
  assert.match(String(news[2]), /^broken 3 .*70000/);
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

/** The events that a server sees of a connection: its bytes, and `end` or the code of an error. @param {net.Socket} peer */
function heard(peer) {
  /** @type {string[]} */
  const words = [];
  peer.setEncoding('latin1');
  peer.on('data', (data) => words.push(String(data)));
  peer.on('end', () => words.push('end'));
  peer.on('error', (/** @type {NodeJS.ErrnoException} */ error) => words.push(String(error.code)));
  return words;
}

test('a socket that is closed with unread bytes is not reset, and nothing more is heard of it', async (t) => {
  const { sockets, news } = open(t);
  const [first, second] = [await listen(t), await listen(t)];
  sockets.connect(1, first.address, PORT);
  await until(() => news.length === 1);
  const peer = await first.accepted();
  const words = heard(peer);
  // When this returns, the bytes have arrived and were not read.
  peer.write('LOCKED\n');
  sockets.send(1, 'RELEASE\n');
  sockets.close(1);
  sockets.connect(1, second.address, PORT);
  await until(() => words.length === 2 && news.length === 2);
  peer.write('RELEASED\n');
  peer.end();
  await once(peer, 'close');
  assert.deepEqual(words, ['RELEASE\n', 'end']);
  assert.deepEqual(news, ['connected 1', 'connected 1']);
});

test('the reset of a socket that was closed is not that of another with its number', async (t) => {
  const { sockets, news } = open(t);
  const { address, accepted } = await listen(t);
  sockets.connect(1, address, PORT);
  await until(() => news.length === 1);
  const first = await accepted();
  const words = heard(first);
  sockets.close(1);
  sockets.connect(1, address, PORT);
  await until(() => words.includes('end') && news.length === 2);
  first.resetAndDestroy();
  (await accepted()).write('LOCKED\n');
  await until(() => news.length > 2);
  await aFewTurns();
  assert.deepEqual(news, ['connected 1', 'connected 1', 'received 1 LOCKED\n']);
});

test('a socket that was closed is given up if the server does not close its side', async (t) => {
  const { sockets, news } = open(t);
  const { address, accepted } = await listen(t);
  sockets.connect(1, address, PORT);
  await until(() => news.length === 1);
  const peer = await accepted();
  const words = heard(peer);
  const start = Date.now();
  sockets.close(1);
  await until(() => words.includes('end'));
  // The kernel answers with a RST after the socket was closed.
  await until(() => {
    peer.write('x');
    return words.length > 1;
  });
  assert.match(String(words[1]), /ECONNRESET|EPIPE/);
  assert.ok(Date.now() - start < 2 * LINGER_MS);
});

test('what was closed is handed over', async (t) => {
  const { sockets, news } = open(t);
  const { address, accepted } = await listen(t);
  for (const number of [1, 2, 3]) {
    sockets.connect(number, address, PORT);
  }
  await until(() => news.length === 3);
  const peers = [await accepted(), await accepted(), await accepted()];
  const words = peers.map(heard);
  sockets.connect(4, address, PORT);
  sockets.closeNow(1);
  [2, 3, 4].forEach((number) => sockets.close(number));
  await sockets.handedOver();
  peers.forEach((peer) => peer.destroySoon());
  await until(() => words.every((each) => each.length === 1));
  assert.deepEqual(words, [['end'], ['end'], ['end']]);
});

test('a number that is not open is nothing', (t) => {
  const { sockets } = open(t);
  sockets.close(5);
  sockets.closeNow(5);
  sockets.send(5, 'RELEASE\n');
});
