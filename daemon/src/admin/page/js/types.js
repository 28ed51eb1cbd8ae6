/**
 * What the daemon answers, as far as the page shows it. `docs/admin-api/` has all of it.
 *
 * @typedef {{ count: number, failed: number, last: string | null, last_pause_seconds: number | null, last_error: string | null }} Upgrades
 * @typedef {{ counters: Record<string, number>, times_seconds: Record<string, number> }} Statistics
 * @typedef {{ bytes: number, limit_bytes: number, seconds: number, left_out: number }} RecordBuffer
 * @typedef {object} Status
 * @property {string} host
 * @property {string} version
 * @property {number} pid
 * @property {string} now
 * @property {string} started
 * @property {number} uptime_seconds
 * @property {boolean} ready
 * @property {string | null} not_ready
 * @property {string[]} listeners
 * @property {string[]} admin
 * @property {number} clients
 * @property {number | null} max_clients
 * @property {number} open_descriptors
 * @property {number} max_descriptors
 * @property {number} keys
 * @property {number} holders
 * @property {number} waiters
 * @property {Upgrades} upgrades
 * @property {RecordBuffer | null} record_buffer
 * @property {Statistics} statistics
 * @typedef {{ client: number, address: string, pid: number | null, user: string | null }} Peer
 * @typedef {object} HotKey
 * @property {string} key
 * @property {string} group
 * @property {number} holders
 * @property {number} waiters
 * @property {number | null} held_seconds
 * @property {number | null} waiting_seconds
 * @property {Peer | null} holder the oldest
 * @property {number | null} count in a list of the last minute or hour
 * @property {number | null} error by which `count` may be too high
 * @typedef {{ sort: string, window: string | null, keys: HotKey[], next: string | null }} Keys
 * @typedef {object} Asked
 * @property {number} requested_seconds
 * @property {number | null} held_seconds
 * @property {'me' | 'any'} mode
 * @property {number} workers
 * @property {number} maxqueue
 * @property {number} timeout_seconds
 * @property {number | null} deadline_seconds
 * @typedef {Peer & Asked} Claim
 * @typedef {object} Key
 * @property {string} key
 * @property {string} group
 * @property {Claim[]} holders
 * @property {Claim[]} waiters
 * @property {number} holders_total
 * @property {number} waiters_total
 * @property {string | null} next
 * @typedef {{ name: string, keys: number, holders: number, waiters: number, oldest_contended_hold_seconds: number | null }} Group
 * @typedef {'holders' | 'waiters' | 'granted' | 'done' | 'refused' | 'timed_out'} Curve
 * @typedef {{ name: string } & Record<Curve, (number | null)[]>} GroupHistory
 * @typedef {{ step_seconds: number, end: string, groups: GroupHistory[] }} History
 */

export {};
