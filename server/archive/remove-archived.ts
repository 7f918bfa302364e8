import { z } from 'zod';
import { BillingAuditError, messageOf } from '../../lib/errors';
import type { SealBook } from '../../lib/seal';
import { StoreRefused, type StoreDriver } from '../../lib/store';

/** What the store is to remove, and of which file it is told. */
export interface Removal {
  readonly month: string;
  /** As the trail names it, without its folder. */
  readonly file: string;
  readonly sha256: string;
  readonly spans: readonly unknown[];
  /** How many of its events had been erased. */
  readonly erased: number;
  readonly by: string;
  readonly reason: string;
}

/** The store was asked to remove a month and gave no answer: the file may be all that is left of it. */
export class RemovalUnsure extends BillingAuditError {
  readonly code = 'archive_unsure';
  readonly hint: string;

  constructor(month: string, path: string, sha256: string, cause: unknown) {
    const text = `KEEP ${path}: the events of ${month} may have left the database, or may still leave it, and nothing else would hold them. The removal was asked for, and no answer came (${messageOf(cause)}).`;
    super(text, { month, path, sha256 }, { cause });
    this.hint =
      `A database that was asked works on for up to half an hour. After that run "billing-audit verify --archive ${path}": ` +
      'if it names the archive, the month has left, and this file is it; if it says that this is the file of no archive, nothing was removed, ' +
      'and the command can be given again with another --out. Until then move, alter and delete nothing.';
  }
}

const archived = z.object({ archive: z.object({ id: z.string() }) });

/**
 * Has the store remove what the file holds. Without an answer it is looked up whether it was done: a connection can end
 * before the database does, over HTTP after five minutes.
 * @param path  where the file is
 * @returns the archive's id
 * @throws StoreRefused   nothing was removed
 * @throws RemovalUnsure  it may have been removed
 */
export async function removeArchived(
  removal: Removal,
  path: string,
  { driver, book }: { readonly driver: Pick<StoreDriver, 'rpc'>; readonly book: Pick<SealBook, 'archives'> },
): Promise<string> {
  try {
    return archived.parse(await driver.rpc('billing_audit_archive', { ...removal, role: 'admin' })).archive.id;
  } catch (thrown) {
    // The database itself said no, which undoes all of it.
    if (thrown instanceof StoreRefused) throw thrown;
    const { month, sha256 } = removal;
    const archives = await book.archives().catch(() => []);
    const made = archives.find((each) => each.month === month && each.sha256 === sha256);
    // That it is not there yet says nothing: the database may be at it.
    if (made === undefined) throw new RemovalUnsure(month, path, sha256, thrown);
    return made.id;
  }
}
