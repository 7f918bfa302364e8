import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { BadSetting, BillingAuditError } from '../../lib/errors';
import { readConfiguration } from '../configuration';
import { commandRun, tellCommand } from '../access-log';
import { openTrail } from '../export';
import { BadPeopleFile, PeopleFileUnreadable, readPeople } from '../people';
import { EXIT, guarded, loadDotEnv, print } from './run';

interface ImportFlags {
  readonly people?: string;
  readonly home?: string;
  readonly json?: boolean;
}

const MORE = `
Columns of the file (the first line names them): e-mail, name, role, access level (1 to 10), supervisor, department,
last review (like 2026-01-31), active (yes or no). Only the e-mail is needed. Who is in the file replaces what was known
of them; who is not in it stays as is. These are the people whose changes are judged; who may sign in is at /people.

Exit codes: 0 saved, 1 the file holds wrong lines, 2 misused, 3 could not be done. Without 0 nobody was saved.`;

export function addImport(program: Command): void {
  program
    .command('import')
    .description('Save the directory of people (access level, last review, ...) from a CSV file.')
    .option('--people <file>', 'CSV in UTF-8; - is standard input')
    .option('--home <folder>', 'folder of all local state (BILLING_AUDIT_HOME, ./.billing-audit)')
    .option('--json', 'print one JSON line instead of sentences')
    .addHelpText('after', MORE)
    .action((flags: ImportFlags) => guarded(() => runImport(flags)));
}

async function runImport(flags: ImportFlags): Promise<void> {
  try {
    await importPeople(flags);
  } catch (thrown) {
    if (flags.json && thrown instanceof BillingAuditError) {
      print(JSON.stringify({ saved: 0, error: { ...thrown.toJSON() } }));
    }
    if (!(thrown instanceof BadPeopleFile)) throw thrown;
    if (!flags.json) process.stderr.write(`${thrown.message}\n${thrown.hint}\n`);
    process.exitCode = EXIT.foundWrong;
  }
}

async function importPeople({ people: file, home: folder, json }: ImportFlags): Promise<void> {
  if (file === undefined) throw new BadSetting('--people', 'is missing', 'Name the CSV file: import --people FILE.csv');
  loadDotEnv();
  const { home } = readConfiguration({ ...(folder !== undefined && { home: folder }) }, process.env);
  const timeZone = process.env['BUSINESS_TIME_ZONE']?.trim() || 'America/Chicago';
  const people = readPeople(bytesOf(file), { timeZone, now: Date.now() });
  const trail = await openTrail(home, process.env);
  try {
    await trail.store.savePeople(people);
    const done = `${people.length} people saved`;
    await tellCommand(trail.store, commandRun('import --people', done, { people: people.length }, Date.now()));
    const { through, practice } = trail;
    if (json) print(JSON.stringify({ saved: people.length, through, practice, home: trail.home }));
    else
      print(
        `${people.length} ${people.length === 1 ? 'person' : 'people'} saved${practice ? ' (practice data)' : ''}.`,
      );
  } finally {
    await trail.close();
  }
}

function bytesOf(file: string): Uint8Array {
  try {
    return readFileSync(file === '-' ? 0 : file);
  } catch (thrown) {
    throw new PeopleFileUnreadable(file, thrown);
  }
}
