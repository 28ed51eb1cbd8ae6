/** Runs simulations in a worker, only the newest one. */

/**
 * @typedef {object} Listener
 * @property {(progress: number, stage: string, detail: string) => void} progress what is being done, if there are several stages
 * @property {(report: string, milliseconds: number) => void} report
 * @property {(reason: string) => void} failure
 */

/** One run at a time. */
export class Runner {
  #worker;
  #id = 0;
  #since = 0;

  /**
   * @param {WebAssembly.Module} module
   * @param {string} script of the worker
   * @param {Listener} listener
   */
  constructor(module, script, listener) {
    this.#worker = new Worker(new URL(script, import.meta.url), { type: 'module' });
    this.#worker.addEventListener('message', ({ data }) => this.#hear(data, listener));
    this.#worker.addEventListener('error', (event) => listener.failure(event.message || 'the worker did not start'));
    this.#worker.postMessage({ module });
  }

  /**
   * Starts a run, and ends the one before.
   *
   * @param {object} task
   */
  start(task) {
    this.#id += 1;
    this.#since = performance.now();
    this.#worker.postMessage({ id: this.#id, task });
  }

  /** Ends the run. */
  cancel() {
    this.#id += 1;
    this.#worker.postMessage({ id: this.#id });
  }

  /**
   * @param {{ id: number, progress?: number, stage?: string, detail?: string, report?: string, failure?: string }} data
   * @param {Listener} listener
   */
  #hear({ id, progress, stage, detail, report, failure }, listener) {
    if (id !== this.#id) {
      return;
    }
    if (progress !== undefined) {
      listener.progress(progress, stage ?? '', detail ?? '');
    } else if (report !== undefined) {
      listener.report(report, performance.now() - this.#since);
    } else {
      listener.failure(failure ?? '');
    }
  }
}
