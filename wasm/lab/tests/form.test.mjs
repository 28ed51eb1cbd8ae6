/** Changes, copies and cancellations by a user. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Lab, countMessages, quiet, rows, settled } from './browser.mjs';

/** @type {Lab} */
let lab;
before(async () => {
  lab = await Lab.start();
});
after(() => lab.close());

/** Some seconds of work. */
const LONG = '?preset=quiet-day&duration=86400&readers=55';

test('a changed setting changes address, numbers, sentence and configuration', async () => {
  const tab = await lab.open('?preset=breaking-news');
  const { page } = tab;
  await settled(page);
  const old = await rows(page);
  await page.locator('#field-a\\.mode').selectOption('forAnyone');
  await page.locator('#field-a\\.workers').fill('9');
  await page.locator('#field-a\\.fastStale').check();
  await settled(page);
  assert.match(page.url(), /&a=forAnyone,workers:9,maxqueue:100,timeout:15,fastStale$/);
  assert.notDeepEqual(await rows(page), old);
  assert.match(await page.locator('#conf-a').innerText(), /'workers' => 9,\s+'maxqueue' => 100,\s+'fastStale' => true/);
  assert.match(await page.locator('#verdict').innerText(), /^With a pool for anyone \(workers 9, fastStale\)/);
  await page.locator('#reset').click();
  await settled(page);
  assert.deepEqual(await rows(page), old);
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'preset-breaking-news');
  quiet(tab);
  await tab.close();
});

test('without a pool its numbers cannot be changed, and fastStale is for anyone alone', async () => {
  const { page, close } = await lab.open('?preset=breaking-news');
  await settled(page);
  assert.ok(await page.locator('#field-a\\.workers').isDisabled());
  assert.ok(await page.locator('#field-b\\.fastStale').isEnabled());
  await page.locator('#field-b\\.mode').selectOption('forMe');
  assert.ok(await page.locator('#field-b\\.fastStale').isDisabled());
  assert.ok(await page.locator('#field-b\\.workers').isEnabled());
  await close();
});

test('another preset replaces everything', async () => {
  const { page, close } = await lab.open('?preset=breaking-news&cores=2');
  await settled(page);
  assert.ok(await page.locator('#changed').isVisible());
  await page.locator('#preset-slow-parse').check();
  await settled(page);
  assert.match(page.url(), /\?v=1&preset=slow-parse&seed=1$/);
  assert.equal(await page.locator('#field-cores').inputValue(), '8');
  assert.ok(await page.locator('#changed').isHidden());
  await close();
});

test('a wrong value is named at its field, and nothing is lost', async () => {
  const tab = await lab.open('?preset=breaking-news');
  const { page } = tab;
  await settled(page);
  const [address, old] = [page.url(), await rows(page)];
  await page.locator('#group-servers summary').click();
  const cores = page.locator('#field-cores');
  await cores.fill('0');
  await page.locator('#field-hotReaders').fill('600:2, 500:9');
  await page.locator('#field-b\\.workers').fill('');
  await page.locator('#state', { hasText: '3 fields need other values.' }).waitFor();
  for (const name of ['cores', 'hotReaders', 'b\\.workers']) {
    assert.equal(await page.locator(`#field-${name}`).getAttribute('aria-invalid'), 'true');
    assert.ok(await page.locator(`#fault-${name}`).isVisible());
  }
  assert.match(await page.locator('#fault-cores').innerText(), /must be from 1 to 1024, not 0/);
  assert.equal(await cores.inputValue(), '0');
  assert.equal(page.url(), address);
  assert.deepEqual(await rows(page), old);

  await cores.fill('4');
  await page.locator('#field-hotReaders').fill('600:2, 700:9');
  await page.locator('#field-b\\.workers').fill('2');
  await settled(page);
  assert.equal(await page.locator('[aria-invalid]').count(), 0);
  assert.match(page.url(), /&hotReaders=600:2,700:9&cores=4$/);
  quiet(tab);
  await tab.close();
});

test('an address with mistakes opens as far as it can be read', async () => {
  const tab = await lab.open('?preset=slow-parse&cores=many&servers=2&readers=x:1&a=forAnyone,workers:x&colour=red');
  const { page } = tab;
  await page.locator('#state', { hasText: 'fields need other values.' }).waitFor();
  assert.ok(await page.locator('#preset-slow-parse').isChecked());
  assert.equal(await page.locator('#field-servers').inputValue(), '2');
  assert.equal(await page.locator('#field-readers').inputValue(), 'x:1');
  assert.match(await page.locator('#fault-cores').innerText(), /"many" is not a whole number/);
  assert.ok(await page.locator('#fault-cores').isVisible());
  assert.match(await page.locator('#fault-a\\.workers').innerText(), /"x" is not a whole number/);
  assert.match(await page.locator('#refused').innerText(), /colour: there is no such field/);
  quiet(tab);
  await tab.close();
});

