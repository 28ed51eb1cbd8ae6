/** Recordings of a real daemon on the page. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import process from 'node:process';
import { after, before, test } from 'node:test';
import {
  DEADLINE_MS,
  Lab,
  collect,
  countMessages,
  quiet,
  settled,
  violations,
  violationsOutOfDate,
} from './browser.mjs';
import { Daemon } from './daemon.mjs';

const SIM = process.env.POOLCOUNTER_SIM ?? 'poolcounter-sim';
const PAGE = 'enwiki:pcache:idhash:7-0!canonical:revid';
const WORK_MS = 300;
/** The pause in typing after which the page replays. */
const PAUSE_MS = 350;

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('../page/js/recordings/types.js').ReplayReport} ReplayReport */

/** @type {Lab} */
let lab;
/** @type {Daemon} */
let daemon;
/** A stampede: 30 readers of a page, for which workers and maxqueue have no room; and one of another group. */
let recording = '';
let anonymous = '';
before(async () => {
  lab = await Lab.start();
  daemon = await Daemon.start();
  recording = await daemon.record('pool1.rec', stampede);
  anonymous = await daemon.record('anonymous.rec', stampede, ['--anonymous']);
});
after(async () => {
  await lab?.close();
  await daemon?.stop();
});

/** @param {string | Buffer} line */
async function reader(line) {
  const client = await daemon.client();
  if ((await client.ask(line)) === 'LOCKED') {
    await new Promise((resolve) => {
      setTimeout(resolve, WORK_MS);
    });
    await client.ask('RELEASE');
  }
  client.leave();
}

async function stampede() {
  const first = reader(`ACQ4ANY ${PAGE}:1 1 10 15`);
  const readers = Array.from({ length: 29 }, () => reader(`ACQ4ANY ${PAGE}:1 1 10 15`));
  await Promise.all([first, ...readers, reader('ACQ4ME enwiki:ApiParse:u:7 2 10 5')]);
}

/**
 * Waits until the results of the form are shown.
 *
 * @param {Page} page
 */
async function replayed(page) {
  await page.waitForFunction(
    () => {
      const shown = document.querySelector('#replay-results')?.getAttribute('data-plan') ?? '';
      const state = document.querySelector('#replay-state')?.textContent ?? '';
      const wanted = /** @type {any} */ (history.state)?.recordings?.texts;
      const outdated = document.querySelector('#replay-results')?.classList.contains('outdated');
      const busy = document.querySelector('#replay-outcome')?.getAttribute('aria-busy') === 'true';
      return (
        !outdated && !busy && wanted && shown.startsWith(`${wanted.group} `) && / replayed with A and B in /.test(state)
      );
    },
    undefined,
    { timeout: DEADLINE_MS },
  );
}

/**
 * Sets a field, and waits for its results.
 *
 * @param {Page} page
 * @param {string} field
 * @param {string} value
 */
async function set(page, field, value) {
  const old = await page.locator('#replay-results').getAttribute('data-plan');
  await page.locator(`#${field}`).fill(value);
  await page.waitForFunction(
    (shown) => document.querySelector('#replay-results')?.getAttribute('data-plan') !== shown,
    old,
  );
  await replayed(page);
}

/**
 * @param {Page} page
 * @param {string} label
 * @returns {Promise<string[]>} what was recorded, A and B
 */
async function row(page, label) {
  const rows = await page.locator('#replay-comparison tr').allInnerTexts();
  const found = rows.find((text) => text.startsWith(label)) ?? '';
  return found.split('\t').slice(1);
}

/**
 * @param {string[]} words
 * @returns {string} what the command prints
 */
function native(...words) {
  return execFileSync(SIM, ['replay', ...words, '--json'], { encoding: 'utf8', maxBuffer: 1e8, stdio: 'pipe' });
}

/**
 * @param {Page} page
 * @returns {Promise<string>} the numbers as JSON
 */
function numbers(page) {
  return collect(page, '#replay-download');
}

