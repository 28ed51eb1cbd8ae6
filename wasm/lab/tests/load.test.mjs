/** The page loads, from any web server, and shows each preset. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { duration, rough } from '../page/js/numbers.js';
import { Lab, download, quiet, rows, settled } from './browser.mjs';

/** @type {Lab} */
let lab;
before(async () => {
  lab = await Lab.start();
});
after(() => lab.close());

const PRESETS = ['quiet-day', 'breaking-news', 'bot-crawl', 'slow-parse', 'worker-crash'];

/**
 * @param {import('playwright-core').Page} page
 * @returns {Promise<number[]>} of each chart of results, how many pixels are drawn in the colour of each setting
 */
function drawn(page) {
  return page.$$eval('#charts canvas', (canvases) => {
    const style = getComputedStyle(document.documentElement);
    return canvases.flatMap((canvas) => {
      const { width, height } = /** @type {HTMLCanvasElement} */ (canvas);
      const context = /** @type {HTMLCanvasElement} */ (canvas).getContext('2d');
      const pixels = context?.getImageData(0, 0, width, height).data ?? [];
      return ['--a', '--b'].map((name) => {
        const hex = style.getPropertyValue(name).trim();
        const [red, green, blue] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
        let count = 0;
        for (let at = 0; at < pixels.length; at += 4) {
          count += Number(pixels[at] === red && pixels[at + 1] === green && pixels[at + 2] === blue);
        }
        return count;
      });
    });
  });
}

for (const preset of PRESETS) {
  test(`shows ${preset}`, async () => {
    const tab = await lab.open(`?preset=${preset}`);
    await settled(tab.page);
    assert.ok(await tab.page.locator(`#preset-${preset}`).isChecked());
    assert.match(await tab.page.locator('#verdict').innerText(), /^With.*\.$/);
    const shown = (await rows(tab.page)).join('\n');
    const wanted = ['Fresh', 'Stale', 'Errors', 'p50', 'p95', 'p99', 'Longest queue', 'Parses done', 'CPU seconds'];
    assert.deepEqual(
      wanted.filter((label) => !shown.includes(label)),
      [],
    );
    assert.equal((await drawn(tab.page)).length, 16);
    quiet(tab);
    await tab.close();
  });
}

test('the charts show both settings', async () => {
  const tab = await lab.open('?preset=breaking-news');
  await settled(tab.page);
  await tab.page.waitForFunction(() => document.querySelectorAll('#charts canvas').length === 8);
  const counts = await drawn(tab.page);
  assert.deepEqual(
    counts.filter((count) => count < 20),
    [],
    `${counts}`,
  );
  await tab.close();
});

test('old copies and waits have a chart, and its table', async () => {
  const tab = await lab.open('?preset=slow-parse');
  const { page } = tab;
  await settled(page);
  const { b } = JSON.parse(await download(page));
  await page.locator('#outcome summary', { hasText: 'The charts as a table' }).click();
  const row = async (/** @type {string} */ title) =>
    (await page.locator('#peaks tr', { hasText: title }).innerText()).split('\t');
  assert.equal((await row('Old copies a second'))[5], rough(Math.max(...b.series.stale)));
  assert.equal((await row('Wait, p95'))[5], duration(Math.max(...b.series.waitP95)));
  for (const title of ['Old copies a second', 'Wait, p95']) {
    const chart = page.getByRole('img', {
      name: new RegExp(`^${title} over time\\. A: .*; B: .* at most at [\\d:]+\\.$`),
    });
    assert.equal(await chart.count(), 1, title);
  }
  quiet(tab);
  await tab.close();
});

test('the peaks of the charts are the figures of the table', async () => {
  const tab = await lab.open('?preset=breaking-news');
  const { page } = tab;
  await settled(page);
  for (const [label, title] of [
    ['Longest queue', 'Readers waiting in the pool'],
    ['Longest backlog', 'Waiting for a web worker'],
  ]) {
    const cells = await page.locator('#comparison tr', { hasText: label }).locator('td').allTextContents();
    const figures = cells.map((text) => /\d[\d,]*\d|\d/.exec(text)?.[0]);
    const chart = page.locator('.chart', { has: page.getByText(title, { exact: true }) });
    assert.equal(await chart.locator('.values').innerText(), `peak A ${figures[0]} B ${figures[1]}`, label);
  }
  assert.match(await page.locator('#comparison tr', { hasText: 'Longest queue' }).innerText(), /of all pages/);
  const busy = page.locator('.chart', { has: page.getByText('CPU busy', { exact: true }) });
  assert.match(await busy.locator('.values').innerText(), /^highest average A /);
  await tab.close();
});

