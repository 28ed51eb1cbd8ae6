/**
 * What the page knows of recordings, and the results of a replay.
 *
 * @typedef {{ workers: number, maxqueue: number, timeout: number }} Limits
 * @typedef {object} Group
 * @property {string} name
 * @property {string[]} pools
 * @property {number} requests
 * @property {Limits} limits
 * @property {number} otherLimits
 * @property {boolean} fastStale
 * @property {boolean} forAnyone
 * @property {boolean} slots whether other slots can be tried
 * @typedef {{ groups: Group[], requests: number, seconds: number }} Contents
 * @typedef {import('../types.js').Waits} Waits
 * @typedef {object} Figures
 * @property {number} requests
 * @property {number} found
 * @property {number} missing
 * @property {number} granted
 * @property {number} done
 * @property {number} refused
 * @property {number} timedOut
 * @property {number} notFree
 * @property {number} turnedAway
 * @property {number} left
 * @property {number | null} stale
 * @property {number | null} errors
 * @property {number} works
 * @property {number} repeated
 * @property {number} died
 * @property {number} unfinished
 * @property {number} mostWorks
 * @property {number} mostWaiting
 * @property {Waits} wait
 * @typedef {{ requests: number, granted: number, done: number, refused: number, timedOut: number, stale: number, waitedMicros: number }} KeyCounts
 * @typedef {'recorded' | 'a' | 'b'} Column
 * @typedef {{ key: string } & Record<Column, KeyCounts>} Key
 * @typedef {import('../charts.js').Series} Series
 * @typedef {Group & Record<Column, Figures> & { change: string | null, conf: string, isNear: boolean, series: { a: Series, b: Series }, keys: Key[] }} GroupReport
 * @typedef {{ server: string, anonymous: boolean, isCut: boolean, calls: number, leftOut: number }} Source a file
 * @typedef {{ sources: Source[], startedMicros: number, seconds: number, groups: GroupReport[], warnings: string[], plan: { seed: number, cores: number | null } }} ReplayReport
 * @typedef {{ group: string, seed: string, cores: string, settings: Record<string, Record<string, string>> }} Texts what the user has typed
 */

export {};
