import { nearestTitle } from '../../lib/settings';
import { HistoryColumnsMissing } from './errors';
import type { HistoryRow } from './history-table';

/** What is read of a recorded change, each with its title in the audit sheet; the name in the contract is taken too. */
const TITLES = {
  work_request: 'Work Request #',
  week_ending: 'Week Ending',
  column_name: 'Column',
  old_value: 'Old Value',
  new_value: 'New Value',
  delta: 'Delta',
  changed_by: 'Changed By',
  changed_at: 'Changed At',
  sheet_id: 'Source Sheet ID',
  row_id: 'Source Row ID',
  sheet_reference: 'Sheet Reference',
  timestamp: 'Run At',
  audit_run_id: 'Run ID',
  is_historical: 'Is Historical?',
  severity: 'Severity',
  issue_description: 'Issue Description',
  suggested_fix: 'Suggested Fix',
  violation_type: 'Note',
  event_key: 'Event Key',
} as const;

export type HistoryField = keyof typeof TITLES;

/** Without these nobody can say what changed, where and when. */
const NEEDED: readonly HistoryField[] = ['column_name', 'old_value', 'new_value', 'changed_at', 'sheet_id', 'row_id'];

/** Where each field stands in a table. */
export type HistoryColumns = ReadonlyMap<HistoryField, number>;

export function titleOf(field: HistoryField): string {
  return TITLES[field];
}

/** @throws HistoryColumnsMissing  with the nearest title of each that is needed and not there */
export function columnsOf(source: string, titles: readonly string[]): HistoryColumns {
  const places = new Map(titles.map((title, place) => [plain(title), place]).reverse() as [string, number][]);
  const found = new Map<HistoryField, number>();
  for (const [field, title] of Object.entries(TITLES) as [HistoryField, string][]) {
    const place = places.get(plain(title)) ?? places.get(plain(field));
    if (place !== undefined) found.set(field, place);
  }
  const missing = NEEDED.filter((field) => !found.has(field));
  if (missing.length === 0) return found;
  const free = titles.filter((title, place) => title !== '' && ![...found.values()].includes(place));
  throw new HistoryColumnsMissing(
    source,
    missing.map((field) => ({
      title: TITLES[field],
      nearest: nearestTitle(TITLES[field], free) ?? nearestTitle(field, free),
    })),
    titles.filter((title) => title !== ''),
  );
}

/** How many of the fields a table has: of several tables the one with most is the history. */
export function knownTitles(titles: readonly string[]): number {
  const present = new Set(titles.map(plain));
  return Object.entries(TITLES).filter(([field, title]) => present.has(plain(title)) || present.has(plain(field)))
    .length;
}

/** The text of a field in a row; null where the cell is empty, or the table has no such column. */
export function fieldOf({ cells }: HistoryRow, columns: HistoryColumns, field: HistoryField): string | null {
  const place = columns.get(field);
  const text = place === undefined ? null : (cells[place] ?? null);
  return text === null || text.trim() === '' ? null : text;
}

/** Titles differ in case, spaces, points and underscores from one program to the next. */
function plain(title: string): string {
  return title.toLowerCase().replace(/[^a-z0-9]+/gu, '');
}
