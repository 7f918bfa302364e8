import { CsvError, parse } from 'csv-parse/sync';
import { DateTime } from 'luxon';
import { messageOf } from '../../lib/errors';
import { canonicalInstant } from '../../lib/event';
import type { Person } from '../../lib/store';
import { BadPeopleFile, type PeopleProblem } from './errors';

/** Most people in one file: they are saved in one call. */
const MOST_PEOPLE = 10_000;
const LONGEST_TEXT = 500;

/** Each column with the titles by which it is known, in lower case. */
const TITLES = {
  email: ['e-mail', 'email', 'e-mail address', 'email address'],
  name: ['name'],
  role: ['role'],
  access_level: ['access level', 'access_level', 'access level 1-10'],
  supervisor: ['supervisor'],
  department: ['department'],
  last_review_at: ['last review', 'last_review', 'last_review_at'],
  active: ['active'],
} as const satisfies Record<keyof Person, readonly string[]>;

type Column = keyof typeof TITLES;
type Cells = Readonly<Partial<Record<Column, string>>>;
interface Row {
  readonly line: number;
  readonly cells: Cells;
}

const YES: readonly string[] = ['yes', 'y', 'true', '1', 'active', ''];
const NO: readonly string[] = ['no', 'n', 'false', '0', 'inactive'];

export interface PeopleReading {
  /** IANA name: a day without a time is a day there. */
  readonly timeZone: string;
  /** Milliseconds since 1970: a review lies before. */
  readonly now: number;
}

/**
 * Reads the directory of people from a CSV file with a line of titles, separated by commas, semicolons or tabs.
 * Only the e-mail is needed; what is left empty is not known, and who is not said to be inactive is active.
 * @throws BadPeopleFile  naming every line that is wrong: all lines are right, or none is used
 */
export function readPeople(bytes: Uint8Array, reading: PeopleReading): readonly Person[] {
  const rows = rowsOf(textOf(bytes));
  if (rows.length === 0)
    throw new BadPeopleFile([problem(1, null, 'no person follows the line of titles', 'Add one.')]);
  if (rows.length > MOST_PEOPLE) {
    const hint = `Split the file: ${MOST_PEOPLE} at most are saved at once.`;
    throw new BadPeopleFile([problem(1, null, `there are ${rows.length} people`, hint)]);
  }
  const problems: PeopleProblem[] = [];
  const people = rows.map((row) =>
    personOf(row, reading, (...wrong) => void problems.push(problem(row.line, ...wrong))),
  );
  problems.push(...repeated(rows));
  if (problems.length > 0) throw new BadPeopleFile(problems.toSorted((one, other) => one.line - other.line));
  return people;
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const hint = 'Save it as "CSV UTF-8", or convert it to UTF-8.';
    throw new BadPeopleFile([problem(1, null, 'the file is not in UTF-8', hint)]);
  }
}

function rowsOf(text: string): readonly Row[] {
  const records = recordsOf(text);
  const titles = (records[0]?.record ?? []).map((title) => columnOf(title));
  if (!titles.includes('email')) {
    throw new BadPeopleFile([problem(1, 'e-mail', 'there is no such column', `Begin with the titles ${KNOWN}.`)]);
  }
  const twice = titles.find((title, index) => title !== null && titles.indexOf(title) !== index);
  if (twice) throw new BadPeopleFile([problem(1, TITLES[twice][0], 'there are two such columns', 'Remove one.')]);
  const unknown = (records[0]?.record ?? []).filter((_, index) => titles[index] === null);
  if (unknown.length > 0) {
    const named = unknown.map((title) => `"${title}"`).join(', ');
    throw new BadPeopleFile([problem(1, null, `nobody knows the column ${named}`, `Known are ${KNOWN}.`)]);
  }
  return records.slice(1).map(({ record, line }) => {
    if (record.length !== titles.length) {
      const why = `it has ${record.length} cells, the line of titles has ${titles.length}`;
      throw new BadPeopleFile([problem(line, null, why, 'Put a cell that holds a separator in double quotes.')]);
    }
    return { line, cells: Object.fromEntries(titles.map((title, index) => [title, record[index]])) as Cells };
  });
}

const KNOWN = Object.values(TITLES)
  .map(([title]) => title)
  .join(', ');

function columnOf(title: string): Column | null {
  const known = Object.entries(TITLES).find(([, spellings]) => spellings.some((each) => each === title.toLowerCase()));
  return known ? (known[0] as Column) : null;
}

function recordsOf(text: string): readonly { readonly record: readonly string[]; readonly line: number }[] {
  const [titles = ''] = text.split(/\r?\n/u, 1);
  const delimiter = [',', ';', '\t'].find((each) => titles.includes(each)) ?? ',';
  try {
    const found: unknown = parse(text, {
      bom: true,
      delimiter,
      trim: true,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      skip_records_with_empty_values: true,
    });
    return (found as { record: string[]; info: { lines: number } }[]).map(({ record, info }) => ({
      record,
      line: info.lines,
    }));
  } catch (thrown) {
    if (!(thrown instanceof CsvError)) throw thrown;
    const { lines } = thrown as { lines?: unknown };
    const line = typeof lines === 'number' ? lines : 1;
    throw new BadPeopleFile([
      problem(line, null, messageOf(thrown), 'Close the double quotes, or double those inside.'),
    ]);
  }
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

function problem(line: number, column: string | null, why: string, hint: string): PeopleProblem {
  return { line, column, why, hint };
}
