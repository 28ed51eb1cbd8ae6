/** The daemon goes and comes back; the page is not always looked at. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser, row, rows } from './support/browser.mjs';
import { crowd, Daemon } from './support/daemon.mjs';

/** @type {Browser} */
let browser;
before(async () => {
  browser = await Browser.start();
});
after(() => browser.close());

test('a daemon that is killed is said to be away; one that is back is shown by itself', async (t) => {
  const daemon = await Daemon.start(t);
  await crowd(daemon, 'before', 2);
  const tab = await browser.open(daemon);
  const { page } = tab;
  await row(page, 'hot', 0, 'before', '2');
  await daemon.kill();
  const away = page.locator('#away');
  await away
    .filter({ hasText: /^The daemon is away, since \d\d:\d\d:\d\d\. There is no connection to it\./ })
    .waitFor();
  assert.match((await page.getByRole('status').textContent()) ?? '', /^The daemon is away\./);
  assert.equal(await page.$eval('#live', (live) => live.classList.contains('outdated')), true);
  const age = page.locator('#hot tbody td').nth(2);
  const stood = await age.textContent();
  await page.waitForTimeout(2500);
  assert.equal(await age.textContent(), stood, 'nobody knows how old it is');
  await daemon.start();
  await crowd(daemon, 'behind', 1);
  await row(page, 'hot', 0, 'behind', '1');
  await away.waitFor({ state: 'hidden' });
  assert.equal((await rows(page, 'hot')).length, 1);
  assert.equal(await page.getByRole('status').textContent(), 'The daemon answers again.');
  assert.equal(await page.$eval('#live', (live) => live.classList.contains('outdated')), false);
  assert.deepEqual(
    tab.said.filter((line) => !line.includes('net::ERR_')),
    [],
  );
  assert.deepEqual(tab.refused, []);
  await tab.close();
});

test('an answer that is an error is told in its own words', async (t) => {
  const daemon = await Daemon.start(t);
  const tab = await browser.open(daemon);
  const response = { status: 503, contentType: 'application/json', body: '{"error":"There are <b>64</b> of them."}' };
  await tab.page.route('**/v1/keys?*', (route) => route.fulfill(response));
  await tab.page.locator('#away', { hasText: 'The daemon refuses what the page asks for, since' }).waitFor();
  assert.ok((await tab.page.locator('#away').textContent())?.includes('There are <b>64</b> of them.'));
  await tab.page.unroute('**/v1/keys?*');
  await tab.page.locator('#away').waitFor({ state: 'hidden' });
  await tab.close();
});

test('an upgrade is shown, and a page of another version offers to be loaded anew', async (t) => {
  const daemon = await Daemon.start(t);
  await crowd(daemon, 'hot', 2);
  const tab = await browser.open(daemon);
  const { page } = tab;
  daemon.upgrade();
  await page
    .locator('#daemon div', { hasText: /^Upgrades1; the last at \d\d:\d\d:\d\d, with a pause of [\d.]+\s(ms|s)$/ })
    .waitFor();
  await row(page, 'hot', 0, 'hot', '2');
  assert.equal(await page.locator('#renewed').isHidden(), true);
  const spoil = (/** @type {import('playwright-core').Route} */ route) =>
    route.fetch().then(async (response) => route.fulfill({ json: { ...(await response.json()), version: '9.9.9' } }));
  await page.route('**/v1/status', spoil);
  await page.locator('#renewed').waitFor();
  await page.locator('#reload').click();
  await page.locator('#facts', { hasText: '9.9.9' }).waitFor();
  assert.equal(await page.locator('#renewed').isHidden(), true);
  await tab.close();
});

test('nothing is asked while nobody looks', async (t) => {
  const daemon = await Daemon.start(t);
  await crowd(daemon, 'hot', 1);
  const tab = await browser.open(daemon);
  const { page } = tab;
  await row(page, 'hot', 0, 'hot', '1');
  const see = (/** @type {string} */ state) =>
    page.evaluate((value) => {
      Object.defineProperty(document, 'visibilityState', { value, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, state);
  await see('hidden');
  /** @type {string[]} */
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.waitForTimeout(3000);
  assert.deepEqual(asked, []);
  await crowd(daemon, 'hotter', 2);
  await see('visible');
  await row(page, 'hot', 0, 'hotter', '2');
  await tab.close();
});

test('the head says what the daemon is', async (t) => {
  const daemon = await Daemon.start(t, '--max-clients', '7');
  await crowd(daemon, 'hot', 2);
  const status = await daemon.json('v1/status');
  const tab = await browser.open(daemon);
  const { page } = tab;
  await page.locator('#facts', { hasText: '3 of 7' }).waitFor();
  const facts = await page.$$eval('#facts div', (all) =>
    all.map((one) => [...one.children].map((part) => part.textContent)),
  );
  const { 'Up for': up, ...others } = Object.fromEntries(facts);
  assert.match(up, /^\d+\ss$/);
  assert.deepEqual(others, { Clients: '3 of 7', Keys: '1', Held: '1', Waiting: '2', Version: status.version });
  assert.equal(await page.locator('h1').textContent(), `PoolCounter on ${status.host}`);
  assert.equal(await page.title(), `2 waiting, ${status.host}, PoolCounter`);
  assert.equal(await page.locator('#ready').textContent(), 'ready');
  await Promise.all(Array.from({ length: 4 }, () => daemon.client()));
  await page.locator('#ready', { hasText: 'not ready: full' }).waitFor();
  await page.locator('#said', { hasText: 'The daemon is not ready: full.' }).waitFor({ state: 'attached' });
  await tab.close();
});
