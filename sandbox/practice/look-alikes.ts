import { amount, closedRows, openRows, priced, scaled, sheetsOf, type Desk } from './desk';
import { AREAS, staffOf, type Person } from './staff';
import type { BookRow } from './book';
import type { LookAlike } from './incident';
import type { Moment } from './interleave';

/** Honest work that may look wrong: who does it, and how. */
export interface HonestPlot {
  readonly pattern: LookAlike;
  readonly story: string;
  readonly who: readonly Person[];
  readonly moments: (desk: Desk, person: Person, at: number) => Iterator<Omit<Moment, 'incident'>>;
}

const MOST_PRICE_EDITS = 40;
const LEAST_FOR_A_CLEAN_UP = 30;

/** The look-alikes of the office. Times are those at which people work. */
export const LOOK_ALIKES: readonly HonestPlot[] = [
  {
    pattern: 'ten-fold typo',
    story: 'A quantity was typed with a zero too many, and put right within a minute.',
    who: staffOf('foreman', 'clerk'),
    moments: tenFoldTypo,
  },
  {
    pattern: 'late correction',
    story: 'The supervisor corrected a quantity of a closed week after a field check, and noted the reason first.',
    who: staffOf('supervisor'),
    moments: lateCorrection,
  },
  {
    pattern: 'paste',
    story: 'A clerk pasted a column of redlines that had come back from the client.',
    who: staffOf('clerk'),
    moments: paste,
  },
  {
    pattern: 'price-book update',
    story: 'The administrator raised the prices of some units as the new price book says.',
    who: staffOf('admin'),
    moments: priceBookUpdate,
  },
  {
    pattern: 'clean-up deletion',
    story: 'The administrator deleted small lines of the open week that had been logged twice.',
    who: staffOf('admin'),
    moments: cleanUp,
  },
];

function* tenFoldTypo(desk: Desk, person: Person, at: number): Generator<Moment> {
  const sheet = desk.random.oneOf(sheetsOf(person));
  let row: BookRow | undefined;
  const set = (factor: number) => () => {
    const open = openRows(desk, sheet, at).filter((each) => amount(each, 'Quantity') > 1);
    row ??= open.length === 0 ? undefined : desk.random.oneOf(open);
    if (row === undefined) return null;
    const cells = priced(row, { quantity: amount(row, 'Quantity') * factor });
    return { person: person.email, sheet, kind: 'change' as const, edits: [{ key: row.key, cells }] };
  };
  yield { at, save: set(10) };
  yield { at: at + desk.random.whole(18, 50) * 1_000, save: set(1) };
}

function* lateCorrection(desk: Desk, person: Person, at: number): Generator<Moment> {
  const sheet = desk.random.oneOf(sheetsOf(person));
  const row = desk.random.some(closedRows(desk, sheet, at, 1, 2), 1)[0];
  if (row === undefined) return;
  const change = (cells: (present: BookRow) => BookRow['cells']) => () => {
    const present = desk.book.now(row);
    if (present === undefined) return null;
    return { person: person.email, sheet, kind: 'change' as const, edits: [{ key: row.key, cells: cells(present) }] };
  };
  const ticket = desk.random.whole(1_000, 9_999);
  const less = desk.random.chance(0.6) ? -1 : 1;
  yield { at, save: change(() => ({ Notes: `Corrected after field check, ticket BC-${ticket}` })) };
  yield {
    at: at + 15_000,
    save: change((present) => priced(present, { quantity: Math.max(1, amount(present, 'Quantity') + less) })),
  };
}

/** One save, as a paste is. */
function* paste(desk: Desk, person: Person, at: number): Generator<Moment> {
  const sheet = desk.random.oneOf(sheetsOf(person));
  yield {
    at,
    save: () => {
      const edits = openRows(desk, sheet, at)
        .slice(-desk.random.whole(12, 25))
        .map((row) => ({
          key: row.key,
          cells: {
            'Redlined Total Price': scaled(amount(row, 'Units Total Price'), desk.random.between(0.95, 1.02)),
            Status: 'In review',
          },
        }));
      return edits.length === 0 ? null : { person: person.email, sheet, kind: 'change', edits };
    },
  };
}

function* priceBookUpdate(desk: Desk, person: Person, at: number): Generator<Moment> {
  const { random } = desk;
  const open = AREAS.flatMap((sheet) => openRows(desk, sheet, at));
  const codes = random.some([...new Set(open.map(({ cells }) => cells.CU))], 8);
  const raise = random.between(1.02, 1.05);
  const rows = open.filter(({ cells }) => codes.includes(cells.CU ?? null)).slice(0, MOST_PRICE_EDITS);
  let when = at;
  for (const row of rows) {
    yield {
      at: when,
      save: () => {
        const present = desk.book.now(row);
        if (present === undefined) return null;
        const cells = priced(present, { price: scaled(amount(present, 'Unit Price'), raise) });
        return { person: person.email, sheet: row.sheet, kind: 'change', edits: [{ key: row.key, cells }] };
      },
    };
    when += random.whole(2, 4) * 1_000;
  }
}

function* cleanUp(desk: Desk, person: Person, at: number): Generator<Moment> {
  const sheet = desk.random.oneOf(AREAS);
  yield {
    at,
    save: () => {
      const open = openRows(desk, sheet, at);
      if (open.length < LEAST_FOR_A_CLEAN_UP) return null;
      const small = open
        .sort((left, right) => amount(left, 'Units Total Price') - amount(right, 'Units Total Price'))
        .slice(0, desk.random.whole(6, 10));
      return { person: person.email, sheet, kind: 'delete', keys: small.map(({ key }) => key) };
    },
  };
}
