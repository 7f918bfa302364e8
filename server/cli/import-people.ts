import { readFileSync } from 'node:fs';
import { commandRun, tellCommand } from '../access-log';
import { readConfiguration } from '../configuration';
import { openTrail } from '../export';
import { PeopleFileUnreadable, readPeople } from '../people';
import { print } from './run';

/** @throws BadPeopleFile, PeopleFileUnreadable  nobody was saved */
export async function importPeople(
  { home: folder, json }: { readonly home?: string; readonly json?: boolean },
  file: string,
): Promise<void> {
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