test('a stampede is replayed with another setting, with the numbers of the command line', async () => {
  const tab = await lab.open();
  const { page } = tab;
  await settled(page);
  /** @type {string[]} */
  const sent = [];
  page.on('request', (request) => sent.push(`${request.method()} ${request.url()}`));
  await page.locator('#files').setInputFiles(recording);
  await replayed(page);
  assert.ok(await page.locator('#lab').isHidden());
  assert.match(await page.locator('#group').innerText(), /^pcache \(ArticleView\): 30 requests\nApiParse /);
  assert.equal(await page.locator('#recorded-maxqueue').innerText(), '10');
  assert.equal(await numbers(page), native(recording));
  // One works, nine wait, twenty are refused; the model does the same.
  for (const label of ['QUEUE_FULL', 'DONE']) {
    const [seen, a, b] = await row(page, label);
    const wanted = label === 'DONE' ? '9' : '20 (67\u00a0%)';
    assert.deepEqual([seen, a, b], [wanted, wanted, wanted], label);
  }
  assert.match(await page.locator('#trust').innerText(), /is near to the recording/);
  assert.match(await page.locator('#replay-verdict').innerText(), /^pcache as it was recorded/);

  await set(page, 'new-maxqueue', '50');
  const setting = 'pcache: maxqueue 50';
  assert.equal(await numbers(page), native(recording, '--set', setting));
  assert.deepEqual(
    await row(page, 'DONE'),
    ['9', '9', '✓29'].map((text) => text.replace('✓', '')),
  );
  assert.match((await row(page, 'QUEUE_FULL'))[2], /^✓0 \(0\u00a0%\)\s*, better$/);
  assert.match(await page.locator('#replay-verdict').innerText(), /^With maxqueue 50, in pcache no reader is refused/);
  assert.equal(await page.locator('#command').innerText(), `poolcounter-sim replay pool1.rec --set '${setting}'`);
  const conf = page.locator('#replay-conf');
  assert.match(await conf.innerText(), /'servers'[^]*'ArticleView'[^]*'PoolCounterNative'[^]*'maxqueue' => 50,/);
  await page.locator('#replay-client').selectOption('mediaWiki');
  assert.match(await conf.innerText(), /'servers'[^]*'ArticleView'[^]*'PoolCounter_Client'[^]*'maxqueue' => 50,/);
  assert.match(await page.locator('#keys').innerText(), /enwiki:pcache:idhash:7-0!canonical:revid:1\t.*20 → 0/);
  assert.equal(await page.locator('#replay-charts canvas').count(), 8);

  // The other group has settings of its own, and they are played together.
  await page.locator('#group').selectOption('ApiParse');
  await replayed(page);
  assert.equal(await page.locator('#new-maxqueue').inputValue(), '');
  await set(page, 'new-workers', '1');
  assert.match(
    await page.locator('#replay-verdict').innerText(),
    /^With workers 1, in ApiParse work is done once \(1 before\)\.$/,
  );
  await set(page, 'replay-seed', '7');
  const both = ['--set', setting, '--set', 'ApiParse: workers 1', '--seed', '7'];
  // The order of the changes is that of the groups on the page.
  assert.equal(await numbers(page), native(recording, ...both));
  assert.deepEqual(
    sent.filter((line) => !/^GET \S+\.(js|svg|wasm)$|^GET blob:/.test(line)),
    [],
    'nothing is sent',
  );
  quiet(tab);
  await tab.close();
});

test('files are dropped on the page, several at once, and packed with zstd', async () => {
  const packed = join(daemon.folder, 'pool1.rec.zst');
  execFileSync('zstd', ['-q', '-19', recording, '-o', packed]);
  const tab = await lab.open();
  const { page } = tab;
  await settled(page);
  const files = [packed, anonymous].map((file) => ({
    name: basename(file),
    base64: readFileSync(file).toString('base64'),
  }));
  const data = await page.evaluateHandle((given) => {
    const transfer = new DataTransfer();
    for (const { name, base64 } of given) {
      transfer.items.add(new File([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], name));
    }
    return transfer;
  }, files);
  await page.dispatchEvent('body', 'dragover', { dataTransfer: data });
  await page.dispatchEvent('body', 'drop', { dataTransfer: data });
  await replayed(page);
  assert.equal(await numbers(page), native(packed, anonymous));
  assert.equal(await numbers(page), native(recording, anonymous));
  assert.match(await page.locator('#group').innerText(), /^pcache \(ArticleView\): 60 requests/);
  quiet(tab);
  await tab.close();
});

