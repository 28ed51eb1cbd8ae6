/** The worker of the simulated days. */

import { Run } from '../wasm/poolcounter_lab.js';
import { play, serve } from './slices.js';

serve(async (/** @type {{ query: string }} */ { query }, breathe) => {
  const run = new Run(query);
  try {
    await play(run, breathe);
    return run.report();
  } finally {
    run.free();
  }
});
