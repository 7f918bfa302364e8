import type { Command } from 'commander';
import { BadSetting, BillingAuditError } from '../../lib/errors';
import { BadPeopleFile, BadPeopleSheet } from '../people';
import { importHistory, SOURCES } from './import-history';
import { importPeople } from './import-people';
import { EXIT, guarded, loadDotEnv, print } from './run';

/** What both sorts of import take. */
export interface ImportFlags {
  readonly people?: string;
  readonly peopleSheet?: string;
  readonly dryRun?: boolean;
  readonly auditSheet?: string;
  readonly xlsx?: string;
  readonly sqlite?: string;
  readonly table?: string;
  readonly cellHistory?: boolean;
  readonly since?: string;
  readonly sheets?: string;
  readonly home?: string;
  readonly json?: boolean;
}

const MORE = `
People: columns of the file or sheet (found by their titles): e-mail, name, role, access level (1 to 10), supervisor, department,
last review (like 2026-01-31), active (yes or no, or a box to tick). Only the e-mail is needed. These are the people whose
changes are judged; who may sign in is at /people.

Who is in it replaces what was known of them, an empty cell too; of a column that is not there, what is known stays. Who is
not in a file stays as is. A sheet may have other columns too; who came from that sheet and is not in it any more becomes
inactive. Nobody is deleted, every change stands in the trail, and nobody's own line is taken by themselves. --dry-run tells
what would change.

History: changes of before. A table needs the columns Column, Old Value, New Value, Changed At, Source Sheet ID and Source
Row ID; those of the sheet "Billing Report Audit Log" beside them are taken too, and the names of the audit event as well.
Times without an offset are business time. --cell-history reads the tracked columns of the watched sheets, 30 cells a
minute, shared with what watches them; a run that is cut off goes on where it was. Entries stand in a chain of their own,
are of the kind "imported", count as no change and alert nobody. A change that is there already is not taken again.

Exit codes: 0 imported, 1 some lines are wrong (of people nobody was saved, of history all others were), 2 misused, 3 could
not be done.`;

export function addImport(program: Command): void {
  program
    .command('import')
    .description('Bring in the directory of people, or changes of before.')
    .option('--people <file>', 'people, as CSV in UTF-8; - is standard input')
    .option('--people-sheet <id or name>', 'people, out of a Smartsheet sheet, read with SMARTSHEET_ACCESS_TOKEN')
    .option('--dry-run', 'of people: tell what would change, and change nothing')
    .option('--audit-sheet <id>', 'changes out of a sheet with the columns of "Billing Report Audit Log"')
    .option('--xlsx <file>', 'changes out of a workbook with these columns')
    .option('--sqlite <file>', 'changes out of an SQLite database with these columns')
    .option('--table <name>', 'which table of the database; without it the one with most of the columns')
    .option('--cell-history', "changes out of Smartsheet's cell history; needs --since")
    .option('--since <date>', 'how far back the cell history is read, like 2026-01-31')
    .option('--sheets <ids>', 'whose cell history; without it SMARTSHEET_SHEETS')
    .option('--home <folder>', 'folder of all local state (BILLING_AUDIT_HOME, ./.billing-audit)')
    .option('--json', 'print one JSON line instead of sentences')
    .addHelpText('after', MORE)
    .action((flags: ImportFlags) => guarded(() => runImport(flags)));
}

async function runImport(flags: ImportFlags): Promise<void> {
  try {
    checkChoice(flags);
    loadDotEnv();
    await (isOfPeople(flags) ? importPeople(flags) : importHistory(flags));
  } catch (thrown) {
    if (flags.json && thrown instanceof BillingAuditError) {
      const nothing = isOfPeople(flags) ? { saved: 0 } : { imported: 0 };
      print(JSON.stringify({ ...nothing, error: { ...thrown.toJSON() } }));
    }
    const isContent =
      thrown instanceof BadPeopleFile ||
      thrown instanceof BadPeopleSheet ||
      (thrown instanceof BillingAuditError && thrown.code === 'history_columns_missing');
    if (!isContent) throw thrown;
    if (!flags.json) process.stderr.write(`${thrown.message}\n${thrown.hint}\n`);
    process.exitCode = EXIT.foundWrong;
  }
}

function isOfPeople({ people, peopleSheet }: ImportFlags): boolean {
  return people !== undefined || peopleSheet !== undefined;
}

/** One thing at a time. */
function checkChoice(flags: ImportFlags): void {
  const names = ['people', 'peopleSheet', ...SOURCES] as const;
  const given = names.filter((name) => flags[name] !== undefined && flags[name] !== false).map(flagOf);
  if (given.length === 0) {
    throw new BadSetting(
      '--people',
      'is missing',
      `Say what to import: one of ${names.map(flagOf).join(', ')}. For people: import --people FILE.csv`,
    );
  }
  if (given.length > 1) {
    throw new BadSetting(given.join(' and '), 'cannot be given together', 'Import one after the other.');
  }
  const belongs = [
    [flags.table, '--table', '--sqlite'],
    [flags.since, '--since', '--cell-history'],
    [flags.sheets, '--sheets', '--cell-history'],
  ] as const;
  if (flags.dryRun && !isOfPeople(flags)) {
    throw new BadSetting('--dry-run', 'is known for people alone', 'Leave it out: history is taken once, and marked.');
  }
  for (const [value, name, owner] of belongs) {
    if (value !== undefined && given[0] !== owner) {
      throw new BadSetting(name, `says nothing without ${owner}`, `Leave it out, or give ${owner} too.`);
    }
  }
}

function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`)}`;
}
