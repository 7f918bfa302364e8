import { mkdirSync, rmSync } from 'node:fs';
import { messageOf } from '../../lib/errors';
import { readBackupNote, writeBackupNote, type BackupNote } from '../../lib/runtime/backup-note';
import { makeCopy, pruneCopies, type CopyOptions, type CopySource } from './copies';

export interface BackupOptions extends CopyOptions {
  /** How many good copies are kept. */
  readonly keep: number;
  /** Opens and verifies a copy; gives how many events it holds. @throws when it cannot be relied on */
  readonly check: (copy: string) => Promise<number>;
}

export interface Backup {
  readonly copy: string;
  readonly events: number;
  readonly removed: readonly string[];
}

/**
 * Makes a copy, opens it again as a check, removes the oldest, and notes how it went. A copy that is not good is removed and
 * counts as none; earlier ones stay.
 * @throws CopyFailed, CopyNotGood
 */
export async function backup(source: CopySource, options: BackupOptions): Promise<Backup> {
  const { home, folder, keep, now } = options;
  const at = new Date(now()).toISOString();
  const before = readBackupNote(home);
  const told: BackupNote = {
    folder,
    good_at: before?.good_at ?? null,
    copy: before?.copy ?? null,
    events: before?.events ?? null,
    since: before?.since ?? at,
    tried_at: at,
    why: null,
  };
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const copy = await makeCopy(source, options);
    const events = await options.check(copy).catch((thrown: unknown) => {
      rmSync(copy, { recursive: true, force: true });
      throw thrown;
    });
    const removed = pruneCopies(folder, home, keep);
    writeBackupNote(home, { ...told, good_at: at, copy, events });
    return { copy, events, removed };
  } catch (thrown) {
    writeBackupNote(home, { ...told, why: messageOf(thrown) });
    throw thrown;
  }
}
