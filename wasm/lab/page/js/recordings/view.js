/** The view of recordings: reads files, replays them, and shows the results of one group. */

import { catalogue, change_conf as changeConf } from '../../wasm/poolcounter_lab.js';
import { Charts } from '../charts.js';
import { copyAndSay } from '../clipboard.js';
import { fillClients } from '../conf.js';
import { byId, make } from '../dom.js';
import { count, duration, percent } from '../numbers.js';
import { Runner } from '../runner.js';
import { ReplayForm } from './form.js';
import { KINDS } from './kinds.js';
import { showKeys, showTable } from './table.js';
import { verdict } from './verdict.js';

/** @typedef {import('./types.js').Contents} Contents */
/** @typedef {import('./types.js').GroupReport} GroupReport */
/** @typedef {import('./types.js').ReplayReport} ReplayReport */
/** @typedef {import('./types.js').Texts} Texts */
/** @typedef {{ files: string, texts: Texts }} State what the browser's Back returns to: files by their names, sizes and times */

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
  #readProgress = /** @type {HTMLProgressElement} */ (byId('own-progress'));
  /** @type {'reading' | 'replaying' | undefined} */
  #task;
  /**
   * All files that were opened, so that Back can open them again.
   *
   * @type {Map<string, File[]>}
   */
  #known = new Map();
  /** What is read now. */
  #wanted = '';
  /**
   * The texts that the form is to have then.
   *
   * @type {Texts | undefined}
   */
  #texts;
  /** What was read. */
  #opened = '';
  /** @type {Contents | undefined} */
  #contents;
  /** @type {ReplayReport | undefined} */
  #report;
  /** How long it was, and what it took. */
  #summary = '';
  #json = '';
  /** What is played now. */
  #playing = '';
  /** What the results on the page are of. */
  #played = '';
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #readIn = 0;
  #download = '';

  /**
   * @param {WebAssembly.Module} module
   * @param {{ opened: () => void, changed: (state: State) => void }} listener
   */
  constructor(module, listener) {
    this.#listener = listener;
    this.#runner = new Runner(module, 'recordings/worker.js', {
      progress: (progress, stage, detail) => this.#showProgress(progress, stage, detail),
      report: (json, milliseconds) => this.#hear(json, milliseconds),
      failure: (reason) => this.#fail(reason),
    });
    this.#form = new ReplayForm(() => this.#edited());
    fillClients('replay-client', JSON.parse(catalogue()).clients);
    byId('replay-client').addEventListener('change', () => this.#showGroup());
    byId('replay-run').addEventListener('click', () => (this.#task ? this.#stop('Cancelled.') : this.#run()));
    byId('own-cancel').addEventListener('click', () => {
      this.#runner.cancel();
      this.#endReading('Cancelled: nothing was read.');
      this.#goOn();
    });
    byId('copy-command').addEventListener('click', () =>
      copyAndSay(byId('command').textContent ?? '', byId('replay-said')),
    );
    byId('copy-replay-conf').addEventListener('click', () =>
      copyAndSay(byId('replay-conf').textContent ?? '', byId('replay-conf-said')),
    );
  }

  /**
   * Reads files. Nothing of them leaves the browser.
   *
   * @param {File[]} files
   * @param {Texts} [texts] of the form
   */
  open(files, texts) {
    if (this.#task === 'replaying') {
      this.#stop('Cancelled.');
    }
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#wanted = JSON.stringify(files.map(({ name, size, lastModified }) => [name, size, lastModified]));
    this.#known.set(this.#wanted, files);
    this.#texts = texts;
    this.#task = 'reading';
    byId('own-fault').hidden = true;
    byId('own-reading').hidden = false;
    this.#showProgress(0, `Reading ${files.map(({ name }) => name).join(', ')}`, '');
    this.#runner.start({ files });
  }

  /** Ends the reading, if there is one. What was read before stays. */
  stopReading() {
    if (this.#task === 'reading') {
      this.#runner.cancel();
      this.#endReading('');
    }
  }

  /**
   * Shows what the user went back to.
   *
   * @param {State} state
   * @returns {boolean} whether it is known
   */
  goTo({ files, texts }) {
    const known = this.#known.get(files);
    if (!known) {
      return false;
    }
    if (files !== this.#opened || !this.#contents) {
      this.open(known, texts);
      return true;
    }
    this.stopReading();
    this.#form.show(texts);
    this.#run();
    return true;
  }

  /** @returns {boolean} whether a change waits for a pause in typing; it is forgotten */
  forget() {
    const waited = this.#timer !== undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return waited;
  }

  #edited() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#run(), PAUSE_MS);
    byId('replay-outcome').setAttribute('aria-busy', 'true');
    // Another group needs no other replay.
    this.#showGroup();
  }

  #run() {
    this.forget();
    // What is typed without a pause is one step back.
    this.#listener.changed({ files: this.#opened, texts: this.#form.texts });
    const plan = this.#form.plan();
    if (this.#task === 'reading') {
      return;
    }
    if (typeof plan === 'number') {
      this.#stop(plan === 1 ? 'One field needs another value.' : `${plan} fields need other values.`);
      return;
    }
    const names = (this.#known.get(this.#opened) ?? []).map(({ name }) => name);
    byId('command').textContent = command(names, plan);
    const text = JSON.stringify(plan);
    if (text === this.#played) {
      this.#runner.cancel();
      this.#setTask(undefined);
      byId('replay-results').classList.remove('outdated');
      this.#state(this.#summary);
      this.#showGroup();
      return;
    }
    this.#setTask('replaying');
    this.#state('Replaying …');
    this.#playing = text;
    this.#runner.start({ plan });
  }

  /** After a reading that has brought nothing: the replay that it ended begins again. */
  #goOn() {
    if (this.#contents) {
      this.#run();
    }
  }

  /** @param {string} said */
  #endReading(said) {
    this.#task = undefined;
    if (document.activeElement === byId('own-cancel')) {
      // The button will be gone.
      byId('files').focus();
    }
    byId('own-reading').hidden = true;
    byId('own-state').textContent = said;
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
    byId('replay-outcome').setAttribute('aria-busy', String(Boolean(task) || this.#timer !== undefined));
    if (task) {
      byId('replay-results').classList.add('outdated');
    }
  }

  /** @param {string} text */
  #state(text) {
    say('replay-state', text);
  }

  /**
   * @param {number} progress
   * @param {string} stage
   * @param {string} detail
   */
  #showProgress(progress, stage, detail) {
    const percents = percent(Math.floor(progress * 100) / 100);
    if (this.#task === 'reading') {
      this.#readProgress.value = progress;
      byId('own-percent').textContent = detail || percents;
      say('own-state', `${stage} …`);
    } else {
      this.#progress.value = progress;
      byId('replay-percent').textContent = percents;
      this.#state(`${stage} …`);
    }
  }

  /**
   * @param {string} json
   * @param {number} milliseconds
   */
  #hear(json, milliseconds) {
    if (this.#task === 'reading') {
      this.#readIn = milliseconds;
      this.#begin(JSON.parse(json));
    } else {
      this.#setTask(undefined);
      this.#showReport(json, milliseconds);
    }
  }

  /** @param {Contents} contents */
  #begin(contents) {
    this.#endReading('');
    this.#contents = contents;
    this.#opened = this.#wanted;
    this.#report = undefined;
    this.#played = '';
    this.#summary = '';
    this.#showFiles([]);
    byId('replay-outcome').hidden = true;
    byId('replay-download').hidden = true;
    byId('replay-verdict').textContent = '';
    this.#form.begin(contents);
    if (this.#texts) {
      this.#form.show(this.#texts);
    }
    this.#listener.opened();
    this.#run();
  }

  /**
   * @param {string} json
   * @param {number} milliseconds
   */
  #showReport(json, milliseconds) {
    this.#json = json;
    this.#report = JSON.parse(json);
    this.#played = this.#playing;
    byId('replay-results').classList.remove('outdated');
    byId('replay-outcome').hidden = false;
    const requests = this.#contents?.requests ?? 0;
    const [read, played] = [this.#readIn, milliseconds].map((time) => `${(time / 1000).toFixed(1)} s`);
    const span = duration(this.#report?.seconds ?? 0);
    this.#summary = `${count(requests)} request${requests === 1 ? '' : 's'} in ${span}, read in ${read}, replayed with A and B in ${played}.`;
    this.#state(this.#summary);
    URL.revokeObjectURL(this.#download);
    this.#download = URL.createObjectURL(new Blob([this.#json, '\n'], { type: 'application/json' }));
    const link = /** @type {HTMLAnchorElement} */ (byId('replay-download'));
    link.href = this.#download;
    link.hidden = false;
    this.#showFiles(this.#report?.sources ?? []);
    this.#showGroup();
  }

  /** @param {import('./types.js').Source[]} sources in the order of the files; none before the first report */
  #showFiles(sources) {
    const files = this.#known.get(this.#opened) ?? [];
    const lines = files.map((file, number) => {
      const source = sources.at(number);
      const line = make('li', {}, source ? `${file.name}: ${facts(source)}` : file.name);
      if (files.length > 1) {
        const button = make('button', { type: 'button', class: 'quiet' }, 'Remove');
        button.append(make('span', { class: 'unseen' }, ` ${file.name}`));
        button.addEventListener('click', () => {
          this.open(files.filter((other) => other !== file));
          // The button will be gone.
          byId('files').focus();
        });
        line.append(button);
      }
      return line;
    });
    byId('own-files').replaceChildren(...lines);
  }

  /** Shows the results of the group that is chosen. */
  #showGroup() {
    const report = this.#report;
    const group = report?.groups.find(({ name }) => name === this.#form.texts.group);
    if (!report || !group) {
      return;
    }
    byId('replay-verdict').textContent = verdict(group);
    const warnings = report.warnings.filter((text) => belongs(text, group.name, report));
    byId('trust').textContent = group.isNear
      ? `Column A, the model with the recorded settings, is near to the recording, so B can be trusted${warnings.length > 0 ? ', except for this:' : '.'}`
      : 'Column A, the model with the recorded settings, is not near to the recording. Do not trust B.';
    byId('trust').classList.toggle('failure', !group.isNear);
    byId('warnings').replaceChildren(...warnings.map((text) => make('li', {}, text)));
    byId('warnings').hidden = warnings.length === 0;
    showTable(group);
    showKeys(group);
    this.#charts.show({ duration: report.seconds, ...group.series });
    byId('replay-conf').textContent = confOf(group);
    byId('replay-results').dataset.plan = `${group.name} ${this.#played}`;
  }

  /** @param {string} reason */
  #fail(reason) {
    if (this.#task === 'replaying') {
      this.#stop(`This cannot be replayed: ${sentence(reason)}`);
    } else {
      this.#endReading('');
      this.#refuse(reason);
      this.#goOn();
    }
  }

  /** @param {string} reason */
  #refuse(reason) {
    byId('own-fault').textContent = `This cannot be replayed: ${sentence(reason)}`;
    byId('own-fault').hidden = false;
  }
}

