import { type Amount, amountOf, type Change, decimalText, deltaBetween, isEmpty } from '../../lib/event';
import {
  type BillingSettings,
  cellOf,
  holdsAmounts,
  LOGGED_DATE,
  REDLINED_TOTAL_PRICE,
  UNITS_TOTAL_PRICE,
  WORK_REQUEST,
} from '../../lib/settings';
import type { WeekPlace } from './week';

/**
 * What a row bills: its `Redlined Total Price`, or its `Units Total Price` where nothing is redlined.
 * @returns null when the row has neither column, or the one that counts is not a number
 */
export function amountOfRow(values: Change['values'], settings: BillingSettings): Amount | null {
  const redlined = cellOf(values, REDLINED_TOTAL_PRICE, settings);
  const units = cellOf(values, UNITS_TOTAL_PRICE, settings);
  if (redlined === undefined && units === undefined) return null;
  return amountOf(isEmpty(redlined) ? (units ?? null) : (redlined ?? null));
}

/**
 * By how much a change moves what is billed or counted, as exact decimal text.
 * A cell: new minus old. A row that enters or leaves a closed week, also by its date: its amount, negative when it
 * leaves. All else (names, ids, rows of open weeks) has none: null.
 */
export function deltaOf(
  change: Change,
  column: string | null,
  isTracked: boolean,
  place: WeekPlace,
  settings: BillingSettings,
): string | null {
  if (column === null) return place.isHistorical ? rowDelta(change, change.kind === 'row_added', settings) : null;
  if (column === LOGGED_DATE) return place.moved && rowDelta(change, place.moved === 'into_closed', settings);
  if (column === WORK_REQUEST || change.kind !== 'cell_changed') return null;
  return deltaBetween(change.old_value, change.new_value, isTracked || holdsAmounts(column));
}

function rowDelta(change: Change, enters: boolean, settings: BillingSettings): string | null {
  const amount = amountOfRow(change.values, settings);
  if (amount === null) return null;
  return decimalText(enters ? amount : amount.times(-1));
}
