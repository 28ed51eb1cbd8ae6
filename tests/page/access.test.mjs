/** For everybody: keyboard, screen reader, dark, phone. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser, PHONE, quiet, row, violations } from './support/browser.mjs';
import { crowd, Daemon, until } from './support/daemon.mjs';

const HOT = 'enwiki:pcache:idhash:3-0!canonical:revid:3';
const WAYS = /** @type {const} */ ({
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  phone: { ...PHONE, colorScheme: 'light' },
  'a dark phone': { ...PHONE, colorScheme: 'dark' },
});

/** @typedef {import('playwright-core').Page} Page */

/** @type {Browser} */
let browser;
before(async () => {
  browser = await Browser.start();
});
after(() => browser.close());

/** @param {Page} page */
function openAll(page) {
  return page.$$eval('details', (all) => all.forEach((details) => details.setAttribute('open', '')));
}

/** @param {import('node:test').TestContext} t @returns {Promise<Daemon>} one with something to show */
async function busy(t) {
  const daemon = await Daemon.start(t);
  await crowd(daemon, 'x'.repeat(1000), 2);
  await crowd(daemon, Buffer.alloc(300, 0xfe), 1);
  await crowd(daemon, HOT, 4);
  return daemon;
}

for (const [way, options] of Object.entries(WAYS)) {
  test(`axe finds nothing, and nothing is too wide: ${way}`, async (t) => {
    const daemon = await busy(t);
    const tab = await browser.open(daemon, `#key=${encodeURIComponent('x'.repeat(1000))}`, options);
    const { page } = tab;
    await row(page, 'hot', 0, HOT);
    await row(page, 'claims', 2);
    await openAll(page);
    assert.deepEqual(await violations(page), []);
    const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.equal(wide, seen);
    assert.equal(seen, 'viewport' in options ? 320 : 1280);
    quiet(tab);
    await daemon.kill();
    await page.locator('#away').waitFor();
    assert.deepEqual(await violations(page), []);
    await tab.close();
  });
}

test('a screen reader finds landmarks, names and tables', async (t) => {
  const daemon = await busy(t);
  for (const options of [{}, PHONE]) {
    const tab = await browser.open(daemon, '', options);
    const { page } = tab;
    await row(page, 'hot', 0, HOT);
    for (const role of /** @type {const} */ (['banner', 'main', 'contentinfo', 'status', 'form'])) {
      assert.equal(await page.getByRole(role).count(), 1, role);
    }
    for (const name of ['Hot keys', 'The last ten minutes, all groups', 'Groups', 'The daemon']) {
      assert.equal(await page.getByRole('region', { name, exact: true }).count(), 1, name);
    }
    const hot = page.getByRole('table', { name: 'Hot keys' });
    assert.deepEqual(await hot.getByRole('columnheader').allTextContents(), [
      ...['Key', 'Waiting', 'Held by', 'Held for', 'Longest wait', 'Group'],
    ]);
    assert.equal(await hot.getByRole('row').count(), 4);
    // Chromium takes rows that are blocks for rows all the same; other browsers need to be told.
    assert.equal(await page.locator(':is(table, thead, tbody, tr, th, td):not([role])').count(), 0);
    assert.equal(await hot.getByRole('rowheader', { name: HOT }).count(), 1);
    assert.equal(await hot.getByRole('cell').count(), 15);
    assert.equal(await page.getByRole('combobox', { name: 'Order by' }).count(), 1);
    assert.equal(await page.getByRole('img', { name: /over the last ten minutes\./ }).count(), 3);
    await tab.close();
  }
});

test('a screen reader is not told the same again and again', async (t) => {
  const daemon = await busy(t);
  const tab = await browser.open(daemon);
  const { page } = tab;
  await row(page, 'hot', 0, HOT);
  await page.locator('#said', { hasText: '4 clients wait for' }).waitFor({ state: 'attached' });
  await page.evaluate(() => {
    // Even a long time after it was told.
    const now = performance.now.bind(performance);
    performance.now = () => now() + 60_000;
    const told = /** @type {string[]} */ ([]);
    Object.assign(globalThis, { told });
    const said = document.querySelector('#said');
    new MutationObserver(() => told.push(said?.textContent ?? '')).observe(/** @type {Element} */ (said), {
      childList: true,
      characterData: true,
      subtree: true,
    });
  });
  const answers = /** @type {string[]} */ ([]);
  page.on('requestfinished', (request) => answers.push(request.url()));
  await until(() => answers.filter((url) => url.includes('/v1/keys')).length >= 4, 'four more answers');
  assert.deepEqual(await page.evaluate(() => /** @type {any} */ (globalThis).told), []);
  await crowd(daemon, 'hotter', 5);
  await page.locator('#said', { hasText: '5 clients wait for hotter' }).waitFor({ state: 'attached' });
  assert.equal(await page.evaluate(() => /** @type {any} */ (globalThis).told.length), 1);
  const live = await page.$$eval('[aria-live], [role=status], [role=alert], output', (all) => all.map(({ id }) => id));
  assert.deepEqual(live, ['said']);
  await tab.close();
});

