import { DateTime } from 'luxon';
import { type Amount, amountText, parseAmount } from '../event';
import { canonicalTitle, holdsAmounts, holdsMoney } from '../settings';

/** Signs that nobody takes for another currency; all others are said by their code. */
const SIGNS: Readonly<Record<string, string>> = { USD: '$', GBP: '£', EUR: '€', CAD: 'CA$', AUD: 'A$' };

/** Longest text of a cell that a mail shows; the sheet has the rest. */
const LONGEST_VALUE = 120;

/** What could break a header, or turn text around before the reader's eyes. */
const UNSEEN = /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/gu;

/** One line of text that shows as it is: no control characters, no marks that reverse its direction. */
export function oneLine(text: string, longest = LONGEST_VALUE): string {
  const tidy = text.replace(UNSEEN, ' ').replace(/\s+/gu, ' ').trim();
  const characters = [...tidy];
  return characters.length > longest ? `${characters.slice(0, longest - 1).join('')}…` : tidy;
}

/** Money as people write it: `$77,183.60`, `-£12.00`, `1,250.00 MXN`. */
export function money(amount: Amount, currency: string): string {
  const sign = SIGNS[currency];
  if (sign === undefined) return amountText(amount, currency);
  const plain = amountText(amount.abs(), currency).slice(0, -currency.length - 1);
  return `${amount.lt(0) ? '-' : ''}${sign}${plain}`;
}

interface Cell {
  readonly column_name: string | null;
  readonly currency: string;
}

/** A cell's value for people: money where the column holds money, `(empty)` where nothing stands. */
export function valueText(value: string | null, { column_name, currency }: Cell, aliases: Aliases): string {
  if (value === null || value.trim() === '') return '(empty)';
  const column = column_name === null ? '' : canonicalTitle(column_name, { columnAliases: aliases });
  const amount = holdsAmounts(column) ? parseAmount(value) : null;
  if (amount === null) return oneLine(value);
  return holdsMoney(column) ? money(amount, currency) : amountText(amount);
}

/** By how much an amount moves, with its sign: `-$77,183.60`, `+12`. */
export function deltaText(delta: string | null, { column_name, currency }: Cell, aliases: Aliases): string | null {
  const amount = parseAmount(delta);
  if (amount === null || amount.eq(0)) return null;
  const text = isMoney(column_name, aliases) || column_name === null ? money(amount, currency) : amountText(amount);
  return amount.gt(0) ? `+${text}` : text;
}

type Aliases = Readonly<Record<string, string>>;

export function isMoney(column: string | null, columnAliases: Aliases): boolean {
  return column !== null && holdsMoney(canonicalTitle(column, { columnAliases }));
}

/** A time as people say it where the business is: `Thu 10 Feb 2011, 09:31 (Europe/London)`. */
export function timeText(instant: string, zone: string): string {
  return `${DateTime.fromISO(instant, { zone }).setLocale('en-GB').toFormat('ccc d LLL yyyy, HH:mm')} (${zone})`;
}

/** The same without the zone, for a mail that has said it already: `10 Feb 2011, 09:31`. */
export function shortTimeText(instant: string, zone: string): string {
  return DateTime.fromISO(instant, { zone }).setLocale('en-GB').toFormat('d LLL yyyy, HH:mm');
}

/** `2011-01-23` as `Sunday 23 January 2011`. */
export function dayText(day: string): string {
  return DateTime.fromISO(day, { zone: 'utc' }).setLocale('en-GB').toFormat('cccc d LLLL yyyy');
}

/** Who did it, in full; systems are called by their kind. */
export function personText(person: string | null): string {
  return person === null || person.trim() === '' ? 'somebody unknown' : oneLine(person, 80);
}

/** Who did it, as short as a subject needs: the part of an e-mail before the @. */
export function shortPerson(person: string | null): string {
  return personText(person).replace(/@\S+$/u, '');
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${amountOfWhole(count)} ${count === 1 ? one : many}`;
}

function amountOfWhole(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/gu, ',');
}
