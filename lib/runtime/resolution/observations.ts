import type { Now } from '../../ports';
import type { CallbackEvent, SheetRead, SmartsheetClient } from '../../smartsheet';
import type { KnownSheet, Observation, ObservedRow, RemovedRow } from '../../store/store';
import { observeHangings } from './hangings';
import { factsOf } from './sheet-facts';
import { baselineRow } from './observed-row';
import { observeRows, readAt, readRows, type Sources } from './resolver';
import { columnEvents, removedRows, rowsNamedBy } from './said-by-events';

/** Callbacks that were understood, resolved together. */
export interface CallbackBatch {
  readonly sheetId: string;
  readonly callbacks: readonly { readonly id: string; readonly nonce: string }[];
  readonly events: readonly CallbackEvent[];
}

/** What a compare found, and what it does not tell yet. */
export interface Compared {
  readonly observation: Observation;
  /** Rows that are gone or changed, left out of the observation until a callback names who it was, or is overdue. */
  readonly awaitedRowIds: readonly string[];
}

/** What of a compare may wait for a callback that is on its way. */
export interface Patience {
  /** No callback is expected any more that names who changed or deleted this row. */
  readonly isOverdue: (rowId: string) => boolean;
  /** Changed rows wait too, not only missing ones, and so many histories at most are read only to learn a name. */
  readonly forNames?: { readonly mostHistories: number };
}

const BASELINE_ROWS_PER_CALL = 2000;
/** Rows modified this long before the last compare are read again: a save may show up a little after its time. */
const OVERLAP_MILLISECONDS = 120_000;

/** One observation of all that a batch of callbacks is about. */
export async function observeCallbacks(batch: CallbackBatch, sources: Sources, now: Now): Promise<Observation> {
  const { sheetId, callbacks, events } = batch;
  const sheet = await readRows(sources.client, sheetId, rowsNamedBy(events));
  const observedAt = readAt(sheet, now());
  const observed = await observeRows({ sheet, rows: sheet.rows, events, observedAt }, sources);
  const present = new Set(sheet.rows.map(({ id }) => id));
  return {
    ...factsOf(sheet, observedAt),
    ...observed,
    deferred_at: new Date(now()).toISOString(),
    version: null,
    removed: await removedRows(events, present, sources.people),
    column_events: await columnEvents(events, sources.people),
    objects: await observeHangings(sheetId, events, sources),
    baseline: false,
    audit_run_id: runIdOf(callbacks.map(({ nonce }) => nonce)),
    found_by: 'callback',
    callback_ids: callbacks.map(({ id }) => id),
  };
}

/**
 * Compares the sheet with what is known, as far as it changed since the last compare: modified rows, rows that are new,
 * rows that are gone. Row ids are compared as a whole only where the number of rows does not fit.
 * @param patience  which of the rows whose author nobody knows are not reported yet
 */
export async function observeSince(
  known: KnownSheet,
  foundBy: 'poll' | 'backfill',
  sources: Sources,
  now: Now,
  { isOverdue, forNames }: Patience,
): Promise<Compared> {
  const since = new Date(new Date(known.compared_at ?? 0).getTime() - OVERLAP_MILLISECONDS).toISOString();
  const modified = await sources.client.rowsModifiedSince(known.sheet_id, since);
  const observedAt = readAt(modified, now());
  const { added, missing } = await compareIds(known, modified, sources);
  const unseen = added.filter((id) => !modified.rows.some((row) => row.id === id));
  const extra = unseen.length > 0 ? (await readRows(sources.client, known.sheet_id, unseen)).rows : [];
  const reading = { sheet: modified, rows: [...modified.rows, ...extra], events: [], observedAt };
  const observed = await observeRows(forNames ? { ...reading, mostWished: forNames.mostHistories } : reading, sources);
  const isNameless = (row: ObservedRow): boolean => forNames !== undefined && !isNamed(row) && !isOverdue(row.row_id);
  const nameless = new Set(observed.rows.filter(isNameless).map(({ row_id }) => row_id));
  const isTold = ({ row_id }: { readonly row_id: string }): boolean => !nameless.has(row_id);
  const reported = missing.filter(isOverdue);
  const awaited = [...nameless, ...missing.filter((id) => !reported.includes(id))];
  return {
    awaitedRowIds: awaited,
    observation: {
      ...factsOf(modified, observedAt),
      // While a row waits for the name of who changed or deleted it, the compare is not complete.
      version: awaited.length === 0 ? modified.version : null,
      rows: observed.rows.filter(isTold),
      // Those that may hide values wait for their history, which names people too: for these nobody waits here.
      deferred: observed.deferred,
      deferred_at: new Date(now()).toISOString(),
      explained: observed.explained.filter(isTold),
      removed: reported.map((rowId) => removedByUnknown(rowId, observedAt)),
      baseline: false,
      audit_run_id: `${foundBy}:${known.sheet_id}:${modified.version}`,
      found_by: foundBy,
      callback_ids: [],
    },
  };
}

