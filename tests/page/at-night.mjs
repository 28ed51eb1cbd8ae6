/**
 * Looks at the page of a daemon while a key is waited for, and says what it shows: `node at-night.mjs URL GRANTED FOLDER`.
 *
 * GRANTED is when the first key was granted, in milliseconds since 1970: waits until the page shows this age, to a second. Pictures go into the folder.
 */

import assert from 'node:assert/strict';
import { argv } from 'node:process';
import { Browser, PHONE, quiet, row, rows, showsAge } from './support/browser.mjs';

const WAYS = /** @type {const} */ ({
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  phone: { ...PHONE, colorScheme: 'light' },
  readme: { colorScheme: 'light', viewport: { width: 1100, height: 640 } },
});
const [url, granted, folder] = argv.slice(2);
assert.ok(folder, 'usage: node at-night.mjs URL GRANTED FOLDER');

const browser = await Browser.start();
try {
  const shown = {};
  for (const [way, options] of Object.entries(WAYS)) {
    const tab = await browser.open({ url }, '', options);
    const { page } = tab;
    await row(page, 'groups', 0);
    await showsAge(page, '#hot tbody tr:nth-child(1) td:nth-child(4)', Number(granted));
    const [[key, waiting, holder]] = await rows(page, 'hot');
    await page.screenshot({ path: `${folder}/at-night-${way}.png`, animations: 'disabled' });
    const verdict = await page.locator('#verdict').textContent();
    await page.locator('#hot tbody button').first().click();
    await row(page, 'claims', 0, holder);
    await page.screenshot({ path: `${folder}/at-night-${way}-key.png`, fullPage: true, animations: 'disabled' });
    const claims = (await rows(page, 'claims')).length;
    const full = await page.locator('#full-key').textContent();
    Object.assign(shown, { key: full, short: key, waiting, holder, verdict, claims });
    quiet(tab);
    await tab.close();
  }
  console.log(JSON.stringify(shown));
} finally {
  await browser.close();
}
