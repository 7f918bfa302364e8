import { UNIT_CODE } from '../state/risk-state';
import { DAY, HOUR, MINUTE, type View } from './view';

/** A price so near is the same price: who copies a line may blur it. */
const SAME_PRICE = 0.03;
const TWIN_DAYS = 14;

interface Line {
  readonly unit: string | null;
  readonly quantity: number | null;
  readonly price: number | null;
}

/** The line as it stands after the event. */
function lineAfter({ event, row }: View): Line {
  return {
    unit: event.column === UNIT_CODE ? event.newText : (row?.unit ?? null),
    quantity: event.columnKind === 'quantity' ? event.newNumber : (row?.quantity ?? null),
    price: event.columnKind === 'price' ? event.newNumber : (row?.price ?? null),
  };
}

/**
 * How much a line that was given another unit of work within the hour is like another one of the sheet that was touched
 * within two weeks: 1 the unit, 2 quantity or price too, 3 all of them. 0 when its unit was not changed.
 */
export function copiedLine(view: View): number {
  const { event, state, row } = view;
  if (event.columnKind === 'other' && event.column !== UNIT_CODE) return 0;
  if (event.sheet === null || event.row === null) return NaN;
  const isUnit = event.column === UNIT_CODE;
  if (!isUnit && !(row && row.written.unit > 0 && event.at - row.written.unit <= HOUR)) return 0;
  const line = lineAfter(view);
  if (line.unit === null) return 0;
  let best = 0;
  for (const id of state.units.get(`${event.sheet}:${line.unit}`) ?? []) {
    const other = id === event.row ? undefined : state.rows.get(`${event.sheet}:${id}`);
    if (!other || !(event.at - other.lastAt <= TWIN_DAYS * DAY)) continue;
    best = Math.max(best, 1 + alike(line, other));
  }
  return best;
}

function alike(line: Line, other: Line): number {
  const sameQuantity = line.quantity !== null && line.quantity !== 0 && line.quantity === other.quantity;
  const samePrice =
    line.price !== null &&
    other.price !== null &&
    line.price !== 0 &&
    Math.abs(line.price / other.price - 1) <= SAME_PRICE;
  return (sameQuantity ? 1 : 0) + (samePrice ? 1 : 0);
}

/** How many of unit, quantity and price of the row were written within ten minutes, with this event: 0..3. */
export function rewritten({ event, row }: View): number {
  const now = [event.column === UNIT_CODE, event.columnKind === 'quantity', event.columnKind === 'price'];
  if (!now.includes(true)) return 0;
  const { unit, quantity, price } = row?.written ?? { unit: 0, quantity: 0, price: 0 };
  return [unit, quantity, price].filter((at, place) => now[place] || (at > 0 && event.at - at <= 10 * MINUTE)).length;
}

/**
 * How long the last writing of two or more of unit, quantity and price took, with this event, in log seconds: who copies
 * a line needs seconds, who works it out does not. NaN when it was less than two within ten minutes.
 */
export function rewritingTook(view: View): number {
  if (rewritten(view) < 2) return NaN;
  const { event, row } = view;
  const times = Object.values(row?.written ?? {}).filter((at) => at > 0 && event.at - at <= 10 * MINUTE);
  return Math.log1p(Math.max(0, event.at - Math.min(...times)) / 1000);
}
