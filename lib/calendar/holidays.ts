import DateHolidays from 'date-holidays';
import { DateTime } from 'luxon';
import { BadSetting } from '../errors';
import type { HolidayRule } from '../settings/billing-settings';
import { type Day, parseDay } from './day';

/** The name of the holiday that falls on a day; null = none. */
export type HolidayCalendar = (day: Day) => string | null;

const HINT = 'Give a country (US), a region (US-TX, GB-ENG), dates (2026-12-24, 2026-12-31) or none.';
/** Calendars are asked for with every event and few rules are ever in use. */
const KEPT = 50;
const calendars = new Map<string, HolidayCalendar>();

/**
 * Reads a rule for holidays: an ISO country or region, dates, several of these with commas, or `none`.
 * A country's public and bank holidays count, with their substitute days.
 * @throws BadSetting  for an unknown country or region, and for a date that does not exist
 */
export function holidayCalendar(rule: HolidayRule, field = 'Holidays'): HolidayCalendar {
  const known = calendars.get(rule);
  if (known) return known;
  const made = readRule(rule, field);
  if (calendars.size >= KEPT) calendars.clear();
  calendars.set(rule, made);
  return made;
}

function readRule(rule: HolidayRule, field: string): HolidayCalendar {
  if (rule.trim().toLowerCase() === 'none') return () => null;
  const parts = rule.split(',').map((part) => part.trim());
  const calendarsOfParts = parts.map((part) => {
    const date = parseDay(part, 'utc');
    return date === null ? ofPlace(part, field) : (day: Day) => (day === date ? 'a day on the list of holidays' : null);
  });
  return (day) => {
    for (const calendar of calendarsOfParts) {
      const name = calendar(day);
      if (name !== null) return name;
    }
    return null;
  };
}

function ofPlace(place: string, field: string): HolidayCalendar {
  const [country = '', state, region] = place.toUpperCase().split('-');
  const all = new DateHolidays();
  const isKnown =
    Object.hasOwn(all.getCountries(), country) &&
    (state === undefined || Object.hasOwn(all.getStates(country) ?? {}, state)) &&
    (state === undefined || region === undefined || Object.hasOwn(all.getRegions(country, state) ?? {}, region));
  if (!isKnown) throw new BadSetting(field, `names "${place}", whose holidays are not known`, HINT);
  const source = new DateHolidays(country, state ?? '', region ?? '');
  const years = new Map<number, ReadonlyMap<Day, string>>();
  return (day) => {
    const year = Number(day.slice(0, 4));
    const named = years.get(year) ?? holidaysAround(source, year);
    years.set(year, named);
    return named.get(day) ?? null;
  };
}

/** Days of the year before and after are read too: New Year's substitute day may lie in December. */
function holidaysAround(source: DateHolidays, year: number): ReadonlyMap<Day, string> {
  const named = new Map<Day, string>();
  const holidays = [year - 1, year, year + 1].flatMap((each) => source.getHolidays(each, 'en'));
  for (const { date, start, end, name, type } of holidays) {
    if (type !== 'public' && type !== 'bank') continue;
    for (const day of daysBetween(date, end.getTime() - start.getTime())) {
      if (!named.has(day)) named.set(day, name);
    }
  }
  return named;
}

/** The days whose noon lies in a holiday; one that begins at sunset belongs to the day after. */
function daysBetween(localStart: string, milliseconds: number): Day[] {
  const start = DateTime.fromSQL(localStart.slice(0, 19), { zone: 'utc' });
  const end = start.plus({ milliseconds });
  const days: Day[] = [];
  for (let noon = start.startOf('day').plus({ hours: 12 }); noon < end; noon = noon.plus({ days: 1 })) {
    if (noon >= start) days.push(noon.toFormat('yyyy-MM-dd'));
  }
  return days;
}
