import { DateTime } from 'luxon';
import { canonicalInstant } from '../../lib/event';
import type { Person } from '../../lib/store';
import type { PeopleProblem } from './errors';
import type { Column } from './titles';

const LONGEST_TEXT = 500;
const YES: readonly string[] = ['yes', 'y', 'true', '1', 'active', ''];
const NO: readonly string[] = ['no', 'n', 'false', '0', 'inactive'];

/** What stands in the line of one person; a column that is not there is undefined. */
export interface Row {
  /** From 1, as people count: of a file the title line is 1, of a sheet the first row. */
  readonly line: number;
  readonly cells: Readonly<Partial<Record<Column, string>>>;
}

export interface PeopleReading {
  /** IANA name: a day without a time is a day there. */
  readonly timeZone: string;
  /** Milliseconds since 1970: a review lies before. */
  readonly now: number;
}

/** All of them, and all that is wrong in their lines. */
export function peopleOf(
  rows: readonly Row[],
  reading: PeopleReading,
): { readonly people: readonly Person[]; readonly problems: readonly PeopleProblem[] } {
  const problems: PeopleProblem[] = [];
  const people = rows.map((row) =>
    personOf(row, reading, (...wrong) => void problems.push(problem(row.line, ...wrong))),
  );
  problems.push(...repeated(rows));
  return { people, problems: problems.toSorted((one, other) => one.line - other.line) };
}

export function problem(line: number, column: string | null, why: string, hint: string): PeopleProblem {
  return { line, column, why, hint };
}

type Tell = (column: string, why: string, hint: string) => void;

function personOf({ cells }: Row, reading: PeopleReading, tell: Tell): Person {
  const text = (column: 'name' | 'role' | 'supervisor' | 'department'): string | null => {
    const cell = cells[column] ?? '';
    if (cell.length > LONGEST_TEXT) tell(column, `is longer than ${LONGEST_TEXT} letters`, 'Shorten it.');
    if (cell.includes('\u0000')) tell(column, 'holds a letter that cannot be stored', 'Type it anew.');
    return cell === '' ? null : cell;
  };
  return {
    email: emailOf(cells.email ?? '', tell),
    name: text('name'),
    role: text('role'),
    access_level: levelOf(cells.access_level ?? '', tell),
    supervisor: text('supervisor'),
    department: text('department'),
    last_review_at: reviewOf(cells.last_review_at ?? '', reading, tell),
    active: isActive(cells.active ?? '', tell),
  };
}

function emailOf(cell: string, tell: Tell): string {
  if (cell === '') tell('e-mail', 'is empty', 'Write the e-mail that the person has in Smartsheet.');
  else if (cell.length > 254 || !/^[^\s@,;<>\p{Cc}]+@[^\s@,;<>\p{Cc}]+$/u.test(cell)) {
    tell('e-mail', `is "${cell.slice(0, 60)}", which is no e-mail address`, 'Write one like clerk@example.com.');
  }
  return cell.toLowerCase();
}

function levelOf(cell: string, tell: Tell): number | null {
  if (cell === '') return null;
  if (/^(?:[1-9]|10)$/u.test(cell)) return Number(cell);
  tell('access level', `is "${cell.slice(0, 60)}"`, 'Write a whole number from 1 (least) to 10, or leave it empty.');
  return null;
}

function reviewOf(cell: string, { timeZone, now }: PeopleReading, tell: Tell): string | null {
  if (cell === '') return null;
  const day = DateTime.fromISO(cell, { zone: timeZone });
  const isDay = /^\d{4}-\d{2}-\d{2}$/u.test(cell) && day.isValid;
  const at = isDay ? day.toUTC().toISO() : canonicalInstant(cell);
  if (at === null) {
    tell('last review', `is "${cell.slice(0, 60)}"`, 'Write a day like 2026-01-31, or leave it empty.');
  } else if (Date.parse(at) > now) {
    tell('last review', `is ${cell}, which is still to come`, 'Write the day of the last review that took place.');
  }
  return at;
}

function isActive(cell: string, tell: Tell): boolean {
  const word = cell.toLowerCase();
  if (!YES.includes(word) && !NO.includes(word)) tell('active', `is "${cell.slice(0, 60)}"`, 'Write yes or no.');
  return !NO.includes(word);
}

function repeated(rows: readonly Row[]): readonly PeopleProblem[] {
  const first = new Map<string, number>();
  return rows.flatMap(({ line, cells }) => {
    const email = (cells.email ?? '').toLowerCase();
    const before = first.get(email);
    if (before === undefined) first.set(email, line);
    if (before === undefined || email === '') return [];
    return [problem(line, 'e-mail', `is "${email}", as on line ${before}`, 'Keep one line for each person.')];
  });
}
