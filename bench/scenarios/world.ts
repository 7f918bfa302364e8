import { DateTime } from 'luxon';
import type { Draw } from './draw';
import type { Role, WorldConfig } from './config';

export interface Person {
  readonly name: string;
  readonly role: Role;
  readonly home: readonly number[];
  /** Hour of the day at which this person begins; night crews at 21. */
  readonly startHour: number;
  readonly dailyEvents: number;
  readonly accessLevel: number;
  readonly lastReview: string;
  readonly hiredInWeek: number;
  readonly leave: readonly [fromDay: number, toDay: number] | null;
  readonly dormant: boolean;
}

export interface Row {
  readonly id: string;
  readonly sheet: number;
  readonly workRequest: string;
  /** Index of the week that the row counts for. */
  readonly week: number;
  unit: number;
  readonly planned: number;
  quantity: number | null;
  price: number | null;
  texts: Record<string, string | null>;
}

export interface World {
  readonly config: WorldConfig;
  readonly people: readonly Person[];
  readonly rows: readonly Row[];
  readonly rowsOf: (sheet: number, week: number) => readonly Row[];
  readonly prices: number[];
  readonly sheetIds: readonly string[];
  /** Milliseconds since 1970 of a local time: days and hours since the first Monday. */
  readonly instant: (day: number, hour: number) => number;
  readonly isHoliday: (day: number) => boolean;
}

/** Federal holidays that the streams keep, month-day; the moving ones are left out on purpose: they are few. */
const HOLIDAYS = new Set([
  '01-01',
  '01-20',
  '02-17',
  '05-26',
  '06-19',
  '07-04',
  '09-01',
  '10-13',
  '11-11',
  '11-27',
  '12-25',
]);

/** Makes the people, sheets and rows of a company. */
export function makeWorld(config: WorldConfig, draw: Draw): World {
  const prices = Array.from({ length: config.unitCodes }, () => cents(draw.logNormal(85, 1.1)));
  const people = makePeople(config, draw);
  const rows = makeRows(config, draw, prices);
  const byPlace = new Map<string, Row[]>();
  for (const row of rows) {
    const key = `${row.sheet}:${row.week}`;
    byPlace.set(key, [...(byPlace.get(key) ?? []), row]);
  }
  const midnights = Array.from({ length: config.weeks * 7 + 30 }, (_, day) =>
    DateTime.fromISO(config.firstDay, { zone: config.timeZone }).plus({ days: day }),
  );
  return {
    config,
    people,
    rows,
    rowsOf: (sheet, week) => byPlace.get(`${sheet}:${week}`) ?? [],
    prices,
    sheetIds: Array.from({ length: config.sheets }, () => String(draw.whole(1e15, 9e15))),
    instant: (day, hour) => {
      const midnight = midnights[Math.min(midnights.length - 1, day + Math.floor(hour / 24))] as DateTime;
      return midnight.toMillis() + Math.round((hour - 24 * Math.floor(hour / 24)) * 3_600_000);
    },
    isHoliday: (day) => HOLIDAYS.has(midnights[day]?.toFormat('MM-dd') ?? ''),
  };
}

function makePeople(config: WorldConfig, draw: Draw): Person[] {
  const roles = (Object.entries(config.staff) as [Role, number][]).flatMap(([role, count]) =>
    Array.from({ length: count }, () => ({ role, dormant: false })),
  );
  const all = [...roles, ...Array.from({ length: config.dormant }, () => ({ role: 'clerk' as const, dormant: true }))];
  const hires = new Set(draw.several([...roles.keys()].slice(0, config.staff.foreman + config.staff.clerk), 4));
  const leaves = new Set(draw.several([...roles.keys()].slice(0, config.staff.foreman + config.staff.clerk), 2));
  let nightCrews = 2;
  return all.map(({ role, dormant }, index) => {
    const isNight = role === 'foreman' && nightCrews > 0;
    if (isNight) nightCrews -= 1;
    const from = draw.whole(28, Math.max(28, config.weeks * 7 - 90));
    const firstDay = DateTime.fromISO(config.firstDay, { zone: 'utc' });
    const overdue = draw.chance(0.15);
    return {
      name: `${role}${index + 1}@example.com`,
      role,
      home: homeOf(role, config.sheets, draw),
      startHour: isNight ? 21 : draw.chance(0.6) ? draw.normal(6.5, 0.7) : draw.normal(8, 0.5),
      dailyEvents: role === 'service' ? config.dailyEvents.service : draw.logNormal(config.dailyEvents[role], 0.4),
      accessLevel: accessOf(role, draw),
      lastReview:
        firstDay.minus({ days: Math.round(overdue ? draw.between(120, 500) : draw.between(0, 80)) }).toISODate() ?? '',
      hiredInWeek: hires.has(index) ? Math.floor(config.weeks / 2) : 0,
      leave: leaves.has(index) ? [from, from + draw.whole(42, 77)] : null,
      dormant,
    };
  });
}

function homeOf(role: Role, sheets: number, draw: Draw): number[] {
  const all = Array.from({ length: sheets }, (_, sheet) => sheet);
  if (role === 'foreman') return draw.several(all, draw.whole(1, 2));
  if (role === 'clerk') return draw.several(all, draw.whole(3, 5));
  return role === 'supervisor' ? draw.several(all, 6) : all;
}

function accessOf(role: Role, draw: Draw): number {
  if (role === 'foreman') return draw.chance(0.12) ? 2 : draw.whole(3, 4);
  return { clerk: 5, supervisor: 7, admin: 9, service: 6 }[role];
}

function makeRows(config: WorldConfig, draw: Draw, prices: readonly number[]): Row[] {
  const rows: Row[] = [];
  for (let sheet = 0; sheet < config.sheets; sheet += 1) {
    for (let week = -8; week < config.weeks; week += 1) {
      const requests = draw.whole(2, 5);
      for (let request = 0; request < requests; request += 1) {
        const workRequest = String(draw.whole(80_000_000, 99_999_999));
        // Negative binomial (2, 0.2): two geometric draws.
        const count = 1 + draw.geometric(0.2) + draw.geometric(0.2);
        for (let line = 0; line < count; line += 1) rows.push(makeRow(sheet, week, workRequest, config, draw, prices));
      }
    }
  }
  return rows;
}

function makeRow(
  sheet: number,
  week: number,
  workRequest: string,
  { unitCodes }: WorldConfig,
  draw: Draw,
  prices: readonly number[],
): Row {
  const unit = draw.whole(0, unitCodes - 1);
  const planned = Math.max(1, Math.round(draw.gamma(1.3, 6)));
  return {
    id: String(draw.whole(1e15, 9e15)),
    sheet,
    workRequest,
    week,
    unit,
    planned,
    quantity: week < 0 ? planned : draw.chance(0.5) ? planned : null,
    price: week < 0 || draw.chance(0.4) ? cents(planned * (prices[unit] as number)) : null,
    texts: { Status: 'open', Notes: null, 'Snapshot Date': null, Foreman: null, CU: `CU${unit}` },
  };
}

export function cents(amount: number): number {
  return Math.round(amount * 100) / 100;
}
