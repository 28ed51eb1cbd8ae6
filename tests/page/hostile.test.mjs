/** A key is bytes from a client. Whatever they are, the page shows them as text. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser, quiet, row, rows } from './support/browser.mjs';
import { crowd, Daemon } from './support/daemon.mjs';

/** @type {[string, string | Buffer, string][]} what it is, the key, its text form */
const KEYS = [
  ['an element', '<img/src=x/onerror=alert(1)>', '%3Cimg/src=x/onerror=alert(1)%3E'],
  ['a script', '<script>alert(1)</script>', '%3Cscript%3Ealert(1)%3C/script%3E'],
  ['quotes', `'"><b>`, `'%22%3E%3Cb%3E`],
  ['an entity', '&lt;b&gt;', '%26lt;b%26gt;'],
  ['an escape', '%3Cb%3E%', '%253Cb%253E%25'],
  ['a way up', '../../v1/status?a=b#c', '../../v1/status?a=b#c'],
  ['dots alone', '..', '..'],
  ['no UTF-8', Buffer.from([0xff, 0xc3, 0x28, 0x80]), '%FF%C3(%80'],
  ['right to left', Buffer.from('a\u202eb'), 'a%E2%80%AEb'],
  ['control bytes', Buffer.from([1, 9, 27, 127]), '%01%09%1B%7F'],
  ['a name of JavaScript', '__proto__', '__proto__'],
  ['a thousand bytes', 'x'.repeat(1000), 'x'.repeat(1000)],
  ['a thousand escapes', Buffer.alloc(1000, 0xfe), '%FE'.repeat(1000)],
];

/** @type {Browser} */
let browser;
before(async () => {
  browser = await Browser.start();
});
after(() => browser.close());

test('hostile keys are text, and their detail can be opened', async (t) => {
  const daemon = await Daemon.start(t);
  for (const [, key] of KEYS) {
    await crowd(daemon, key, 1);
  }
  const tab = await browser.open(daemon);
  await row(tab.page, 'hot', KEYS.length - 1);
  const elements = await tab.page.$$eval('#hot tbody *', (all) => all.map(({ tagName }) => tagName));
  assert.deepEqual(new Set(elements), new Set(['TR', 'TH', 'TD', 'BUTTON']));
  for (const [what, , text] of KEYS) {
    await t.test(what, async () => {
      const shown = (await rows(tab.page, 'hot')).map(([name]) => name);
      const number = shown.findIndex((name) => isShort(name, text));
      assert.notEqual(number, -1, `${shown} has ${text}`);
      await tab.page.locator('#hot tbody button').nth(number).click();
      await row(tab.page, 'claims', 1);
      await tab.page.waitForFunction((wanted) => document.querySelector('#full-key')?.textContent === wanted, text);
      assert.match(
        (await tab.page.locator('#detail-state').textContent()) ?? '',
        /^1 client holds it, 1 waits for it\./,
      );
      assert.equal(await tab.page.locator('#full-key *').count(), 0);
      assert.equal(await tab.page.evaluate(() => document.documentElement.scrollWidth), 1280);
    });
  }
  quiet(tab);
  await tab.close();
});

test('even answers that are hostile throughout are text', async (t) => {
  const daemon = await Daemon.start(t);
  await crowd(daemon, 'hot', 1);
  const tab = await browser.open(daemon, '#key=hot');
  const { page } = tab;
  await row(page, 'claims', 1);
  await row(page, 'groups', 0);
  const hostile = '<img src="x" onerror="alert(1)"><b>&lt;';
  const kept = new Set(['sort', 'window', 'mode', 'now', 'started', 'end', 'last', 'state']);
  await page.route('**/v1/**', async (route) => {
    const answer = await route.fetch();
    const spoilt = JSON.stringify(await answer.json(), (name, value) =>
      (typeof value === 'string' || (value === null && ['user', 'last_error', 'not_ready'].includes(name))) &&
      !kept.has(name)
        ? hostile
        : value,
    );
    await route.fulfill({ status: 200, contentType: 'application/json', body: spoilt });
  });
  for (const place of [
    '#hot tbody th',
    '#hot tbody td.wide',
    '#claims tbody th',
    '#detail-state',
    '#verdict',
    '#host',
    '#groups th',
  ]) {
    await page.locator(place, { hasText: '<img' }).first().waitFor();
  }
  await page.locator('#groups tbody button').first().click();
  await page.locator('#history-of', { hasText: hostile }).waitFor();
  assert.equal(await page.locator('img, b').count(), 0);
  quiet(tab);
  await tab.close();
});

/**
 * @param {string} shown
 * @param {string} text
 * @returns {boolean} whether it is the whole text, or the text without its middle
 */
function isShort(shown, text) {
  const [begin, end] = shown.split('…');
  return end === undefined
    ? shown === text
    : text.startsWith(begin) && text.endsWith(end) && text.length > shown.length;
}

test('a key is cut in its middle, and not within an escape', async (t) => {
  const daemon = await Daemon.start(t);
  const tab = await browser.open(daemon);
  const cut = await tab.page.evaluate(async () => {
    const { shorten } = await import(new URL('page/js/text.js', location.href).href);
    /** @type {string[]} */
    const wrong = [];
    for (const text of ['%FE'.repeat(40), `a${'%FE'.repeat(40)}`, `ab${'%FE'.repeat(40)}cd`, 'abcdefghi'.repeat(9)]) {
      for (let most = 7; most < 130; most += 1) {
        const short = shorten(text, most);
        const parts = short.split('…');
        const whole = parts.every((/** @type {string} */ part) => /^(%[0-9A-F]{2}|[a-z])*$/.test(part));
        const right = short === text ? text.length <= most : parts.length === 2 && short.length <= most;
        if (!whole || !right || !text.startsWith(parts[0]) || !text.endsWith(parts.at(-1))) {
          wrong.push(`${most}: ${short}`);
        }
      }
    }
    return wrong;
  });
  assert.deepEqual(cut, []);
  await tab.close();
});