test('slots cannot be tried on an anonymous recording, and the page says so', async () => {
  const { page, close } = await lab.open();
  await settled(page);
  await page.locator('#files').setInputFiles(recording);
  await replayed(page);
  assert.ok(await page.locator('#new-slots').isEnabled());
  assert.ok(await page.locator('#slots-why').isHidden());
  await page.locator('#files').setInputFiles(anonymous);
  await page.locator('#slots-why').waitFor();
  await replayed(page);
  assert.ok(await page.locator('#new-slots').isDisabled());
  assert.match(await page.locator('#slots-why').innerText(), /anonymous/);
  await close();
});

test('who does not wait is counted, slots stay, and no pool is no other setting', async () => {
  const key = 'FileRenderExpensive:5';
  const file = await daemon.record('slots.rec', async () => {
    const [first, second] = [reader(`ACQ4ME ${key} 1 30 0`), reader(`ACQ4ME ${key} 1 30 0`)];
    await Promise.all([first, second]);
  });
  const tab = await lab.open();
  const { page } = tab;
  await settled(page);
  await page.locator('#files').setInputFiles(file);
  await replayed(page);
  assert.deepEqual(await row(page, 'TIMEOUT at once'), ['1', '1', '1']);
  await set(page, 'new-workers', '2');
  assert.match(await page.locator('#replay-verdict').innerText(), /no reader is turned away at once \(1 before\)/);
  assert.match(await page.locator('#trust').innerText(), /so B can be trusted, except for this:$/);
  const conf = await page.locator('#replay-conf').innerText();
  assert.match(conf, /If this pool has 'slots', keep them/);
  assert.match(conf, /'maxqueue' => 30/);
  const old = await page.locator('#replay-results').getAttribute('data-plan');
  await page.locator('#new-pool').selectOption('none');
  await page.waitForFunction(
    (shown) => document.querySelector('#replay-results')?.getAttribute('data-plan') !== shown,
    old,
  );
  await replayed(page);
  assert.equal(await numbers(page), native(file, '--set', 'FileRenderExpensive: none'));
  quiet(tab);
  await tab.close();
});

test('what is no recording is named, and what was shown stays', async () => {
  const tab = await lab.open();
  const { page } = tab;
  await settled(page);
  const bytes = readFileSync(recording);
  const damaged = join(daemon.folder, 'damaged.rec');
  writeFileSync(damaged, Buffer.from(bytes.map((byte, at) => (at === bytes.length >> 1 ? byte ^ 0x55 : byte))));
  const text = join(daemon.folder, 'notes.txt');
  writeFileSync(text, 'no recording');
  const cut = join(daemon.folder, 'cut.rec.zst');
  execFileSync('zstd', ['-q', recording, '-o', `${cut}.whole`]);
  writeFileSync(cut, readFileSync(`${cut}.whole`).subarray(0, -20));
  for (const file of [text, damaged, cut]) {
    await page.locator('#files').setInputFiles(file);
    await page.locator('#own-fault', { hasText: basename(file) }).waitFor();
    assert.ok(await page.locator('#lab').isVisible());
  }
  await page.locator('#files').setInputFiles(recording);
  await replayed(page);
  assert.ok(await page.locator('#own-fault').isHidden());
  await page.locator('#new-workers').fill('0');
  await page.locator('#replay-state', { hasText: 'One field needs another value.' }).waitFor();
  assert.match(await page.locator('#fault-new-workers').innerText(), /must be from 1 to 100000, not 0/);
  await set(page, 'new-workers', '2');
  assert.equal(await page.locator('#replay [aria-invalid]').count(), 0);
  quiet(tab);
  await tab.close();
});

test('Back undoes a new setting, then leaves the recordings', async () => {
  const { page, close } = await lab.open();
  await settled(page);
  await page.locator('#files').setInputFiles(recording);
  await replayed(page);
  const first = await numbers(page);
  await set(page, 'new-maxqueue', '50');
  const second = await numbers(page);
  assert.notEqual(second, first);
  await page.goBack();
  await page.waitForFunction(
    () => /** @type {HTMLInputElement} */ (document.querySelector('#new-maxqueue')).value === '',
  );
  await replayed(page);
  assert.equal(await numbers(page), first);
  await page.goBack();
  await settled(page);
  assert.ok(await page.locator('#replay').isHidden());
  await page.goForward();
  await page.goForward();
  await replayed(page);
  assert.equal(await numbers(page), second);
  await page.locator('#leave').click();
  await settled(page);
  assert.ok(await page.locator('#lab').isVisible());
  await close();
});

