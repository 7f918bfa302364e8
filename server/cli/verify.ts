import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { BadSetting, messageOf } from '../../lib/errors';
import {
  changeSealKey,
  checkNew,
  checkTrail,
  contradictions,
  keepVerified,
  readArchive,
  readVerified,
  readVerifier,
  wrongInWords,
  type AnchorView,
  type TrailReport,
  type Verified,
  type Verifier,
} from '../../lib/seal';
import { checkGuards, expectedGuards, type GuardReport, type Guards, type SchemaChange } from '../../lib/store';
import { readConfiguration } from '../configuration';
import { paletteFolder } from '../look-into-store';
import { openEvidence, progressOf, type OpenEvidence } from './open-evidence';
import { EXIT, guarded, loadDotEnv, print } from './run';

interface VerifyFlags {
  readonly home?: string;
  readonly key?: string;
  readonly anchor?: readonly string[];
  readonly archive?: readonly string[];
  readonly new?: boolean;
  readonly newKey?: boolean;
  readonly json?: boolean;
}

const MOST_SHOWN = 50;
const MORE = `
Compares chains, columns and payloads, the signed tree and the anchors (ANCHOR_FOLDER, ANCHOR_GIT, ANCHOR_URL) with each
other, and names each place that does not fit; and what keeps the trail append-only in the database (triggers, rights, row
security, functions) with what the migrations make. It changes nothing, but for noting in verified.json of the home up to where
all was well. With --new it goes on from there: what was altered since in older events only the whole check finds.

Exit codes: 0 all holds, 1 something is wrong, 2 misused, 3 could not be done (an anchor cannot be read, for example).`;

export function addVerify(program: Command): void {
  program
    .command('verify')
    .description('Check that nothing in the trail was altered, removed or slipped in since it was sealed.')
    .option('--key <text>', 'believe this public key alone, not those of keys/seal.pub')
    .option('--anchor <file...>', 'compare with these checkpoints too, for example from a mail')
    .option('--archive <file...>', 'read these files of archived months too, and compare them with what was sealed')
    .option('--new', 'check only what is new since the last check that found all well; the whole where there was none')
    .option('--new-key', 'instead: make a new signing key; the next checkpoint is signed by both')
    .option('--home <folder>', 'folder of all local state (BILLING_AUDIT_HOME, ./.billing-audit)')
    .option('--json', 'print one JSON line instead of sentences')
    .addHelpText('after', MORE)
    .action((flags: VerifyFlags) => guarded(() => runVerify(flags)));
}

/** What a check would pass over must not be asked for: "all holds" would be taken as an answer to it. */
function refuseTogether(flags: VerifyFlags): void {
  const given = (['key', 'anchor', 'archive', 'new'] as const).filter((name) => flags[name] !== undefined);
  if (flags.newKey && given.length > 0) {
    throw new BadSetting('--new-key', `does not go with --${given[0]}`, 'Make the new key, and verify by itself.');
  }
  const passedOver = given.find((name) => name !== 'new');
  if (!flags.new || passedOver === undefined) return;
  const hint = 'Leave --new away: the whole check reads what you bring.';
  throw new BadSetting('--new', `does not go with --${passedOver}, which it would not look at`, hint);
}

