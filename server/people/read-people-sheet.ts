import type { SheetRead } from '../../lib/smartsheet';
import type { DirectoryPerson, Person } from '../../lib/store';
import { BadPeopleSheet, type PeopleProblem } from './errors';
import { peopleOf, problem, type PeopleReading, type Row } from './person-of';
import { MOST_PEOPLE } from './read-people';
import { columnOf, COLUMNS, likelyTitleOf, nameOf, TITLES, type Column } from './titles';
import { withKnown } from './with-known';

/** What a sheet says of people. */
export interface PeopleInSheet {
  readonly sheet: { readonly sheet_id: string; readonly sheet_name: string };
  readonly people: readonly Person[];
  /** Columns of the directory that the sheet does not have: what is known there stays. */
  readonly absent: readonly string[];
  /** Titles that mean nothing to the directory. */
  readonly ignored: readonly string[];
}

/**
 * Reads the directory of people from a sheet. Columns are found by their titles and the alias table; a sheet may have
 * others, but none that looks like a misspelled one of ours. Of a column that it does not have, what is known stays.
 * @param known  the directory as it is
 * @throws BadPeopleSheet  naming every column and row that is wrong: all are right, or none is used
 */
export function readPeopleSheet(
  read: SheetRead,
  known: readonly DirectoryPerson[],
  reading: PeopleReading,
): PeopleInSheet {
  const columns = columnsOf(read);
  const rows = rowsOf(read, columns.found);
  const refuse = (...problems: readonly PeopleProblem[]): never => {
    throw new BadPeopleSheet(read.name, problems);
  };
  if (columns.problems.length > 0) refuse(...columns.problems);
  if (rows.length === 0) refuse(problem(0, null, 'no row names a person', 'Add the people, one in each row.'));
  if (rows.length > MOST_PEOPLE) {
    refuse(problem(0, null, `there are ${rows.length} people`, `At most ${MOST_PEOPLE} are taken at once.`));
  }
  const { people, problems } = peopleOf(rows, reading);
  if (problems.length > 0) refuse(...problems.map(inRows));
  const absent = COLUMNS.filter((column) => !columns.found.has(column));
  return {
    sheet: { sheet_id: read.id, sheet_name: read.name },
    people: withKnown(people, known, absent),
    absent: absent.map(nameOf),
    ignored: columns.ignored,
  };
}

type Found = ReadonlyMap<Column, SheetRead['columns'][number]>;

function columnsOf({ columns }: SheetRead): {
  readonly found: Found;
  readonly ignored: readonly string[];
  readonly problems: readonly PeopleProblem[];
} {
  const found = new Map<Column, SheetRead['columns'][number]>();
  const ignored: string[] = [];
  const problems: PeopleProblem[] = [];
  for (const each of columns) {
    const column = columnOf(each.title);
    const before = column && found.get(column);
    if (column === null) ignored.push(each.title);
    else if (before) {
      const why = `both "${before.title}" and "${each.title}" mean it`;
      problems.push(problem(0, nameOf(column), why, 'Rename the one that does not.'));
    } else found.set(column, each);
  }
  problems.push(...COLUMNS.filter((column) => !found.has(column)).flatMap((column) => missing(column, ignored)));
  return { found, ignored, problems };
}

/** Only the e-mail is needed; but one that was misspelled must not be passed over in silence. */
function missing(column: Column, titles: readonly string[]): readonly PeopleProblem[] {
  const likely = likelyTitleOf(column, titles);
  const accepted = TITLES[column].slice(0, 4).join(', ');
  if (likely !== null) {
    const hint = `If "${likely}" is meant, name it one of: ${accepted}; if not, give it a title that is less alike.`;
    return [problem(0, nameOf(column), `there is no such column, but "${likely}"`, hint)];
  }
  if (column !== 'email') return [];
  const why = `there is no such column among ${titles.map((title) => `"${title}"`).join(', ') || 'the others'}`;
  return [problem(0, nameOf(column), why, `Name the column of the addresses one of: ${accepted}.`)];
}

function rowsOf({ rows }: SheetRead, columns: Found): readonly Row[] {
  return rows.flatMap((row, index): readonly Row[] => {
    const texts = [...columns].map(([column, { id, type }]) => {
      const value = row.cells.find((cell) => cell.columnId === id)?.value?.trim() ?? '';
      // A box that nobody ever ticked holds nothing, and means no.
      return [column, value === '' && type === 'CHECKBOX' ? null : value] as const;
    });
    if (texts.every(([, value]) => !value)) return [];
    return [{ line: index + 1, cells: Object.fromEntries(texts.map(([column, value]) => [column, value ?? 'no'])) }];
  });
}

function inRows({ why, ...rest }: PeopleProblem): PeopleProblem {
  return { ...rest, why: why.replace(/ as on line (\d+)$/u, ' as in row $1') };
}
