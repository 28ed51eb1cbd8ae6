/** The worker of the recordings: it has their traffic, and replays it. */

import { Recordings } from '../../wasm/poolcounter_lab.js';
import { serve } from '../slices.js';

/** @typedef {{ files?: { name: string, bytes: ArrayBuffer }[], plan?: object }} Task */

/** @type {Recordings | undefined} */
let recordings;

/**
 * @param {{ name: string, bytes: ArrayBuffer }[]} files
 * @returns {string} their groups, as JSON
 */
function read(files) {
  const fresh = new Recordings();
  try {
    for (const { name, bytes } of files) {
      try {
        fresh.add(new Uint8Array(bytes));
      } catch (error) {
        throw new Error(`${name}: ${error instanceof Error ? error.message : error}`, { cause: error });
      }
    }
    const contents = fresh.finish();
    recordings?.free();
    recordings = fresh;
    return contents;
  } catch (error) {
    fresh.free();
    throw error;
  }
}

serve(async (/** @type {Task} */ { files, plan }, playToTheEnd) => {
  if (files) {
    return read(files);
  }
  if (!recordings) {
    throw new Error('there is no recording');
  }
  recordings.start(JSON.stringify(plan));
  await playToTheEnd(recordings);
  return recordings.report();
});
