/** Accessibility: keyboard, screen reader, dark mode, phone, reduced motion. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Lab, quiet, settled, violations, violationsOutOfDate } from './browser.mjs';

const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };

/** @type {Lab} */
let lab;
before(async () => {
  lab = await Lab.start();
});
after(() => lab.close());

/** @typedef {import('playwright-core').Page} Page */

for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
  test(`axe finds nothing, ${colorScheme}`, async () => {
    const { page, close } = await lab.open('?preset=worker-crash&b=forAnyone,workers:0', { colorScheme });
    await page.locator('#state', { hasText: 'One field' }).waitFor();
    assert.deepEqual(await violations(page), []);
    await page.locator('#preset-worker-crash').check();
    await page.locator('#field-b\\.workers').fill('3');
    await settled(page);
    await page.$$eval('details', (all) => all.forEach((details) => details.setAttribute('open', '')));
    assert.deepEqual(await violations(page), []);
    await page.locator('#field-b\\.workers').fill('0');
    await page.locator('#state', { hasText: 'One field' }).waitFor();
    assert.deepEqual(await violationsOutOfDate(page), []);
    await close();
  });
}

test('axe finds nothing on a phone', async () => {
  const { page, close } = await lab.open('?preset=breaking-news', PHONE);
  await settled(page);
  assert.deepEqual(await violations(page), []);
  await close();
});