/**
 * @param {import('./types.js').Source} source
 * @returns {string} server pool1, 1,234 calls, 5 left out, cut off
 */
function facts({ server, calls, leftOut, isCut, anonymous }) {
  const words = [`server ${server}`, calls === 1 ? 'one call' : `${count(calls)} calls`];
  words.push(...(leftOut > 0 ? [`${count(leftOut)} left out`] : []));
  words.push(...(isCut ? ['cut off'] : []), ...(anonymous ? ['anonymous'] : []));
  return words.join(', ');
}

/**
 * Says something new; a screen reader does not hear the same twice.
 *
 * @param {string} id
 * @param {string} text
 */
function say(id, text) {
  const line = byId(id);
  if (line.textContent !== text) {
    line.textContent = text;
  }
}

/**
 * @param {string} text
 * @returns {string} with one full stop; a browser's own reason has one already
 */
function sentence(text) {
  return `${text.replace(/\.$/, '')}.`;
}

/**
 * @param {GroupReport} group
 * @returns {string} the new setting for the class that is chosen
 */
function confOf(group) {
  if (group.change === null || group.pools.length === 0) {
    return group.change === null
      ? '// As it was recorded.\n'
      : `// No pool type of MediaWiki has the group ${group.name}.\n`;
  }
  // The change may be of a pool type, which has several groups.
  const change = group.change.replace(/^[^:]*/, group.name);
  const { limits, fastStale, slots } = group;
  const client = /** @type {HTMLSelectElement} */ (byId('replay-client')).value;
  return changeConf(change, JSON.stringify({ limits, fastStale, slots }), client);
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
