import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { sha256Hex } from '../../lib/hash';
import { checkTrail, openSealKeys, SealBook, viewsOf, type TrailReport } from '../../lib/seal';
import {
  connectionOver,
  connectPostgres,
  openEmbeddedStore,
  rowsOfStore,
  SAME_TEXT,
  writeRows,
  type EmbeddedStoreDriver,
} from '../../lib/store';
import { CopyFailed, CopyNotGood } from './errors';

/** What can copy itself between two calls: the embedded store. */
export type CopyingStore = Pick<EmbeddedStoreDriver, 'copyTo'>;

/** Where a copy is made from. */
export type CopySource = { readonly store: CopyingStore } | { readonly databaseUrl: string };

/** Copies of several homes may lie in one folder: each has its own names, and nobody removes another's. */
function prefixOf(home: string): string {
  return `copy-${sha256Hex(resolve(home)).slice(0, 8)}-`;
}

/** Tells a copy from a home that works: going back to it does not use it up. */
export const COPY_MARK = 'copy.json';

export interface CopyOptions {
  /** The home whose keys go along. Absolute. */
  readonly home: string;
  /** `BACKUP_DIR`. Absolute. */
  readonly folder: string;
  /** The folder with `store-worker.js` and `supabase/`. */
  readonly assets: string;
  readonly now: () => number;
  readonly onProgress?: (text: string) => void;
}

/**
 * Copies store and keys, consistent with each other, into a folder that is laid out as a home: `verify --home`, `move --home`
 * and `export --home` take it as it is. A database server's rows go into an embedded store there, read in one snapshot.
 * @returns the folder, which is not checked yet
 * @throws CopyFailed  nothing of it is left
 */
export async function makeCopy(source: CopySource, options: CopyOptions): Promise<string> {
  const { home, folder, now } = options;
  const name = `${prefixOf(home)}${new Date(now()).toISOString().replace(/[:.]/g, '-')}`;
  const part = join(folder, `${name}.part`);
  try {
    mkdirSync(part, { recursive: true, mode: 0o700 });
    // Keys first: what was signed last, which is kept beside them, must not be ahead of the rows.
    if (existsSync(join(home, 'keys'))) cpSync(join(home, 'keys'), join(part, 'keys'), { recursive: true });
    // The journal before the store: what was acknowledged and is not in the store yet is replayed where one goes back to this.
    if ('store' in source && existsSync(join(home, 'journal'))) {
      cpSync(join(home, 'journal'), join(part, 'journal'), { recursive: true });
    }
    const embedded = join(part, 'store', 'embedded');
    if ('store' in source) await source.store.copyTo(embedded);
    else await copyRows(source.databaseUrl, embedded, options);
    writeFileSync(join(part, COPY_MARK), `${JSON.stringify({ of: home, at: new Date(now()).toISOString() })}\n`);
    renameSync(part, join(folder, name));
    return join(folder, name);
  } catch (thrown) {
    rmSync(part, { recursive: true, force: true });
    throw new CopyFailed(folder, thrown);
  }
}

async function copyRows(url: string, directory: string, options: CopyOptions): Promise<void> {
  const { onProgress = () => undefined } = options;
  const session = await connectPostgres(url);
  try {
    const target = await openIn(directory, options.assets);
    try {
      await session.within(async () => {
        await session.query(
          `${SAME_TEXT}; set local statement_timeout to 0; set local idle_in_transaction_session_timeout to 0`,
        );
        await writeRows(rowsOfStore(session), connectionOver(target), {
          isFresh: true,
          onProgress: (table, rows) => onProgress(`${table}: ${rows} rows`),
        });
      }, 'begin isolation level repeatable read read only');
    } finally {
      await target.close();
    }
  } finally {
    await session.close();
  }
}

function openIn(directory: string, assets: string): Promise<EmbeddedStoreDriver> {
  return openEmbeddedStore({
    directory,
    workerPath: join(assets, 'store-worker.js'),
    migrations: join(assets, 'supabase'),
  });
}

/**
 * Opens a copy and verifies all of it, with the keys that lie beside it.
 * @throws CopyNotGood
 */
export async function checkCopy(copy: string, assets: string): Promise<TrailReport> {
  const report = await opened(copy, assets).catch((thrown: unknown) => {
    throw new CopyNotGood(copy, thrown);
  });
  if (!report.ok) throw new CopyNotGood(copy, report);
  return report;
}

async function opened(copy: string, assets: string): Promise<TrailReport> {
  const directory = join(copy, 'store', 'embedded');
  // Opening a folder that is not there would make a new store, which always verifies.
  if (!existsSync(join(directory, 'PG_VERSION'))) throw new Error('it holds no store');
  const keys = openSealKeys(join(copy, 'keys'), {});
  const { views } = await viewsOf([], keys);
  const driver = await openIn(directory, assets);
  try {
    return await checkTrail({ source: new SealBook(driver), trusted: keys.trusted(), anchors: views });
  } finally {
    await driver.close();
  }
}

/** Copies of a home in a folder, the oldest first. */
function copiesIn(folder: string, home: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.startsWith(prefixOf(home)) && !name.endsWith('.part'))
    .sort()
    .map((name) => join(folder, name));
}

/** Keeps a home's newest copies, and what a crash of its own left half-made goes too. @returns what was removed */
export function pruneCopies(folder: string, home: string, keep: number): readonly string[] {
  const halves = readdirSync(folder).filter((name) => name.startsWith(prefixOf(home)) && name.endsWith('.part'));
  for (const half of halves) rmSync(join(folder, half), { recursive: true, force: true });
  const old = copiesIn(folder, home).slice(0, -keep);
  for (const copy of old) rmSync(copy, { recursive: true, force: true });
  return old;
}
