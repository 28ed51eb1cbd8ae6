/** What workers share: a task is done in slices, so that it can be stopped. Only the newest one is done. */

import init from '../wasm/poolcounter_lab.js';

const SLICE_MS = 40;
const EVENTS = 5000;

/** @typedef {{ advance: (events: number) => number, stage?: () => string }} Run */
/** @typedef {(progress: number, stage: string, detail?: string) => Promise<void>} Breathe to be called often: it lets messages in, and never returns if another task has come */

/** @type {Promise<unknown> | undefined} */
let ready;
/** The newest task; an older one stops when it sees another number here. */
let current = 0;

/** Says that a task is not the newest one any more. */
export class Stopped extends Error {}

/**
 * @param {unknown} error
 * @returns {string} what it says to the user
 */
export function reason(error) {
  if (error instanceof WebAssembly.RuntimeError) {
    // Rust ends with such an error when there is no memory, and by its own faults.
    return `the page has too little memory for this (${error.message}); reload it, and use the command poolcounter-sim`;
  }
  return error instanceof Error ? error.message : String(error);
}

/** @returns {Promise<void>} after pending messages were read */
function pause() {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}

/**
 * @param {number} id
 * @returns {Breathe}
 */
function breatheFor(id) {
  let end = performance.now() + SLICE_MS;
  const goOn = () => {
    if (id !== current) {
      throw new Stopped();
    }
  };
  return async (progress, stage, detail = '') => {
    // Another task may have come while this one waited for a file.
    goOn();
    if (performance.now() < end) {
      return;
    }
    postMessage({ id, progress, stage, detail });
    await pause();
    goOn();
    end = performance.now() + SLICE_MS;
  };
}

/**
 * Plays a run to its end.
 *
 * @param {Run} run
 * @param {Breathe} breathe
 */
export async function play(run, breathe) {
  for (let done = 0; done < 1;) {
    done = run.advance(EVENTS);
    await breathe(done, run.stage?.() ?? '');
  }
}

/**
 * Does the tasks that the page sends.
 *
 * @template Task
 * @param {(task: Task, breathe: Breathe) => Promise<string>} work gives the result
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
      postMessage({ id, report: await work(task, breatheFor(id)) });
    } catch (error) {
      if (!(error instanceof Stopped)) {
        postMessage({ id, failure: reason(error) });
      }
    }
  });
}
