/** The hot keys, and one key in detail, with a real daemon and real clients. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Browser, quiet, row, rows, showsAge } from './support/browser.mjs';
import { Client, crowd, Daemon, until } from './support/daemon.mjs';

const HOT = 'enwiki:pcache:idhash:3-0!canonical:revid:3';

/** @type {Browser} */
let browser;
before(async () => {
  browser = await Browser.start();
});
after(() => browser.close());

test('the key that most wait for is named first, with its holder, its age and its queue', async (t) => {
  const daemon = await Daemon.start(t);
  await crowd(daemon, 'enwiki:ApiParse:a:127.0.0.1', 2);
  const { holder, granted } = await crowd(daemon, HOT, 5);
  const tab = await browser.open(daemon);
  await row(tab.page, 'hot', 0, HOT, '5', holder.address);
  await showsAge(tab.page, '#hot tbody tr:nth-child(1) td:nth-child(4)', granted);
  await showsAge(tab.page, '#hot tbody tr:nth-child(1) td:nth-child(5)', granted);
  assert.equal((await rows(tab.page, 'hot'))[0][5], 'pcache');
  const verdict = await tab.page.locator('#verdict').textContent();
  assert.match(verdict ?? '', /^5 clients wait for enwiki:pcache:\S+ [\d.:]+ holds it, for \d+\ss$/);
  assert.ok(verdict?.includes(`${HOT}: ${holder.address} holds it`));
  await row(tab.page, 'hot', 1, 'enwiki:ApiParse:a:127.0.0.1', '2');
  quiet(tab);
  await tab.close();
});

test('it is told within moments when the work is done, and who works next', async (t) => {
  const daemon = await Daemon.start(t);
  const { holder, waiting } = await crowd(daemon, HOT, 3);
  const tab = await browser.open(daemon);
  await row(tab.page, 'hot', 0, HOT, '3', holder.address);
  holder.close();
  const answers = waiting.map((client) => client.line());
  await row(tab.page, 'hot', 0, HOT, '2');
  await Promise.any(answers);
  const [[, , next]] = await rows(tab.page, 'hot');
  const worker = waiting.find(({ address }) => address === next);
  assert.ok(worker, `${next} is one of those who waited`);
  assert.equal(await worker.ask('RELEASE'), 'RELEASED');
  await tab.page.locator('#none', { hasText: 'No key is held.' }).waitFor();
  quiet(tab);
  await tab.close();
});

test('ages are counted on between the answers', async (t) => {
  const daemon = await Daemon.start(t);
  const { granted } = await crowd(daemon, HOT, 1);
  const tab = await browser.open(daemon);
  const age = '#hot tbody td:nth-child(4)';
  // Nothing is asked any more, so what goes on is the page's own.
  await tab.page.route('**/v1/**', () => {});
  await tab.page.waitForTimeout(2000);
  await showsAge(tab.page, age, granted);
  quiet(tab);
  await tab.close();
});

test('nothing is asked while paused, not even behind an answer that comes late; a choice is shown all the same', async (t) => {
  const daemon = await Daemon.start(t);
  const { granted } = await crowd(daemon, HOT, 1);
  await crowd(daemon, 'enwiki:rcache:2:old', 0);
  const tab = await browser.open(daemon);
  const { page } = tab;
  await row(page, 'hot', 1, 'enwiki:rcache:2:old');
  let late = 0;
  await page.route('**/v1/**', async (route) => {
    late += 1;
    await setTimeout(100);
    await route.continue();
    late -= 1;
  });
  await page.waitForRequest('**/v1/keys?*');
  await page.$eval('#pause', (pause) => /** @type {HTMLElement} */ (pause).click());
  assert.ok(late > 0, 'the pause begins while something is asked');
  assert.equal(await page.locator('#pause').getAttribute('aria-pressed'), 'true');
  await until(() => late === 0, 'what was asked is answered');
  // An answer that was under way is still shown, and the browser needs a moment for it.
  await page.waitForTimeout(2000);
  const age = '#hot tbody td:nth-child(4)';
  const stood = await page.locator(age).first().textContent();
  /** @type {string[]} */
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  // A page that is not paused asks again after ten times what its answer took.
  await page.waitForTimeout(5000);
  assert.deepEqual(asked, []);
  assert.equal(await page.locator(age).first().textContent(), stood);
  await page.locator('#group').selectOption('rcache');
  await row(page, 'hot', 0, 'enwiki:rcache:2:old');
  await page.locator('#group').selectOption('');
  await row(page, 'hot', 0, HOT);
  await page.locator('#pause').click();
  await showsAge(page, age, granted);
  quiet(tab);
  await tab.close();
});

