/** What docs/admin-api promises of each answer is true of the answers of a real daemon. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { Client, crowd, Daemon } from './support/daemon.mjs';

const HOT = 'enwiki:pcache:idhash:3-0!canonical:revid:3';
const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true });

/** @type {Daemon} */
let daemon;
/** @type {(() => Promise<void>)[]} */
const stops = [];
before(async () => {
  daemon = await Daemon.start({ after: (stop) => stops.push(stop) }, '--record-buffer', '1M');
});
after(() => Promise.all(stops.map((stop) => stop())));

/**
 * @param {string} name
 * @returns {(answer: unknown) => void} fails unless the answer is what the schema says
 */
function schema(name) {
  const text = readFileSync(new URL(`../../docs/admin-api/${name}.schema.json`, import.meta.url), 'utf8');
  const validate = ajv.getSchema(`${name}.schema.json`) ?? ajv.compile(JSON.parse(text));
  return (answer) => {
    assert.ok(validate(answer), `${ajv.errorsText(validate.errors)}: ${JSON.stringify(answer)}`);
  };
}

/** @param {string} route @returns {Promise<any>} */
async function ok(route) {
  const response = await fetch(daemon.url + route);
  const answer = await response.json();
  assert.equal(response.status, 200, `${route}: ${JSON.stringify(answer)}`);
  assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
  return answer;
}

test('every answer is what its schema says, without clients and with them', async () => {
  const [status, groups, history, keys, key, clients] = ['status', 'groups', 'history', 'keys', 'key', 'clients'].map(
    schema,
  );
  const all = async () => {
    status(await ok('v1/status'));
    groups(await ok('v1/groups'));
    history(await ok('v1/history'));
    clients(await ok('v1/clients'));
    for (const sort of ['waiting', 'held', 'acquires', 'refused', 'waited']) {
      keys(await ok(`v1/keys?sort=${sort}`));
    }
    for (const sort of ['acquires', 'refused', 'waited']) {
      keys(await ok(`v1/keys?sort=${sort}&window=hour&limit=1`));
    }
  };
  await all();
  await crowd(daemon, HOT, 3, '1 4 600');
  await crowd(daemon, Buffer.from('a<b>&%\xff"\\'), 0);
  const refused = await daemon.client();
  assert.equal(await refused.ask(`ACQ4ME ${HOT} 1 4 5`), 'QUEUE_FULL');
  assert.equal(await refused.ask(`ACQ4ME ${HOT} 1 9 1`), 'TIMEOUT');
  await all();
  const one = await ok(`v1/keys/${HOT}`);
  key(one);
  assert.equal(one.holders.length, 1);
  assert.equal(one.waiters.length, 3);
});

test('a daemon without a buffer of calls says so', async (t) => {
  const plain = await Daemon.start(t);
  const answer = await plain.json('v1/status');
  schema('status')(answer);
  assert.equal(answer.record_buffer, null);
  const response = await fetch(`${plain.url}v1/recording?last=600`);
  assert.equal(response.status, 404);
  const refused = /** @type {any} */ (await response.json());
  schema('error')(refused);
  assert.match(refused.error, /--record-buffer/);
});

test('the examples of the documentation are what the schemas say', () => {
  const text = readFileSync(new URL('../../docs/admin-api/README.md', import.meta.url), 'utf8');
  const names = [];
  for (const section of text.split('\n## ')) {
    const [, name] = /\]\((\w+)\.schema\.json\)/.exec(text.split(`](#${anchor(section)})`)[1] ?? '') ?? [];
    // Where a list is longer than a page, the example has less of it.
    const examples = ['groups', 'history'].includes(name)
      ? []
      : [...section.matchAll(/^```json\n([\s\S]*?)^```|^data: (.*)$/gm)];
    for (const [, answer, event] of examples) {
      schema(name)(JSON.parse(answer ?? event));
      names.push(name);
    }
  }
  assert.deepEqual(names, ['status', 'keys', 'key', 'clients', 'event', 'event']);
});

/**
 * @param {string} section
 * @returns {string} the anchor of its heading, as GitHub makes it
 */
function anchor(section) {
  return section
    .split('\n')[0]
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '');
}

test('cursors lead to the end, and each page is what its schema says', async () => {
  const keys = schema('keys');
  const clients = await Promise.all(Array.from({ length: 7 }, () => daemon.client()));
  await Promise.all(clients.map((client, number) => client.ask(`ACQ4ME cursor-${number} 1 1 1`)));
  const seen = new Set();
  let route = 'v1/keys?sort=held&limit=3';
  for (let next = null; ; route = `v1/keys?sort=held&limit=3&cursor=${encodeURIComponent(next)}`) {
    const answer = await ok(route);
    keys(answer);
    assert.ok(answer.keys.length <= 3);
    answer.keys.forEach((/** @type {{ key: string }} */ { key }) => seen.add(key));
    next = answer.next;
    if (next === null) {
      break;
    }
  }
  assert.equal([...seen].filter((key) => key.startsWith('cursor-')).length, 7);
  clients.forEach((client) => client.close());
});

test('an error is one sentence that names what is wrong', async () => {
  const error = schema('error');
  for (const [route, status, words] of /** @type {[string, number, RegExp][]} */ ([
    ['v1/keys?sort=best', 400, /sort/],
    ['v1/keys?limit=0', 400, /limit/],
    ['v1/keys?limit=1001', 400, /limit/],
    ['v1/keys?cursor=no', 400, /cursor/],
    ['v1/keys?window=day&sort=acquires', 400, /window/],
    ['v1/keys?colour=red', 400, /colour/],
    ['v1/keys/nobody-holds-it', 404, /./],
    ['v1/nothing', 404, /./],
  ])) {
    const response = await fetch(daemon.url + route);
    const answer = await response.json();
    assert.equal(response.status, status, `${route}: ${JSON.stringify(answer)}`);
    error(answer);
    assert.match(answer.error, words, route);
  }
});

test('events are what their schema says', async () => {
  const event = schema('event');
  const stop = new AbortController();
  const response = await fetch(`${daemon.url}v1/events?group=ApiParse`, { signal: stop.signal });
  assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/);
  const client = await Client.connect(daemon.address);
  const other = await Client.connect(daemon.address);
  assert.equal(await client.ask('ACQ4ME enwiki:ApiParse:u:9 1 2 5'), 'LOCKED');
  assert.equal(await other.ask('ACQ4ME enwiki:ApiParse:u:9 1 2 1'), 'TIMEOUT');
  assert.equal(await other.ask('ACQ4ME enwiki:ApiParse:u:9 1 1 1'), 'QUEUE_FULL');
  assert.equal(await client.ask('RELEASE'), 'RELEASED');
  const kinds = ['granted', 'wait_began', 'wait_ended', 'refused', 'hold_ended'];
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of /** @type {any} */ (response.body)) {
    text += decoder.decode(chunk, { stream: true });
    if (text.split('\n\n').filter((one) => one.includes('data:')).length > kinds.length) {
      break;
    }
    if (text.includes('hold_ended') && text.endsWith('\n\n')) {
      break;
    }
  }
  stop.abort();
  const sent = text.split('\n\n').filter((one) => one.includes('data:'));
  sent.forEach((one) => event(JSON.parse(/^data: ?(.*)$/m.exec(one)?.[1] ?? '')));
  assert.deepEqual(
    sent.map((one) => /^event: ?(.*)$/m.exec(one)?.[1]),
    kinds,
  );
  client.close();
  other.close();
});
