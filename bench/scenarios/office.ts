import type { Role } from './config';
import type { Draw } from './draw';
import type { Column, Intent } from './intent';
import { cents, type Person, type Row, type World } from './world';

/** Share of edits by column: field staff count, clerks price. */
const MIX: Readonly<Record<Role, Readonly<Record<Column, number>>>> = {
  foreman: { Quantity: 45, 'Units Total Price': 2, CU: 6, Status: 20, Notes: 14, 'Snapshot Date': 10, Foreman: 3 },
  clerk: { Quantity: 18, 'Units Total Price': 34, CU: 6, Status: 16, Notes: 12, 'Snapshot Date': 10, Foreman: 4 },
  supervisor: { Quantity: 20, 'Units Total Price': 25, CU: 6, Status: 25, Notes: 14, 'Snapshot Date': 6, Foreman: 4 },
  admin: { Quantity: 15, 'Units Total Price': 25, CU: 10, Status: 25, Notes: 15, 'Snapshot Date': 5, Foreman: 5 },
  service: { Quantity: 0, 'Units Total Price': 6, CU: 0, Status: 50, Notes: 4, 'Snapshot Date': 40, Foreman: 0 },
};

/** What honest people do in all weeks, with everything that looks like fraud and is none. */
export function honestIntents(world: World, draw: Draw): Intent[] {
  const intents: Intent[] = [];
  const days = world.config.weeks * 7;
  for (let day = 0; day < days; day += 1) {
    for (const person of world.people) intents.push(...dayOf(world, draw, person, day));
  }
  return [...intents, ...pastes(world, draw), ...bookUpdates(world, draw), ...cleanUps(world, draw)];
}

function dayOf(world: World, draw: Draw, person: Person, day: number): Intent[] {
  const { config } = world;
  const week = Math.floor(day / 7);
  if (person.dormant || week < person.hiredInWeek) return [];
  if (person.leave && day >= person.leave[0] && day <= person.leave[1]) return [];
  const storm = config.stormWeeks.includes(week) && person.role === 'foreman';
  const free = day % 7 >= 5 || world.isHoliday(day);
  const monthEnd = day % 30 >= 28 ? 1.6 : 1;
  const activity =
    (free && !storm && person.role !== 'service' ? config.weekendActivity : 1) * (storm ? 1.5 : 1) * monthEnd;
  let left = draw.poisson(person.dailyEvents * activity);
  const intents: Intent[] = [];
  while (left > 0) {
    const size = Math.min(left, 1 + draw.geometric(1 / 7));
    left -= size;
    intents.push(...sitting(world, draw, person, day, startOf(draw, person, storm), size));
  }
  return intents;
}

function startOf(draw: Draw, person: Person, storm: boolean): number {
  if (person.role === 'service') return draw.between(0, 24);
  const overtime = draw.chance(storm ? 0.3 : 0.04);
  return person.startHour + (overtime ? draw.between(9, 14) : draw.between(0, 8.5));
}

function sitting(world: World, draw: Draw, person: Person, day: number, hour: number, size: number): Intent[] {
  const intents: Intent[] = [];
  const sheet = draw.chance(world.config.outside) ? draw.whole(0, world.config.sheets - 1) : draw.pick(person.home);
  let at = world.instant(day, hour);
  let row = rowFor(world, draw, person, sheet, day);
  for (let edit = 0; edit < size && row; edit += 1) {
    const column = draw.weighted(MIX[person.role]);
    intents.push({ at, person, row, column, value: honestValue(world, draw, column) });
    if (column === 'Quantity' && draw.chance(0.01)) intents.push(...typo(draw, person, row, at));
    at += Math.round(1000 * (person.role === 'service' ? draw.between(1, 4) : draw.logNormal(35, 0.9)));
    if (draw.chance(0.4)) row = rowFor(world, draw, person, sheet, day);
  }
  return intents;
}

function rowFor(world: World, draw: Draw, person: Person, sheet: number, day: number): Row | undefined {
  const week = Math.floor(day / 7);
  const older = person.role === 'supervisor' ? 0.05 : 0.025;
  const roll = draw.uniform();
  const back = roll < older ? draw.whole(2, 7) : roll < older + 0.12 ? 1 : 0;
  const rows = world.rowsOf(sheet, week - back);
  return rows.length === 0 ? undefined : draw.pick(rows);
}

