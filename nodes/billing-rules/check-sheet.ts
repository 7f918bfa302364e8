import { sha256Hex } from '../../lib/hash';
import type { AuditEvent } from '../../lib/event';
import { workRequestOf } from '../../lib/event';
import type { Ports } from '../../lib/ports';
import {
  cellOf,
  CHECKED_DATES,
  isSameColumn,
  LOGGED_DATE,
  nearestTitle,
  REDLINED_TOTAL_PRICE,
  UNITS_TOTAL_PRICE,
  WORK_REQUEST,
} from '../../lib/settings';
import type { KnownRow, KnownSheet } from '../../lib/store/store';
import { type DateProblem, dateProblem } from './dates';
import { MissingColumns, UnknownSheet } from './errors';
import type { Rules } from './rules';
import { unjudged } from './unjudged';
import { placeOfRow } from './week';

/**
 * Checks the dates of every row of a sheet as it was last known.
 * @param at  the instant of the check
 * @returns one event for each date that cannot be right; its key is made of place and value, so that checking again
 *   records nothing twice
 * @throws MissingColumns  when the sheet lacks columns that the rules need
 */
export function checkSheet(sheet: KnownSheet, rows: readonly KnownRow[], at: string, rules: Rules): AuditEvent[] {
  const missing = missingColumns(Object.values(sheet.columns), rules);
  if (missing.length > 0) throw new MissingColumns({ id: sheet.sheet_id, name: sheet.name }, missing);
  return rows.flatMap((row) => {
    const values = byTitle(row.cells, sheet.columns);
    return CHECKED_DATES.flatMap((column) => {
      const value = cellOf(values, column, rules.settings) ?? null;
      const problem = dateProblem(column, value, at, rules);
      return problem === null ? [] : [eventOf({ sheet, row, values, value, problem, at }, rules)];
    });
  });
}

/** The columns that the rules need and a sheet has not: one of the two prices is enough. */
function missingColumns(
  titles: readonly string[],
  { settings }: Rules,
): { column: string; suggestion: string | null }[] {
  const has = (column: string): boolean => titles.some((title) => isSameColumn(title, column, settings));
  const prices = [UNITS_TOTAL_PRICE, REDLINED_TOTAL_PRICE];
  const needed = new Set([LOGGED_DATE, WORK_REQUEST, ...settings.trackedColumns]);
  const isReplaced = (column: string): boolean => prices.includes(column) && prices.some(has);
  return [...needed]
    .filter((column) => !has(column) && !isReplaced(column))
    .map((column) => ({ column, suggestion: nearestTitle(column, titles) }));
}

function byTitle(cells: KnownRow['cells'], columns: KnownSheet['columns']): Record<string, string | null> {
  return Object.fromEntries(Object.entries(columns).map(([id, title]) => [title, cells[id] ?? null]));
}

interface Checked {
  readonly sheet: KnownSheet;
  readonly row: KnownRow;
  readonly values: Record<string, string | null>;
  readonly value: string | null;
  readonly problem: DateProblem;
  readonly at: string;
}

function eventOf({ sheet, row, values, value, problem, at }: Checked, rules: Rules): AuditEvent {
  const { settings } = rules;
  const { sheet_id } = sheet;
  const place = placeOfRow(values, at, settings);
  const found = unjudged(
    {
      event_key: `sheet:${sheet_id}:check:${row.row_id}:${problem.column}:${sha256Hex(value ?? '').slice(0, 16)}`,
      kind: 'cell_changed',
      sheet_id,
      sheet_name: sheet.name,
      row_id: row.row_id,
      column_id: null,
      column_name: problem.column,
      old_value: null,
      new_value: value,
      values,
      changed_by: null,
      changed_by_kind: 'system',
      changed_at: at,
      audit_run_id: `check:${sheet_id}:${at}`,
      found_by: 'poll',
      intermediate_unknown: false,
      sheet_reference: null,
    },
    rules,
  );
  return {
    ...found,
    kind: 'sheet_checked',
    work_request: workRequestOf(cellOf(values, WORK_REQUEST, settings)),
    week_ending: place.weekEnding,
    is_historical: null,
    violation_type: 'DATE_VALIDATION_ERROR',
    severity: problem.severity,
    issue_description: problem.issue,
    suggested_fix: problem.fix,
  };
}

/**
 * Checks a sheet by its id.
 * @throws UnknownSheet, MissingColumns, StoreUnavailable
 */
export async function checkKnownSheet(
  sheetId: string,
  rules: Rules,
  { store, now }: Pick<Ports, 'store' | 'now'>,
): Promise<AuditEvent[]> {
  const sheet = await store.sheet(sheetId);
  if (sheet === null) throw new UnknownSheet(sheetId);
  const rows = await store.knownRows(sheetId, 'all');
  return checkSheet(sheet, rows, new Date(now()).toISOString(), rules);
}
