/** The pictures of docs/lab: `node walkthrough.mjs FOLDER`. */

import assert from 'node:assert/strict';
import { argv } from 'node:process';
import { Lab, quiet } from './browser.mjs';

const NIGHT = new URL('../../../docs/lab/bad-night.rec', import.meta.url).pathname;
const [folder] = argv.slice(2);
assert.ok(folder, 'usage: node walkthrough.mjs FOLDER');

const lab = await Lab.start();
try {
  const tab = await lab.open('', { colorScheme: 'light', viewport: { width: 1120, height: 900 } });
  const { page } = tab;
  const picture = async (/** @type {string} */ name, /** @type {string} */ verdict) => {
    await page.locator('#replay-verdict', { hasText: verdict }).waitFor();
    await page.evaluate(() => window.scrollTo(0, 0));
    await page.screenshot({ path: `${folder}/${name}.png`, animations: 'disabled' });
  };
  await page.locator('#own').waitFor();
  await page.locator('#files').setInputFiles(NIGHT);
  await picture('1-as-it-was', 'as it was recorded');
  await page.locator('#new-maxqueue').fill('50');
  await picture('2-maxqueue', 'With maxqueue 50');
  await page.locator('#new-fastStale').selectOption('on');
  await picture('3-fast-stale', 'With maxqueue 50, fastStale');
  await page
    .locator('section', { has: page.locator('#replay-conf') })
    .last()
    .scrollIntoViewIfNeeded();
  await page
    .locator('section', { has: page.locator('#replay-conf') })
    .last()
    .screenshot({
      path: `${folder}/4-to-use-it.png`,
      animations: 'disabled',
    });
  quiet(tab);
  await tab.close();
} finally {
  await lab.close();
}
