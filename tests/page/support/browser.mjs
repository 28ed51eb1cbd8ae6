/** The page in Debian's Chromium, cut off from everything but its daemon. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { PATIENCE_MS } from './daemon.mjs';

const ARGUMENTS = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-gpu',
  '--disable-quic',
  '--disable-sync',
  '--no-first-run',
  '--no-sandbox',
];
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** A narrow phone. */
export const PHONE = { viewport: { width: 320, height: 640 }, isMobile: true, hasTouch: true };

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {{ page: Page, said: string[], refused: string[], close: () => Promise<void> }} Tab */

/** A browser. */
export class Browser {
  #browser;

  /** @param {import('playwright-core').Browser} browser */
  constructor(browser) {
    this.#browser = browser;
  }

  /** @returns {Promise<Browser>} */
  static async start() {
    return new Browser(await chromium.launch({ executablePath: '/usr/bin/chromium', args: ARGUMENTS }));
  }

  /**
   * Opens a daemon's page in a tab of its own, and waits until it shows something.
   *
   * @param {{ url: string }} daemon
   * @param {string} [hash]
   * @param {import('playwright-core').BrowserContextOptions} [options]
   * @returns {Promise<Tab>}
   */
  async open(daemon, hash = '', options = {}) {
    const context = await this.#browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    context.setDefaultTimeout(PATIENCE_MS);
    /** @type {string[]} */
    const refused = [];
    await context.route(
      (to) => to.origin !== new URL(daemon.url).origin,
      (route) => {
        refused.push(route.request().url());
        return route.abort();
      },
    );
    const page = await context.newPage();
    const said = listen(page);
    await page.goto(daemon.url + hash);
    await page.locator('#live').waitFor();
    return { page, said, refused, close: () => context.close() };
  }

  /** Ends it. */
  close() {
    return this.#browser.close();
  }
}

/**
 * @param {Page} page
 * @returns {string[]} what its console says, in time
 */
function listen(page) {
  /** @type {string[]} */
  const said = [];
  page.on('console', (message) => said.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => said.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    said.push(`dialog: ${dialog.message()}`);
    return dialog.dismiss();
  });
  return said;
}

/**
 * Nothing was said in the console, and nothing was asked of another server.
 *
 * @param {Tab} tab
 */
export function quiet({ said, refused }) {
  assert.deepEqual(said, []);
  assert.deepEqual(refused, []);
}

/**
 * @param {Page} page
 * @returns {Promise<string[]>} what axe finds wrong
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
 * @param {Page} page
 * @param {string} table its id
 * @returns {Promise<string[][]>} the texts that are seen in the rows of its body
 */
export function rows(page, table) {
  return page.$$eval(`#${table} tbody tr`, (found) =>
    found.map((one) =>
      [...one.children]
        .filter((cell) => !(/** @type {HTMLElement} */ (cell).hidden))
        .map((cell) => cell.textContent ?? ''),
    ),
  );
}

/**
 * Waits until a row of a table begins with this text and shows these others.
 *
 * @param {Page} page
 * @param {string} table its id
 * @param {number} index of the row
 * @param {string[]} texts of its first cells
 */
export async function row(page, table, index, ...texts) {
  await page.waitForFunction(
    ([id, at, wanted]) => {
      const found = document.querySelectorAll(`#${id} tbody tr`)[/** @type {number} */ (at)];
      return (
        found && /** @type {string[]} */ (wanted).every((text, cell) => found.children[cell]?.textContent === text)
      );
    },
    [table, index, texts],
    { timeout: PATIENCE_MS },
  );
}

/**
 * Waits until an element shows how long ago something was, to a second.
 *
 * @param {Page} page
 * @param {string} selector
 * @param {number} since by Date.now()
 */
export async function showsAge(page, selector, since) {
  await page.waitForFunction(
    ([place, begun]) => {
      const text = document.querySelector(/** @type {string} */ (place))?.textContent ?? '';
      const parts = /^(?:(\d+)\sh)?\s?(?:(\d+)\smin)?\s?(?:(\d+)\ss)?$/.exec(text);
      const [hours, minutes, seconds] = (parts ?? []).slice(1).map((part) => Number(part ?? 0));
      const shown = (hours * 60 + minutes) * 60 + seconds;
      return (
        parts !== null &&
        text !== '' &&
        Math.abs(shown + 0.5 - (Date.now() - /** @type {number} */ (begun)) / 1000) <= 1
      );
    },
    [selector, since],
    { timeout: PATIENCE_MS },
  );
}
