import { closeSync, fdatasyncSync, fsyncSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import { NodeFS, type StartOptions } from '@electric-sql/pglite/nodefs';

/** The part of Emscripten's NODEFS that is patched; PGlite's types do not tell of it. */
interface NodeFileSystem {
  stream_ops: { fsync?: (stream: OpenFile) => number };
  realPath(node: unknown): string;
}

interface OpenFile {
  /** File descriptor of Node; directories have none. */
  readonly nfd?: number;
  readonly node: unknown;
}

/** What the WebAssembly C library returns for a failed sync. */
const INPUT_OUTPUT_ERROR = 29;

/**
 * PGlite's files on disk, with `fsync` that really syncs. PGlite ships NODEFS without one, so that PostgreSQL believes
 * that every commit is on the disk while nothing was flushed (electric-sql/pglite#1107). The patch is set before the
 * server starts, so that the recovery after a crash is synced too.
 */
export class SyncedFiles extends NodeFS {
  /** Real syncs so far. */
  syncs = 0;

  override async init(pg: PGlite, options: StartOptions): Promise<{ emscriptenOpts: StartOptions }> {
    const { emscriptenOpts } = await super.init(pg, options);
    const patch = (module: object): void => this.#patch((module as { NODEFS: NodeFileSystem }).NODEFS);
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [...(emscriptenOpts.preRun ?? []), patch] } };
  }

  /** After the very first start: what initdb wrote came before any sync. */
  syncAll(): void {
    syncTree(this.rootDir);
  }

  #patch(files: NodeFileSystem): void {
    files.stream_ops.fsync = (stream) => {
      try {
        if (stream.nfd === undefined) syncDirectory(files.realPath(stream.node));
        else fdatasyncSync(stream.nfd);
        this.syncs += 1;
        return 0;
      } catch {
        return INPUT_OUTPUT_ERROR;
      }
    };
  }
}

function syncTree(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) syncTree(path);
    else if (entry.isFile()) syncPath(path, 'r+');
  }
  syncDirectory(directory);
}

/** Windows cannot sync a directory, and need not. */
function syncDirectory(path: string): void {
  if (process.platform !== 'win32') syncPath(path, 'r');
}

function syncPath(path: string, flags: string): void {
  const descriptor = openSync(path, flags);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
