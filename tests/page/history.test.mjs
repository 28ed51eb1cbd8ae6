/** Groups and their last ten minutes, as charts and as tables. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser, quiet, row, rows } from './support/browser.mjs';
import { crowd, Daemon, until } from './support/daemon.mjs';

/** @type {Browser} */
let browser;
before(async () => {
  browser = await Browser.start();
});
after(() => browser.close());

/**
 * @param {import('playwright-core').Page} page
 * @param {string} name of a group
 * @returns {Promise<string[]>} its row
 */
async function group(page, name) {
  const found = (await rows(page, 'groups')).find(([first]) => first === name);
  return found ?? [];
}

test('refusals and time-outs are counted by group, and drawn', async (t) => {
  const daemon = await Daemon.start(t);
  await crowd(daemon, 'enwiki:pcache:hot', 3, '1 4 600');
  const refused = await daemon.client();
  assert.equal(await refused.ask('ACQ4ANY enwiki:pcache:hot 1 4 600'), 'QUEUE_FULL');
  await crowd(daemon, 'enwiki:ApiParse:u:7', 0);
  const late = await daemon.client();
  assert.equal(await late.ask('ACQ4ME enwiki:ApiParse:u:7 1 9 1'), 'TIMEOUT');
  const tab = await browser.open(daemon);
  const { page } = tab;
  // Keys, held, waiting, held longest; at most waiting, granted, done, refused, timed out.
  const isShown = async () => {
    const [, keys, held, waiting, longest, most, granted, done, full] = await group(page, 'pcache');
    const now = keys === '1' && held === '1' && waiting === '3' && /^\d+\ss$/.test(longest);
    return now && most === '3' && granted === '1' && done === '0' && full === '1';
  };
  await until(isShown, 'the row of pcache');
  // The time-out may belong to a later step than the refusal.
  const isTimedOut = async () => {
    const [, , , , longest, most, , , full, timedOut] = await group(page, 'ApiParse');
    return longest === '–' && most === '1' && full === '0' && timedOut === '1';
  };
  await until(isTimedOut, 'the row of ApiParse');
  const chart = (/** @type {RegExp} */ name) => page.getByRole('img', { name });
  await chart(
    /^Held and waiting, over the last ten minutes\. waiting: 3 now, [34] at most at [\d:]+; held: 2 now/,
  ).waitFor();
  await chart(
    /^Refused and timed out, in 5 s, .* refused: 1 in all, 1 at most at [\d:]+; timed out: 1 in all/,
  ).waitFor();
  await page.getByRole('button', { name: 'ApiParse', exact: true }).click();
  await chart(/refused: 0 in all, 0 at most; timed out: 1 in all/).waitFor();
  assert.equal(await page.locator('#history-heading').textContent(), 'The last ten minutes, group ApiParse');
  await row(page, 'hot', 0, 'enwiki:ApiParse:u:7');
  await page.getByRole('button', { name: 'ApiParse', pressed: true }).click();
  await page.locator('#history-heading', { hasText: 'all groups' }).waitFor();
  quiet(tab);
  await tab.close();
});

test('the table says the same as the charts', async (t) => {
  const daemon = await Daemon.start(t);
  const { holder, waiting } = await crowd(daemon, 'enwiki:pcache:hot', 4);
  assert.equal(await holder.ask('RELEASE'), 'RELEASED');
  assert.deepEqual(await Promise.all(waiting.map((client) => client.line())), ['DONE', 'DONE', 'DONE', 'DONE']);
  const tab = await browser.open(daemon);
  await tab.page.locator('summary', { hasText: 'The charts as a table' }).click();
  const sum = (/** @type {string[][]} */ all, /** @type {number} */ column) =>
    all.reduce((total, one) => total + (Number(one[column]) || 0), 0);
  await until(async () => {
    const all = await rows(tab.page, 'minutes');
    return sum(all, 1) >= 4 && sum(all, 3) === 1 && sum(all, 4) === 4;
  }, 'the table of minutes');
  const all = await rows(tab.page, 'minutes');
  assert.ok(all.length >= 10 && all.length <= 11);
  assert.ok(all.every(([minute]) => /^\d\d:\d\d$/.test(minute)));
  assert.equal(all.at(-1)?.[1], '–', 'the daemon did not run then');
  quiet(tab);
  await tab.close();
});

test('a step belongs to the minute in which it begins', async (t) => {
  const daemon = await Daemon.start(t);
  const tab = await browser.open(daemon);
  const minutes = await tab.page.evaluate(async () => {
    const { minutesOf } = await import(new URL('page/js/curves.js', location.href).href);
    const list = [null, null, 1, 2, 3, 4];
    const curves = { holders: list, waiters: list, granted: list, done: list, refused: list, timed_out: list };
    return minutesOf(curves, [40, 60, 80, 100, 120, 140], 20);
  });
  const level = (/** @type {number | null} */ most, /** @type {number | null} */ sum) => ({
    ...{ holders: most, waiters: most },
    ...{ granted: sum, done: sum, refused: sum, timed_out: sum },
  });
  assert.deepEqual(minutes, [
    { begin: 120, ...level(4, 4) },
    { begin: 60, ...level(3, 6) },
    { begin: 0, ...level(null, null) },
  ]);
  await tab.close();
});

test('the mouse in a chart shows the values of a moment', async (t) => {
  const daemon = await Daemon.start(t);
  await crowd(daemon, 'enwiki:pcache:hot', 4);
  const tab = await browser.open(daemon);
  const caption = tab.page.locator('.chart .values').first();
  await caption.filter({ hasText: /^at most: 4 waiting, 1 held$/ }).waitFor();
  const picture = tab.page.locator('.chart .u-over').first();
  const { width, height } = (await picture.boundingBox()) ?? { width: 0, height: 0 };
  await picture.hover({ position: { x: width - 2, y: height / 2 } });
  await caption.filter({ hasText: /^\d\d:\d\d:\d\d: 4 waiting, 1 held$/ }).waitFor();
  quiet(tab);
  await tab.close();
});
