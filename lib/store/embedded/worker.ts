import { parentPort, workerData } from 'node:worker_threads';
import type { WorkerSetup } from './protocol';
import { serve } from './serve';
import { SyncedFiles } from './synced-files';

/** Entry of the store's worker thread; bundled to `store-worker.js` beside the bundle that opens the store. */
const { directory } = workerData as WorkerSetup;
if (!parentPort) throw new Error('The store worker runs in a worker thread only.');

void serve(parentPort, directory, (path) => new SyncedFiles(path)).catch((thrown: unknown) => {
  // An uncaught error ends the thread, and the driver hears of it by the `error` event.
  setImmediate(() => {
    throw thrown;
  });
});
