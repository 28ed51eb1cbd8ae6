/** What workers share: a task is done in slices, so that it can be stopped. Only the newest one is done. */

import init from '../wasm/poolcounter_lab.js';

const SLICE_MS = 40;
const EVENTS = 5000;

/** @typedef {{ advance: (events: number) => number }} Run */
/** @typedef {(run: Run) => Promise<void>} Player plays a run; it never returns if another task has come */

/** @type {Promise<unknown> | undefined} */
let ready;
/** The newest task; an older one stops when it sees another number here. */
let current = 0;

/** Says that a task is not the newest one any more. */
class Stopped extends Error {}

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
 * @param {Run} run
 */
async function play(id, run) {
  for (let done = 0; done < 1; await pause()) {
    if (id !== current) {
      throw new Stopped();
    }
    done = slice(run);
    postMessage({ id, progress: done });
  }
}

/**
 * Does the tasks that the page sends.
 *
 * @template Task
 * @param {(task: Task, player: Player) => Promise<string>} work gives the result
 */
export function serve(work) {
  addEventListener('message', async (/** @type {MessageEvent} */ { data }) => {
    if (data.module) {
      ready = init({ module_or_path: data.module });
      return;
    }
    const { id, task } = data;
    current = id;
    if (task === undefined) {
      return;
    }
    try {
      await ready;
      postMessage({ id, report: await work(task, (run) => play(id, run)) });
    } catch (error) {
      if (!(error instanceof Stopped)) {
        postMessage({ id, failure: error instanceof Error ? error.message : String(error) });
      }
    }
  });
}
