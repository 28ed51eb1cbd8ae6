/** What the page shares with the stampede lab stays the same: the chart library and the colours. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const read = (/** @type {string} */ path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const PAGE = 'daemon/src/admin/page';
const UPLOT = 'tests/page/node_modules/uplot';

test('the chart library in the tree is the package that the lab has', () => {
  const { version } = JSON.parse(read(`${UPLOT}/package.json`));
  assert.equal(JSON.parse(read('wasm/lab/package.json')).dependencies.uplot, version);
  for (const [name, original] of [
    ['uPlot.esm.js', 'dist/uPlot.esm.js'],
    ['uPlot.min.css', 'dist/uPlot.min.css'],
    ['uPlot.LICENSE', 'LICENSE'],
  ]) {
    assert.ok(read(`${PAGE}/vendor/${name}`) === read(`${UPLOT}/${original}`), `${name} is the package's`);
  }
});

/**
 * @param {string} css
 * @returns {Map<string, string[]>} the custom properties, light and dark
 */
function properties(css) {
  /** @type {Map<string, string[]>} */
  const found = new Map();
  for (const [, name, value] of css.matchAll(/^\s+(--[\w-]+): ([^;]+);$/gm)) {
    found.set(name, [...(found.get(name) ?? []), value]);
  }
  return found;
}

test('colours of the same name are those of the lab', () => {
  const lab = properties(read('wasm/lab/page/lab.css'));
  const page = properties(read(`${PAGE}/page.css`));
  const shared = [...page.keys()].filter((name) => lab.has(name));
  assert.ok(shared.length > 15, `${shared}`);
  for (const name of shared) {
    assert.deepEqual(page.get(name), lab.get(name), name);
  }
});