async function runVerify(flags: VerifyFlags): Promise<void> {
  refuseTogether(flags);
  loadDotEnv();
  const key = flags.key === undefined ? null : readKey(flags.key);
  const brought = (flags.anchor ?? []).map(readAnchorFile);
  const archives = await Promise.all((flags.archive ?? []).map(readArchive));
  const { home } = readConfiguration({ ...(flags.home !== undefined && { home: flags.home }) }, process.env);
  const evidence = await openEvidence(home);
  try {
    if (flags.newKey) return tellNewKey(changeSealKey(evidence.keysFolder), flags);
    const file = join(evidence.home, 'verified.json');
    const since = flags.new ? readVerified(file) : null;
    if (since) return await runNew(evidence, since, file, flags);
    const progress = progressOf('events', flags);
    const { verified, ...report } = await checkTrail({
      source: evidence.book,
      trusted: key ? [key] : evidence.keys.trusted(),
      anchors: [...evidence.views, ...brought],
      archives,
      onProgress: progress.tell,
    });
    progress.end();
    const guards = await checkGuards(evidence.driver, await guardsOfMigrations());
    if (verified && !key && guards.findings.length === 0) keepVerified(file, verified);
    const { unreadable, practice, through } = evidence;
    if (flags.json) print(JSON.stringify({ ...report, guards, unreadable, practice, through, home: evidence.home }));
    else print([...inWords(report, guards, practice), ...unreadable.map((why) => `NOT COMPARED  ${why}`)].join('\n'));
    const ok = report.ok && guards.findings.length === 0;
    process.exitCode = ok ? (unreadable.length > 0 ? EXIT.couldNotBeDone : EXIT.done) : EXIT.foundWrong;
  } finally {
    await evidence.close();
  }
}

function guardsOfMigrations(): Promise<Guards> {
  const assets = paletteFolder();
  return expectedGuards({ workerPath: join(assets, 'store-worker.js'), migrations: join(assets, 'supabase') });
}

/** Goes on from the last check; anchors are compared by their newest checkpoints. */
async function runNew(evidence: OpenEvidence, since: Verified, file: string, flags: VerifyFlags): Promise<void> {
  const { book, keys, views, unreadable } = evidence;
  const { verified, ...report } = await checkNew({ book, trusted: keys.trusted(), since });
  const against = await contradictions(book, views);
  const ok = report.ok && against.length === 0;
  if (ok && verified) keepVerified(file, verified);
  const { events, from, sealed, unsealed, findings } = report;
  if (flags.json) print(JSON.stringify({ ...report, ok, against, unreadable, home: evidence.home }));
  else {
    const wrong = [...findings.slice(0, MOST_SHOWN).map(({ text }) => text), ...against.map((text) => `${text}.`)];
    print(
      [
        `${events} events looked at: ${sealed - from} sealed since the last check, which ended at ${from}; ${unsealed} not yet protected.`,
        ...wrong.map((text) => `WRONG  ${text}`),
        ...unreadable.map((why) => `NOT COMPARED  ${why}`),
        ok ? 'What is new holds. The whole: billing-audit verify' : 'Find the place: billing-audit verify',
      ].join('\n'),
    );
  }
  process.exitCode = ok ? (unreadable.length > 0 ? EXIT.couldNotBeDone : EXIT.done) : EXIT.foundWrong;
}

type ShownReport = Omit<TrailReport, 'verified'>;

function inWords(report: ShownReport, guards: GuardReport, practice: boolean): readonly string[] {
  const { events, streams, sealed, unsealed, checkpoints, anchors, erasures, archives, findings, found } = report;
  const kept = practice ? ' (practice data)' : '';
  const shown = findings.slice(0, MOST_SHOWN).map(({ text }) => `WRONG  ${text}`);
  const wrong = found + guards.findings.length;
  return [
    `${events} events in ${streams} chains${kept}: ${sealed} sealed by ${checkpoints} checkpoints, ${unsealed} not yet protected.`,
    anchoredInWords(report, practice),
    ...anchors.map(
      ({ anchor, size }) => `  ${anchor}: ${size === null ? 'not read back' : `agrees up to ${size} events`}`,
    ),
    ...erasures.map(
      ({ id, by, at, events: count, text }) =>
        `Erased by ${by ?? 'somebody whose data was erased'} at ${at} (erasure ${id}, ${count} events): ${text ?? 'the reason was erased too'}`,
    ),
    ...archives.map(
      ({ month, events: count, file, sha256, by, at, reason, read }) =>
        `Archived by ${by} at ${at}: ${count} events of ${month}, in ${file} (SHA-256 ${sha256}), ${read ? 'which was read' : 'which was not read: --archive FILE'}. ${reason}`,
    ),
    ...notKeptInWords(report),
    ...shown,
    ...(found > shown.length ? [`... and ${found - shown.length} more (--json tells a thousand)`] : []),
    ...guards.findings.slice(0, MOST_SHOWN).map(({ text }) => `GUARD  ${text}`),
    ...ddlInWords(guards),
    endInWords(wrong, guards),
  ];
}