test('a part of an address that no field knows hinders nothing', async () => {
  const tab = await lab.open('?utm_source=x&preset=slow-parse&v=2&cores=4');
  const { page } = tab;
  await settled(page);
  assert.match(page.url(), /\?v=1&preset=slow-parse&seed=1&cores=4$/);
  assert.ok(await page.locator('#outcome').isVisible());
  const refused = await page.locator('#refused').innerText();
  assert.match(refused, /utm_source: there is no such field/);
  assert.match(refused, /version: this is version 1/);
  quiet(tab);
  await tab.close();
});

test('a wrong part of an address takes no good part with it', async () => {
  // This day is too long for the preset's readers, but not for these.
  const tab = await lab.open('?duration=86400&hotReaders=49&readers=1&cores=0&b=forMe,workers:0,slots:3,colour:red');
  const { page } = tab;
  await page.locator('#state', { hasText: /^2 fields need other values\.$/ }).waitFor();
  assert.ok(await page.locator('#outcome').isHidden());
  const wanted = { duration: '86400', hotReaders: '49', readers: '1', cores: '0', 'b\\.mode': 'forMe' };
  for (const [name, value] of Object.entries({ ...wanted, 'b\\.workers': '0', 'b\\.slots': '3' })) {
    assert.equal(await page.locator(`#field-${name}`).inputValue(), value, name);
  }
  assert.match(await page.locator('#fault-b\\.workers').innerText(), /must be from 1 to 100000, not 0/);
  assert.match(await page.locator('#refused').innerText(), /b\.colour: there is no such setting/);
  quiet(tab);
  await tab.close();
});

test('a fault of a setting that is not used can be mended', async () => {
  const { page, close } = await lab.open('?preset=breaking-news&a=none,workers:x');
  await page.locator('#state', { hasText: /^One field needs another value\.$/ }).waitFor();
  await page.locator('#field-a\\.workers').fill('2');
  await settled(page);
  assert.ok(await page.locator('#field-a\\.workers').isDisabled());
  await close();
});

test('a run can be cancelled, and the page lives meanwhile', async () => {
  const tab = await lab.open('?preset=slow-parse');
  const { page } = tab;
  await settled(page);
  const old = await rows(page);
  await page.evaluate((query) => history.pushState(null, '', query), LONG);
  await page.evaluate(() => dispatchEvent(new PopStateEvent('popstate')));
  const bar = page.locator('#progress');
  await page.waitForFunction(() => {
    const progress = /** @type {HTMLProgressElement} */ (document.querySelector('#progress'));
    return progress.value > 0 && progress.value < 1;
  });
  const messages = await countMessages(page, '/js/worker.js');
  await page.locator('#run', { hasText: 'Cancel' }).click();
  await page.locator('#state', { hasText: 'Cancelled.' }).waitFor();
  assert.ok(await bar.isHidden());
  const sent = await messages();
  await page.waitForTimeout(1000);
  assert.equal(await messages(), sent, 'the worker works on');
  assert.deepEqual(await rows(page), old);
  assert.match(await page.locator('#state').innerText(), /What is shown is the run before\.$/);
  assert.match(String(await page.locator('#results').getAttribute('class')), /outdated/);

  await page.locator('#preset-bot-crawl').check();
  await settled(page);
  assert.notDeepEqual(await rows(page), old);
  quiet(tab);
  await tab.close();
});

test('a first run that is cancelled has no run before', async () => {
  const { page, close } = await lab.open(LONG);
  await page.locator('#run', { hasText: 'Cancel' }).click();
  assert.equal(await page.locator('#state').innerText(), 'Cancelled.');
  assert.ok(await page.locator('#outcome').isHidden());
  await close();
});

test('a change while a run is under way starts anew', async () => {
  const { page, close } = await lab.open(LONG);
  await page.locator('#run', { hasText: 'Cancel' }).waitFor();
  await page.locator('#preset-slow-parse').check();
  await settled(page);
  assert.equal(await page.locator('#results').getAttribute('data-query'), 'v=1&preset=slow-parse&seed=1');
  await close();
});

