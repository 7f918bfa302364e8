import { readFileSync } from 'node:fs';
import { BadSetting } from '../../lib/errors';
import { commandRun, tellCommand } from '../access-log';
import { readConfiguration } from '../configuration';
import { openTrail, type OpenTrail } from '../export';
import {
  comparePeople,
  PeopleFileUnreadable,
  readPeople,
  readPeopleSheet,
  sheetOfPeople,
  type PeopleDifference,
  type PeopleInSheet,
} from '../people';
import { smartsheetOfServer } from '../smartsheet-of-server';
import { userName } from '../user-name';
import { print } from './run';

export interface ImportPeopleFlags {
  readonly people?: string;
  readonly peopleSheet?: string;
  readonly dryRun?: boolean;
  readonly home?: string;
  readonly json?: boolean;
}

/**
 * Takes people out of a CSV file or a sheet; exactly one of both is given.
 * @throws BadPeopleFile, BadPeopleSheet, PeopleFileUnreadable  nobody was saved
 */
export async function importPeople(flags: ImportPeopleFlags): Promise<void> {
  const { people: file, peopleSheet, home: folder } = flags;
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
    const given = fromSheet?.people ?? fromFile?.over(directory.people) ?? [];
    const difference = comparePeople(directory, given, { by, sheet });
    const { people } = difference;
    if (!flags.dryRun) {
      const taken = await trail.store.takePeople({ people, by, role: 'admin', sheet, mark: directory.mark });
      const command = sheet ? 'import --people-sheet' : 'import --people';
      const done = `${people.length} people saved`;
      await tellCommand(trail.store, commandRun(command, done, { people: people.length, ...taken }, Date.now()));
    }
    const { absent = [] } = fromSheet ?? fromFile ?? {};
    tell(flags, trail, difference, { absent, ignored: fromSheet?.ignored ?? [] });
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
  { dryRun, json }: ImportPeopleFlags,
  { through, practice, home }: OpenTrail,
  { people, changes, heldBack }: PeopleDifference,
  { absent, ignored }: Pick<PeopleInSheet, 'absent' | 'ignored'>,
): void {
  const saved = dryRun ? 0 : people.length;
  if (json) {
    print(JSON.stringify({ saved, changes, held_back: heldBack, absent, ignored, through, practice, home }));
    return;
  }
  if (absent.length > 0) print(`There is no column for ${absent.join(', ')}: what is known stays.`);
  for (const { email, what, fields } of dryRun ? changes : []) {
    const told = fields.map(({ name, before, after }) => `${name}: ${before ?? 'nothing'} -> ${after ?? 'nothing'}`);
    print(`${email} ${what}${what === 'changed' ? `: ${told.join('; ')}` : ''}`);
  }
  for (const { email } of heldBack)
    print(`${email} is you: your own line was left as it is. Somebody else can take it.`);
  if (dryRun) print(`${changes.length} would change. Nothing was saved.`);
  else if (changes.length === 0) print('Nothing differs from what is known; nobody was changed.');
  else print(`${saved} ${saved === 1 ? 'person' : 'people'} saved${practice ? ' (practice data)' : ''}.`);
}

function bytesOf(file: string): Uint8Array {
  try {
    return readFileSync(file === '-' ? 0 : file);
  } catch (thrown) {
    throw new PeopleFileUnreadable(file, thrown);
  }
}
