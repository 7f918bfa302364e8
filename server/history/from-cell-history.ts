import { parseDay, weekClosesAt, weekEnding } from '../../lib/calendar';
import { workRequestOf } from '../../lib/event';
import { messageOf } from '../../lib/errors';
import {
  type BillingSettings,
  canonicalTitle,
  cellOf,
  isSameColumn,
  LOGGED_DATE,
  WORK_REQUEST,
} from '../../lib/settings';
import {
  type HistoryEntry,
  isLaterSecond,
  type RowRead,
  type SheetRead,
  type SmartsheetClient,
  SmartsheetRefused,
} from '../../lib/smartsheet';
import { type BadRow, HistoryUnreadable } from './errors';
import type { DoneBook } from './done-book';
import type { PastChange } from './imported-event';

type Client = Pick<SmartsheetClient, 'rowsModifiedSince' | 'cellHistory'>;

/** All changes of one row since a time; when they are in the trail, the row is done. */
export interface RowHistory {
  readonly sheetName: string;
  readonly changes: readonly PastChange[];
  /** Set: it was gone by the time that it was read, and has no changes here. */
  readonly bad: BadRow | null;
  readonly done: () => void;
}

export interface CellHistoryRequest {
  readonly client: Client;
  readonly sheetIds: readonly string[];
  /** `YYYY-MM-DDTHH:MM:SS.sssZ`. */
  readonly since: string;
  readonly settings: BillingSettings;
  readonly book: DoneBook;
  /** Cells whose history was read, of all that have to be; 30 a minute are allowed. */
  readonly onProgress: (cells: number, all: number) => void;
}

/**
 * The changes that Smartsheet's own cell history tells of: of the tracked columns, in rows that were modified since.
 * A row that is gone has no history any more; one that goes meanwhile is told, and the others are read. Week and work request are what the row says now.
 * @throws HistoryUnreadable  a sheet cannot be read
 */
export async function* cellHistories(request: CellHistoryRequest): AsyncGenerator<RowHistory> {
  const { sheetIds, book, onProgress } = request;
  const sheets: { sheet: SheetRead; columns: SheetRead['columns']; rows: readonly RowRead[] }[] = [];
  for (const sheetId of sheetIds) {
    const sheet = await readSheet(request, sheetId);
    const columns = sheet.columns.filter(({ title }) => isTracked(title, request.settings));
    sheets.push({ sheet, columns, rows: sheet.rows.filter(({ id }) => !book.has(sheetId, id)) });
  }
  const all = sheets.reduce((sum, { columns, rows }) => sum + columns.length * rows.length, 0);
  let cells = 0;
  onProgress(cells, all);
  for (const { sheet, columns, rows } of sheets) {
    for (const row of rows) {
      const found = await changesInRow(sheet, row, columns, request, (read) => onProgress(cells + read, all));
      onProgress((cells += columns.length), all);
      // One that is gone is not done: if it was the sheet that went, and comes back, the next run reads it.
      const done = (): void => (found.bad ? undefined : book.add(sheet.id, row.id));
      yield { sheetName: sheet.name, ...found, done };
    }
  }
}

/** @param onCell  how many of its cells were read */
async function changesInRow(
  sheet: SheetRead,
  row: RowRead,
  columns: SheetRead['columns'],
  request: CellHistoryRequest,
  onCell: (read: number) => void,
): Promise<{ readonly changes: readonly PastChange[]; readonly bad: BadRow | null }> {
  const changes: PastChange[] = [];
  try {
    for (const [index, { id, title }] of columns.entries()) {
      const entries = await request.client.cellHistory(sheet.id, row.id, id);
      changes.push(...changesOf(sheet, row, title, entries, request));
      onCell(index + 1);
    }
    return { changes, bad: null };
  } catch (thrown) {
    if (!(thrown instanceof SmartsheetRefused && thrown.isNotFound)) throw thrown;
    const why = 'it, its column or its sheet is not to be found any more, so its history was not read';
    return { changes: [], bad: { place: `row ${row.id} of "${sheet.name}"`, why } };
  }
}

async function readSheet({ client, since }: CellHistoryRequest, sheetId: string): Promise<SheetRead> {
  try {
    return await client.rowsModifiedSince(sheetId, since);
  } catch (thrown) {
    if (!(thrown instanceof SmartsheetRefused)) throw thrown;
    throw new HistoryUnreadable(
      `The sheet ${sheetId}`,
      `cannot be read: ${messageOf(thrown)}`,
      'Share the sheet with the owner of the token, or leave it out of --sheets.',
      thrown,
    );
  }
}

function isTracked(title: string, settings: BillingSettings): boolean {
  return settings.trackedColumns.some((tracked) => isSameColumn(title, tracked, settings));
}

function changesOf(
  sheet: SheetRead,
  row: RowRead,
  column: string,
  entries: readonly HistoryEntry[],
  { since, settings }: CellHistoryRequest,
): PastChange[] {
  const inOrder = entries
    .filter((entry): entry is HistoryEntry & { at: string } => entry.at !== null)
    .sort((left, right) => (left.at < right.at ? -1 : left.at > right.at ? 1 : 0));
  const facts = factsOf(sheet, row, settings);
  return inOrder.flatMap(({ value, at, by }, index): PastChange[] => {
    const before = inOrder[index - 1]?.value ?? null;
    if (isLaterSecond(since, at) || before === value) return [];
    return [
      {
        sheetId: sheet.id,
        rowId: row.id,
        column,
        oldValue: before,
        newValue: value,
        changedBy: by,
        changedAt: at,
        workRequest: facts.workRequest,
        weekEnding: facts.week,
        isHistorical: facts.closesAt === null ? null : Date.parse(at) >= facts.closesAt,
        delta: null,
        sheetReference: row.permalink,
        said: {},
      },
    ];
  });
}

interface RowFacts {
  readonly workRequest: string | null;
  readonly week: string | null;
  readonly closesAt: number | null;
}

function factsOf(sheet: SheetRead, row: RowRead, settings: BillingSettings): RowFacts {
  const titles = new Map(sheet.columns.map(({ id, title }) => [id, canonicalTitle(title, settings)]));
  const values = Object.fromEntries(row.cells.map(({ columnId, value }) => [titles.get(columnId) ?? '', value]));
  const day = parseDay(cellOf(values, LOGGED_DATE, settings), settings.timeZone);
  const week = day === null ? null : weekEnding(day);
  return {
    workRequest: workRequestOf(cellOf(values, WORK_REQUEST, settings)),
    week,
    closesAt: week === null ? null : weekClosesAt(week, settings),
  };
}
