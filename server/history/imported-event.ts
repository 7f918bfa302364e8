import { DateTime } from 'luxon';
import { parseDay } from '../../lib/calendar';
import {
  type AuditEvent,
  canonicalInstant,
  decimalText,
  deltaBetween,
  parseAmount,
  workRequestOf,
} from '../../lib/event';
import { sha256Hex } from '../../lib/hash';
import { type BillingSettings, canonicalTitle, holdsAmounts } from '../../lib/settings';
import { fieldOf, type HistoryColumns, type HistoryField, titleOf } from './history-columns';
import type { HistoryRow } from './history-table';

/** A change that another program recorded, or that a cell's history tells of. */
export interface PastChange {
  readonly sheetId: string;
  readonly rowId: string;
  readonly column: string;
  readonly oldValue: string | null;
  readonly newValue: string | null;
  readonly changedBy: string | null;
  /** `YYYY-MM-DDTHH:MM:SS.sssZ`. */
  readonly changedAt: string;
  readonly workRequest: string | null;
  readonly weekEnding: string | null;
  readonly isHistorical: boolean | null;
  readonly delta: string | null;
  readonly sheetReference: string | null;
  /** What the program that recorded it said of it, by title; kept, and taken for nothing. */
  readonly said: Readonly<Record<string, string>>;
}

/** A row cannot be taken. */
export class UnusableRow extends Error {}

/** What other programs said of a change. It is kept beside it, since none of it was judged here. */
const SAID: readonly HistoryField[] = [
  'violation_type',
  'severity',
  'issue_description',
  'suggested_fix',
  'audit_run_id',
  'timestamp',
  'event_key',
];
/** A table may hold thousands of years; Smartsheet does not. */
const EARLIEST_YEAR = 2000;

type Settings = Pick<BillingSettings, 'timeZone' | 'columnAliases' | 'currencies'>;

/**
 * Reads one row of a table.
 * @throws UnusableRow  saying what of it cannot be read
 */
export function pastChangeOf(row: HistoryRow, columns: HistoryColumns, settings: Settings, now: number): PastChange {
  const text = (field: HistoryField): string | null => fieldOf(row, columns, field);
  const column = needed(text('column_name'), 'column_name').trim();
  const weekEnding = text('week_ending');
  const day = parseDay(weekEnding, settings.timeZone);
  if (weekEnding !== null && day === null) throw unusable('week_ending', weekEnding, 'is no date');
  const said = SAID.flatMap((field) => {
    const words = text(field);
    return words === null ? [] : [[titleOf(field), words] as const];
  });
  return {
    sheetId: idOf(needed(text('sheet_id'), 'sheet_id'), 'sheet_id'),
    rowId: idOf(needed(text('row_id'), 'row_id'), 'row_id'),
    column,
    oldValue: text('old_value'),
    newValue: text('new_value'),
    changedBy: text('changed_by')?.trim() ?? null,
    changedAt: instantOf(needed(text('changed_at'), 'changed_at'), settings.timeZone, now),
    workRequest: workRequestOf(text('work_request')),
    weekEnding: day,
    isHistorical: truthOf(text('is_historical')),
    delta: deltaOf(text('delta')),
    sheetReference: text('sheet_reference'),
    said: Object.fromEntries(said),
  };
}

/** By this it is known again, whichever way it comes in: the audit sheet and the cell's history tell of one change. */
export function keyOf({ sheetId, rowId, column, oldValue, newValue, changedAt }: PastChange): string {
  const what = JSON.stringify([sheetId, rowId, column, oldValue, newValue, changedAt.slice(0, 19)]);
  return `imported:${sha256Hex(what).slice(0, 40)}`;
}

/**
 * The entry of the trail: of the kind `imported`, which counts as no change, alerts nobody, and bears no judgement of
 * ours. What the other program said stands in its values.
 */