test('the README shows what the page says', async () => {
  const tab = await lab.open();
  await settled(tab.page);
  const words = (/** @type {string} */ text) => text.replaceAll('>', '').split(/\s+/).join(' ');
  const readme = words(readFileSync(new URL('../README.md', import.meta.url), 'utf8'));
  const verdict = words(await tab.page.locator('#verdict').innerText());
  assert.ok(readme.includes(verdict), verdict);
  await tab.close();
});

test('the policy of the page lets nothing else in or out', async () => {
  const { page, close } = await lab.open();
  const broken = page.evaluate(
    () =>
      new Promise((resolve) => {
        /** @type {string[]} */
        const directives = [];
        document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => {
          directives.push(effectiveDirective);
          if (directives.length === 3) {
            resolve(directives.sort());
          }
        });
        document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.foreign = 1' }));
        document.body.append(Object.assign(document.createElement('img'), { src: 'http://127.0.0.1:9/x.png' }));
        fetch('http://127.0.0.1:9/').catch(() => {});
      }),
  );
  assert.deepEqual(await broken, ['connect-src', 'img-src', 'script-src-elem']);
  assert.equal(await page.evaluate(() => 'foreign' in window), false);
  await close();
});

test('the better value is marked, and not by its colour alone', async () => {
  const tab = await lab.open('?preset=breaking-news');
  await settled(tab.page);
  const parses = tab.page.locator('#comparison tr', { hasText: 'Parses done' });
  assert.match(String(await parses.locator('td').nth(1).textContent()), /^✓[\d,]+, better$/);
  assert.match(String(await parses.locator('td').nth(0).textContent()), /^[\d,]+$/);
  await tab.close();
});

test('shorter waits are marked only where the errors are as many', async () => {
  // Errors without a pool alone; then none at all, on very many cores.
  for (const [query, ticks] of /** @type {const} */ ([
    ['?preset=breaking-news', false],
    ['?preset=breaking-news&cores=1024&webWorkers=10000', true],
  ])) {
    const tab = await lab.open(query);
    await settled(tab.page);
    const waits = tab.page.locator('#comparison tr', { hasText: 'wait no longer' });
    assert.equal(await waits.count(), 3);
    assert.equal((await waits.locator('.tick').count()) > 0, ticks, query);
    await tab.close();
  }
});

test('the cursor moves through all charts at once', async () => {
  const tab = await lab.open('?preset=breaking-news');
  await settled(tab.page);
  const values = () => tab.page.locator('#charts .values').allInnerTexts();
  const peaks = await values();
  await tab.page.locator('#charts .u-over').first().hover();
  const hovered = await values();
  assert.deepEqual(
    hovered.filter((text, index) => text === peaks[index]),
    [],
  );
  const at = await tab.page.locator('#moment-text').innerText();
  await tab.page.locator('#moment').focus();
  await tab.page.keyboard.press('ArrowRight');
  assert.notEqual(await tab.page.locator('#moment-text').innerText(), at);
  assert.match(
    String(await tab.page.locator('#moment').getAttribute('aria-valuetext')),
    /Parses running: A [\d.,]+, B/,
  );
  quiet(tab);
  await tab.close();
});

test('works below a path, from a server that does not know the type of WebAssembly', async () => {
  const odd = await Lab.start({
    below: '/tools/lab/',
    types: new Map([
      ['.html', 'text/html'],
      ['.js', 'text/javascript'],
      ['.css', 'text/css'],
      ['.svg', 'image/svg+xml'],
    ]),
  });
  try {
    const tab = await odd.open('?preset=slow-parse');
    await settled(tab.page);
    const here = await rows(tab.page);
    quiet(tab);
    const usual = await lab.open('?preset=slow-parse');
    await settled(usual.page);
    assert.deepEqual(here, await rows(usual.page));
    await usual.close();
  } finally {
    await odd.close();
  }
});

test('says so where it cannot start', async () => {
  const tab = await lab.open('', { javaScriptEnabled: false });
  assert.match(await tab.page.locator('#starting').innerText(), /needs JavaScript/);
  await tab.close();
});