/** The first look at a sheet, in portions; the last one carries the version, so that a look that broke off is begun anew. */
export async function observeFirst(
  client: SmartsheetClient,
  sheetId: string,
  now: Now,
  progress: (done: number, total: number) => void,
): Promise<readonly Observation[]> {
  const sheet = await client.wholeSheet(sheetId, progress);
  const observedAt = readAt(sheet, now());
  const rows = sheet.rows.map((read) => baselineRow({ read, observedAt }));
  const portions = Math.max(1, Math.ceil(rows.length / BASELINE_ROWS_PER_CALL));
  return Array.from({ length: portions }, (_, index) => ({
    ...factsOf(sheet, observedAt),
    version: index === portions - 1 ? sheet.version : null,
    rows: rows.slice(index * BASELINE_ROWS_PER_CALL, (index + 1) * BASELINE_ROWS_PER_CALL),
    removed: [],
    baseline: true,
    audit_run_id: `baseline:${sheetId}:${sheet.version}`,
    found_by: 'backfill' as const,
    callback_ids: [],
  }));
}

async function compareIds(
  known: KnownSheet,
  modified: SheetRead,
  { client, store }: Sources,
): Promise<{ readonly added: readonly string[]; readonly missing: readonly string[] }> {
  const seen = new Set(
    (
      await store.knownRows(
        known.sheet_id,
        modified.rows.map(({ id }) => id),
      )
    )
      .filter((row) => row.is_new !== true)
      .map((row) => row.row_id),
  );
  const added = modified.rows.filter(({ id }) => !seen.has(id)).length;
  if (modified.totalRowCount === known.row_count + added) return { added: [], missing: [] };
  const primary = modified.columns.find((column) => column.primary === true) ?? modified.columns[0];
  const present = new Set(primary ? await client.rowIds(known.sheet_id, primary.id) : []);
  const before = new Set((await store.knownRows(known.sheet_id, 'all')).map((row) => row.row_id));
  const unseen = [...before].filter((id) => !present.has(id));
  // A row that was deleted while the pages were read drew another from a page to come into one that was read already.
  const still = new Set(
    unseen.length > 0 ? (await readRows(client, known.sheet_id, unseen)).rows.map(({ id }) => id) : [],
  );
  return {
    added: [...present].filter((id) => !before.has(id)),
    missing: unseen.filter((id) => !still.has(id)),
  };
}

/** Whether everything that happened to the row has somebody who did it. */
function isNamed({ cells }: ObservedRow): boolean {
  return cells.every(({ steps }) => steps.every(({ changed_by_kind }) => changed_by_kind !== 'unknown'));
}

function removedByUnknown(rowId: string, at: string): RemovedRow {
  return { row_id: rowId, action: 'deleted', changed_by: null, changed_by_kind: 'unknown', changed_at: at };
}

/** One callback is named; of several that were resolved together, the first and the last. */
function runIdOf(nonces: readonly string[]): string {
  const [first = 'none'] = nonces;
  return nonces.length < 2 ? `callback:${first}` : `callbacks:${first}..${nonces[nonces.length - 1]}`;
}