test('a screen reader finds landmarks, names and what the charts show', async () => {
  const { page, close } = await lab.open('?preset=breaking-news');
  await settled(page);
  for (const role of /** @type {const} */ (['banner', 'main', 'form', 'contentinfo'])) {
    assert.equal(await page.getByRole(role).count(), 1, role);
  }
  assert.equal(await page.getByRole('region', { name: 'Results' }).count(), 1);
  assert.equal(await page.getByRole('group', { name: 'Scenario' }).count(), 1);
  assert.equal(await page.getByRole('spinbutton', { name: 'workers B' }).count(), 1);
  assert.equal(
    await page
      .getByRole('status')
      .filter({ hasText: /^Without a pool/ })
      .count(),
    1,
  );
  const chart = page.getByRole('img', { name: /^CPU busy over time\. A: .* on average, .* at most at [\d:]+; B: / });
  assert.equal(await chart.count(), 1);
  await page
    .locator('details', { has: page.locator('#peaks') })
    .locator('summary')
    .click();
  assert.equal(await page.locator('#peaks tbody tr').count(), 8);
  await close();
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

test('the keyboard reaches everything in order, sees where it is, and is not caught', async () => {
  const tab = await lab.open('?preset=breaking-news');
  const { page } = tab;
  await settled(page);
  const walked = [];
  for (let name = 'start'; name !== '' && walked.length < 200;) {
    await page.keyboard.press('Tab');
    name = await focused(page);
    walked.push(name);
  }
  assert.equal(walked.pop(), '', 'it leaves the page at the end');
  assert.deepEqual(
    walked.filter((name) => name.endsWith(' unseen')),
    [],
  );
  const wanted = ['Skip to the results', 'preset-breaking-news', 'field-a.mode', 'field-b.mode', 'field-b.workers'];
  wanted.push('field-hotReaders', 'field-parseCpu', 'run', 'share', 'download', 'moment', 'client', 'copy-a', 'copy-b');
  assert.deepEqual(
    walked.filter((name) => wanted.includes(name)),
    wanted,
  );
  quiet(tab);
  await tab.close();
});

test('the keyboard alone changes, runs and compares', async () => {
  const { page, close } = await lab.open('?preset=breaking-news');
  await settled(page);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  assert.equal(await focused(page), 'results');
  await page.locator('#preset-breaking-news').focus();
  await page.keyboard.press('ArrowDown');
  await settled(page);
  assert.match(page.url(), /preset=bot-crawl/);
  await page.locator('#field-b\\.workers').focus();
  await page.keyboard.press('ArrowUp');
  await settled(page);
  assert.match(page.url(), /&b=forMe,workers:3/);
  await page.locator('#run').focus();
  await page.keyboard.press('Enter');
  await settled(page);
  assert.equal(await focused(page), 'run');
  await close();
});

/**
 * @param {Page} page
 * @returns {Promise<string>} the first chart as a picture
 */
function picture(page) {
  return page.$eval('#charts canvas', (canvas) => /** @type {HTMLCanvasElement} */ (canvas).toDataURL());
}

test('the charts follow the scheme of colours', async () => {
  const { page, close } = await lab.open('?preset=breaking-news', { colorScheme: 'light' });
  await settled(page);
  const [light, text] = [await picture(page), await page.evaluate(() => getComputedStyle(document.body).color)];
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.waitForFunction(
    (old) => /** @type {HTMLCanvasElement} */ (document.querySelector('#charts canvas')).toDataURL() !== old,
    light,
  );
  assert.notEqual(await page.evaluate(() => getComputedStyle(document.body).color), text);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.waitForFunction(
    (old) => /** @type {HTMLCanvasElement} */ (document.querySelector('#charts canvas')).toDataURL() === old,
    light,
  );
  await close();
});

for (const width of [320, 360, 400]) {
  test(`nothing is wider than a phone of ${width} pixels`, async () => {
    const tab = await lab.open('?preset=breaking-news', { ...PHONE, viewport: { width, height: 740 } });
    const { page } = tab;
    for (const preset of ['quiet-day', 'breaking-news', 'bot-crawl', 'slow-parse', 'worker-crash']) {
      await page.locator(`#preset-${preset}`).check();
      await settled(page);
      await page.$$eval('details', (all) => all.forEach((details) => details.setAttribute('open', '')));
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, preset);
    }
    quiet(tab);
    await tab.close();
  });

  test(`on a phone of ${width} pixels, what a choice changes is in sight`, async () => {
    const tab = await lab.open('?preset=breaking-news', { ...PHONE, viewport: { width, height: 640 } });
    const { page } = tab;
    await settled(page);
    for (const field of ['field-b\\.workers', 'field-b\\.timeout']) {
      const old = await page.locator('#verdict').innerText();
      await page.locator(`#${field}`).scrollIntoViewIfNeeded();
      await page.locator(`#${field}`).fill('1');
      await settled(page);
      assert.notEqual(await page.locator('#verdict').innerText(), old);
      const seen = await page.evaluate((selector) => {
        const box = (/** @type {string} */ of) => document.querySelector(of)?.getBoundingClientRect();
        const [said, control] = [box('#verdict'), box(selector)];
        return said && control && { top: said.top, bottom: said.bottom, control: control.top, end: control.bottom };
      }, `#${field}`);
      assert.ok(seen && seen.top >= 0 && seen.bottom < 640, JSON.stringify(seen));
      assert.ok(seen.control >= seen.bottom && seen.end <= 640, `the field is in sight, too: ${JSON.stringify(seen)}`);
    }
    quiet(tab);
    await tab.close();
  });
}

test('charts become as narrow and as wide as the page', async () => {
  const { page, close } = await lab.open('?preset=breaking-news');
  await settled(page);
  for (const width of [360, 1280, 700]) {
    await page.setViewportSize({ width, height: 800 });
    await page.waitForFunction(() =>
      [...document.querySelectorAll('#charts .picture')].every((place) => {
        const chart = place.querySelector('.uplot');
        return chart && Math.abs(chart.clientWidth - place.clientWidth) <= 1;
      }),
    );
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
  }
  await close();
});

test('nothing moves for who wants no motion', async () => {
  const moves = (/** @type {Page} */ page) =>
    page.$eval('#verdict', (verdict) => getComputedStyle(verdict).transitionDuration);
  const usual = await lab.open('', { reducedMotion: 'no-preference' });
  assert.equal(await moves(usual.page), '0.2s');
  await usual.close();
  const still = await lab.open('', { reducedMotion: 'reduce' });
  assert.equal(await moves(still.page), '0s');
  await still.close();
});
