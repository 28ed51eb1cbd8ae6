/** The head of the page, and the section on the daemon itself. */

import { showAge } from './ages.js';
import { byId, write } from './dom.js';
import { Facts } from './facts.js';
import { clock, count, span } from './numbers.js';
import { tell } from './speaker.js';

/** @typedef {import('./types.js').Status} Status */

/** @param {string} moment @returns {string} */
const at = (moment) => clock(Date.parse(moment) / 1000);

/**
 * @param {number} value
 * @param {number | null} most
 * @returns {string}
 */
const outOf = (value, most) => (most === null ? count(value) : `${count(value)} of ${count(most)}`);

/**
 * @param {Status['upgrades']} upgrades
 * @returns {string}
 */
function upgradesInWords({ count: number, failed, last, last_pause_seconds: pause, last_error: error }) {
  return [
    number === 0 ? 'none' : count(number),
    last === null ? '' : `the last at ${at(last)}${pause === null ? '' : `, with a pause of ${span(pause)}`}`,
    failed === 0 ? '' : `${count(failed)} failed${error === null ? '' : `: ${error}`}`,
  ]
    .filter(Boolean)
    .join('; ');
}

/** @param {number} number @returns {string} as megabytes */
const bytes = (number) => `${(number / 1e6).toFixed(1)} MB`;

/** What `/v1/status` says. */
export class StatusView {
  #facts = new Facts(byId('facts'));
  #daemon = new Facts(byId('daemon'));
  #statistics = new Facts(byId('statistics'));
  /** @type {string | undefined} */
  #version;
  /** @type {boolean | undefined} */
  #ready;

  /**
   * @param {Status} status
   * @param {number} now
   */
  show(status, now) {
    this.#showReady(status);
    write(byId('host'), `on ${status.host}`);
    document.title = `${status.waiters > 0 ? `${count(status.waiters)} waiting, ` : ''}${status.host}, PoolCounter`;
    this.#facts.show('Clients', outOf(status.clients, status.max_clients));
    this.#facts.show('Keys', count(status.keys));
    this.#facts.show('Held', count(status.holders));
    this.#facts.show('Waiting', count(status.waiters));
    showAge(this.#facts.place('Up for'), status.uptime_seconds, now);
    this.#facts.show('Version', status.version);
    this.#showDaemon(status);
    this.#version ??= status.version;
    byId('renewed').hidden = this.#version === status.version;
  }

  /** @param {Status} status */
  #showReady({ ready, not_ready: why }) {
    const badge = byId('ready');
    write(badge, ready ? 'ready' : `not ready: ${why ?? 'unknown'}`);
    badge.classList.toggle('bad', !ready);
    if (this.#ready !== undefined && this.#ready !== ready) {
      tell(ready ? 'The daemon is ready.' : `The daemon is not ready: ${why ?? 'unknown'}.`);
    }
    this.#ready = ready;
  }

  /** @param {Status} status */
  #showRecorded({ host, now, record_buffer: buffer }) {
    byId('recorded').hidden = buffer === null;
    if (buffer !== null) {
      // Windows allows no colon in the name of a file.
      const time = now.slice(0, 16).replaceAll(/[-:]/g, '');
      byId('take').setAttribute('download', `${host}-${time}Z.rec`);
      this.#daemon.show('Recorded', `the last ${span(buffer.seconds)}, in ${bytes(buffer.bytes)} of memory`);
    } else {
      this.#daemon.remove('Recorded');
    }
  }

  /** @param {Status} status */
  #showDaemon(status) {
    this.#daemon.show('Listens at', status.listeners.join(', '));
    this.#daemon.show('Admin', status.admin.join(', '));
    this.#daemon.show('Process', String(status.pid));
    this.#daemon.show('Started at', at(status.started));
    this.#daemon.show('Descriptors', outOf(status.open_descriptors, status.max_descriptors));
    this.#daemon.show('Upgrades', upgradesInWords(status.upgrades));
    this.#showRecorded(status);
    for (const [name, value] of Object.entries(status.statistics.counters)) {
      this.#statistics.show(name.replaceAll('_', ' '), count(value));
    }
    for (const [name, seconds] of Object.entries(status.statistics.times_seconds)) {
      this.#statistics.show(`${name.replaceAll('_', ' ')} time`, span(seconds));
    }
  }
}
