/** Asks again and again: while the page is seen, and while nobody has paused it. */

const PAUSE_MS = 1000;
/** A daemon that takes long to answer is asked less often: the pause is this many times what the answer took. */
const EASE = 10;
const LONGEST_PAUSE_MS = 10_000;

/** Rounds of questions, one after the other. */
export class Poller {
  #round;
  #paused = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #current = new AbortController();

  /** @param {(signal: AbortSignal) => Promise<void>} round one round; it must not throw but for its signal */
  constructor(round) {
    this.#round = round;
    document.addEventListener('visibilitychange', () => this.now());
  }

  /** Whether what is shown is kept up to date. */
  get runs() {
    return !this.#paused && document.visibilityState === 'visible';
  }

  /** @param {boolean} paused */
  set paused(paused) {
    this.#paused = paused;
    if (paused) {
      clearTimeout(this.#timer);
    } else {
      this.now();
    }
  }

  /** Begins a round at once, in place of one that is under way; it is the only one while paused. Stops if nobody looks. */
  now() {
    clearTimeout(this.#timer);
    this.#current.abort();
    if (document.visibilityState === 'visible') {
      this.#current = new AbortController();
      this.#go(this.#current.signal);
    }
  }

  /** @param {AbortSignal} signal */
  async #go(signal) {
    const begun = performance.now();
    try {
      await this.#round(signal);
    } catch (error) {
      if (!signal.aborted) {
        throw error;
      }
    }
    if (!signal.aborted && !this.#paused) {
      const pause = Math.min(Math.max(PAUSE_MS, EASE * (performance.now() - begun)), LONGEST_PAUSE_MS);
      this.#timer = setTimeout(() => this.#go(signal), pause);
    }
  }
}
