import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { writeArchive, type Archived } from '../../server/archive';
import type { SealedStore } from './sealed-store';

const PROGRAM = resolve(__dirname, '../../server/export/evidence/verify.py');

/** What is recorded while `act` runs is recorded at that time: the store's own clock is set, and put right again. */
export async function recordedAt(
  sealed: Pick<SealedStore, 'driver'>,
  instant: string,
  act: () => Promise<unknown>,
): Promise<void> {
  const look = `select pg_get_functiondef('billing_audit.clock()'::regprocedure) as text`;
  const [clock] = await sealed.driver.transaction([{ sql: look, parameters: [] }]);
  const set = `create or replace function billing_audit.clock() returns timestamptz language sql volatile
    set search_path = '' as $$ select timestamptz '${instant}' $$`;
  await sealed.driver.transaction([{ sql: set }]);
  await act();
  await sealed.driver.transaction([{ sql: String(clock?.['text']) }]);
}

export type Archivable = Pick<SealedStore, 'driver' | 'store' | 'book' | 'keys' | 'folder'>;

export const partsOf = (sealed: Archivable): Parameters<typeof writeArchive>[1] => ({
  driver: sealed.driver,
  book: sealed.book,
  inForce: (hashes) => sealed.store.inForce(hashes),
  views: [],
  keys: sealed.keys.trusted(),
  practice: false,
  verifier: readFileSync(PROGRAM, 'utf8'),
  now: Date.now,
});

export function archiveOf(
  sealed: Archivable,
  month: string,
  name: string,
  { remove = true, parts = partsOf(sealed) } = {},
): Promise<Archived> {
  return writeArchive({ month, out: join(sealed.folder, name), by: 'Kim', reason: 'It is old.', remove }, parts);
}

/** The verdict of the outsider's verifier. */
export function python(place: string): { readonly code: number | null; readonly told: string } {
  const { status, stdout, stderr } = spawnSync('python3', [PROGRAM, place], { encoding: 'utf8' });
  return { code: status, told: stdout + stderr };
}
