import Big from 'big.js';
import { amount, closedRows, INTENSITY, money, openRows, priced, scaled, sheetsOf, type Desk } from './desk';
import { AREAS, staffOf, type Person } from './staff';
import type { BookRow, PracticeCells } from './book';
import type { Difficulty, FraudPattern } from './incident';
import type { Moment } from './interleave';

/** A fraud: who commits it, when, and how. */
export interface Scheme {
  readonly pattern: FraudPattern;
  readonly story: string;
  readonly who: readonly Person[];
  /** Night schemes that are dared openly begin after hours; watched live, all begin at once. */
  readonly when: 'office hours' | 'night';
  readonly moments: (desk: Desk, act: Act) => Iterator<Omit<Moment, 'incident'>>;
}

export interface Act {
  readonly person: Person;
  readonly at: number;
  readonly difficulty: Difficulty;
}

/** The eight patterns of `shared/reference/ml.md` §6.3, as large as a small office can bear. */
export const SCHEMES: readonly Scheme[] = [
  {
    pattern: 'price inflation after close',
    story: 'Prices of the dearest lines were raised after their week had been closed.',
    who: staffOf('clerk', 'supervisor'),
    when: 'office hours',
    moments: (desk, act) => {
      const k = INTENSITY[act.difficulty];
      const rows = closedRows(desk, sheetFor(desk, act), act.at, 2, 6).slice(0, desk.random.whole(1, 4));
      return edits(desk, act, rows, 40, (row) => raised(row, 1.06 + desk.random.between(0.3, 0.6) * k));
    },
  },
  {
    pattern: 'off-hours burst',
    story: 'Many amounts were raised in one go while nobody else was at work.',
    who: staffOf('clerk', 'foreman'),
    when: 'night',
    moments: (desk, act) => {
      const k = INTENSITY[act.difficulty];
      const sheet = sheetFor(desk, act);
      const rows = [...openRows(desk, sheet, act.at), ...closedRows(desk, sheet, act.at, 1, 1)];
      const chosen = desk.random.some(rows, Math.round(6 + 12 * k));
      const gap = act.difficulty === 'easy' ? 8 : act.difficulty === 'medium' ? 20 : 45;
      return edits(desk, act, chosen, gap, (row) => ({
        'Redlined Total Price': scaled(
          amount(row, 'Redlined Total Price'),
          1.05 + desk.random.between(0, 0.1 + 0.4 * k),
        ),
      }));
    },
  },
  {
    pattern: 'dormant account',
    story: 'An account that nobody had used for months changed the money of dear lines.',
    who: staffOf('former foreman'),
    when: 'night',
    moments: (desk, act) => {
      const rows = closedRows(desk, sheetFor(desk, act), act.at, 0, 4).concat(
        openRows(desk, sheetFor(desk, act), act.at),
      );
      const dear = byMoney(rows).slice(0, desk.random.whole(2, 6));
      return edits(desk, act, dear, 30, (row) =>
        priced(row, { quantity: amount(row, 'Quantity') + desk.random.whole(1, 4) }),
      );
    },
  },
  {
    pattern: 'salami',
    story: 'Many prices were raised by a few dollars each, at usual times, over days.',
    who: staffOf('clerk'),
    when: 'office hours',
    moments: salami,
  },
  {
    pattern: 'duplicate lines',
    story: 'Dear lines were copied into another work request of the same sheet.',
    who: staffOf('clerk'),
    when: 'office hours',
    moments: duplicateLines,
  },
  {
    pattern: 'round padding',
    story: 'Redlines were lifted to the next round figure.',
    who: staffOf('clerk', 'supervisor'),
    when: 'office hours',
    moments: (desk, act) => {
      const step = act.difficulty === 'easy' ? 500 : act.difficulty === 'medium' ? 100 : 50;
      const rows = desk.random.some(openRows(desk, sheetFor(desk, act), act.at), desk.random.whole(3, 9));
      return edits(desk, act, rows, 45, (row) => ({
        'Redlined Total Price': (Math.floor(amount(row, 'Redlined Total Price') / step) + 1) * step,
      }));
    },
  },
  {
    pattern: 'privilege misuse',
    story: 'A foreman changed prices, which are none of his work; the bold one in a sheet of others.',
    who: staffOf('foreman'),
    when: 'office hours',
    moments: (desk, act) => {
      const foreign = AREAS.filter((sheet) => !sheetsOf(act.person).includes(sheet));
      const sheet = act.difficulty === 'easy' ? desk.random.oneOf(foreign) : sheetFor(desk, act);
      const most = act.difficulty === 'easy' ? 1.4 : 1.16;
      const rows = desk.random.some(openRows(desk, sheet, act.at), desk.random.whole(3, 8));
      return edits(desk, act, rows, 35, (row) => raised(row, desk.random.between(1.03, most)));
    },
  },
  {
    pattern: 'mass deletion',
    story: 'Redlines and notes were emptied in row after row.',
    who: staffOf('foreman', 'clerk'),
    when: 'night',
    moments: (desk, act) => {
      const count = Math.round(8 + 14 * INTENSITY[act.difficulty]);
      const rows = openRows(desk, sheetFor(desk, act), act.at).slice(-count);
      const gap = act.difficulty === 'easy' ? 2 : act.difficulty === 'medium' ? 10 : 40;
      return edits(desk, act, rows, gap, () => ({ 'Redlined Total Price': null, Notes: null }));
    },
  },
];