function anchoredInWords({ anchored }: ShownReport, practice: boolean): string {
  if (practice) return 'Evidence is not anchored: practice data never is, whatever ANCHOR_... says.';
  return anchored > 0
    ? `${anchored} events are covered by an anchor.`
    : 'Evidence is not anchored: see docs/evidence.md.';
}

function notKeptInWords({ textsNotKept }: ShownReport): readonly string[] {
  if (textsNotKept === 0) return [];
  return [`Of ${textsNotKept} rules, models or flows that events name by their hash the text is not kept.`];
}

const MOST_DDL = 5;

/**
 * The last times that somebody changed the schema, a line for what was done in one go; never what our own migrations and the
 * keeping of months did: an alarm about them would teach people to pass over it.
 */
function ddlInWords({ others, notesDdl }: GuardReport): readonly string[] {
  if (!notesDdl) return ['DDL is not noted in this database: event triggers need a superuser there.'];
  const together = inOneGo(others);
  const more = together.length - MOST_DDL;
  return [
    ...(more > 0 ? [`DDL    ... and ${more} times before (--json tells the last hundred statements)`] : []),
    ...together.slice(-MOST_DDL).map((done) => {
      const [{ at, login, command, object } = { at: '', login: '', command: '', object: '' }] = done;
      const beside = done.length > 1 ? ` and ${done.length - 1} more` : '';
      return `DDL    The schema was changed at ${at} by ${login}, and by no migration of ours: ${command} ${object}${beside}`;
    }),
  ];
}

function inOneGo(changes: readonly SchemaChange[]): readonly (readonly SchemaChange[])[] {
  const together = new Map<string, SchemaChange[]>();
  for (const change of changes) together.set(change.transaction, [...(together.get(change.transaction) ?? []), change]);
  return [...together.values()];
}

function endInWords(wrong: number, { others }: GuardReport): string {
  if (wrong > 0) return `${wrongInWords(wrong)}.`;
  if (others.length === 0) return 'All holds.';
  return 'All holds as it is now; but somebody changed the schema, and may have put it back: ask who that was (lines DDL).';
}

function tellNewKey(isMade: boolean, flags: VerifyFlags): void {
  if (flags.json) return print(JSON.stringify({ new_key: isMade }));
  print(
    isMade
      ? 'A new signing key is made. The next checkpoint is signed by both; then the old key is destroyed.'
      : 'A change of the key is under way already: it ends with the next checkpoint, within a minute while the server runs.',
  );
}

function readKey(text: string): Verifier {
  try {
    return readVerifier(text);
  } catch (thrown) {
    throw new BadSetting(
      '--key',
      `cannot be read: ${messageOf(thrown)}`,
      'Give the whole line, as keys/seal.pub has it.',
    );
  }
}

function readAnchorFile(path: string): AnchorView {
  try {
    return { anchor: path, checkpoints: [{ note: noteIn(readFileSync(path, 'utf8')), leaves: null }] };
  } catch (thrown) {
    throw new BadSetting('--anchor', `cannot be read: ${messageOf(thrown)}`, 'Name a file with a checkpoint in it.');
  }
}

const MARK = '-----8<-----';

/** A checkpoint as it was saved from a mail: between its marks, with whatever line ends. */
function noteIn(text: string): string {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const first = lines.indexOf(MARK);
  const inside = first < 0 ? lines : lines.slice(first + 1, lines.indexOf(MARK, first + 1));
  return `${inside.join('\n').replace(/^\n+|\n+$/g, '')}\n`;
}
