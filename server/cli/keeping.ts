import type { Command } from 'commander';
import { BadSetting } from '../../lib/errors';
import { SealBook } from '../../lib/seal';
import type { Store, StoreDriver } from '../../lib/store';
import { readConfiguration } from '../configuration';
import { openTrail, type OpenTrail } from '../export';
import { userName } from '../user-name';
import { instantOf, refuseBackwards } from './instant';
import { sheetIdOf } from './sheet-id';
import { guarded, loadDotEnv, print } from './run';

interface KeepingFlags {
  readonly person?: string;
  readonly sheet?: string;
  readonly from?: string;
  readonly to?: string;
  readonly reason?: string;
  readonly yes?: boolean;
  readonly home?: string;
  readonly json?: boolean;
}

const HOME = ['--home <folder>', 'folder of all local state (BILLING_AUDIT_HOME, ./.billing-audit)'] as const;
const JSON_LINE = ['--json', 'print one JSON line instead of sentences'] as const;

const ABOUT_ERASING = `
Without --yes it only tells what would be erased. What is erased is gone for good: the values and personal fields of all
that the person changed, and their entry in the directory. What happened when and where stays, every proof still holds, and
the trail says who erased, when and why, though not whose data it was. Cells of other people that name the person, mails
that were sent, exports and backups are not touched (docs/keeping.md).`;

/** `erase` and `hold`: what is taken from the trail, and what must stay. */
export function addKeeping(program: Command): void {
  program
    .command('erase')
    .description('Erase the data of a person from the trail; every proof still holds.')
    .option('--person <e-mail>', 'whose data')
    .option('--reason <text>', 'why, for the trail')
    .option('--yes', 'do it; without it nothing is erased')
    .option(...HOME)
    .option(...JSON_LINE)
    .addHelpText('after', ABOUT_ERASING)
    .action((flags: KeepingFlags) => guarded(() => withTrail(flags, (trail) => erase(trail, flags))));
  const hold = program.command('hold').description('Legal hold: what is held is not erased.');
  hold
    .command('set')
    .description('Hold events; without a person, a sheet or a time it holds everything.')
    .option('--person <e-mail>', 'only what this person changed')
    .option('--sheet <id>', 'only this sheet')
    .option('--from <time>', 'only what was changed at or after')
    .option('--to <time>', 'only what was changed before')
    .option('--reason <text>', 'why, for the trail')
    .option(...HOME)
    .option(...JSON_LINE)
    .action((flags: KeepingFlags) => guarded(() => withTrail(flags, (trail) => setHold(trail, flags))));
  hold
    .command('release <id>')
    .description('End a hold.')
    .option('--reason <text>', 'why, for the trail')
    .option(...HOME)
    .option(...JSON_LINE)
    .action((id: string, flags: KeepingFlags) => guarded(() => withTrail(flags, (trail) => release(trail, id, flags))));
  hold
    .command('list')
    .description('The holds in force.')
    .option(...HOME)
    .option(...JSON_LINE)
    .action((flags: KeepingFlags) => guarded(() => withTrail(flags, (trail) => list(trail, flags))));
}

async function withTrail(flags: KeepingFlags, act: (trail: OpenTrail) => Promise<void>): Promise<void> {
  loadDotEnv();
  const { home } = readConfiguration({ ...(flags.home !== undefined && { home: flags.home }) }, process.env);
  const trail = await openTrail(home, process.env);
  try {
    await act(trail);
  } finally {
    await trail.close();
  }
}

/** Whoever may run a command on the server's machine, with its keys, keeps the trail. */
const keeper = (reason: string | undefined): object => {
  if (reason === undefined || reason.trim() === '')
    throw new BadSetting('--reason', 'is missing', 'Say in a sentence why; it stands in the trail.');
  return { by: `${userName()} (command line)`, role: 'admin', reason };
};

interface Erased {
  readonly events: number;
  readonly first_at: string | null;
  readonly last_at: string | null;
  readonly erasure_id: string | null;
}

async function erase({ driver }: OpenTrail, { person, reason, yes, json }: KeepingFlags): Promise<void> {
  if (person === undefined || person.trim() === '')
    throw new BadSetting('--person', 'is missing', 'Name the e-mail of the person.');
  const p = { person, ...keeper(reason), dry_run: yes !== true };
  // Asked before, so that what was erased is not told as failed.
  const files = await archivedFiles(driver);
  const erased = (await driver.rpc('billing_audit_erase', p)) as Erased;
  if (json) return print(JSON.stringify({ ...erased, out_of_reach: files }));
  for (const line of erasedInWords(person, erased)) print(line);
  if (files.length > 0)
    print(`What was archived is out of reach, whatever it holds of that person: ${files.join(', ')}.`);
}

