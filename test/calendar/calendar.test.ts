import {
  businessMoment,
  holidayCalendar,
  inHours,
  parseDay,
  parseHours,
  weekClosesAt,
  weekEnding,
} from '../../lib/calendar';
import { BadSetting } from '../../lib/errors';
import { defaultSettings } from '../../lib/settings';

const at = (milliseconds: number): string => new Date(milliseconds).toISOString();

describe('weeks', () => {
  it('end on the Sunday on or after the day, whatever the month and year', () => {
    expect(weekEnding('2026-01-12')).toBe('2026-01-18');
    expect(weekEnding('2026-01-18')).toBe('2026-01-18');
    expect(weekEnding('2026-01-19')).toBe('2026-01-25');
    expect(weekEnding('2025-12-30')).toBe('2026-01-04');
    expect(weekEnding('2024-02-28')).toBe('2024-03-03');
    expect(weekEnding('9999-12-31')).toBe('9999-12-31');
  });

  it.each([
    ['America/Chicago', '2026-01-18', 0, '2026-01-19T06:00:00.000Z'],
    ['America/Chicago', '2026-03-08', 0, '2026-03-09T05:00:00.000Z'],
    ['America/Chicago', '2026-11-01', 0, '2026-11-02T06:00:00.000Z'],
    ['Europe/London', '2026-03-29', 0, '2026-03-29T23:00:00.000Z'],
    ['Europe/London', '2026-10-25', 0, '2026-10-26T00:00:00.000Z'],
    ['Pacific/Kiritimati', '2026-01-18', 0, '2026-01-18T10:00:00.000Z'],
    ['America/Chicago', '2026-01-18', 12, '2026-01-19T18:00:00.000Z'],
    ['America/Chicago', '2026-03-01', 168, '2026-03-09T05:00:00.000Z'],
    ['America/Chicago', '2026-01-18', 0.5, '2026-01-19T06:30:00.000Z'],
  ])('close in %s after %s and %d h at %s', (timeZone, sunday, closesAfterHours, expected) => {
    expect(at(weekClosesAt(sunday, { timeZone, closesAfterHours }))).toBe(expected);
  });
});

describe('dates as cells hold them', () => {
  it.each([
    ['2026-01-31', '2026-01-31'],
    [' 2026-01-31 ', '2026-01-31'],
    ['2026-01-31T23:30:00', '2026-01-31'],
    ['2026-01-31 23:30:00', '2026-01-31'],
    ['2011-01-04 10:00:00', '2011-01-04'],
    ['2026-02-01T05:59:00Z', '2026-01-31'],
    ['2026-02-01T05:59:00+0000', '2026-01-31'],
    ['2026-02-01T06:00:00.000+00:00', '2026-02-01'],
    ['01/31/26', '2026-01-31'],
    ['1/5/2026', '2026-01-05'],
    ['01/31/26 3:45 PM', '2026-01-31'],
    ['12/31/68', '2068-12-31'],
    ['12/31/69', '1969-12-31'],
    ['02/29/2024', '2024-02-29'],
  ])('reads %j as %s', (text, expected) => {
    expect(parseDay(text, 'America/Chicago')).toBe(expected);
  });

  it.each([
    null,
    undefined,
    '',
    'soon',
    '2026-02-30',
    '02/29/2026',
    '31/01/2026',
    '2026-13-01',
    '2026',
    '2026-1-5',
    '46053',
    '2026-01-31T25:00:00Z',
    '2026-01-31Tsoon',
    '1/1/1',
    '0000-01-01',
    '2026-01-31'.repeat(9),
  ])('does not read %j', (text) => {
    expect(parseDay(text, 'America/Chicago')).toBeNull();
  });
});

describe('business time', () => {
  it('places an instant where the office is', () => {
    expect(businessMoment('2026-07-04T03:30:00.000Z', defaultSettings)).toEqual({
      day: '2026-07-03',
      year: 2026,
      clock: '22:30',
      weekday: 'Friday',
      isWeekend: false,
      isInsideHours: false,
      holiday: 'Independence Day (substitute day)',
    });
  });

  it('has hours that begin with their first minute and end before their last', () => {
    const office = parseHours('08:00-18:00');
    expect([479, 480, 1079, 1080].map((minute) => inHours(office, minute))).toEqual([false, true, true, false]);
    const night = parseHours('22:00 – 06:00');
    expect([1319, 1320, 0, 359, 360].map((minute) => inHours(night, minute))).toEqual([false, true, true, true, false]);
    expect(inHours(parseHours('00:00-24:00'), 1439)).toBe(true);
  });

  it.each(['', '8-18', '08:00', '08:00-08:00', '08:60-18:00', '25:00-26:00', '24:00-08:00', '08:00-18:00-20:00'])(
    'refuses %j as hours',
    (hours) => {
      expect(() => parseHours(hours)).toThrow(BadSetting);
    },
  );

  it.each(['Mars/Olympus', '', 'UTC+3', 'America'])('refuses %j as a time zone', (timeZone) => {
    expect(() => businessMoment('2026-01-01T00:00:00.000Z', { ...defaultSettings, timeZone })).toThrow(BadSetting);
  });
});

describe('holidays', () => {
  it.each([
    ['US', '2026-11-26', 'Thanksgiving Day'],
    ['US', '2026-11-27', null],
    ['US-TX', '2026-11-26', 'Thanksgiving Day'],
    ['us', '2026-12-25', 'Christmas Day'],
    ['US', '2027-12-31', "New Year's Day (substitute day)"],
    ['GB-ENG', '2026-12-28', 'Boxing Day (substitute day)'],
    ['GB-SCT', '2026-08-31', null],
    ['2026-12-24,2026-12-31', '2026-12-31', 'a day on the list of holidays'],
    ['2026-12-24,2026-12-31', '2026-12-25', null],
    ['US, 2026-12-24', '2026-12-25', 'Christmas Day'],
    ['US, 2026-12-24', '2026-12-24', 'a day on the list of holidays'],
    ['none', '2026-12-25', null],
    [' None ', '2026-12-25', null],
  ])('by the rule %j make %s %j', (rule, day, expected) => {
    expect(holidayCalendar(rule)(day)).toBe(expected);
  });

  it.each(['ZZ', 'US-XX', '', 'US,', '2026-02-30', 'US, none', 'constructor', '__proto__'])('cannot be %j', (rule) => {
    expect(() => holidayCalendar(rule)).toThrow(BadSetting);
  });
});