/** What an honest hand writes; decided when it writes, from what stands there. */
function honestValue(world: World, draw: Draw, column: Column): Intent['value'] {
  const roll = draw.uniform();
  const shift = draw.whole(1, 3) * (draw.chance(0.5) ? 1 : -1);
  const noise = draw.normal();
  if (column === 'Quantity') {
    return (row) => {
      if (roll < 0.6) return row.planned;
      if (roll < 0.95) return Math.max(0, (row.quantity ?? row.planned) + shift);
      return roll < 0.97 ? Math.max(5, Math.round(row.planned / 5) * 5) : roll < 0.98 ? null : row.planned + shift * 2;
    };
  }
  if (column === 'Units Total Price') {
    return (row) => {
      const computed = (row.quantity ?? row.planned) * (world.prices[row.unit] as number);
      if (roll < 0.7) return cents(computed);
      if (roll < 0.9) return cents(computed * (1 + 0.06 * noise));
      if (roll < 0.96) return cents(computed * Math.max(0.3, 1 + 0.35 * noise));
      return roll < 0.985 ? Math.max(10, Math.round(computed / 10) * 10) : null;
    };
  }
  const text = textFor(draw, column);
  return () => text;
}

function textFor(draw: Draw, column: Column): string | null {
  if (column === 'Status') return draw.pick(['open', 'in work', 'done', 'billed', 'on hold']);
  if (column === 'Snapshot Date')
    return `2025-${String(draw.whole(1, 12)).padStart(2, '0')}-${String(draw.whole(1, 28)).padStart(2, '0')}`;
  if (column === 'CU') return `CU${draw.whole(0, 299)}`;
  if (column === 'Foreman') return `crew ${draw.whole(1, 24)}`;
  return draw.chance(0.1) ? null : `note ${draw.whole(1, 9999)}`;
}

/** A slipped point, put right within minutes. */
function typo(draw: Draw, person: Person, row: Row, at: number): Intent[] {
  const wrong = at + draw.whole(1000, 4000);
  const again = wrong + draw.whole(20_000, 400_000);
  return [
    { at: wrong, person, row, column: 'Quantity', value: ({ quantity, planned }) => (quantity ?? planned) * 10 },
    {
      at: again,
      person,
      row,
      column: 'Quantity',
      value: ({ quantity, planned }) => Math.round((quantity ?? planned * 10) / 10),
    },
  ];
}

function pastes(world: World, draw: Draw): Intent[] {
  const clerks = world.people.filter(({ role, dormant }) => role === 'clerk' && !dormant);
  return Array.from({ length: world.config.weeks * 3 }, () => {
    const person = draw.pick(clerks);
    const week = draw.whole(person.hiredInWeek, world.config.weeks - 1);
    const rows = world.rowsOf(draw.pick(person.home), week);
    const from = world.instant(week * 7 + draw.whole(0, 4), person.startHour + draw.between(0, 8));
    const column: Column = draw.chance(0.5) ? 'Units Total Price' : 'Status';
    return rows.slice(0, draw.whole(15, 90)).map((row, place) => ({
      at: from + place * 1500,
      person,
      row,
      column,
      value: ({ quantity, planned, unit }: Row) =>
        column === 'Status' ? 'billed' : cents((quantity ?? planned) * (world.prices[unit] as number)),
    }));
  }).flat();
}

/** Two revisions of the price book, brought into open rows by an administrator within minutes. */
function bookUpdates(world: World, draw: Draw): Intent[] {
  const admins = world.people.filter(({ role }) => role === 'admin');
  return [0.3, 0.72].flatMap((part) => {
    const week = Math.floor(world.config.weeks * part);
    const factor = 1 + draw.between(0.02, 0.05);
    const person = draw.pick(admins);
    const rows = Array.from({ length: world.config.sheets }, (_, sheet) => world.rowsOf(sheet, week)).flat();
    const from = world.instant(week * 7 + 1, 10);
    return draw.several(rows, draw.whole(200, 480)).map((row, place) => ({
      at: from + place * 800,
      person,
      row,
      column: 'Units Total Price' as const,
      value: ({ quantity, planned, unit }: Row) =>
        cents((quantity ?? planned) * (world.prices[unit] as number) * factor),
    }));
  });
}

function cleanUps(world: World, draw: Draw): Intent[] {
  const people = world.people.filter(({ role }) => role === 'clerk' || role === 'supervisor');
  return Array.from({ length: Math.floor((world.config.weeks * 7) / 23) }, (_, turn) => {
    const person = draw.pick(people.filter(({ dormant }) => !dormant));
    const week = Math.floor((turn * 23) / 7) + 1;
    const from = world.instant(week * 7 + draw.whole(0, 4), person.startHour + draw.between(1, 7));
    const rows = draw.several(world.rowsOf(draw.pick(person.home), week), draw.whole(8, 40));
    return rows.map((row, place) => ({
      at: from + place * draw.whole(4000, 9000),
      person,
      row,
      column: draw.pick(['Quantity', 'Units Total Price'] as const),
      value: () => null,
    }));
  }).flat();
}
