import { parseDay, weekClosesAt, weekEnding } from '../../calendar';
import { parseAmount } from '../../event';
import { canonicalTitle, cellOf, holdsMoney, LOGGED_DATE, type BillingSettings } from '../../settings';
import { byColumn, changedColumns, newsAbout, valueIn, type RowCase } from './row-case';

/** What is left of an amount at stake where the week is open, and where nobody can tell. */
const OPEN_SHARE = 0.1;
const UNKNOWN_SHARE = 0.5;
/** Without any money in it a row still has its turn. */
const LEAST = 0.01;

/**
 * How much hangs on knowing all values of a row: the money that its cells moved by, or held, and whether its week had
 * closed. What is worth most is read first when history is scarce.
 * @param settings  those in force for the sheet: what its columns are called, and when a week closes where
 */
export function stakeOf(row: RowCase, settings: BillingSettings): number {
  const titles = new Map(row.columns.map(({ id, title }) => [id, title]));
  const concerned = new Set([...changedColumns(row), ...byColumn(newsAbout(row)).keys()]);
  let money = LEAST;
  for (const id of concerned) {
    if (!holdsMoney(canonicalTitle(titles.get(id) ?? '', settings))) continue;
    const now = Number(parseAmount(valueIn(row.read, id)) ?? 0);
    const before = Number(parseAmount(row.known?.cells[id] ?? null) ?? 0);
    // A value that came and went moved nothing by now, and may have been as large as what it replaced.
    money = Math.max(money, now === before ? Math.abs(now) : Math.abs(now - before));
  }
  return money * closedShare(row, titles, settings);
}

function closedShare(
  { read, known, columns, observedAt }: RowCase,
  titles: ReadonlyMap<string, string>,
  settings: BillingSettings,
): number {
  const byTitle = (valueOf: (id: string) => string | null): string | null =>
    cellOf(Object.fromEntries(columns.map(({ id }) => [titles.get(id) ?? id, valueOf(id)])), LOGGED_DATE, settings) ??
    null;
  const dates = [byTitle((id) => valueIn(read, id)), byTitle((id) => known?.cells[id] ?? null)];
  const days = dates.flatMap((date) => parseDay(date, settings.timeZone) ?? []);
  const [earliest] = days.map((day) => weekClosesAt(weekEnding(day), settings)).sort((a, b) => a - b);
  if (earliest === undefined) return UNKNOWN_SHARE;
  return Date.parse(observedAt) >= earliest ? 1 : OPEN_SHARE;
}
