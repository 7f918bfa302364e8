import { type Day, parseDay, weekClosesAt, weekEnding } from '../../lib/calendar';
import type { Change } from '../../lib/event';
import { isEmpty } from '../../lib/event';
import { type BillingSettings, canonicalTitle, cellOf, LOGGED_DATE } from '../../lib/settings';

/** Where a row stands among the weeks at the time of a change. */
export interface WeekPlace {
  /** Null: no date that can be read. */
  readonly weekEnding: Day | null;
  /** Whether the week had closed before the change. Null: nobody can tell. */
  readonly isHistorical: boolean | null;
  /** Why `weekEnding` is null. */
  readonly dateIs: 'known' | 'empty' | 'unreadable';
  /** How a change of the date moved the row out of or into a closed week. */
  readonly moved: 'out_of_closed' | 'into_closed' | null;
}

/**
 * Finds the week that a change counts for: that of the logged date, and of the earlier one when the date itself changes.
 */
export function placeInWeek(change: Change, settings: BillingSettings): WeekPlace {
  const changesDate = change.column_name !== null && canonicalTitle(change.column_name, settings) === LOGGED_DATE;
  const dates = changesDate
    ? [change.old_value, change.new_value]
    : [cellOf(change.values, LOGGED_DATE, settings) ?? null];
  const weeks = dates.map((date) => weekOf(date, settings));
  const [earliest] = weeks.filter((week) => week !== null).sort();
  if (earliest === undefined) {
    return { weekEnding: null, isHistorical: null, dateIs: dates.every(isEmpty) ? 'empty' : 'unreadable', moved: null };
  }
  const isClosed = (week: Day | null | undefined): boolean =>
    week !== null && week !== undefined && Date.parse(change.changed_at) >= weekClosesAt(week, settings);
  return {
    weekEnding: earliest,
    isHistorical: isClosed(earliest),
    dateIs: 'known',
    moved: changesDate ? movement(weeks, isClosed) : null,
  };
}

/** Where a row stands by its cells alone. */
export function placeOfRow(
  values: Change['values'],
  at: string,
  settings: BillingSettings,
): Pick<WeekPlace, 'weekEnding' | 'isHistorical'> {
  const week = weekOf(cellOf(values, LOGGED_DATE, settings) ?? null, settings);
  return { weekEnding: week, isHistorical: week === null ? null : Date.parse(at) >= weekClosesAt(week, settings) };
}

function weekOf(date: string | null, { timeZone }: BillingSettings): Day | null {
  const day = parseDay(date, timeZone);
  return day === null ? null : weekEnding(day);
}

function movement(
  [from, to]: readonly (Day | null)[],
  isClosed: (week: Day | null | undefined) => boolean,
): WeekPlace['moved'] {
  if (from === to) return null;
  if (isClosed(from)) return 'out_of_closed';
  return isClosed(to) ? 'into_closed' : null;
}
