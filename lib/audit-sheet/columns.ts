import type { AuditEvent } from '../event';
import type { NewValue, RowRead, SheetRead } from '../smartsheet';
import { OUR_OWN_SHEET } from '../weakening';

/** The name of the first sheet; later ones have the month behind it. */
export const AUDIT_SHEET_NAME = 'Billing Report Audit Log';

/** Longest text that a cell of Smartsheet takes. */
const LONGEST_CELL = 4000;

interface AuditColumn {
  readonly type: 'TEXT_NUMBER' | 'DATE' | 'CHECKBOX';
  /** Null: the cell stays empty. */
  readonly of: (event: AuditEvent) => string | null;
}

const text = (of: AuditColumn['of']): AuditColumn => ({ type: 'TEXT_NUMBER', of });

/** The columns of the sheet in its order (DESIGN §3), which `audit_billing_changes.py` writes too. */
const SHARED_COLUMNS = {
  'Work Request #': text(({ work_request }) => work_request),
  'Week Ending': { type: 'DATE', of: ({ week_ending }) => week_ending },
  Column: text(({ column_name }) => column_name),
  'Old Value': text(({ old_value }) => old_value),
  'New Value': text(({ new_value }) => new_value),
  Delta: text(({ delta }) => delta),
  'Changed By': text(({ changed_by }) => changed_by),
  'Changed At': text(({ changed_at }) => changed_at),
  'Source Sheet ID': text(({ sheet_id }) => (sheet_id === OUR_OWN_SHEET ? null : sheet_id)),
  'Source Row ID': text(({ row_id }) => row_id),
  'Sheet Reference': text(({ sheet_reference }) => sheet_reference),
  'Run At': text(({ timestamp }) => timestamp),
  'Run ID': text(({ audit_run_id }) => audit_run_id),
  'Is Historical?': {
    type: 'CHECKBOX',
    of: ({ is_historical }) => (is_historical === null ? null : String(is_historical)),
  },
  Severity: text(({ severity }) => severity),
  'Issue Description': text(({ issue_description }) => issue_description),
  'Suggested Fix': text(({ suggested_fix }) => suggested_fix),
  Note: text(({ violation_type }) => violation_type),
} as const satisfies Readonly<Record<string, AuditColumn>>;

/** By which a row of ours is found again; only in sheets that we made, and never missed elsewhere. */
export const EVENT_KEY = 'Event Key';
const COLUMNS: Readonly<Record<string, AuditColumn>> = {
  ...SHARED_COLUMNS,
  [EVENT_KEY]: text(({ event_key }) => event_key),
};

/** The columns that a sheet must have to be written to. */
export const NEEDED_TITLES: readonly string[] = Object.keys(SHARED_COLUMNS);

/** Columns of a new sheet. */
export const newColumns = Object.entries(COLUMNS).map(([title, { type }], index) => ({
  title,
  type,
  ...(index === 0 ? { primary: true } : {}),
}));

/** A row of the sheet by the titles of its columns, each cell as text; what is empty is missing. */
export type AuditRow = Readonly<Record<string, string>>;

/** What an event says in each column. */
export function rowOf(event: AuditEvent): AuditRow {
  const cells = Object.entries(COLUMNS).map(
    ([title, { of }]) => [title, of(event)?.slice(0, LONGEST_CELL) ?? ''] as const,
  );
  return Object.fromEntries(cells.filter(([, value]) => value !== ''));
}

/** Where each title stands in a sheet. */
export type ColumnIds = Readonly<Record<string, string>>;

/**
 * The columns of a sheet by our titles: those known by their id keep it, whatever they are called by now.
 * @returns the titles that are nowhere beside the ids that were found
 */
export function columnsIn(
  { columns }: Pick<SheetRead, 'columns'>,
  known: ColumnIds,
): { readonly ids: ColumnIds; readonly missing: readonly string[] } {
  const present = new Set(columns.map(({ id }) => id));
  const plain = (title: string): string => title.trim().replace(/\s+/gu, ' ').toLowerCase();
  const byTitle = new Map(columns.map(({ id, title }) => [plain(title), id]));
  const found = Object.keys(COLUMNS).flatMap((title) => {
    const kept = known[title];
    const id = kept !== undefined && present.has(kept) ? kept : byTitle.get(plain(title));
    return id === undefined ? [] : [[title, id] as const];
  });
  const ids = Object.fromEntries(found);
  return { ids, missing: NEEDED_TITLES.filter((title) => !(title in ids)) };
}

/** The cells of a row by column id, each in the type that its column takes. */
export function cellsFor(
  row: AuditRow,
  ids: ColumnIds,
  { columns }: Pick<SheetRead, 'columns'>,
): Readonly<Record<string, NewValue>> {
  const types = new Map(columns.map(({ id, type }) => [id, type]));
  const cells = Object.entries(row).flatMap(([title, value]) => {
    const id = ids[title];
    if (id === undefined) return [];
    const given = asType(value, types.get(id) ?? 'TEXT_NUMBER');
    return given === null ? [] : [[id, given] as const];
  });
  return Object.fromEntries(cells);
}

function asType(value: string, type: string): NewValue | null {
  if (type === 'CHECKBOX') return value === 'true';
  if (type === 'DATE') return /^\d{4}-\d{2}-\d{2}/.exec(value)?.[0] ?? null;
  return value;
}

/** A row of the sheet as it was read, whoever wrote it. */
export function readRow({ cells }: Pick<RowRead, 'cells'>, ids: ColumnIds): AuditRow {
  const titles = new Map(Object.entries(ids).map(([title, id]) => [id, title]));
  const read = cells.flatMap(({ columnId, value }) => {
    const title = titles.get(columnId);
    return title === undefined || value === null ? [] : [[title, value] as const];
  });
  return Object.fromEntries(read);
}
