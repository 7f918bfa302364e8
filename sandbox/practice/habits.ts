import { amount, loggedDate, MOST_ROWS, newWork, openRows, priced, scaled, sheetsOf, type Desk } from './desk';
import type { BookRow, PracticeCells, Save } from './book';
import type { Moment } from './interleave';
import type { Person } from './staff';

const FEWEST_OPEN_ROWS = 8;
const MOST_SAVES_OF_A_SITTING = 8;
/** Share of a day's edits that touch last week, and any older one. */
const LAST_WEEK = 0.04;
const OLDER = 0.01;

const NOTES = [
  'Crew waited for the locate',
  'Redline received',
  'Photo in the field folder',
  'Access by the back lane',
  'Span re-measured',
  'Material from the truck stock',
  'Outage window confirmed',
  'Second trip needed',
] as const;

export interface Sitting {
  readonly person: Person;
  readonly at: number;
  /** Seconds between two saves, most often. */
  readonly pause: number;
  readonly mostSaves?: number;
}

/** A person sits down at one sheet, saves a few things, and gets up again. */
export function* sitting(desk: Desk, { person, at, pause, mostSaves }: Sitting): Generator<Moment> {
  const { random } = desk;
  const sheet = random.oneOf(sheetsOf(person));
  const saves = random.whole(1, mostSaves ?? MOST_SAVES_OF_A_SITTING);
  let when = at;
  for (let count = 0; count < saves; count += 1) {
    const moment = when;
    yield { at: moment, save: () => usualSave(desk, person, sheet, moment) };
    when += Math.round(Math.min(Math.max(2, random.around(pause, 0.6)), pause * 4)) * 1_000;
  }
}

function usualSave(desk: Desk, person: Person, sheet: string, at: number): Save | null {
  const { book, calendar, random } = desk;
  const open = openRows(desk, sheet, at);
  const isShort = open.length < FEWEST_OPEN_ROWS;
  const mayLog = person.role === 'foreman' && book.rows(sheet).length < MOST_ROWS;
  if (mayLog && (isShort || random.chance(0.1))) {
    return { person: person.email, sheet, kind: 'add', rows: newWork(desk, person, calendar.day(at)) };
  }
  const row = rowToEdit(desk, sheet, open, at);
  if (row === undefined) return null;
  const cells = person.role === 'foreman' ? fieldEdit(desk, row) : officeEdit(desk, row, at);
  return { person: person.email, sheet, kind: 'change', edits: [{ key: row.key, cells }] };
}

function rowToEdit(desk: Desk, sheet: string, open: readonly BookRow[], at: number): BookRow | undefined {
  const { book, calendar, random } = desk;
  const draw = random.fraction();
  const isBack = (row: BookRow, least: number, most: number): boolean => {
    const weeks = calendar.weeksBack(loggedDate(row), at);
    return weeks >= least && weeks <= most;
  };
  const old = (least: number, most: number) => book.rows(sheet).filter((row) => isBack(row, least, most));
  const choices = draw < OLDER ? old(2, 6) : draw < OLDER + LAST_WEEK ? old(1, 1) : open;
  const nonEmpty = [choices, open, book.rows(sheet)].find((rows) => rows.length > 0);
  return nonEmpty === undefined ? undefined : random.oneOf(nonEmpty);
}

/** What a foreman corrects: how much was built, how far it is, what there is to say. */
function fieldEdit(desk: Desk, row: BookRow): PracticeCells {
  const { random } = desk;
  const draw = random.fraction();
  if (draw < 0.6) return priced(row, { quantity: otherQuantity(desk, row) });
  if (draw < 0.8) return { Status: row.cells.Status === 'Logged' ? 'In review' : 'Logged' };
  return { Notes: otherNote(desk, row) };
}

/** What a clerk or supervisor does: redlines, agreed prices, statuses with their snapshot. */
function officeEdit(desk: Desk, row: BookRow, at: number): PracticeCells {
  const { calendar, random } = desk;
  const draw = random.fraction();
  if (draw < 0.4) return { 'Redlined Total Price': redline(desk, row) };
  if (draw < 0.6) return priced(row, { price: scaled(amount(row, 'Unit Price'), random.between(0.95, 1.05)) });
  if (draw < 0.85) {
    const next = row.cells.Status === 'Approved' ? 'Billed' : 'Approved';
    return { Status: next, 'Snapshot Date': calendar.day(at) };
  }
  return { Notes: otherNote(desk, row) };
}

/** The redline follows the total where they differ, and is bargained a little where they agree. */
function redline({ random }: Desk, row: BookRow): number {
  const total = amount(row, 'Units Total Price');
  if (amount(row, 'Redlined Total Price') !== total) return total;
  return scaled(total, random.between(0.94, 1.03));
}

function otherQuantity({ random }: Desk, row: BookRow): number {
  const quantity = amount(row, 'Quantity');
  const step = random.whole(1, quantity > 6 ? 3 : 1);
  return quantity > step && random.chance(0.5) ? quantity - step : quantity + step;
}

function otherNote({ random }: Desk, row: BookRow): string {
  return random.oneOf(NOTES.filter((note) => note !== row.cells.Notes));
}
