import { BillingAuditError, messageOf } from '../../lib/errors';

/** Where history comes from cannot be opened, or is not what it was said to be. Nothing was imported. */
export class HistoryUnreadable extends BillingAuditError {
  readonly code = 'history_unreadable';

  constructor(
    readonly source: string,
    why: string,
    readonly hint: string,
    cause?: unknown,
  ) {
    super(`${source} ${why}.`, { source }, { cause });
  }
}

/** What was opened has not the columns that an import needs. Nothing was imported. */
export class HistoryColumnsMissing extends BillingAuditError {
  readonly code = 'history_columns_missing';
  readonly hint: string;

  constructor(
    readonly source: string,
    readonly missing: readonly { readonly title: string; readonly nearest: string | null }[],
    found: readonly string[],
  ) {
    const names = missing.map(({ title }) => `"${title}"`).join(', ');
    super(`${source} has no column ${names}.`, { source, missing, found });
    const meant = missing.flatMap(({ title, nearest }) => (nearest === null ? [] : [`"${nearest}" to "${title}"`]));
    const present = found.length === 0 ? 'It has no columns at all' : `Its columns are ${found.join(', ')}`;
    this.hint = `${meant.length > 0 ? `Rename ${meant.join(', ')}, if that is what it is. ` : ''}${present}.`;
  }
}

/** A row that cannot be taken; the others are. */
export interface BadRow {
  /** The row, as people find it. */
  readonly place: string;
  readonly why: string;
}

/** A file that nobody can open, in words that tell a missing one from a forbidden one. */
export function unreadableFile(file: string, thrown: unknown): HistoryUnreadable {
  const code = (thrown as NodeJS.ErrnoException | null)?.code;
  if (code === 'ENOENT') return new HistoryUnreadable(file, 'does not exist', 'Check the name of the file.', thrown);
  if (code === 'EISDIR') return new HistoryUnreadable(file, 'is a folder', 'Name the file in it.', thrown);
  return new HistoryUnreadable(file, `cannot be read: ${messageOf(thrown)}`, 'Check that you may read it.', thrown);
}
