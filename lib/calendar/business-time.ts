import { DateTime } from 'luxon';
import type { BillingSettings } from '../settings/billing-settings';
import type { Day } from './day';
import { type Hours, inHours, parseHours } from './hours';
import { holidayCalendar } from './holidays';
import { checkedTimeZone } from './time-zone';

/** What an instant is in business time. */
export interface BusinessMoment {
  readonly day: Day;
  readonly year: number;
  /** `03:15`. */
  readonly clock: string;
  /** `Saturday`. */
  readonly weekday: string;
  readonly isWeekend: boolean;
  readonly isInsideHours: boolean;
  /** The holiday's name; null = none. */
  readonly holiday: string | null;
}

export type BusinessTimeSettings = Pick<BillingSettings, 'timeZone' | 'businessHours' | 'holidays'>;

/**
 * Places an instant in business time.
 * @param instant  ISO text with an offset
 * @throws BadSetting  when zone, hours or holidays cannot be used
 */
export function businessMoment(instant: string, settings: BusinessTimeSettings): BusinessMoment {
  const local = localTime(instant, settings.timeZone);
  const hours: Hours = parseHours(settings.businessHours);
  const day = local.toFormat('yyyy-MM-dd');
  return {
    day,
    year: local.year,
    clock: local.toFormat('HH:mm'),
    weekday: local.weekdayLong ?? '',
    isWeekend: local.weekday >= 6,
    isInsideHours: inHours(hours, local.hour * 60 + local.minute),
    holiday: holidayCalendar(settings.holidays)(day),
  };
}

/** The calendar day of an instant in business time. */
export function businessDay(instant: string, timeZone: string): Day {
  return localTime(instant, timeZone).toFormat('yyyy-MM-dd');
}

function localTime(instant: string, timeZone: string): DateTime<true> {
  const local = DateTime.fromISO(instant, { zone: checkedTimeZone(timeZone), locale: 'en-US' });
  if (!local.isValid) throw new RangeError(`"${instant}" is not an instant.`);
  return local;
}
