/** The worker of the recordings: it reads them, has their traffic, and replays it. */

import { Recordings } from '../../wasm/poolcounter_lab.js';
import { Stopped, play, reason, serve } from '../slices.js';

/** @typedef {import('../slices.js').Breathe} Breathe */
/** @typedef {{ files?: File[], plan?: object }} Task */

/** How many bytes are taken from the disk at once, and how many are read between two looks at the clock. */
const FROM_DISK = 1 << 22;
const AT_ONCE = 1 << 16;
/** How much of the progress bar is for the bytes; the rest is for the calls in them. */
const BYTES = 0.6;

/** @type {Recordings | undefined} */
let recordings;

/**
 * @param {number} bytes
 * @returns {string} 12.3
 */
function megabytes(bytes) {
  return (bytes / 1e6).toFixed(1);
}

/**
 * Reads one file.
 *
 * @param {Recordings} into
 * @param {File} file
 * @param {(read: number) => Promise<void>} breathe
 */
async function readFile(into, file, breathe) {
  for (let at = 0; at < file.size; at += FROM_DISK) {
    const bytes = new Uint8Array(await file.slice(at, at + FROM_DISK).arrayBuffer());
    for (let begin = 0; begin < bytes.length; begin += AT_ONCE) {
      into.add(bytes.subarray(begin, begin + AT_ONCE));
      await breathe(Math.min(at + begin + AT_ONCE, file.size));
    }
  }
  into.endFile();
}

/**
 * @param {File[]} files
 * @param {Breathe} breathe
 * @returns {Promise<string>} their groups, as JSON
 */
async function read(files, breathe) {
  const fresh = new Recordings();
  try {
    const all = files.reduce((sum, { size }) => sum + size, 0);
    let before = 0;
    for (const file of files) {
      const { name, size } = file;
      try {
        await readFile(fresh, file, (done) =>
          breathe(
            (BYTES * (before + done)) / all,
            `Reading ${name}`,
            `${megabytes(done)} of ${megabytes(size)}\u00a0MB`,
          ),
        );
      } catch (error) {
        if (error instanceof Stopped) {
          throw error;
        }
        throw new Error(`${name}: ${reason(error)}`, { cause: error });
      }
      before += size;
    }
    fresh.understand();
    await play(fresh, (progress) => breathe(BYTES + (1 - BYTES) * progress, 'Finding the requests'));
    const contents = fresh.contents();
    recordings?.free();
    recordings = fresh;
    return contents;
  } catch (error) {
    try {
      fresh.free();
    } catch {
      // A call into it ended in the middle, because the memory was full. Then nothing can free it.
    }
    throw error;
  }
}

/** What the stages are called on the page. */
const COLUMNS = /** @type {Record<string, string>} */ ({
  a: 'Playing column A, as recorded',
  b: 'Playing column B, with the new settings',
});

serve(async (/** @type {Task} */ { files, plan }, breathe) => {
  if (files) {
    return read(files, breathe);
  }
  if (!recordings) {
    throw new Error('there is no recording');
  }
  recordings.start(JSON.stringify(plan));
  await play(recordings, (progress, stage) => breathe(progress, COLUMNS[stage] ?? ''));
  return recordings.report();
});
