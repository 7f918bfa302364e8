import { BillingAuditError, messageOf } from '../../lib/errors';

/** One thing that is wrong with a file or sheet of people, and what to do. */
export interface PeopleProblem {
  /** From 1; of a sheet, 0 is the line of titles. */
  readonly line: number;
  /** Null: the line as a whole. */
  readonly column: string | null;
  readonly why: string;
  readonly hint: string;
}

const MOST_TOLD = 20;

/** A file of people holds lines that cannot be used; nobody was saved. */
export class BadPeopleFile extends BillingAuditError {
  readonly code = 'bad_people_file';
  readonly hint = 'Nobody was saved. Correct the file, and import it again.';

  constructor(readonly problems: readonly PeopleProblem[]) {
    const told = problems.slice(0, MOST_TOLD).map((each) => inWords(each, 'Line'));
    if (problems.length > MOST_TOLD) told.push(`... and ${problems.length - MOST_TOLD} more.`);
    super(told.join('\n'), { problems });
  }
}

/** A sheet of people cannot be used as it stands; nothing of it was taken. */
export class BadPeopleSheet extends BillingAuditError {
  readonly code = 'bad_people_sheet';
  readonly hint = 'Nothing was taken. Correct the sheet in Smartsheet, and read it again.';

  constructor(
    readonly sheetName: string,
    readonly problems: readonly PeopleProblem[],
  ) {
    const told = problems.slice(0, MOST_TOLD).map((each) => inWords(each, 'Row'));
    if (problems.length > MOST_TOLD) told.push(`... and ${problems.length - MOST_TOLD} more.`);
    super([`The sheet "${sheetName}" cannot be used:`, ...told].join('\n'), { sheetName, problems });
  }
}

/** A file of people cannot be opened. */
export class PeopleFileUnreadable extends BillingAuditError {
  readonly code = 'people_file_unreadable';
  readonly hint = 'Check the name of the file, and that you may read it.';

  constructor(path: string, cause: unknown) {
    super(`${path} cannot be read: ${messageOf(cause)}.`, { path }, { cause });
  }
}

function inWords({ line, column, why, hint }: PeopleProblem, unit: 'Line' | 'Row'): string {
  const place = line === 0 ? 'Columns' : `${unit} ${line}`;
  return `${place}${column === null ? '' : `, ${column}`}: ${why}. ${hint}`;
}