test('one key shows who holds it, who waits, and with which limits they asked', async (t) => {
  const daemon = await Daemon.start(t);
  const { holder, waiting, granted } = await crowd(daemon, HOT, 2, '1 7 300');
  const tab = await browser.open(daemon);
  await tab.page.getByRole('button', { name: HOT }).click();
  await row(tab.page, 'claims', 2);
  assert.equal(await tab.page.locator('#full-key').textContent(), HOT);
  assert.equal(
    await tab.page.locator('#detail-state').textContent(),
    '1 client holds it, 2 wait for it. Its group is pcache.',
  );
  const shown = await rows(tab.page, 'claims');
  const [first, ...others] = shown;
  assert.deepEqual(
    [first[0], first[2], ...first.slice(4, 8)],
    [holder.address, 'holds', 'for anyone', '1', '7', '300\u00a0s'],
  );
  assert.deepEqual(new Set(others.map(([address]) => address)), new Set(waiting.map(({ address }) => address)));
  assert.ok(others.every(([, , state, , , , , , left]) => state === 'waits' && /^(4\smin.*|5\smin)$/.test(left)));
  await showsAge(tab.page, '#claims tbody tr:nth-child(1) td:nth-child(4)', granted);
  assert.match(tab.page.url(), /#key=/);
  await tab.page.reload();
  await row(tab.page, 'claims', 0, holder.address);
  [holder, ...waiting].forEach((client) => client.close());
  await tab.page.locator('#detail-state', { hasText: 'Nobody holds this key' }).waitFor();
  await tab.page.locator('#close').click();
  await tab.page.locator('#detail').waitFor({ state: 'hidden' });
  assert.doesNotMatch(tab.page.url(), /key=/);
  // The browser itself names an answer with status 404.
  assert.deepEqual(
    tab.said.filter((line) => !line.includes('404')),
    [],
  );
  await tab.close();
});

test('several holders are counted, and a process on a Unix socket is named', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'page-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const socket = path.join(folder, 'socket');
  const daemon = await Daemon.start(t, '--listen', `unix:${socket}`);
  const near = await Client.connectTo({ path: socket });
  const far = await daemon.client();
  assert.equal(await near.ask('ACQ4ME render 2 9 600'), 'LOCKED');
  assert.equal(await far.ask('ACQ4ME render 2 9 600'), 'LOCKED');
  const tab = await browser.open(daemon, '#key=render');
  await row(tab.page, 'claims', 1);
  const [[, , holder]] = await rows(tab.page, 'hot');
  const { username } = userInfo();
  assert.equal(holder, `unix:${socket} (pid ${process.pid}, user ${username}) and 1 more`);
  const claims = await rows(tab.page, 'claims');
  assert.deepEqual(
    claims.map(([name, , state, , asked]) => [name, state, asked]),
    [
      [`unix:${socket} (pid ${process.pid}, user ${username})`, 'holds', 'for me'],
      [far.address, 'holds', 'for me'],
    ],
  );
  near.close();
  await row(tab.page, 'hot', 0, 'render', '0', far.address);
  quiet(tab);
  await tab.close();
});

test('orders: what is held longest, and what was acquired, refused and waited for lately', async (t) => {
  const daemon = await Daemon.start(t);
  const { holder: old } = await crowd(daemon, 'enwiki:rcache:2:old', 0);
  await crowd(daemon, HOT, 1, '1 2 600');
  for (let number = 0; number < 3; number += 1) {
    const client = await daemon.client();
    assert.equal(await client.ask(`ACQ4ME ${HOT} 1 2 600`), 'QUEUE_FULL');
    client.close();
  }
  const busy = await daemon.client();
  for (let number = 0; number < 10; number += 1) {
    assert.equal(await busy.ask('ACQ4ME enwiki:ApiParse:u:7 1 2 5'), 'LOCKED');
    assert.equal(await busy.ask('RELEASE'), 'RELEASED');
  }
  const tab = await browser.open(daemon, '#sort=held');
  await row(tab.page, 'hot', 0, 'enwiki:rcache:2:old', '0', old.address);
  const choose = (/** @type {string} */ id, /** @type {string} */ value) =>
    tab.page.locator(`#${id}`).selectOption(value);
  await choose('sort', 'acquires');
  await row(tab.page, 'hot', 0, 'enwiki:ApiParse:u:7', '0', '–', '–', '–', 'ApiParse', '10');
  assert.equal(await tab.page.locator('#hot thead th').last().textContent(), 'Acquires, last minute');
  await choose('window', 'hour');
  await row(tab.page, 'hot', 0, 'enwiki:ApiParse:u:7');
  await tab.page.locator('#hot thead th', { hasText: 'Acquires, last hour' }).waitFor();
  await choose('sort', 'refused');
  await row(tab.page, 'hot', 0, HOT);
  assert.equal((await rows(tab.page, 'hot'))[0][6], '3');
  const late = await daemon.client();
  assert.equal(await late.ask('ACQ4ME enwiki:rcache:2:old 1 9 2'), 'TIMEOUT');
  await choose('sort', 'waited');
  await row(tab.page, 'hot', 0, 'enwiki:rcache:2:old');
  assert.match((await rows(tab.page, 'hot'))[0][6], /^2\ss$/);
  await choose('sort', 'refused');
  assert.match(tab.page.url(), /#sort=refused&window=hour$/);
  await choose('sort', 'waiting');
  await choose('group', 'rcache');
  await row(tab.page, 'hot', 0, 'enwiki:rcache:2:old');
  assert.equal((await rows(tab.page, 'hot')).length, 1);
  await tab.page.reload();
  await row(tab.page, 'hot', 0, 'enwiki:rcache:2:old');
  assert.equal(await tab.page.locator('#group').inputValue(), 'rcache');
  quiet(tab);
  await tab.close();
});

test('more keys than fit are shown on demand', async (t) => {
  const daemon = await Daemon.start(t);
  const clients = await Promise.all(Array.from({ length: 30 }, () => daemon.client()));
  await Promise.all(clients.map((client, number) => client.ask(`ACQ4ME key-${number} 1 1 1`)));
  const tab = await browser.open(daemon);
  const shown = async () => (await rows(tab.page, 'hot')).length;
  await until(async () => (await shown()) === 20, '20 keys');
  await tab.page.locator('#more').click();
  await until(async () => (await shown()) === 30, '30 keys');
  await tab.page.locator('#more-line').waitFor({ state: 'hidden' });
  quiet(tab);
  await tab.close();
});
