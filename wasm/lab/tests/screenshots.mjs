/** Pictures of every preset, for a visual check: `node screenshots.mjs FOLDER`. */

import assert from 'node:assert/strict';
import { argv } from 'node:process';
import { Lab, quiet, settled } from './browser.mjs';

const WAYS = /** @type {const} */ ({
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  phone: { colorScheme: 'light', viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true },
});
const [folder] = argv.slice(2);
assert.ok(folder, 'usage: node screenshots.mjs FOLDER');

const lab = await Lab.start();
try {
  for (const [way, options] of Object.entries(WAYS)) {
    const tab = await lab.open('', options);
    for (const preset of ['quiet-day', 'breaking-news', 'bot-crawl', 'slow-parse', 'worker-crash']) {
      await tab.page.locator(`#preset-${preset}`).check();
      await settled(tab.page);
      await tab.page.screenshot({ path: `${folder}/${preset}-${way}.png`, fullPage: true, animations: 'disabled' });
    }
    quiet(tab);
    await tab.close();
  }
} finally {
  await lab.close();
}
console.log(`15 pictures in ${folder}`);