test('what changes nothing is no step of Back', async () => {
  const { page, close } = await lab.open();
  await settled(page);
  await page.locator('#files').setInputFiles(recording);
  await replayed(page);
  const steps = await page.evaluate(() => history.length);
  /** Sets values in one go, without a pause between them. */
  const change = (/** @type {string} */ field, /** @type {string[]} */ values) =>
    page.locator(`#${field}`).evaluate((control, all) => {
      for (const value of all) {
        /** @type {HTMLInputElement} */ (control).value = value;
        control.dispatchEvent(new window.Event('input', { bubbles: true }));
      }
    }, values);
  for (const [field, ...values] of [
    ['new-maxqueue', '50', ''],
    ['new-fastStale', 'on', ''],
    ['group', 'ApiParse', 'pcache'],
    ['replay-seed', '7', '1'],
    ['replay-cores', '0', ''],
  ]) {
    await change(field, values);
    await replayed(page);
    assert.equal(await page.evaluate(() => history.length), steps, field);
  }
  // The same file once more.
  await page.locator('#replay-results').evaluate((results) => {
    delete results.dataset.plan;
  });
  await page.locator('#files').setInputFiles(recording);
  await page.waitForFunction(() => document.querySelector('#replay-results')?.hasAttribute('data-plan'));
  await replayed(page);
  assert.equal(await page.evaluate(() => history.length), steps);
  await page.goBack();
  await settled(page);
  assert.ok(await page.locator('#lab').isVisible());
  await close();
});

test('Back returns to the recordings before, with their settings', async () => {
  const { page, close } = await lab.open();
  await settled(page);
  await page.locator('#files').setInputFiles(recording);
  await replayed(page);
  await set(page, 'new-maxqueue', '50');
  const first = await numbers(page);
  await page.locator('#files').setInputFiles(anonymous);
  await page.locator('#slots-why').waitFor();
  await replayed(page);
  await page.goBack();
  await page.locator('#slots-why').waitFor({ state: 'hidden' });
  await replayed(page);
  assert.equal(await page.locator('#new-maxqueue').inputValue(), '50');
  assert.match(await page.locator('#command').innerText(), /pool1\.rec --set/);
  assert.equal(await numbers(page), first);
  await close();
});

test('the page lists the files also while a setting has a fault', async () => {
  const { page, close } = await lab.open();
  await settled(page);
  await page.locator('#files').setInputFiles([recording, anonymous]);
  await replayed(page);
  await page.locator('#new-maxqueue').fill('0');
  await page.locator('#replay-state', { hasText: 'One field needs another value.' }).waitFor();
  await page.locator('#files').setInputFiles(anonymous);
  await page.locator('#slots-why').waitFor();
  await replayed(page);
  await page.goBack();
  await page.locator('#replay-state', { hasText: 'One field needs another value.' }).waitFor();
  assert.equal(await page.locator('#new-maxqueue').inputValue(), '0');
  const listed = await page.locator('#own-files li').allTextContents();
  assert.deepEqual(listed, ['pool1.recRemove pool1.rec', 'anonymous.recRemove anonymous.rec']);
  await close();
});

test('a change that waits for a pause in typing does not return to the recordings that were left', async () => {
  const { page, close } = await lab.open();
  await settled(page);
  await page.locator('#files').setInputFiles(recording);
  await replayed(page);
  await page.locator('#new-maxqueue').evaluate((control) => {
    /** @type {HTMLInputElement} */ (control).value = '50';
    control.dispatchEvent(new window.Event('input', { bubbles: true }));
    /** @type {HTMLElement} */ (document.querySelector('#leave')).click();
  });
  await settled(page);
  await page.waitForTimeout(2 * PAUSE_MS);
  assert.equal(new URL(page.url()).hash, '');
  assert.ok(await page.locator('#lab').isVisible());
  await close();
});