test('the configuration is copied', async () => {
  const { page, close } = await lab.open('?preset=breaking-news');
  await settled(page);
  await page.locator('#copy-b').click();
  await page.locator('.conf .said', { hasText: 'Copied.' }).waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  const lines = [
    "wfLoadExtension( 'PoolCounterNative' );",
    '// The daemons of all pools. Several daemons: the same list on every web server.',
    "$wgPoolCountClientConf = [ 'servers' => [ '127.0.0.1' ], 'timeout' => 0.1 ];",
    "$wgPoolCounterConf['ArticleView'] = [",
    "\t'class' => 'PoolCounterNative',",
    "\t'timeout' => 15,\n\t'workers' => 2,\n\t'maxqueue' => 100,\n];\n",
  ];
  assert.equal(copied, lines.join('\n'));
  assert.equal(copied, await page.locator('#conf-b').textContent());
  await close();
});

test('the configuration is for the class that the wiki uses', async () => {
  const { page, close } = await lab.open('?preset=breaking-news');
  await settled(page);
  const text = () => page.locator('#conf-b').innerText();
  await page.locator('#client').selectOption('mediaWiki');
  assert.match(await text(), /^\/\/ The daemons[^]*'servers' => \[[^]*'class' => 'PoolCounter_Client',/);
  await page.locator('#client').selectOption('oldExtension');
  assert.match(await text(), /^wfLoadExtension\( 'PoolCounter' \);[^]*'class' => 'PoolCounter_Client',/);
  await page.locator('#field-b\\.workers').fill('7');
  await settled(page);
  assert.match(await text(), /'class' => 'PoolCounter_Client',[^]*'workers' => 7/);
  await close();
});

test('what is typed and taken back at once is no step of Back', async () => {
  const tab = await lab.open('?v=1&preset=breaking-news&seed=1');
  const { page } = tab;
  await settled(page);
  await page.locator('#field-b\\.workers').fill('3');
  await settled(page);
  const [address, steps] = [page.url(), await page.evaluate(() => history.length)];
  /** Sets values in one go, without a pause between them. */
  const change = (/** @type {string} */ name, /** @type {string[]} */ values) =>
    page.locator(`#field-${name}`).evaluate((control, all) => {
      for (const value of all) {
        /** @type {HTMLInputElement} */ (control).value = value;
        control.dispatchEvent(new window.Event('input', { bubbles: true }));
      }
    }, values);
  for (const [name, ...values] of [
    ['b\\.workers', '17', '3'],
    ['b\\.workers', '0', '3'],
    ['b\\.mode', 'forMe', 'none', 'forAnyone'],
    ['cores', '1', '', '20', '8'],
    ['hotReaders', '5', '0:5, 600:5, 610:150', await page.locator('#field-hotReaders').inputValue()],
  ]) {
    await change(name, values);
    await settled(page);
    assert.equal(page.url(), address, name);
    assert.equal(await page.evaluate(() => history.length), steps, name);
  }
  await page.goBack();
  await settled(page);
  assert.equal(await page.locator('#field-b\\.workers').inputValue(), '2');
  quiet(tab);
  await tab.close();
});

test('Back undoes a change that waits for a pause in typing, and no other', async () => {
  const { page, close } = await lab.open('?v=1&preset=breaking-news&seed=1');
  await settled(page);
  await page.locator('#field-b\\.workers').fill('3');
  await settled(page);
  const address = page.url();
  await page.locator('#field-b\\.workers').evaluate((control) => {
    /** @type {HTMLInputElement} */ (control).value = '4';
    control.dispatchEvent(new window.Event('input', { bubbles: true }));
    history.back();
  });
  await page.waitForFunction(
    (wanted) =>
      location.href === wanted &&
      /** @type {HTMLInputElement} */ (document.querySelector('#field-b\\.workers')).value === '3',
    address,
  );
  await settled(page);
  assert.equal(page.url(), address);
  assert.equal(await page.locator('#results').getAttribute('data-query'), new URL(address).search.slice(1));
  await close();
});

test('a link that is copied at once has what was typed', async () => {
  const { page, close } = await lab.open('?v=1&preset=breaking-news&seed=1');
  await settled(page);
  await page.locator('#field-b\\.workers').evaluate((control) => {
    /** @type {HTMLInputElement} */ (control).value = '4';
    control.dispatchEvent(new window.Event('input', { bubbles: true }));
    /** @type {HTMLElement} */ (document.querySelector('#share')).click();
  });
  await page.locator('#shared', { hasText: 'Copied.' }).waitFor();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /workers:4/);
  await close();
});

