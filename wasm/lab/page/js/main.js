/** The page: form, runs, results, and the address. */

import init, { catalogue, check, open } from '../wasm/poolcounter_lab.js';
import { Charts } from './charts.js';
import { copyAndSay } from './clipboard.js';
import { makeConf, showConf } from './conf.js';
import { byId } from './dom.js';
import { showReadings } from './fields.js';
import { LabForm } from './form.js';
import { KINDS } from './kinds.js';
import { count, percent } from './numbers.js';
import { Runner } from './runner.js';
import { showTable } from './table.js';
import { Traffic } from './traffic.js';
import { verdict } from './verdict.js';
import { compile } from './wasm.js';
import { RecordingsView } from './recordings/view.js';
import { takeFiles } from './files.js';

/** @typedef {import('./types.js').Form} Form */
/** @typedef {import('./types.js').Report} Report */
/** @typedef {'push' | 'replace'} Step whether the browser's Back returns to what was before */

/** The preset of an address without a scenario. */
const FIRST = '?preset=breaking-news';
const OLD = ' What is shown is the run before.';
/** A run begins after this pause in typing. */
const PAUSE_MS = 350;

/** The state of the page. */
class Lab {
  #runner;
  #form;
  #charts;
  #traffic;
  #progress = /** @type {HTMLProgressElement} */ (byId('progress'));
  #running = false;
  /** @type {Form} */
  #shown;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #fields;
  #download = '';

  /** @param {WebAssembly.Module} module */
  constructor(module) {
    this.#runner = new Runner(module, 'worker.js', {
      progress: (progress) => this.#showProgress(progress),
      report: (report, milliseconds) => this.#showReport(report, milliseconds),
      failure: (reason) => this.#showFailure(reason),
    });
    const listed = /** @type {import('./types.js').Catalogue} */ (JSON.parse(catalogue()));
    this.#form = new LabForm(listed, {
      edited: () => this.#edited(),
      preset: (name) => this.#open(`preset=${name}`, 'push'),
    });
    this.#fields = listed.fields;
    this.#traffic = new Traffic();
    this.#charts = new Charts(KINDS);
    makeConf(listed.clients);
    byId('run').addEventListener('click', () => (this.#running ? this.#cancel() : this.#run()));
    byId('share').addEventListener('click', () => {
      this.#commit('push');
      copyAndSay(location.href, byId('shared'));
    });
    this.#shown = this.#open(location.search || FIRST);
  }

  /** Shows what the address stands for now. */
  reopen() {
    this.#open(location.search || FIRST);
  }

  /**
   * Shows and runs what an address stands for.
   *
   * @param {string} query
   * @param {Step} step
   * @returns {Form}
   */
  #open(query, step = 'replace') {
    const form = /** @type {Form} */ (JSON.parse(open(query)));
    this.#form.show(form);
    this.#take(form);
    this.#run(step);
    return form;
  }

  /** Reads what was typed; the run waits for a pause. */
  #edited() {
    this.#take(JSON.parse(check(JSON.stringify(this.#form.texts()))));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#run(), PAUSE_MS);
    byId('outcome').setAttribute('aria-busy', 'true');
  }

  /** @returns {boolean} whether a change waits for a pause in typing; it is forgotten */
  forget() {
    const waited = this.#timer !== undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return waited;
  }

  /** @param {Form} form */
  #take(form) {
    this.#shown = form;
    const usual = /** @type {Form} */ (JSON.parse(open(`preset=${form.comparison.preset}`)));
    this.#form.mark(form, form.query !== usual.query || this.#form.faults(form) > 0);
    this.#traffic.show(form.comparison.scenario);
    showReadings(this.#fields, form.comparison.scenario);
  }

  /**
   * Writes the scenario into the address.
   *
   * @param {Step} step
   */
  #commit(step) {
    if (this.#form.faults(this.#shown) === 0) {
      goTo(`?${this.#shown.query}`, step);
    }
  }

  /** @param {Step} step */
  #run(step = 'push') {
    this.forget();
    // What is typed without a pause is one step back.
    this.#commit(step);
    const faults = this.#form.faults(this.#shown);
    if (faults > 0) {
      const what = faults === 1 ? 'One field needs another value.' : `${faults} fields need other values.`;
      this.#stop(what);
      return;
    }
    this.#setRunning(true);
    this.#state('Simulating …');
    this.#runner.start({ query: this.#shown.query });
  }

  #cancel() {
    this.#stop('Cancelled.');
  }

  /** @param {string} why there are no numbers for the form */
  #stop(why) {
    this.#runner.cancel();
    this.#setRunning(false);
    byId('results').classList.add('outdated');
    this.#state(why + (byId('outcome').hidden ? '' : OLD));
  }

  /** @param {boolean} running */
  #setRunning(running) {
    this.#running = running;
    this.#progress.hidden = !running;
    this.#progress.value = 0;
    byId('percent').textContent = '';
    byId('run').textContent = running ? 'Cancel' : 'Run';
    byId('outcome').setAttribute('aria-busy', String(running || this.#timer !== undefined));
    if (running) {
      byId('results').classList.add('outdated');
    }
  }

  /** @param {string} text */
  #state(text) {
    byId('state').textContent = text;
  }

  /** @param {number} progress */
  #showProgress(progress) {
    this.#progress.value = progress;
    byId('percent').textContent = percent(Math.floor(progress * 100) / 100);
  }

  /**
   * @param {string} json
   * @param {number} milliseconds
   */
  #showReport(json, milliseconds) {
    const report = /** @type {Report} */ (JSON.parse(json));
    this.#setRunning(false);
    byId('outcome').hidden = false;
    byId('results').classList.remove('outdated');
    byId('results').dataset.query = report.query;
    const { requests } = report.a.totals;
    const { seed } = report.comparison.scenario;
    this.#state(`${count(requests)} requests, seed ${seed}, played twice in ${(milliseconds / 1000).toFixed(1)} s.`);
    byId('verdict').textContent = verdict(report);
    showTable(report);
    const { duration } = report.comparison.scenario;
    this.#charts.show({ duration, a: report.a.series, b: report.b.series });
    showConf(report.query);
    this.#offer(json);
  }

  /** @param {string} json */
  #offer(json) {
    URL.revokeObjectURL(this.#download);
    this.#download = URL.createObjectURL(new Blob([json, '\n'], { type: 'application/json' }));
    const link = /** @type {HTMLAnchorElement} */ (byId('download'));
    link.href = this.#download;
    link.hidden = false;
  }

  /** @param {string} reason */
  #showFailure(reason) {
    this.#setRunning(false);
    this.#state('');
    fail(`The simulation ended with an error: ${reason}`);
  }
}

