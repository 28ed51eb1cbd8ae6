/** The button that gives the latest calls as a file for the stampede lab. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Browser, PHONE, quiet, violations } from './support/browser.mjs';
import { crowd, Daemon, until } from './support/daemon.mjs';

/** @type {Browser} */
let browser;
before(async () => {
  browser = await Browser.start();
});
after(() => browser.close());

const KEY = 'enwiki:ApiParse:a:192.0.2.77';

test('the last ten minutes are taken as a file without a key', async (t) => {
  const daemon = await Daemon.start(t, '--record-buffer', '1M');
  const records = async () => (await daemon.json('v1/status')).record_buffer.seconds > 0;
  await until(records, 'the daemon records');
  await crowd(daemon, KEY, 3);
  const tab = await browser.open(daemon);
  const { page } = tab;
  const link = page.getByRole('link', { name: 'Take the last ten minutes to the lab' });
  assert.match((await page.locator('#recorded').textContent()) ?? '', /Drop the file on the stampede lab’s page/);
  assert.match((await page.locator('#daemon').textContent()) ?? '', /Recordedthe last [\d.]+\s(ms|s), in \d\.\d MB/);
  const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
  assert.match(download.suggestedFilename(), /^[\w.-]+-\d{8}T\d{4}Z\.rec$/);
  const file = readFileSync(await download.path(), 'latin1');
  assert.ok(file.startsWith('poolcounter recording\n'));
  assert.ok(file.includes('ApiParse'), 'it has the group');
  for (const part of ['192.0.2', 'enwiki', ':a:']) {
    assert.ok(!file.includes(part), part);
  }
  assert.deepEqual(await violations(page), []);
  quiet(tab);
  await tab.close();
});

test('without a buffer there is no button', async (t) => {
  const daemon = await Daemon.start(t);
  const tab = await browser.open(daemon);
  assert.equal(await tab.page.locator('#take').isVisible(), false);
  assert.doesNotMatch((await tab.page.locator('#daemon').textContent()) ?? '', /Recorded/);
  quiet(tab);
  await tab.close();
});

test('the button fits a phone', async (t) => {
  const daemon = await Daemon.start(t, '--record-buffer', '1M');
  const tab = await browser.open(daemon, '', PHONE);
  const link = tab.page.locator('#take');
  await link.scrollIntoViewIfNeeded();
  const box = await link.boundingBox();
  assert.ok(box && box.x >= 0 && box.x + box.width <= 320 && box.height >= 24, JSON.stringify(box));
  const wide = await tab.page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 320, `${wide} px`);
  quiet(tab);
  await tab.close();
});