test('Back undoes one change after the other, and Forward makes it again', async () => {
  const tab = await lab.open('?v=1&preset=breaking-news&seed=1');
  const { page } = tab;
  await settled(page);
  const first = page.url();
  const workers = page.locator('#field-b\\.workers');
  // Key by key, without a pause: one step.
  await workers.press('Control+A');
  await workers.pressSequentially('17');
  await settled(page);
  const second = page.url();
  assert.match(second, /workers:17/);
  await page.locator('#preset-slow-parse').check();
  await settled(page);
  const third = page.url();
  await page.goBack();
  await settled(page);
  assert.equal(page.url(), second);
  assert.equal(await workers.inputValue(), '17');
  assert.ok(await page.locator('#preset-breaking-news').isChecked());
  await page.goBack();
  await settled(page);
  assert.equal(page.url(), first);
  assert.equal(await workers.inputValue(), '2');
  await page.goForward();
  await page.goForward();
  await settled(page);
  assert.equal(page.url(), third);
  assert.ok(await page.locator('#preset-slow-parse').isChecked());
  quiet(tab);
  await tab.close();
});

test('a value that was invalid for a while is one step, too', async () => {
  const { page, close } = await lab.open('?v=1&preset=breaking-news&seed=1');
  await settled(page);
  const first = page.url();
  await page.locator('#field-b\\.workers').fill('');
  await page.locator('#field-b\\.workers').fill('9');
  await settled(page);
  assert.match(page.url(), /workers:9/);
  await page.goBack();
  await settled(page);
  assert.equal(page.url(), first);
  await close();
});

test('curves and slots have an example beside them, and a curve is read back', async () => {
  const { page, close } = await lab.open('?preset=breaking-news');
  await settled(page);
  for (const name of ['hotReaders', 'readers', 'crawler', 'edits', 'otherEdits']) {
    const described = String(await page.locator(`#field-${name}`).getAttribute('aria-describedby')).split(' ');
    assert.ok(described.includes(`hint-${name}`), name);
    assert.match(String(await page.locator(`#hint-${name}`).textContent()), /600:2, 605:150/);
  }
  assert.equal(
    await page.locator('#reading-hotReaders').textContent(),
    '2 until 10:00, 150 at 10:05, 150 at 15:00, 40 from 30:00',
  );
  await page.locator('#field-hotReaders').fill('600:2,605:150');
  assert.equal(await page.locator('#reading-hotReaders').textContent(), '2 until 10:00, 150 from 10:05');
  const slots = page.locator('#settings tr', { hasText: 'slots' });
  assert.match(await slots.innerText(), /0: a lock for each page; 4: all pages share 4 locks/);
  await close();
});

test('a whole day is played', async () => {
  for (const preset of ['quiet-day', 'breaking-news', 'bot-crawl', 'slow-parse', 'worker-crash']) {
    const { page, close } = await lab.open(`?preset=${preset}&duration=86400`);
    await page.waitForFunction(() => /** @type {any} */ (document.querySelector('#progress')).value > 0);
    assert.equal(await page.locator('[aria-invalid]').count(), 0, preset);
    await page.locator('#run', { hasText: 'Cancel' }).click();
    await close();
  }
});

test('a day with too many readers is refused at its duration, and a number that is too large by its bound', async () => {
  const { page, close } = await lab.open('?preset=quiet-day&readers=200');
  await settled(page);
  await page.locator('#field-duration').fill('86400');
  await page.locator('#state', { hasText: 'One field needs another value.' }).waitFor();
  assert.match(
    await page.locator('#fault-duration').innerText(),
    /^17452800 requests in 86400 s.* are more than 10000000: with these rates it may be 49504 s at most$/,
  );
  await page.locator('#field-duration').fill('99999999999');
  assert.equal(await page.locator('#fault-duration').innerText(), 'must be from 1 to 86400, not 99999999999');
  await page.locator('#field-duration').fill('60');
  await page.locator('#field-b\\.workers').fill('99999999999');
  assert.equal(await page.locator('#fault-b\\.workers').innerText(), 'must be from 1 to 100000, not 99999999999');
  await close();
});

test('copies without https, too', async () => {
  const plain = await Lab.start({}, 'lab.example');
  try {
    const { page, close } = await plain.open('?preset=breaking-news');
    await settled(page);
    assert.equal(await page.evaluate(() => isSecureContext), false);
    await page.locator('#share').click();
    await page.locator('#shared', { hasText: 'Copied.' }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'share');
    await page.locator('#field-hotReaders').fill('');
    await page.locator('#field-hotReaders').press('Control+V');
    assert.match(
      await page.locator('#field-hotReaders').inputValue(),
      /^http:\/\/lab\.example:\d+\/\?v=1&preset=breaking-news/,
    );
    await close();
  } finally {
    await plain.close();
  }
});