/** One edit after the other, about `gap` seconds apart, each of the row as it is when its turn comes. */
function* edits(
  desk: Desk,
  { person, at }: Act,
  rows: readonly BookRow[],
  gap: number,
  cellsOf: (row: BookRow) => PracticeCells,
): Generator<Moment> {
  let when = at;
  for (const row of rows) {
    yield {
      at: when,
      save: () => {
        const present = desk.book.now(row);
        if (present === undefined) return null;
        const edit = { key: row.key, cells: cellsOf(present) };
        return { person: person.email, sheet: row.sheet, kind: 'change', edits: [edit] };
      },
    };
    when += Math.max(2, Math.round(desk.random.around(gap, 0.3))) * 1_000;
  }
}

/** A slice now and then: over days where days pass, else within minutes. */
function* salami(desk: Desk, { person, at, difficulty }: Act): Generator<Moment> {
  const { random, calendar } = desk;
  const most = 4 + 22 * INTENSITY[difficulty];
  const slices = desk.live ? 12 : 24;
  let when = at;
  for (let slice = 0; slice < slices; slice += 1) {
    const moment = when;
    yield { at: moment, save: () => sliceOf(desk, person, moment, most) };
    if (desk.live) when += random.whole(40, 100) * 1_000;
    else if (slice % 4 < 3) when += random.whole(1_200, 4_200) * 1_000;
    else when = calendar.at(nextWorkday(desk, calendar.day(when)), random.between(8.5, 12));
  }
}

function sliceOf(desk: Desk, person: Person, at: number, most: number): ReturnType<Moment['save']> {
  const row = desk.random.some(openRows(desk, desk.random.oneOf(sheetsOf(person)), at), 1)[0];
  if (row === undefined) return null;
  const cents = desk.random.whole(100, Math.round(most * 100));
  const price = money(new Big(amount(row, 'Unit Price')).plus(new Big(cents).div(100)));
  return {
    person: person.email,
    sheet: row.sheet,
    kind: 'change',
    edits: [{ key: row.key, cells: priced(row, { price }) }],
  };
}

function* duplicateLines(desk: Desk, act: Act): Generator<Moment> {
  const sheet = sheetFor(desk, act);
  yield {
    at: act.at,
    save: () => {
      const open = openRows(desk, sheet, act.at);
      const [other] = desk.random.some(open, 1);
      const request = String(other?.cells['Work Request #'] ?? '').split('.')[0];
      const rows = byMoney(open)
        .slice(0, desk.random.whole(1, 5))
        .map(({ cells }, index) => ({ ...cells, 'Work Request #': `${request}.${90 + index}`, Status: 'Approved' }));
      return { person: act.person.email, sheet, kind: 'add', rows };
    },
  };
}

function nextWorkday({ calendar }: Desk, day: string): string {
  let next = calendar.plusDays(day, 1);
  while (!calendar.isWorkday(next)) next = calendar.plusDays(next, 1);
  return next;
}

function raised(row: BookRow, factor: number): PracticeCells {
  return priced(row, { price: scaled(amount(row, 'Unit Price'), factor) });
}

function byMoney(rows: readonly BookRow[]): BookRow[] {
  return [...rows].sort((left, right) => amount(right, 'Units Total Price') - amount(left, 'Units Total Price'));
}

function sheetFor({ random }: Desk, { person }: Act): string {
  return random.oneOf(sheetsOf(person));
}
