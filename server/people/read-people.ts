import { CsvError, parse } from 'csv-parse/sync';
import { messageOf } from '../../lib/errors';
import type { Person } from '../../lib/store';
import { BadPeopleFile } from './errors';
import { peopleOf, problem, type PeopleReading, type Row } from './person-of';
import { columnOf, COLUMNS, KNOWN, nameOf } from './titles';
import { withKnown } from './with-known';

/** Most people in one file: they are saved in one call. */
export const MOST_PEOPLE = 10_000;

/** What a file says of people. */
export interface PeopleInFile {
  /** Columns of the directory that the file does not have: what is known there stays. */
  readonly absent: readonly string[];
  /** @param known  the directory as it is */
  readonly over: (known: readonly Person[]) => readonly Person[];
}

/**
 * Reads the directory of people from a CSV file with a line of titles, separated by commas, semicolons or tabs.
 * Only the e-mail is needed. A cell that is left empty is not known, and who is not said to be inactive is active; of a
 * column that the file does not have, what is known stays.
 * @throws BadPeopleFile  naming every line that is wrong: all lines are right, or none is used
 */
export function readPeople(bytes: Uint8Array, reading: PeopleReading): PeopleInFile {
  const rows = rowsOf(textOf(bytes));
  if (rows.length === 0)
    throw new BadPeopleFile([problem(1, null, 'no person follows the line of titles', 'Add one.')]);
  if (rows.length > MOST_PEOPLE) {
    const hint = `Split the file: ${MOST_PEOPLE} at most are saved at once.`;
    throw new BadPeopleFile([problem(1, null, `there are ${rows.length} people`, hint)]);
  }
  const { people, problems } = peopleOf(rows, reading);
  if (problems.length > 0) throw new BadPeopleFile(problems);
  const absent = COLUMNS.filter((column) => !(column in (rows[0]?.cells ?? {})));
  return { absent: absent.map(nameOf), over: (known) => withKnown(people, known, absent) };
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
  if (twice) throw new BadPeopleFile([problem(1, nameOf(twice), 'there are two such columns', 'Remove one.')]);
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
    return { line, cells: Object.fromEntries(titles.map((title, index) => [title, record[index]])) as Row['cells'] };
  });
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
