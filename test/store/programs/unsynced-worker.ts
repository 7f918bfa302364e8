import { parentPort, workerData } from 'node:worker_threads';
import { NodeFS } from '@electric-sql/pglite/nodefs';
import { serve } from '../../../lib/store/embedded/serve';

/** The planted bug: PGlite's files as they come, whose sync does nothing. */
class UnsyncedFiles extends NodeFS {
  readonly syncs = 0;
  syncAll(): void {}
}

if (parentPort)
  void serve(parentPort, (workerData as { directory: string }).directory, (path) => new UnsyncedFiles(path));