/**
 * @param {Page} page
 * @returns {Promise<string>} what has the focus, if it is seen
 */
function focused(page) {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (!element || element === document.body) {
      return '';
    }
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    const { width, height } = element.getBoundingClientRect();
    const seen = outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1 && width > 0 && height > 0;
    return `${element.id || element.textContent}${seen ? '' : ' unseen'}`;
  });
}

test('the keyboard reaches everything in order, sees where it is, and is not caught', async (t) => {
  const daemon = await busy(t);
  const tab = await browser.open(daemon, `#key=${encodeURIComponent(HOT)}`);
  const { page } = tab;
  await row(page, 'claims', 4);
  await row(page, 'groups', 0);
  const walked = [];
  for (let name = 'start'; name !== '' && walked.length < 100;) {
    await page.keyboard.press('Tab');
    name = await focused(page);
    walked.push(name);
  }
  assert.equal(walked.pop(), '', 'it leaves the page at the end');
  assert.deepEqual(
    walked.filter((name) => name.endsWith(' unseen')),
    [],
  );
  const wanted = ['Skip to the hot keys', 'pause', 'sort', 'group', HOT, 'close', 'The charts as a table', 'pcache'];
  assert.deepEqual(
    walked.filter((name) => wanted.includes(name)),
    wanted,
  );
  quiet(tab);
  await tab.close();
});

test('the keyboard opens a key, reads it and comes back to it', async (t) => {
  const daemon = await busy(t);
  const tab = await browser.open(daemon);
  const { page } = tab;
  await row(page, 'hot', 0, HOT);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  assert.equal(await focused(page), 'keys');
  await page.getByRole('button', { name: HOT }).focus();
  await page.keyboard.press('Enter');
  await row(page, 'claims', 4);
  assert.match(await focused(page), /^detail-heading/);
  await page.locator('#close').focus();
  await page.keyboard.press('Enter');
  assert.equal(await focused(page), HOT);
  await tab.close();
});

test('the focus stays on its key while the order changes', async (t) => {
  const daemon = await Daemon.start(t);
  await crowd(daemon, 'one', 1);
  await crowd(daemon, 'two', 2);
  const tab = await browser.open(daemon);
  const { page } = tab;
  await row(page, 'hot', 1, 'one');
  await page.getByRole('button', { name: 'one' }).focus();
  await crowd(daemon, 'three', 3);
  await row(page, 'hot', 0, 'three');
  await row(page, 'hot', 2, 'one');
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'one');
  const more = await Promise.all([1, 2, 3].map(() => daemon.client()));
  more.forEach((client) => client.send('ACQ4ANY one 1 100 600'));
  await row(page, 'hot', 0, 'one', '4');
  await row(page, 'hot', 2, 'two', '2');
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'one');
  await tab.close();
});

test('the charts follow the scheme of colours', async (t) => {
  const daemon = await busy(t);
  const tab = await browser.open(daemon, '', { colorScheme: 'light' });
  const { page } = tab;
  await row(page, 'groups', 0);
  await page.locator('#pause').click();
  const picture = () => page.$eval('#charts canvas', (canvas) => /** @type {HTMLCanvasElement} */ (canvas).toDataURL());
  const differs = (/** @type {string} */ old) =>
    page.waitForFunction(
      (one) => /** @type {HTMLCanvasElement} */ (document.querySelector('#charts canvas')).toDataURL() !== one,
      old,
    );
  const light = await picture();
  await page.emulateMedia({ colorScheme: 'dark' });
  await differs(light);
  const dark = await picture();
  await page.emulateMedia({ colorScheme: 'light' });
  await differs(dark);
  assert.equal(await picture(), light);
  await tab.close();
});
