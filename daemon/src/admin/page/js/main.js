/** The live page: what it asks for, and who shows the answers. */

import { countOn, standStill } from './ages.js';
import { ask, Refusal } from './api.js';
import { Detail } from './detail.js';
import { byId, selectById, write } from './dom.js';
import { Groups } from './groups.js';
import { HistoryView } from './history.js';
import { HotKeys } from './hot.js';
import { clock } from './numbers.js';
import { Poller } from './poller.js';
import { tell } from './speaker.js';
import { StatusView } from './status.js';
import { partOfPath } from './text.js';
import { isLately, keep, read } from './view.js';

/** Groups and their history change each 5 s. */
const SLOW_MS = 5000;
/** How many keys are shown, and how many after "Show more". */
const LIMITS = [20, 100, 500];

/** What the page shows, and what comes next. */
class Page {
  #view = read(location.hash);
  #limit = LIMITS[0];
  #slow = -Infinity;
  /** @type {number | null} since when the daemon is away */
  #away = null;
  #status = new StatusView();
  #hot = new HotKeys((key) => this.#open(key));
  #detail = new Detail();
  #groups = new Groups((group) => this.#choose({ group }));
  #history = new HistoryView();
  #poller = new Poller((signal) => this.#round(signal));
  /** @type {HTMLElement | null} where the focus goes when the detail is closed */
  #opener = null;

  constructor() {
    for (const name of /** @type {const} */ (['sort', 'window', 'group'])) {
      selectById(name).addEventListener('change', () => this.#choose({ [name]: selectById(name).value }));
    }
    byId('choices').addEventListener('submit', (event) => event.preventDefault());
    byId('more').addEventListener('click', () => this.#more());
    byId('close').addEventListener('click', () => this.#close());
    byId('reload').addEventListener('click', () => location.reload());
    byId('pause').addEventListener('click', () => this.#pause());
    document.addEventListener('visibilitychange', () => this.#clocks());
    addEventListener('hashchange', () => this.#goTo(location.hash));
    this.#showView();
    this.#clocks();
    this.#poller.now();
  }

  /**
   * Asks for all that is shown, and shows it.
   *
   * @param {AbortSignal} signal
   */
  async #round(signal) {
    try {
      const slow = performance.now() - this.#slow >= SLOW_MS;
      await Promise.all([
        this.#askStatus(signal),
        this.#askKeys(signal),
        this.#askKey(signal),
        slow && this.#askGroups(signal),
      ]);
      this.#isThere();
    } catch (error) {
      signal.throwIfAborted();
      this.#isAway(error instanceof Refusal, error instanceof Error ? error.message : String(error));
    }
  }

  /** @param {AbortSignal} signal */
  async #askStatus(signal) {
    const status = await ask('v1/status', signal);
    this.#status.show(status, performance.now());
  }

  /** @param {AbortSignal} signal */
  async #askKeys(signal) {
    const view = this.#view;
    const query = new URLSearchParams({ sort: view.sort, limit: String(this.#limit) });
    if (isLately(view.sort)) {
      query.set('window', view.window);
    }
    if (view.group) {
      query.set('group', view.group);
    }
    const keys = await ask(`v1/keys?${query}`, signal);
    this.#hot.show(keys, performance.now(), view);
    if (this.#limit === LIMITS.at(-1)) {
      byId('more-line').hidden = true;
    }
  }

  /** @param {AbortSignal} signal */
  async #askKey(signal) {
    const { key } = this.#view;
    if (!key) {
      return;
    }
    try {
      const answer = await ask(`v1/keys/${partOfPath(key)}`, signal);
      this.#detail.show(answer, performance.now());
    } catch (error) {
      if (!(error instanceof Refusal && error.status === 404)) {
        throw error;
      }
      this.#detail.showFree();
    }
  }

  /** @param {AbortSignal} signal */
  async #askGroups(signal) {
    const { group } = this.#view;
    const [{ groups }, history] = await Promise.all([ask('v1/groups', signal), ask('v1/history', signal)]);
    this.#slow = performance.now();
    this.#groups.show(groups, history, this.#slow, group);
    this.#history.show(history, group);
  }

  #isThere() {
    byId('starting').hidden = true;
    byId('live').hidden = false;
    if (this.#away !== null) {
      this.#away = null;
      byId('away').hidden = true;
      byId('live').classList.remove('outdated');
      this.#clocks();
      tell('The daemon answers again.');
    }
  }

  /**
   * @param {boolean} answers whether it answers, but with an error
   * @param {string} why
   */
  #isAway(answers, why) {
    byId('starting').hidden = true;
    const first = this.#away === null;
    this.#away ??= Date.now() / 1000;
    const what = answers ? 'The daemon refuses what the page asks for' : 'The daemon is away';
    // What it was before may be all wrong when it is back.
    this.#slow = -Infinity;
    write(byId('away'), `${what}, since ${clock(this.#away)}. ${why} The page goes on asking.`);
    byId('away').hidden = false;
    byId('live').classList.add('outdated');
    this.#clocks();
    if (first) {
      tell(`${what}. ${why}`);
    }
  }

  /** Ages are counted on only while they are known. */
  #clocks() {
    if (this.#poller.runs && this.#away === null) {
      countOn();
    } else {
      standStill();
    }
  }

  /** @param {Partial<import('./view.js').View>} change */
  #choose(change) {
    this.#view = { ...this.#view, ...change };
    this.#limit = LIMITS[0];
    this.#slow = -Infinity;
    keep(this.#view);
    this.#showView();
    this.#poller.now();
  }

  /** @param {string} hash of an address that somebody has changed, or of a link within the page */
  #goTo(hash) {
    if (hash.includes('=')) {
      this.#choose(read(hash));
    }
  }

  #showView() {
    const { sort, window: within, group, key } = this.#view;
    selectById('sort').value = sort;
    selectById('window').value = within;
    selectById('group').value = group;
    byId('window-label').hidden = !isLately(sort);
    if (key) {
      this.#detail.open(key);
    } else {
      this.#detail.close();
    }
  }

  #more() {
    this.#limit = LIMITS.find((limit) => limit > this.#limit) ?? this.#limit;
    this.#poller.now();
  }

  #pause() {
    const paused = byId('pause').getAttribute('aria-pressed') !== 'true';
    byId('pause').setAttribute('aria-pressed', String(paused));
    this.#poller.paused = paused;
    this.#clocks();
  }

  /** @param {string} key */
  #open(key) {
    this.#opener = /** @type {HTMLElement | null} */ (document.activeElement);
    this.#choose({ key });
    byId('detail-heading').focus();
    byId('detail').scrollIntoView({ block: 'nearest' });
  }

  #close() {
    this.#choose({ key: '' });
    (this.#opener?.isConnected ? this.#opener : byId('keys')).focus();
  }
}

new Page();
