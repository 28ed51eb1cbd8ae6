/** The worker: runs a comparison in slices, so that it can be stopped. */

import init, { Run } from '../wasm/poolcounter_lab.js';

const SLICE_MS = 40;
const EVENTS = 5000;

/** @type {Promise<unknown> | undefined} */
let ready;
/** The newest run; an older one stops when it sees another number here. */
let current = 0;

/** @returns {Promise<void>} after pending messages were read */
function pause() {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}

/**
 * @param {Run} run
 * @returns {number} how much is done
 */
function slice(run) {
  const end = performance.now() + SLICE_MS;
  let done = 0;
  while (done < 1 && performance.now() < end) {
    done = run.advance(EVENTS);
  }
  return done;
}

/**
 * @param {number} id
 * @param {string} query
 */
async function play(id, query) {
  await ready;
  const run = new Run(query);
  try {
    for (let done = 0; done < 1; await pause()) {
      if (id !== current) {
        return;
      }
      done = slice(run);
      postMessage({ id, progress: done });
    }
    postMessage({ id, report: run.report() });
  } finally {
    run.free();
  }
}

addEventListener('message', (/** @type {MessageEvent} */ { data }) => {
  if (data.module) {
    ready = init({ module_or_path: data.module });
    return;
  }
  current = data.id;
  if (data.query !== undefined) {
    play(data.id, data.query).catch((error) => postMessage({ id: data.id, failure: String(error) }));
  }
});
