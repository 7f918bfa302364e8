import type { SmartsheetClient } from '../smartsheet';
import type { AuditSheetBook, LeasedRows } from './book';
import { cellsFor, readRow, rowOf } from './columns';
import { currentSheet, nextSheet, type CurrentSheet, type SheetParts } from './current-sheet';
import { findStanding, type WaitingRow } from './match';

/** The most rows that one request of Smartsheet takes. */
export const MOST_ROWS_PER_WRITE = 500;
/** Clocks of Smartsheet and of this machine may differ by so much. */
const CLOCKS_APART_MILLISECONDS = 10 * 60_000;

export interface BatchParts extends SheetParts {
  readonly client: SheetParts['client'] & Pick<SmartsheetClient, 'rowsModifiedSince' | 'addRows'>;
  readonly book: SheetParts['book'] & Pick<AuditSheetBook, 'mark'>;
  /** Renews the lease. @throws WritingTaken */
  readonly stillMine: () => Promise<void>;
}

/**
 * Writes what waits: looks first which of it stands in the sheet already, then adds the rest. A crash, or an answer that
 * is lost, at any point leads to the same rows once this is done again. An event that cannot be read is left waiting: what
 * it is, and whether everybody who shares the sheet may see it, is not known.
 * @returns the sheet that is written now
 */
export async function writeBatch(
  parts: BatchParts,
  { sheet: known, rows }: Pick<LeasedRows, 'sheet' | 'rows'>,
  mayReplace: boolean,
): Promise<CurrentSheet> {
  let sheet = await currentSheet(parts, known, mayReplace);
  const waiting = rows.flatMap(({ event_key, event }): (WaitingRow & { readonly changedAt: string })[] =>
    event ? [{ eventKey: event_key, row: rowOf(event), changedAt: event.changed_at }] : [],
  );
  if (waiting.length === 0) return sheet;
  const found = findStanding(waiting, await standingRows(parts, sheet, oldest(waiting)));
  await parts.book.mark(sheet.sheetId, found);
  let left = waiting.filter(({ eventKey }) => found.every((each) => each.eventKey !== eventKey));
  if (left.length === 0) return sheet;
  let room = parts.request.mostRows - (sheet.facts.totalRowCount ?? 0);
  if (room <= 0) {
    sheet = await nextSheet(parts, sheet);
    room = parts.request.mostRows - (sheet.facts.totalRowCount ?? 0);
  }
  left = left.slice(0, Math.max(0, Math.min(room, MOST_ROWS_PER_WRITE)));
  if (left.length === 0) return sheet;
  await parts.stillMine();
  const { facts, ids, sheetId } = sheet;
  const rowIds = await parts.client.addRows(
    sheetId,
    left.map(({ row }) => cellsFor(row, ids, facts)),
  );
  const written = left.map(({ eventKey }, index) => ({
    eventKey,
    rowId: rowIds[index] ?? '',
    state: 'written' as const,
  }));
  await parts.book.mark(sheetId, written);
  return sheet;
}

/** A row about a change is not older than the change. */
async function standingRows(
  { client }: BatchParts,
  { sheetId, ids }: CurrentSheet,
  since: number,
): Promise<readonly { rowId: string; row: ReturnType<typeof readRow> }[]> {
  const from = new Date(Math.max(0, since - CLOCKS_APART_MILLISECONDS)).toISOString();
  const { rows } = await client.rowsModifiedSince(sheetId, from);
  return rows.map((row) => ({ rowId: row.id, row: readRow(row, ids) }));
}

function oldest(waiting: readonly { readonly changedAt: string }[]): number {
  return Math.min(...waiting.map(({ changedAt }) => Date.parse(changedAt)));
}