/** Of the months that left the database: neither an erasure nor a hold reaches into a file. */
async function archivedFiles(driver: StoreDriver): Promise<readonly string[]> {
  return (await new SealBook(driver).archives()).map(({ file }) => file);
}

const noneIsOf = (person: string): string => `No event is of ${person}: check the spelling if you expected any.`;

/** Somebody who asks for a misspelt address must not go home believing that the person's data is gone. */
function erasedInWords(person: string, { events, first_at, last_at, erasure_id }: Erased): readonly string[] {
  const span = first_at === null ? '' : `, from ${first_at} to ${last_at}`;
  const none = noneIsOf(person);
  const what = `${events} event${events === 1 ? '' : 's'}`;
  if (erasure_id === null) {
    const would = `${what} would lose ${events === 1 ? 'its' : 'their'} values and personal fields${span}.`;
    return [events === 0 ? none : would, 'Nothing was erased: add --yes to do it.'];
  }
  const lost = `${what} lost ${events === 1 ? 'its' : 'their'} values and personal fields${span}.`;
  const rest = 'What else was kept of that address, in the directory of people for example, is erased.';
  return [...(events === 0 ? [none, rest] : [lost]), `The trail says so as erasure ${erasure_id}.`];
}

interface Hold {
  readonly id: string;
  readonly person: string | null;
  readonly sheet_id: string | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly reason: string;
  readonly set_by: string;
  readonly set_at: string;
}

async function setHold({ driver, store }: OpenTrail, flags: KeepingFlags): Promise<void> {
  const { sheet, from, to, reason, json } = flags;
  const person = flags.person?.trim();
  if (person === '') throw new BadSetting('--person', 'is empty', 'Name the e-mail of the person, or leave it away.');
  const p = {
    ...keeper(reason),
    ...(person !== undefined && { person }),
    ...(sheet !== undefined && { sheet_id: sheetIdOf(sheet) }),
    ...spanOf(from, to),
  };
  // It may be meant for what is still to come, so it is set; asked before, so that a hold that is set is not told as failed.
  const misspelt = person !== undefined && (await isOfNothing(person, store)) ? [noneIsOf(person)] : [];
  const files = await archivedFiles(driver);
  const outside = `What was archived is held by nobody but you: keep ${files.join(', ')}.`;
  const warnings = [...misspelt, ...(files.length > 0 ? [outside] : [])];
  const { hold } = (await driver.rpc('billing_audit_hold', p)) as { hold: Hold };
  print(json ? JSON.stringify({ ...hold, warnings }) : [`Set: ${inWords(hold)}`, ...warnings].join('\n'));
}

/** Whether the trail has no event of a person, neither a change nor a sign-in. */
async function isOfNothing(person: string, store: Pick<Store, 'search'>): Promise<boolean> {
  const asked = { changed_by: person, limit: 1 };
  for (const query of [asked, { ...asked, kind: 'access' }]) {
    const { events, next } = await store.search(query);
    // An empty page that has a next one is of events that were looked at: those of the person.
    if (events.length > 0 || next !== null) return false;
  }
  return true;
}

/** @throws BadSetting  such a hold would stand in the trail and hold nothing */
function spanOf(from: string | undefined, to: string | undefined): { readonly from?: string; readonly to?: string } {
  const span = {
    ...(from !== undefined && { from: instantOf('--from', from) }),
    ...(to !== undefined && { to: instantOf('--to', to) }),
  };
  refuseBackwards(['--from', span.from], ['--to', span.to]);
  return span;
}

async function release({ driver }: OpenTrail, id: string, { reason, json }: KeepingFlags): Promise<void> {
  const p = { hold_id: id, ...keeper(reason) };
  const { hold } = (await driver.rpc('billing_audit_release_hold', p)) as { hold: Hold };
  print(json ? JSON.stringify(hold) : `Released: ${inWords(hold)}`);
}

async function list({ driver }: OpenTrail, { json }: KeepingFlags): Promise<void> {
  const { holds } = (await driver.rpc('billing_audit_holds', {})) as { holds: readonly Hold[] };
  if (json) print(JSON.stringify({ holds }));
  else print(holds.length === 0 ? 'Nothing is held.' : holds.map(inWords).join('\n'));
}

function inWords({ id, person, sheet_id, from, to, reason, set_by, set_at }: Hold): string {
  const what = [
    person === null ? [] : [`what ${person} changed`],
    sheet_id === null ? [] : [`sheet ${sheet_id}`],
    from === null ? [] : [`from ${from}`],
    to === null ? [] : [`to before ${to}`],
  ].flat();
  return `hold ${id} on ${what.length === 0 ? 'everything' : what.join(', ')}, by ${set_by} at ${set_at}: ${reason}`;
}
