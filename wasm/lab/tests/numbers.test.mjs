/** The page's numbers are those of the native command, and the same for the same address. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { Lab, download, quiet, rows, settled } from './browser.mjs';

const SIM = process.env.POOLCOUNTER_SIM ?? 'poolcounter-sim';
const SCENARIOS = [
  'v=1&preset=breaking-news&seed=1',
  'v=1&preset=bot-crawl&seed=77&cores=16&a=forMe,workers:1,maxqueue:20,timeout:10&b=forMe,workers:4,maxqueue:50,timeout:5',
  'v=1&preset=worker-crash&seed=4000000000&duration=900&hotReaders=0:1,300:80&a=forAnyone,workers:1&b=forAnyone,workers:1,fastStale',
];

/** @type {Lab} */
let lab;
before(async () => {
  lab = await Lab.start();
});
after(() => lab.close());

for (const scenario of SCENARIOS) {
  test(`the native command has the same numbers: ${scenario}`, async () => {
    const tab = await lab.open(`?${scenario}`);
    await settled(tab.page);
    const native = execFileSync(SIM, ['--json', '--scenario', scenario], { encoding: 'utf8', maxBuffer: 1e8 });
    assert.equal(await download(tab.page), native);
    await theTableShows(tab.page, JSON.parse(native));
    quiet(tab);
    await tab.close();
  });
}

/**
 * @param {import('playwright-core').Page} page
 * @param {import('../page/js/types.js').Report} report
 */
async function theTableShows(page, report) {
  const shown = await rows(page);
  const { a, b } = { a: report.a.totals, b: report.b.totals };
  /** @type {[string, number, number][]} */
  const wanted = [
    ['Fresh', a.fresh, b.fresh],
    ['Stale', a.stale, b.stale],
    ['Errors', a.errors, b.errors],
    ['Parses done', a.parses, b.parses],
    ['Longest queue', a.longestQueue, b.longestQueue],
    ['CPU seconds', Math.round(a.cpuSeconds), Math.round(b.cpuSeconds)],
  ];
  for (const [label, ...values] of wanted) {
    const row = shown.find((text) => text.startsWith(label)) ?? '';
    const cells = row.split('\t').slice(1);
    const numbers = cells.map((text) => Number(/[\d,]+/.exec(text)?.[0].replaceAll(',', '')));
    assert.deepEqual(numbers, values, row);
  }
}

test('the link that is copied gives the same numbers', async () => {
  const tab = await lab.open('?preset=breaking-news');
  await settled(tab.page);
  await tab.page.locator('#field-b\\.workers').fill('1');
  await tab.page.locator('#field-b\\.timeout').fill('7');
  await settled(tab.page);
  const here = await rows(tab.page);
  await tab.page.locator('#share').click();
  await tab.page.locator('#shared', { hasText: 'Copied.' }).waitFor();
  const link = await tab.page.evaluate(() => navigator.clipboard.readText());
  assert.equal(link, `${tab.url}?v=1&preset=breaking-news&seed=1&b=forAnyone,workers:1,maxqueue:100,timeout:7`);
  const numbers = await download(tab.page);
  await tab.close();

  const other = await lab.open(new URL(link).search);
  await settled(other.page);
  assert.deepEqual(await rows(other.page), here);
  assert.equal(await download(other.page), numbers);
  await other.close();
});

test('another seed has other numbers, and stands in the address', async () => {
  const tab = await lab.open('?preset=breaking-news');
  await settled(tab.page);
  const old = await rows(tab.page);
  await tab.page.locator('#group-chance summary').click();
  assert.equal(await tab.page.locator('#field-seed').inputValue(), '1');
  await tab.page.locator('#field-seed').fill('2');
  await settled(tab.page);
  assert.match(tab.page.url(), /&seed=2$/);
  assert.notDeepEqual(await rows(tab.page), old);
  await tab.page.locator('#new-seed').click();
  const seed = await tab.page.locator('#field-seed').inputValue();
  await settled(tab.page);
  assert.ok(tab.page.url().endsWith(`&seed=${seed}`));
  await tab.close();
});

test('an hour at 200 requests a second', async (context) => {
  const tab = await lab.open('?preset=quiet-day&hotReaders=100&readers=100&duration=3600');
  await settled(tab.page);
  const report = JSON.parse(await download(tab.page));
  const { requests } = report.a.totals;
  assert.ok(requests > 700_000 && requests < 740_000, `${requests}`);
  const said = await tab.page.locator('#state').innerText();
  context.diagnostic(said);
  assert.match(said, /^[\d,]+ requests, seed 1, played twice in [\d.]+ s\.$/);
  quiet(tab);
  await tab.close();
});
