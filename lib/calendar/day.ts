import { DateTime } from 'luxon';

/** A calendar day, `YYYY-MM-DD`. */
export type Day = string;

const ISO_DAY = /^\d{4}-\d{2}-\d{2}$/u;
const ISO_TIME = /^\d{4}-\d{2}-\d{2}[T ]\d{1,2}:\d{2}/u;
/** As Smartsheet shows dates to people in the United States, alone or before a time of day. */
const US_DAY = /^(\d{1,2})\/(\d{1,2})\/(\d{4}|\d{2})(?:,?\s+\d{1,2}:\d{2}(?::\d{2})?\s*(?:[AP]M)?)?$/iu;
/** Two figures from here on mean 19xx, below 20xx (POSIX). */
const CENTURY_TURN = 69;

/**
 * Reads a date as a Smartsheet cell gives it: `2026-01-31`, an ISO date-time, `01/31/26`, `1/31/2026`.
 * A date-time with an offset is brought to business time first; one without is in business time already.
 * @returns the day, or null when the text is not a date that exists
 */
export function parseDay(text: string | null | undefined, timeZone: string): Day | null {
  const trimmed = text?.trim() ?? '';
  if (trimmed.length > 40) return null;
  if (ISO_DAY.test(trimmed)) return dayText(DateTime.fromISO(trimmed, { zone: 'utc' }));
  if (ISO_TIME.test(trimmed)) return dayText(DateTime.fromISO(trimmed.replace(' ', 'T'), { zone: timeZone }));
  const [, month, day, year] = US_DAY.exec(trimmed) ?? [];
  if (month === undefined || day === undefined || year === undefined) return null;
  return dayText(DateTime.utc(fullYear(year), Number(month), Number(day)));
}

/** The Sunday on or after a day: the end of its week. The last days that four figures can write end with the year 9999. */
export function weekEnding(day: Day): Day {
  const date = DateTime.fromISO(day, { zone: 'utc' });
  const sunday = date.plus({ days: 7 - date.weekday });
  return sunday.year > 9999 ? '9999-12-31' : sunday.toFormat('yyyy-MM-dd');
}

/**
 * When a week closes: Monday 00:00 business time after its Sunday, and `closesAfterHours` later. Whole days among the
 * hours are calendar days, so that 168 means midnight a week later also when the clocks change in between.
 * @returns milliseconds since 1970
 */
export function weekClosesAt(
  sunday: Day,
  { timeZone, closesAfterHours }: { readonly timeZone: string; readonly closesAfterHours: number },
): number {
  const days = Math.floor(closesAfterHours / 24);
  return DateTime.fromISO(sunday, { zone: timeZone })
    .plus({ days: 1 + days })
    .plus({ hours: closesAfterHours - days * 24 })
    .toMillis();
}

/** `5 January 2026`, for sentences. */
export function dayInWords(day: Day): string {
  return DateTime.fromISO(day, { zone: 'utc', locale: 'en-US' }).toFormat('d LLLL yyyy');
}

function dayText(date: DateTime): Day | null {
  return date.isValid && date.year >= 1 && date.year <= 9999 ? date.toFormat('yyyy-MM-dd') : null;
}

function fullYear(figures: string): number {
  const year = Number(figures);
  if (figures.length === 4) return year;
  return year < CENTURY_TURN ? 2000 + year : 1900 + year;
}