test('files that other files replace at once are not what is replayed', async () => {
  const tab = await lab.open();
  const { page } = tab;
  await settled(page);
  const [first, second] = [recording, anonymous].map((file) => readFileSync(file).toString('base64'));
  await page.evaluate(
    (texts) => {
      const [many, one] = texts.map((text) => Uint8Array.from(window.atob(text), (letter) => letter.charCodeAt(0)));
      const drop = (/** @type {File[]} */ files) => {
        const dataTransfer = new window.DataTransfer();
        files.forEach((file) => dataTransfer.items.add(file));
        window.dispatchEvent(new window.DragEvent('drop', { dataTransfer }));
      };
      // The worker waits for each file, so it has the last one of these after the one that replaces them.
      drop(Array.from({ length: 2 }, (_, number) => new window.File([many], `${number}.rec`)));
      drop([new window.File([one], 'anonymous.rec')]);
    },
    [first, second],
  );
  await replayed(page);
  await set(page, 'new-maxqueue', '50');
  assert.equal(await numbers(page), native(anonymous, '--set', 'pcache: maxqueue 50'));
  quiet(tab);
  await tab.close();
});

test('the page lists the files, and removes one', async () => {
  const cut = join(daemon.folder, 'cut.rec');
  writeFileSync(cut, readFileSync(recording).subarray(0, -3));
  const tab = await lab.open();
  const { page } = tab;
  await settled(page);
  await page.locator('#files').setInputFiles([recording, anonymous, cut]);
  await replayed(page);
  const lines = page.locator('#own-files li');
  for (const [number, words] of [
    /^pool1\.rec: server \S+, \d+ calls\s*Remove pool1\.rec$/,
    /^anonymous\.rec: server \S+, \d+ calls, anonymous\s*Remove anonymous\.rec$/,
    /^cut\.rec: server \S+, \d+ calls, cut off\s*Remove cut\.rec$/,
  ].entries()) {
    assert.match(String(await lines.nth(number).textContent()), words);
  }
  assert.match(await page.locator('#warnings').innerText(), /there are two recordings of the same time/);
  await page.locator('#own-files button').last().click();
  await page.waitForFunction(() => document.querySelectorAll('#own-files li').length === 2);
  await replayed(page);
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'files');
  assert.equal(await numbers(page), native(recording, anonymous));
  await page.locator('#own-files button').last().click();
  await page.waitForFunction(() => document.querySelectorAll('#own-files li').length === 1);
  await replayed(page);
  assert.equal(await numbers(page), native(recording));
  assert.equal(await page.locator('#own-files button').count(), 0);
  await page.locator('#leave').click();
  await settled(page);
  assert.ok(await page.locator('#own-files').isHidden());
  quiet(tab);
  await tab.close();
});

/** Keys that are no names: HTML, letters from right to left, and 233 bytes that are no UTF-8. */
async function oddKeys() {
  const keys = ['<script>document.title="gone"</script>', '\u05d0\u05d1\u202eabc'].map((text) => Buffer.from(text));
  const lines = [...keys, Buffer.alloc(233, 0xff)].map((key) =>
    Buffer.concat([Buffer.from('ACQ4ANY enwiki:pcache:'), key, Buffer.from(' 1 3 15\n')]),
  );
  await Promise.all(lines.flatMap((line) => Array.from({ length: 8 }, () => reader(line))));
}

test('odd keys are shown as text, and long ones are cut', async () => {
  const file = await daemon.record('odd.rec', oddKeys);
  const tab = await lab.open('', { viewport: { width: 320, height: 640 }, isMobile: true });
  const { page } = tab;
  await settled(page);
  await page.locator('#files').setInputFiles(file);
  await replayed(page);
  await set(page, 'new-maxqueue', '50');
  const names = await page.locator('#keys .key-name').allInnerTexts();
  assert.deepEqual(
    names.sort(),
    [
      `enwiki:pcache:${'%FF'.repeat(8)}%F…F${'%FF'.repeat(13)}`,
      'enwiki:pcache:%3Cscript%3Edocument.title=%22gone%22%3C/script%3E',
      'enwiki:pcache:%D7%90%D7%91%E2%80%AEabc',
    ].sort(),
  );
  assert.ok(await page.locator('#keys-cut').isVisible());
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
  quiet(tab);
  await tab.close();
});

/**
 * @param {Buffer} wasm a module
 * @param {number} pages of 64 KiB
 * @returns {Buffer} the module, whose memory cannot have more pages; both numbers of pages are below 128
 */
