/** The worker of the simulated days. */

import { Run } from '../wasm/poolcounter_lab.js';
import { serve } from './slices.js';

serve(async (/** @type {{ query: string }} */ { query }, playToTheEnd) => {
  const run = new Run(query);
  try {
    await playToTheEnd(run);
    return run.report();
  } finally {
    run.free();
  }
});
