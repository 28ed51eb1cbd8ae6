/** One key: who holds it, who waits for it, and with which limits they asked. */

import { showAge } from './ages.js';
import { byId, write } from './dom.js';
import { count, some } from './numbers.js';
import { Records } from './records.js';
import { peer } from './text.js';

/** @typedef {import('./types.js').Claim} Claim */
/** @typedef {import('./types.js').Key} Key */

const MODES = { me: 'for me', any: 'for anyone' };

/** @param {Claim} claim @returns {boolean} */
const holds = ({ held_seconds: held }) => held !== null;

/** What `/v1/keys/KEY` says. */
export class Detail {
  #now = 0;
  #shown = '';
  /** @type {Records<Claim & { number: number }>} */
  #records = new Records(byId('claims'), this.#columns(), (claim) => `${claim.client} ${claim.number}`);

  /** @returns {import('./records.js').Column<Claim & { number: number }>[]} */
  #columns() {
    return [
      { title: 'Client', kind: 'name', fill: (cell, claim) => write(cell, peer(claim)) },
      { title: 'Number', kind: 'number', fill: (cell, claim) => write(cell, String(claim.client)) },
      {
        title: 'State',
        kind: 'text',
        fill: (cell, claim) => write(cell, holds(claim) ? 'holds' : 'waits'),
        strong: holds,
      },
      { title: 'For', kind: 'number', fill: (cell, claim) => this.#since(cell, claim) },
      { title: 'Asked', kind: 'text', fill: (cell, claim) => write(cell, MODES[claim.mode]) },
      { title: 'Workers', kind: 'number', fill: (cell, claim) => write(cell, count(claim.workers)) },
      { title: 'Queue', kind: 'number', fill: (cell, claim) => write(cell, count(claim.maxqueue)) },
      { title: 'Timeout', kind: 'number', fill: (cell, claim) => write(cell, `${claim.timeout_seconds}\u00a0s`) },
      { title: 'Time left', kind: 'number', fill: (cell, claim) => this.#left(cell, claim) },
    ];
  }

  /**
   * @param {HTMLElement} cell
   * @param {Claim} claim
   */
  #since(cell, claim) {
    showAge(cell, claim.held_seconds ?? claim.requested_seconds, this.#now);
  }

  /**
   * @param {HTMLElement} cell
   * @param {Claim} claim
   */
  #left(cell, claim) {
    showAge(cell, claim.deadline_seconds, this.#now, { grows: false });
  }

  /**
   * Shows the section for a key of which nothing is known yet.
   *
   * @param {string} key
   */
  open(key) {
    if (this.#shown !== key) {
      this.#shown = key;
      write(byId('full-key'), key);
      this.#show([], 'Asking …', 0);
    }
    byId('detail').hidden = false;
  }

  /** Hides the section. */
  close() {
    this.#shown = '';
    byId('detail').hidden = true;
  }

  /**
   * @param {Key} key
   * @param {number} now
   */
  show(key, now) {
    this.#now = now;
    const holders = some(key.holders_total, 'client holds', 'clients hold');
    const waiters = some(key.waiters_total, 'waits', 'wait');
    const state = `${holders} it, ${waiters} for it. Its group is ${key.group}.`;
    this.#show(numbered([...key.holders, ...key.waiters]), state, key.holders_total + key.waiters_total);
  }

  /** Says that the key is free. */
  showFree() {
    this.#show([], 'Nobody holds this key, and nobody waits for it.', 0);
  }

  /**
   * @param {(Claim & { number: number })[]} claims
   * @param {string} state
   * @param {number} total
   */
  #show(claims, state, total) {
    write(byId('detail-state'), state);
    this.#records.show(claims);
    byId('claims').hidden = claims.length === 0;
    byId('claims-left').hidden = claims.length >= total;
    write(byId('claims-left'), `These are the first ${count(claims.length)} of ${count(total)}.`);
  }
}

/**
 * Tells a client's claims for one key apart: its rows keep their order when others go.
 *
 * @param {Claim[]} claims
 * @returns {(Claim & { number: number })[]}
 */
function numbered(claims) {
  /** @type {Map<number, number>} */
  const seen = new Map();
  return claims.map((claim) => {
    const number = seen.get(claim.client) ?? 0;
    seen.set(claim.client, number + 1);
    return { ...claim, number };
  });
}