function limited(wasm, pages) {
  const MEMORY = 5;
  let at = 8;
  for (;;) {
    const id = wasm[at];
    let [length, shift] = [0, 0];
    do {
      at += 1;
      length |= (wasm[at] & 127) << shift;
      shift += 7;
    } while (wasm[at] & 128);
    at += 1;
    if (id === MEMORY) {
      assert.deepEqual([...wasm.subarray(at - 1, at + 2)], [3, 1, 0], 'one memory without a maximum');
      const section = Buffer.from([4, 1, 1, wasm[at + 2], pages]);
      return Buffer.concat([wasm.subarray(0, at - 1), section, wasm.subarray(at + length)]);
    }
    at += length;
  }
}

test('a recording that is larger than the memory is refused with this reason', async () => {
  const large = join(daemon.folder, 'large.rec');
  writeFileSync(large, Buffer.concat(Array(4000).fill(readFileSync(recording))));
  const { page, close } = await lab.open();
  await page.route('**/*.wasm', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: limited(await response.body(), 100) });
  });
  await page.reload();
  await settled(page);
  await page.locator('#files').setInputFiles(large);
  const reason =
    /^This cannot be replayed: large\.rec: the page has too little memory for this \(unreachable\); reload it/;
  await page.locator('#own-fault', { hasText: reason }).waitFor();
  assert.ok(await page.locator('#lab').isVisible());
  await close();
});

test('a recording without a request is refused, and what was read before stays', async () => {
  const file = await daemon.record('quiet.rec', async () => {});
  const nothing = join(daemon.folder, 'nothing.rec');
  writeFileSync(nothing, '');
  const tab = await lab.open();
  const { page } = tab;
  await settled(page);
  await page.locator('#files').setInputFiles(recording);
  await replayed(page);
  for (const [name, reason] of [
    [file, 'This cannot be replayed: no client asked for a lock while it was recorded.'],
    [nothing, 'This cannot be replayed: nothing.rec: the recording is empty: it ends before its head is complete.'],
  ]) {
    await page.locator('#files').setInputFiles(name);
    await page.locator('#own-fault', { hasText: reason }).waitFor();
    assert.ok(await page.locator('#own-reading').isHidden());
  }
  await set(page, 'new-maxqueue', '50');
  assert.equal(await numbers(page), native(recording, '--set', 'pcache: maxqueue 50'));
  quiet(tab);
  await tab.close();
});

for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
  test(`axe finds nothing in a replay, ${colorScheme}, and it fits on a phone`, async () => {
    const tab = await lab.open('', { colorScheme, viewport: { width: 320, height: 640 }, isMobile: true });
    const { page } = tab;
    await settled(page);
    await page.locator('#files').setInputFiles(recording);
    await replayed(page);
    await set(page, 'new-maxqueue', '50');
    const [said, field] = await page.evaluate(() =>
      ['#replay-verdict', '#new-maxqueue'].map((selector) => document.querySelector(selector)?.getBoundingClientRect()),
    );
    assert.ok(said && field && said.top >= 0 && said.bottom <= field.top, 'the sentence and the field are in sight');
    await page.$$eval('details', (all) => all.forEach((details) => details.setAttribute('open', '')));
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
    assert.deepEqual(await violations(page), []);
    await page.locator('#new-maxqueue').fill('0');
    await page.locator('#replay-state', { hasText: 'One field' }).waitFor();
    assert.deepEqual(await violationsOutOfDate(page), []);
    quiet(tab);
    await tab.close();
  });
}

test('the walk-through in docs shows what the page says', async () => {
  const folder = new URL('../../../docs/lab/', import.meta.url);
  const words = (/** @type {string} */ text) => text.replaceAll('>', '').split(/\s+/).join(' ');
  const readme = words(readFileSync(new URL('README.md', folder), 'utf8'));
  const file = new URL('bad-night.rec', folder).pathname;
  const verified = execFileSync(SIM, ['verify', 'bad-night.rec'], { encoding: 'utf8', cwd: folder.pathname });
  assert.ok(readme.includes(words(verified).trim()), verified);
  const { page, close } = await lab.open();
  await settled(page);
  await page.locator('#files').setInputFiles(file);
  await replayed(page);
  assert.equal((await row(page, 'QUEUE_FULL'))[0], '60 (67\u00a0%)');
  const says = async () => {
    const said = words(await page.locator('#replay-verdict').innerText());
    assert.ok(readme.includes(said), said);
  };
  await set(page, 'new-maxqueue', '50');
  await says();
  await page.locator('#new-fastStale').selectOption('on');
  await page.locator('#replay-verdict', { hasText: 'fastStale' }).waitFor();
  await says();
  await close();
});

