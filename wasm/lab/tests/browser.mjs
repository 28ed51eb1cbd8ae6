/** The page in Debian's Chromium, which can connect only to the page's web server. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { serve } from '../serve.mjs';

const ARGUMENTS = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-gpu',
  '--disable-quic',
  '--disable-sync',
  '--no-first-run',
  '--no-sandbox',
];
/** A time limit that is enough on the slowest machine. */
export const DEADLINE_MS = 120_000;
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const FOLDER = new URL('../../../build/lab', import.meta.url).pathname;

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {{ page: Page, url: string, said: string[], refused: string[], close: () => Promise<void> }} Tab */

/** A browser and a web server. */
export class Lab {
  #browser;
  #server;
  #url;

  /**
   * @param {import('playwright-core').Browser} browser
   * @param {Awaited<ReturnType<typeof serve>>} server
   * @param {string} host
   */
  constructor(browser, server, host) {
    this.#browser = browser;
    this.#server = server;
    this.#url = server.url.replace('127.0.0.1', host);
  }

  /**
   * @param {Parameters<typeof serve>[1]} [how] how it is served
   * @param {string} [host] the name of this machine in the browser
   * @returns {Promise<Lab>}
   */
  static async start(how, host = '127.0.0.1') {
    const server = await serve(FOLDER, how);
    const args = [...ARGUMENTS, `--host-resolver-rules=MAP ${host} 127.0.0.1`];
    const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args });
    return new Lab(browser, server, host);
  }

  /**
   * Opens the page in a new tab with its own clipboard.
   *
   * @param {string} [query]
   * @param {import('playwright-core').BrowserContextOptions} [options]
   * @returns {Promise<Tab>}
   */
  async open(query = '', options = {}) {
    const { hostname, origin, href: url } = new URL(this.#url);
    const context = await this.#browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    context.setDefaultTimeout(DEADLINE_MS);
    if (hostname === '127.0.0.1') {
      // With any other name the page is not a secure context without https, and has no clipboard.
      await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin });
    }
    /** @type {string[]} */
    const refused = [];
    await context.route(
      (to) => to.origin !== origin && to.protocol !== 'blob:',
      (route) => {
        refused.push(route.request().url());
        return route.abort();
      },
    );
    const page = await context.newPage();
    const said = listen(page);
    await page.goto(url + query);
    return { page, url, said, refused, close: () => context.close() };
  }

  /** Stops both. */
  async close() {
    await this.#browser.close();
    await this.#server.close();
  }
}

/**
 * @param {Page} page
 * @returns {string[]} the lines of its console; further lines are added
 */
function listen(page) {
  /** @type {string[]} */
  const said = [];
  page.on('console', (message) => said.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => said.push(`error: ${error.message}`));
  return said;
}

/**
 * Waits until the results of the form are shown.
 *
 * @param {Page} page
 */
export async function settled(page) {
  // The run begins after a pause in typing.
  await page.waitForFunction(
    () => {
      const shown = document.querySelector('#results')?.getAttribute('data-query');
      const busy = document.querySelector('#outcome')?.getAttribute('aria-busy') === 'true';
      const waits = document.querySelector('#run')?.textContent === 'Run';
      return shown !== null && `?${shown}` === location.search && waits && !busy;
    },
    undefined,
    { timeout: DEADLINE_MS },
  );
}

/**
 * @param {Page} page
 * @returns {Promise<string[]>} the errors that axe finds
 */
export async function violations(page) {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const found = await /** @type {any} */ (globalThis).axe.run();
    return found.violations.map(
      (/** @type {{ id: string, nodes: { html: string }[] }} */ { id, nodes }) =>
        `${id}: ${nodes.map(({ html }) => html)}`,
    );
  });
}

/**
 * Waits until nothing changes its colour any more, and lets axe look at results that are out of date.
 *
 * @param {Page} page
 * @returns {Promise<string[]>} the errors that axe finds
 */
export async function violationsOutOfDate(page) {
  assert.equal(await page.locator('.outdated:visible').count(), 1);
  await page.waitForFunction(() => document.getAnimations().every(({ playState }) => playState === 'finished'));
  return violations(page);
}

/**
 * @param {Page} page
 * @param {string} script the end of its address
 * @returns {Promise<() => Promise<number>>} how many messages the worker has sent since
 */
export async function countMessages(page, script) {
  const worker = page.workers().find((one) => one.url().endsWith(script));
  assert.ok(worker);
  await worker.evaluate(() => {
    const own = /** @type {any} */ (globalThis);
    const send = own.postMessage;
    own.sent = 0;
    own.postMessage = (/** @type {unknown} */ message) => {
      own.sent += 1;
      send.call(own, message);
    };
  });
  return () => worker.evaluate(() => /** @type {any} */ (globalThis).sent);
}

/**
 * @param {Page} page
 * @returns {Promise<string[]>} the rows of the comparison
 */
export function rows(page) {
  return page.locator('#comparison tr').allInnerTexts();
}

/**
 * @param {Page} page
 * @returns {Promise<string>} the numbers as JSON
 */
export function download(page) {
  return collect(page, '#download');
}

/**
 * @param {Page} page
 * @param {string} link
 * @returns {Promise<string>} the file behind it
 */
export async function collect(page, link) {
  const [file] = await Promise.all([page.waitForEvent('download'), page.locator(link).click()]);
  const chunks = [];
  for await (const chunk of await file.createReadStream()) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/**
 * Checks that the console is empty and that no other server was contacted.
 *
 * @param {Tab} tab
 */
export function quiet({ said, refused }) {
  assert.deepEqual(said, []);
  assert.deepEqual(refused, []);
}