/**
 * Puts a scenario into the address.
 *
 * @param {string} search
 * @param {Step} step
 */
function goTo(search, step) {
  if (step === 'push' && search !== location.search) {
    history.pushState(null, '', search);
  } else {
    history.replaceState(null, '', search);
  }
}

/** @param {string} text */
function fail(text) {
  byId('failure').textContent = text;
  byId('failure').hidden = false;
}

/**
 * Starts both views: the simulated days, and recordings. The address of recordings has a #; their settings are in the state of the history.
 *
 * @param {WebAssembly.Module} module
 */
function start(module) {
  const show = (/** @type {boolean} */ recordings) => {
    byId('lab').hidden = recordings;
    byId('replay').hidden = !recordings;
    byId('own-files').hidden = !recordings;
  };
  const view = new RecordingsView(module, {
    opened: () => {
      lab.forget();
      show(true);
    },
    changed: (recordings) => {
      if (JSON.stringify(recordings) !== JSON.stringify(history.state?.recordings)) {
        history.pushState({ recordings }, '', '#recordings');
      }
    },
  });
  byId('own').hidden = false;
  show(false);
  const lab = new Lab(module);
  const leave = () => {
    show(false);
    view.forget();
    view.stopReading();
    lab.reopen();
  };
  takeFiles((files) => view.open(files));
  byId('leave').addEventListener('click', () => {
    history.pushState(null, '', location.pathname + location.search);
    leave();
  });
  addEventListener('popstate', ({ state }) => {
    // A change that waits for a pause is no step yet. Back undoes this change, and no other.
    const undone = [lab.forget(), view.forget()].includes(true);
    const wanted = state?.recordings;
    if (wanted && view.goTo(wanted)) {
      show(true);
    } else {
      leave();
    }
    if (undone) {
      history.forward();
    }
  });
}

try {
  const module = await compile();
  await init({ module_or_path: module });
  start(module);
} catch (error) {
  fail(`The lab cannot start: ${error instanceof Error ? error.message : error}.`);
} finally {
  byId('starting').hidden = true;
}