/** So many calls, in pairs of an acquire and a release, from several connections. */
async function manyCalls() {
  const pairs = 500;
  const work = async (/** @type {number} */ number) => {
    const client = await daemon.client();
    for (let round = 0; round < 52; round += 1) {
      const line = (/** @type {number} */ at) =>
        `ACQ4ANY ${PAGE}:${(number * 7 + at + round) % 1000} 2 50 15\nRELEASE\n`;
      await client.ask(
        Array.from({ length: pairs }, (_, at) => line(at))
          .join('')
          .trimEnd(),
      );
      for (let left = pairs * 2 - 1; left > 0; left -= 1) {
        await client.answer();
      }
    }
    client.leave();
  };
  await Promise.all(Array.from({ length: 20 }, (_, number) => work(number)));
}

/**
 * Cancels as soon as the page says that it does this.
 *
 * @param {Page} page
 * @param {string} stage
 * @returns {Promise<string>} what stood beside it
 */
function cancelAt(page, stage) {
  return page.evaluate(
    (wanted) =>
      new Promise((resolve) => {
        const look = () => {
          for (const [state, detail, button] of [
            ['#own-state', '#own-percent', '#own-cancel'],
            ['#replay-state', '#replay-percent', '#replay-run'],
          ]) {
            const texts = [state, detail].map((selector) => document.querySelector(selector)?.textContent ?? '');
            if (texts[0].startsWith(wanted) && /[1-9]/.test(texts[1])) {
              observer.disconnect();
              const cancel = /** @type {HTMLElement} */ (document.querySelector(button));
              cancel.focus();
              cancel.click();
              resolve(texts[1]);
              return;
            }
          }
        };
        const observer = new window.MutationObserver(look);
        observer.observe(document.body, { subtree: true, childList: true, characterData: true });
      }),
    stage,
  );
}

test('a million calls are replayed, with progress, and can be cancelled at every stage', async (context) => {
  const file = await daemon.record('million.rec', manyCalls);
  const tab = await lab.open();
  const { page } = tab;
  await settled(page);
  const sent = await countMessages(page, '/js/recordings/worker.js');
  const rests = async () => {
    const old = await sent();
    await page.waitForTimeout(1000);
    assert.equal(await sent(), old, 'the worker works on');
  };
  for (const [stage, detail] of /** @type {const} */ ([
    ['Reading million.rec', /^[\d.]+ of [\d.]+\u00a0MB$/],
    ['Finding the requests', /^\d+\u00a0%$/],
  ])) {
    const cancelled = cancelAt(page, stage);
    await page.locator('#files').setInputFiles(file);
    assert.match(await cancelled, detail, stage);
    await page.locator('#own-state', { hasText: 'Cancelled: nothing was read.' }).waitFor();
    assert.ok(await page.locator('#own-reading').isHidden());
    assert.ok(await page.locator('#lab').isVisible());
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'files');
    await rests();
  }
  const cancelled = cancelAt(page, 'Playing column A');
  await page.locator('#files').setInputFiles(file);
  await cancelled;
  await page.locator('#replay-state', { hasText: 'Cancelled.' }).waitFor();
  await rests();
  const again = cancelAt(page, 'Playing column B');
  await page.locator('#replay-run').click();
  await again;
  await page.locator('#replay-state', { hasText: 'Cancelled.' }).waitFor();
  await rests();
  await page.locator('#replay-run').click();
  await replayed(page);
  const said = await page.locator('#replay-state').innerText();
  const { sources } = /** @type {ReplayReport} */ (JSON.parse(await numbers(page)));
  context.diagnostic(`${sources[0].calls} calls, ${sources[0].leftOut} left out: ${said}`);
  assert.ok(sources[0].calls + sources[0].leftOut >= 1_000_000);
  quiet(tab);
  await tab.close();
});
