import type { RiskEvent } from '../features/risk-event';
import type { BoundedMap } from './counts';
import type { RowState } from './context';

/** Within this share of quantity times book price a price is by the book: cents are rounded. */
const BY_THE_BOOK = 0.01;
const FARTHEST = 5;

/**
 * The logarithm of the price over quantity times book price after an event; 0 within a hundredth, NaN where the book is
 * silent.
 */
export function offBook(event: RiskEvent, row: RowState | undefined, book: BoundedMap<number>): number {
  if (!row || row.unit === null || event.columnKind === 'other') return NaN;
  const price = event.columnKind === 'price' ? event.newNumber : row.price;
  const quantity = event.columnKind === 'quantity' ? event.newNumber : row.quantity;
  return deviation(price, quantity, book.get(row.unit));
}

/** The same before the event: of a price, what stood there. */
export function offBookBefore(event: RiskEvent, row: RowState | undefined, book: BoundedMap<number>): number {
  if (!row || row.unit === null || event.columnKind === 'other') return NaN;
  const price = event.columnKind === 'price' ? event.oldNumber : row.price;
  const quantity = event.columnKind === 'quantity' ? event.oldNumber : row.quantity;
  return deviation(price, quantity, book.get(row.unit));
}

function deviation(price: number | null, quantity: number | null, unitPrice: number | undefined): number {
  if (!unitPrice || !quantity || !price || price * quantity * unitPrice <= 0) return NaN;
  const off = Math.log(price / (quantity * unitPrice));
  return Math.abs(off) < BY_THE_BOOK ? 0 : Math.max(-FARTHEST, Math.min(FARTHEST, off));
}

/** Whether a figure of money or quantity that stood there was replaced by another: neither filled in nor cleared. */
export function isRepriced({ columnKind, oldNumber, newNumber }: RiskEvent): boolean {
  return columnKind !== 'other' && Boolean(oldNumber) && Boolean(newNumber);
}
