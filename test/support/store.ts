import { buildSync } from 'esbuild';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openEmbeddedStore, type EmbeddedStoreDriver, type EmbeddedStoreOptions } from '../../lib/store';
import { layStore } from './store-template';

const root = resolve(__dirname, '../..');

/** The folder `supabase/` of the source tree. */
export const migrations = join(root, 'supabase');

/** Bundles a program for a thread or a process of its own, below `build/`; packages stay outside it. @returns its path */
export function bundle(entry: string, name: string): string {
  const outfile = join(root, 'build', 'test', `${name}-${process.pid}.js`);
  buildSync({
    entryPoints: [join(root, entry)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    packages: 'external',
    logLevel: 'error',
  });
  return outfile;
}

/** The store's worker, bundled. */
export const buildStoreWorker = (): string => bundle('lib/store/embedded/worker.ts', 'store-worker');

/** A new empty folder; the caller removes it. */
export const newFolder = (): string => mkdtempSync(join(tmpdir(), 'billing-audit-store-'));

export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true });

/** Gives a home the store that a first start would make there; a test of the first start itself does without. */
export const layStoreOf = (home: string): Promise<void> =>
  layStore(join(home, 'store', 'embedded'), buildStoreWorker(), migrations);

/** Opens a store of its own in `folder`: a copy of one that is migrated already, which saves some seconds. */
export async function openTestStore(
  folder: string,
  workerPath: string,
  options: Partial<EmbeddedStoreOptions> = {},
): Promise<EmbeddedStoreDriver> {
  const directory = join(folder, 'store');
  await layStore(directory, workerPath, migrations);
  return openEmbeddedStore({ directory, workerPath, migrations, ...options });
}
