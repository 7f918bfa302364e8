import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { BadSetting, BillingAuditError } from '../../lib/errors';
import { readConfiguration } from '../configuration';
import { commandRun, tellCommand } from '../access-log';
import { openTrail, type OpenTrail } from '../export';
import {
  BadPeopleFile,
  BadPeopleSheet,
  comparePeople,
  PeopleFileUnreadable,
  readPeople,
  readPeopleSheet,
  sheetOfPeople,
  type PeopleDifference,
  type PeopleInSheet,
} from '../people';
import { smartsheetOfServer } from '../smartsheet-of-server';
import { EXIT, guarded, loadDotEnv, print } from './run';

interface ImportFlags {
  readonly people?: string;
  readonly peopleSheet?: string;
  readonly dryRun?: boolean;
  readonly home?: string;
  readonly json?: boolean;
}

const MORE = `
Columns of the file or sheet (found by their titles): e-mail, name, role, access level (1 to 10), supervisor, department,
last review (like 2026-01-31), active (yes or no, or a box to tick). Only the e-mail is needed. These are the people whose
changes are judged; who may sign in is at /people.

A file: who is in it replaces what was known of them; who is not in it stays as is. A sheet: may have other columns too; of
a column that it lacks, what is known stays; who came from that sheet and is not in it any more becomes inactive. Nobody is
deleted, every change stands in the trail, and nobody's own line is taken by themselves. --dry-run tells what would change.

Exit codes: 0 saved, 1 the file or sheet holds wrong lines, 2 misused, 3 could not be done. Without 0 nobody was saved.`;

export function addImport(program: Command): void {
  program
    .command('import')
    .description('Save the directory of people (access level, last review, ...) from a CSV file or a sheet.')
    .option('--people <file>', 'CSV in UTF-8; - is standard input')
    .option('--people-sheet <id or name>', 'a Smartsheet sheet, read with SMARTSHEET_ACCESS_TOKEN')
    .option('--dry-run', 'tell what would change, and change nothing')
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
    if (!(thrown instanceof BadPeopleFile) && !(thrown instanceof BadPeopleSheet)) throw thrown;
    if (!flags.json) process.stderr.write(`${thrown.message}\n${thrown.hint}\n`);
    process.exitCode = EXIT.foundWrong;
  }
}

async function importPeople(flags: ImportFlags): Promise<void> {
  const { people: file, peopleSheet, home: folder } = flags;
  if ((file === undefined) === (peopleSheet === undefined)) {
    const why = file === undefined ? 'is missing' : 'and "--people-sheet" are both given';
    throw new BadSetting('--people', why, 'Name a CSV file (--people FILE.csv) or a sheet (--people-sheet ID).');
  }
  loadDotEnv();
  const { home } = readConfiguration({ ...(folder !== undefined && { home: folder }) }, process.env);
  const timeZone = process.env['BUSINESS_TIME_ZONE']?.trim() || 'America/Chicago';
  const reading = { timeZone, now: Date.now() };
  // A wrong file is told before the store is asked for.
  const fromFile = file === undefined ? null : readPeople(bytesOf(file), reading);
  const trail = await openTrail(home, process.env);
  try {
    const by = userName();
    const directory = await trail.store.directory();
    const fromSheet = peopleSheet === undefined ? null : await inSheet(trail, peopleSheet, directory.people, reading);
    const sheet = fromSheet?.sheet ?? null;
    const difference = comparePeople(directory, fromSheet?.people ?? fromFile ?? [], { by, sheet });
    const { people } = difference;
    if (!flags.dryRun) {
      const taken = await trail.store.takePeople({ people, by, role: 'admin', sheet, mark: directory.mark });
      const command = sheet ? 'import --people-sheet' : 'import --people';
      const done = `${people.length} people saved`;
      await tellCommand(trail.store, commandRun(command, done, { people: people.length, ...taken }, Date.now()));
    }
    tell(flags, trail, difference, fromSheet);
  } finally {
    await trail.close();
  }
}

type Reading = Parameters<typeof readPeopleSheet>[2];
type Known = Parameters<typeof readPeopleSheet>[1];

async function inSheet(trail: OpenTrail, named: string, known: Known, reading: Reading): Promise<PeopleInSheet> {
  // Practice never touches the real thing, and its sandbox has a door of its own.
  if (trail.practice) {
    throw new BadSetting('--people-sheet', 'is not read in practice mode', 'Use the page /directory of the server.');
  }
  return readPeopleSheet(await sheetOfPeople(smartsheetOfServer(process.env), named), known, reading);
}

function tell(
  { dryRun, json }: ImportFlags,
  { through, practice, home }: OpenTrail,
  { people, changes, heldBack }: PeopleDifference,
  sheet: PeopleInSheet | null,
): void {
  const saved = dryRun ? 0 : people.length;
  if (json) {
    const { absent = [], ignored = [] } = sheet ?? {};
    print(JSON.stringify({ saved, changes, held_back: heldBack, absent, ignored, through, practice, home }));
    return;
  }
  if (sheet && sheet.absent.length > 0)
    print(`The sheet has no column for ${sheet.absent.join(', ')}: what is known stays.`);
  for (const { email, what, fields } of dryRun ? changes : []) {
    const told = fields.map(({ name, before, after }) => `${name}: ${before ?? 'nothing'} -> ${after ?? 'nothing'}`);
    print(`${email} ${what}${what === 'changed' ? `: ${told.join('; ')}` : ''}`);
  }
  for (const { email } of heldBack)
    print(`${email} is you: your own line was left as it is. Somebody else can take it.`);
  if (dryRun) print(`${changes.length} would change. Nothing was saved.`);
  else print(`${saved} ${saved === 1 ? 'person' : 'people'} saved${practice ? ' (practice data)' : ''}.`);
}

function bytesOf(file: string): Uint8Array {
  try {
    return readFileSync(file === '-' ? 0 : file);
  } catch (thrown) {
    throw new PeopleFileUnreadable(file, thrown);
  }
}

/** A container may run under a number that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? 'unknown'}`;
  }
}
