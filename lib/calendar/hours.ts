import { BadSetting } from '../errors';

/** A part of the day in minutes after midnight; `end` is not in it. `start` after `end` runs over midnight. */
export interface Hours {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads `08:00-18:00`; `24:00` ends a day.
 * @throws BadSetting  when it is not two different times
 */
export function parseHours(text: string, field = 'Business hours'): Hours {
  const [, startHour, startMinute, endHour, endMinute] =
    /^\s*(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})\s*$/u.exec(text) ?? [];
  const start = minutes(startHour, startMinute);
  const end = minutes(endHour, endMinute);
  if (start === null || end === null || start === end || start === DAY) {
    throw new BadSetting(field, `is "${text}", which is not a part of a day`, 'Give two times such as 08:00-18:00.');
  }
  return { start, end };
}

/** Whether a minute of the day lies in the hours. */
export function inHours({ start, end }: Hours, minute: number): boolean {
  return start < end ? minute >= start && minute < end : minute >= start || minute < end;
}

const DAY = 24 * 60;

function minutes(hour: string | undefined, minute: string | undefined): number | null {
  if (hour === undefined || minute === undefined || Number(minute) > 59) return null;
  const total = Number(hour) * 60 + Number(minute);
  return total <= DAY ? total : null;
}
