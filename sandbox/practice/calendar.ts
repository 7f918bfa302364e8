import { DateTime } from 'luxon';
import { holidayCalendar } from '../../lib/calendar/holidays';

const MILLISECONDS_OF_A_DAY = 86_400_000;
const holidays = holidayCalendar('US');

/** Days, weeks and office hours, local to the office. Days are `YYYY-MM-DD`, instants milliseconds since 1970. */
export class OfficeCalendar {
  /** A plan asks for the day of one instant about every row. */
  private lastAsked = { at: Number.NaN, day: '' };

  constructor(readonly zone: string) {}

  day(at: number): string {
    if (this.lastAsked.at !== at) {
      this.lastAsked = { at, day: DateTime.fromMillis(at, { zone: this.zone }).toFormat('yyyy-MM-dd') };
    }
    return this.lastAsked.day;
  }

  /** The instant of a local time of day, given in hours after midnight, to the second. */
  at(day: string, hours: number): number {
    return DateTime.fromISO(day, { zone: this.zone }).toMillis() + Math.round(hours * 3_600) * 1_000;
  }

  plusDays(day: string, days: number): string {
    return dayOf(Date.parse(day) + days * MILLISECONDS_OF_A_DAY);
  }

  isWorkday(day: string): boolean {
    const weekday = new Date(day).getUTCDay();
    return weekday !== 0 && weekday !== 6 && holidays(day) === null;
  }

  /** The Sunday on or after a day: its week ends there, and closes when the Monday begins. */
  weekEnding(day: string): string {
    return dayOf(sundayOf(day));
  }

  /** True when the week of a logged date was closed at an instant. */
  isClosed(loggedDate: string, at: number): boolean {
    return this.weekEnding(loggedDate) < this.day(at);
  }

  /** How many weeks lie between the week of a logged date and the one of an instant; 0 = the same week. */
  weeksBack(loggedDate: string, at: number): number {
    return (sundayOf(this.day(at)) - sundayOf(loggedDate)) / (7 * MILLISECONDS_OF_A_DAY);
  }

  /** The days from one instant to another, both included. */
  *days(from: number, to: number): Generator<string> {
    const last = this.day(to);
    for (let day = this.day(from); day <= last; day = this.plusDays(day, 1)) yield day;
  }
}

/** A day counts as the midnight of UTC with which it begins there. */
function sundayOf(day: string): number {
  const midnight = Date.parse(day);
  return midnight + ((7 - new Date(midnight).getUTCDay()) % 7) * MILLISECONDS_OF_A_DAY;
}

function dayOf(midnight: number): string {
  return new Date(midnight).toISOString().slice(0, 10);
}
