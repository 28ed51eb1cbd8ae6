/** The view of recordings: reads files, replays them, and shows the results of one group. */

import { Charts } from '../charts.js';
import { copyAndSay } from '../clipboard.js';
import { byId, make } from '../dom.js';
import { count, duration, percent } from '../numbers.js';
import { Runner } from '../runner.js';
import { ReplayForm } from './form.js';
import { KINDS } from './kinds.js';
import { showKeys, showTable } from './table.js';
import { verdict } from './verdict.js';

/** @typedef {import('./types.js').Contents} Contents */
/** @typedef {import('./types.js').ReplayReport} ReplayReport */
/** @typedef {import('./types.js').Texts} Texts */

const OLD = ' What is shown is the run before.';
/** A replay begins after this pause in typing. */
const PAUSE_MS = 350;

/** The state of the view. */
export class RecordingsView {
  #runner;
  #form;
  #charts = new Charts(KINDS, 'replay-');
  #listener;
  #progress = /** @type {HTMLProgressElement} */ (byId('replay-progress'));
  /** @type {'reading' | 'replaying' | undefined} */
  #task;
  /** @type {string[]} */
  #names = [];
  /** @type {Contents | undefined} */
  #contents;
  /** @type {ReplayReport | undefined} */
  #report;
  #json = '';
  /** What the results on the page are of. */
  #played = '';
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #stepped = false;
  #readIn = 0;
  #download = '';