export function importedEvent(
  change: PastChange,
  { source, runId, sheetName }: { readonly source: string; readonly runId: string; readonly sheetName: string },
  settings: Settings,
): AuditEvent {
  const title = canonicalTitle(change.column, settings);
  const judged = [change.said[titleOf('violation_type')], change.said[titleOf('severity')]].filter(Boolean).join(', ');
  return {
    timestamp: null,
    event_key: keyOf(change),
    kind: 'imported',
    sheet_id: change.sheetId,
    sheet_name: sheetName,
    row_id: change.rowId,
    work_request: change.workRequest,
    column_name: change.column,
    violation_type: 'NONE',
    old_value: change.oldValue,
    new_value: change.newValue,
    delta: change.delta ?? deltaBetween(change.oldValue, change.newValue, holdsAmounts(title)),
    changed_by: change.changedBy,
    changed_by_kind: change.changedBy?.includes('@') ? 'person' : 'unknown',
    changed_at: change.changedAt,
    week_ending: change.weekEnding,
    is_historical: change.isHistorical,
    audit_run_id: runId,
    severity: 'LOW',
    issue_description: `Imported from ${source}${judged === '' ? '' : `, where it was called ${judged}`}. Not judged here.`,
    suggested_fix: '',
    sheet_reference: change.sheetReference,
    ip_address: null,
    device_info: null,
    session_id: null,
    user_agent: null,
    risk_score: null,
    anomaly_score: null,
    predicted_category: null,
    currency: settings.currencies[change.sheetId] ?? settings.currencies['*'] ?? 'USD',
    approval_id: null,
    intermediate_unknown: false,
    reasons: [],
    unknown_facts: [],
    rules_hash: null,
    values: change.said,
  };
}

function needed(text: string | null, field: HistoryField): string {
  if (text === null) throw new UnusableRow(`"${titleOf(field)}" is empty`);
  return text;
}

function unusable(field: HistoryField, text: string, why: string): UnusableRow {
  return new UnusableRow(`"${titleOf(field)}" ${why}: "${text.slice(0, 60)}"`);
}

/** Spreadsheets keep fifteen figures of a number; an id of sixteen that went through one is another id. */
function idOf(text: string, field: HistoryField): string {
  const trimmed = text.trim().replace(/\.0+$/u, '');
  if (/^\d{1,20}$/u.test(trimmed)) return trimmed;
  if (/^[\d.]+e\+?\d+$/iu.test(trimmed)) throw unusable(field, text, 'was rounded by a spreadsheet');
  throw unusable(field, text, 'is no id');
}

/** A time with its offset, or in business time without. */
function instantOf(text: string, timeZone: string, now: number): string {
  const trimmed = text.trim();
  const found = canonicalInstant(trimmed) ?? withoutOffset(trimmed, timeZone);
  if (found === null) throw unusable('changed_at', text, 'is no time');
  const at = Date.parse(found);
  if (at > now) throw unusable('changed_at', text, 'lies in the future');
  if (at < Date.UTC(EARLIEST_YEAR, 0, 1)) throw unusable('changed_at', text, `lies before the year ${EARLIEST_YEAR}`);
  return found;
}

const FORMATS = ['M/d/yyyy h:mm a', 'M/d/yy h:mm a', 'M/d/yyyy H:mm', 'M/d/yyyy H:mm:ss', 'M/d/yy H:mm'] as const;

function withoutOffset(text: string, zone: string): string | null {
  const iso = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/u.test(text)
    ? [DateTime.fromISO(text.replace(' ', 'T'), { zone })]
    : [];
  const read = [...iso, ...FORMATS.map((format) => DateTime.fromFormat(text, format, { zone, locale: 'en-US' }))];
  return (
    read
      .find(({ isValid }) => isValid)
      ?.toUTC()
      .toISO() ?? null
  );
}

function truthOf(text: string | null): boolean | null {
  const word = text?.trim().toLowerCase();
  if (word === undefined || word === '') return null;
  if (['true', '1', 'yes', 'x'].includes(word)) return true;
  if (['false', '0', 'no'].includes(word)) return false;
  throw unusable('is_historical', word, 'is neither yes nor no');
}

function deltaOf(text: string | null): string | null {
  if (text === null) return null;
  const amount = parseAmount(text);
  if (amount === null) throw unusable('delta', text, 'is no number');
  return decimalText(amount);
}
