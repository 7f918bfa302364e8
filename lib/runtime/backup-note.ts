import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Health } from './runtime';

const note = z.object({
  /** Where copies go. */
  folder: z.string(),
  /** When a copy was made last that was opened again and verified; null = never. */
  good_at: z.string().nullable(),
  /** That copy. */
  copy: z.string().nullable(),
  events: z.number().nullable(),
  /** When it was tried last, and why that failed; null = it did not. */
  tried_at: z.string().nullable(),
  why: z.string().nullable(),
  /** Since when copies are wanted. */
  since: z.string(),
});

/** How copies of a home stand: written by who makes them, read by `/health` and `doctor`. */
export type BackupNote = z.infer<typeof note>;

/** A night may be missed by a machine that was off; a second one is a fault. */
const LATE_HOURS = 36;

const fileIn = (home: string): string => join(home, 'backup.json');

/** @returns null when no copies are wanted, or what is there cannot be read */
export function readBackupNote(home: string): BackupNote | null {
  try {
    return note.safeParse(JSON.parse(readFileSync(fileIn(home), 'utf8'))).data ?? null;
  } catch {
    return null;
  }
}

export function writeBackupNote(home: string, told: BackupNote): void {
  writeFileSync(`${fileIn(home)}.part`, `${JSON.stringify(told, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${fileIn(home)}.part`, fileIn(home));
}

export function removeBackupNote(home: string): void {
  rmSync(fileIn(home), { force: true });
}

/** What `/health` says of it. Paths are nobody's business there. */
export function backupCheck(told: BackupNote, now: number): Pick<Health['checks'][number], 'status' | 'text'> {
  const last =
    told.good_at === null
      ? 'no good copy yet'
      : `last good copy ${told.good_at}, opened again and verified, ${told.events ?? 0} events`;
  if (told.why !== null) return { status: 'degraded', text: `${last}; the last try failed, the log says why` };
  const isLate = now - Date.parse(told.good_at ?? told.since) > LATE_HOURS * 3_600_000;
  return { status: isLate ? 'degraded' : 'ok', text: isLate ? `${last}, which is too long ago` : last };
}
