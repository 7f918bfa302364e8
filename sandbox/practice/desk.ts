import Big from 'big.js';
import { AREAS } from './staff';
import { UNITS, type Unit } from './units';
import type { Book, BookRow, PracticeCells } from './book';
import type { Difficulty } from './incident';
import type { OfficeCalendar } from './calendar';
import type { Person } from './staff';
import type { Random } from './random';

/** What everybody in the office works with. */
export interface Desk {
  readonly book: Book;
  readonly calendar: OfficeCalendar;
  readonly random: Random;
  /** True when the office is watched as it works: nothing may take days then. */
  readonly live: boolean;
}

/** More rows than this are not written into one sheet, however long the office is left open. */
export const MOST_ROWS = 1_200;

/** How much of a fraud's full size is dared. */
export const INTENSITY: Readonly<Record<Difficulty, number>> = { easy: 1, medium: 0.5, hard: 0.2 };

export function sheetsOf({ areas }: Person): string[] {
  return areas.map((area) => AREAS[area] ?? AREAS[0]);
}

export function loggedDate(row: BookRow): string {
  return String(row.cells['Weekly Referenced Logged Date']);
}

export function amount(
  row: BookRow,
  title: 'Quantity' | 'Unit Price' | 'Units Total Price' | 'Redlined Total Price',
): number {
  const value = row.cells[title];
  return typeof value === 'number' ? value : 0;
}

/** Rows whose week is still open at an instant. */
export function openRows({ book, calendar }: Desk, sheet: string, at: number): BookRow[] {
  const today = calendar.day(at);
  return book.rows(sheet).filter((row) => calendar.weekEnding(loggedDate(row)) >= today);
}

/** Rows of weeks that were closed `from` to `to` weeks ago, those with the most money first. */
export function closedRows({ book, calendar }: Desk, sheet: string, at: number, from: number, to: number): BookRow[] {
  return book
    .rows(sheet)
    .filter((row) => {
      const weeks = calendar.weeksBack(loggedDate(row), at);
      return weeks >= from && weeks <= to && calendar.isClosed(loggedDate(row), at);
    })
    .sort((left, right) => amount(right, 'Units Total Price') - amount(left, 'Units Total Price'));
}

/** Money in dollars, rounded to the cent; exact, as the sheet's own formula would be. */
export function money(value: number | string | Big): number {
  return new Big(value).round(2).toNumber();
}

/** A price times a factor, to the cent. */
export function scaled(price: number, factor: number): number {
  return money(new Big(price).times(factor.toFixed(4)));
}

/** The cells of a row whose quantity or price is another now, with the total that follows from them. */
export function priced(row: BookRow, change: { readonly quantity?: number; readonly price?: number }): PracticeCells {
  const quantity = change.quantity ?? amount(row, 'Quantity');
  const price = change.price ?? amount(row, 'Unit Price');
  return {
    ...(change.quantity === undefined ? {} : { Quantity: quantity }),
    ...(change.price === undefined ? {} : { 'Unit Price': price }),
    'Units Total Price': money(new Big(price).times(quantity)),
  };
}

/** A work request as its foreman logs it: its rows, with one number after the dot for each. */
export function newWork({ random }: Desk, foreman: Person, day: string): PracticeCells[] {
  const request = random.whole(90_100_000, 90_999_999);
  return random.some(UNITS, random.whole(2, 6)).map((unit, index) => ({
    'Work Request #': `${request}.${String(index + 1).padStart(2, '0')}`,
    ...unitCells(unit, quantityOf(unit, random)),
    Foreman: foreman.email,
    'Weekly Referenced Logged Date': day,
    'Snapshot Date': day,
    Status: 'Logged',
    Notes: null,
  }));
}

function unitCells({ code, description, price }: Unit, quantity: number): PracticeCells {
  const total = money(new Big(price).times(quantity));
  return {
    CU: code,
    Description: description,
    Quantity: quantity,
    'Unit Price': price,
    'Units Total Price': total,
    'Redlined Total Price': total,
  };
}

/** Dear units come in ones and twos, conductors and insulators by the dozen. */
function quantityOf({ price }: Unit, random: Random): number {
  if (price > 1_000) return random.whole(1, 2);
  return Math.max(1, Math.round(random.around(price > 200 ? 3 : 8, 0.5)));
}