  /**
   * @param {WebAssembly.Module} module
   * @param {{ opened: () => void, changed: (texts: Texts, isNew: boolean) => void }} listener
   */
  constructor(module, listener) {
    this.#listener = listener;
    this.#runner = new Runner(module, 'recordings/worker.js', {
      progress: (progress) => this.#showProgress(progress),
      report: (json, milliseconds) => this.#hear(json, milliseconds),
      failure: (reason) => this.#fail(reason),
    });
    this.#form = new ReplayForm(() => this.#edited());
    byId('replay-run').addEventListener('click', () => (this.#task ? this.#stop('Cancelled.') : this.#run()));
    byId('copy-command').addEventListener('click', () =>
      copyAndSay(byId('command').textContent ?? '', byId('replay-said')),
    );
    byId('copy-replay-conf').addEventListener('click', () =>
      copyAndSay(byId('replay-conf').textContent ?? '', byId('replay-conf-said')),
    );
  }

  /** @returns {boolean} whether there are recordings */
  get isOpen() {
    return this.#contents !== undefined;
  }

  /**
   * Reads files. Nothing of them leaves the browser.
   *
   * @param {File[]} files
   */
  async open(files) {
    byId('own-fault').hidden = true;
    byId('own-state').textContent = `Reading ${files.map(({ name }) => name).join(', ')} …`;
    try {
      const given = await Promise.all(
        files.map(async (file) => ({ name: file.name, bytes: await file.arrayBuffer() })),
      );
      this.#names = files.map(({ name }) => name);
      this.#task = 'reading';
      this.#runner.start(
        { files: given },
        given.map(({ bytes }) => bytes),
      );
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error));
    }
  }

  /**
   * Shows what the user went back to.
   *
   * @param {Texts} texts
   */
  goTo(texts) {
    this.#form.show(texts);
    this.#run();
  }

  #edited() {
    this.#listener.changed(this.#form.texts, !this.#stepped);
    this.#stepped = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#run(), PAUSE_MS);
    // Another group needs no other replay.
    this.#showGroup();
  }

  #run() {
    clearTimeout(this.#timer);
    this.#stepped = false;
    const plan = this.#form.plan();
    if (typeof plan === 'number') {
      this.#stop(plan === 1 ? 'One field needs another value.' : `${plan} fields need other values.`);
      return;
    }
    byId('command').textContent = command(this.#names, plan);
    const text = JSON.stringify(plan);
    if (text === this.#played) {
      this.#runner.cancel();
      this.#setTask(undefined);
      byId('replay-results').classList.remove('outdated');
      this.#showGroup();
      return;
    }
    this.#setTask('replaying');
    this.#state('Replaying …');
    this.#played = '';
    this.#runner.start({ plan });
  }

  /** @param {string} why there are no numbers for the form */
  #stop(why) {
    this.#runner.cancel();
    this.#setTask(undefined);
    byId('replay-results').classList.add('outdated');
    this.#state(why + (this.#report ? OLD : ''));
  }

  /** @param {'reading' | 'replaying' | undefined} task */
  #setTask(task) {
    this.#task = task;
    this.#progress.hidden = !task;
    this.#progress.value = 0;
    byId('replay-percent').textContent = '';
    byId('replay-run').textContent = task ? 'Cancel' : 'Run';
    byId('replay-outcome').setAttribute('aria-busy', String(Boolean(task)));
    if (task) {
      byId('replay-results').classList.add('outdated');
    }
  }

  /** @param {string} text */
  #state(text) {
    byId('replay-state').textContent = text;
  }

  /** @param {number} progress */
  #showProgress(progress) {
    this.#progress.value = progress;
    byId('replay-percent').textContent = percent(Math.floor(progress * 100) / 100);
  }

  /**
   * @param {string} json
   * @param {number} milliseconds
   */
  #hear(json, milliseconds) {
    const task = this.#task;
    this.#setTask(undefined);
    if (task === 'reading') {
      this.#readIn = milliseconds;
      this.#begin(JSON.parse(json));
    } else {
      this.#showReport(json, milliseconds);
    }
  }

  /** @param {Contents} contents */
  #begin(contents) {
    byId('own-state').textContent = '';
    if (contents.groups.length === 0) {
      this.#fail('the recordings have no request');
      return;
    }
    this.#contents = contents;
    this.#report = undefined;
    this.#played = '';
    byId('replay-outcome').hidden = true;
    byId('replay-verdict').textContent = '';
    this.#form.begin(contents);
    this.#listener.opened();
    this.#listener.changed(this.#form.texts, true);
    this.#run();
  }

  /**
   * @param {string} json
   * @param {number} milliseconds
   */
  #showReport(json, milliseconds) {
    this.#json = json;
    this.#report = JSON.parse(json);
    this.#played = JSON.stringify(this.#form.plan());
    byId('replay-results').classList.remove('outdated');
    byId('replay-outcome').hidden = false;
    const requests = this.#contents?.requests ?? 0;
    const [read, played] = [this.#readIn, milliseconds].map((time) => `${(time / 1000).toFixed(1)} s`);
    const span = duration(this.#report?.seconds ?? 0);
    this.#state(`${count(requests)} requests in ${span}, read in ${read}, replayed with A and B in ${played}.`);
    URL.revokeObjectURL(this.#download);
    this.#download = URL.createObjectURL(new Blob([this.#json, '\n'], { type: 'application/json' }));
    const link = /** @type {HTMLAnchorElement} */ (byId('replay-download'));
    link.href = this.#download;
    link.hidden = false;
    this.#showGroup();
  }

  /** Shows the results of the group that is chosen. */
  #showGroup() {
    const report = this.#report;
    const group = report?.groups.find(({ name }) => name === this.#form.texts.group);
    if (!report || !group) {
      return;
    }
    byId('replay-verdict').textContent = verdict(group);
    byId('trust').textContent = group.isNear
      ? 'Column A, the model with the recorded settings, is near to the recording, so B can be trusted.'
      : 'Column A, the model with the recorded settings, is not near to the recording. Do not trust B.';
    byId('trust').classList.toggle('failure', !group.isNear);
    const warnings = report.warnings.filter((text) => belongs(text, group.name, report));
    byId('warnings').replaceChildren(...warnings.map((text) => make('li', {}, text)));
    byId('warnings').hidden = warnings.length === 0;
    showTable(group);
    showKeys(group);
    this.#charts.show({ duration: report.seconds, ...group.series });
    byId('replay-conf').textContent = group.conf || '// As it was recorded.\n';
    byId('replay-results').dataset.plan = `${group.name} ${this.#played}`;
  }

  /** @param {string} reason */
  #fail(reason) {
    const wasReading = this.#task !== 'replaying';
    this.#setTask(undefined);
    byId('own-state').textContent = '';
    if (wasReading) {
      byId('own-fault').textContent = `This cannot be replayed: ${reason}.`;
      byId('own-fault').hidden = false;
    } else {
      this.#stop(`This cannot be replayed: ${reason}.`);
    }
  }
}

/**
 * @param {string} warning
 * @param {string} name of a group
 * @param {ReplayReport} report
 * @returns {boolean} whether a warning is of this group, or of none
 */
function belongs(warning, name, { groups }) {
  return warning.startsWith(`${name}: `) || !groups.some((group) => warning.startsWith(`${group.name}: `));
}

/**
 * @param {string[]} names of files
 * @param {{ seed: number, cores: number | null, changes: string[] }} plan
 * @returns {string} the command line that gives the same numbers
 */
function command(names, { seed, cores, changes }) {
  const words = names.map(quote);
  words.push(...changes.map((change) => `--set ${quote(change)}`));
  words.push(...(cores === null ? [] : [`--cores ${cores}`]), ...(seed === 1 ? [] : [`--seed ${seed}`]));
  return `poolcounter-sim replay ${words.join(' ')}`;
}

/**
 * @param {string} word
 * @returns {string} as a shell reads it
 */
function quote(word) {
  return /^[\w./@%+:-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
