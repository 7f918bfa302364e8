import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf } from '../../errors';
import { canonicalJson, sha256Hex } from '../../hash';
import { BadModel, TrailFold } from '../../risk';
import type { BillingSettings } from '../../settings';
import { atOnce, inSlices, type Steps } from '../../steps';
import { Pieces, textOfPieces } from './pieces';

/** The state of the features up to a position of the trail. */
export interface KeptState {
  readonly fold: TrailFold;
  readonly position: number;
  /** The time up to which imported history is in it, where that goes beyond all changes of the trail; null: it does not. */
  readonly ahead: string | null;
  /** How the events of the last 28 days rank by a model: times and steps. Null: none was in force. */
  readonly recent: KeptRanks | null;
}

export interface KeptRanks {
  /** The hash of the model. */
  readonly model: string;
  readonly events: readonly (readonly [at: number, step: number])[];
}

const OWNER_ONLY_FILE = 0o600;
/** 3: in pieces. */
const VERSION = 3;
const STATE_FILE = /^state(-[0-9a-f]+)?\.json(\.new)?$/u;

/**
 * What a state is made with: with other such settings the same events give other figures. All other settings, of points
 * and limits, change none of them.
 */
export function settingsHash(settings: BillingSettings): string {
  const { timeZone, businessHours, holidays, closesAfterHours, columnAliases } = settings;
  return sha256Hex(canonicalJson({ timeZone, businessHours, holidays, closesAfterHours, columnAliases }));
}

/** The file of a state in the folder of models. */
export function stateFileFor(folder: string, settings: BillingSettings): string {
  return join(folder, `state-${settingsHash(settings).slice(0, 16)}.json`);
}

/** The whole file is there, or the one before it. It holds names and values of cells: for the owner alone. */
export function writeState(
  file: string,
  settings: BillingSettings,
  { fold, position, ahead, recent }: KeptState,
): void {
  const { state, ...rest } = fold.toJSON();
  const head = { kind: 'risk-state', version: VERSION, settings: settingsHash(settings), position, ahead };
  const text = textOfPieces({ ...head, rankedBy: recent?.model ?? null }, [
    { ...rest, ranks: recent?.events ?? [] },
    state.toJSON(),
  ]);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, text, { mode: OWNER_ONLY_FILE });
  renameSync(`${file}.new`, file);
}

/**
 * @returns null where there is none, or it was made with other settings: then the trail tells it again
 * @throws BadModel  when it is damaged, or of another version
 */
export function readState(file: string, settings: BillingSettings): KeptState | null {
  try {
    return atOnce(reading(file, readFileSync(file), settings));
  } catch (thrown) {
    return whyNot(file, thrown);
  }
}

/** The same by a thread that has other work meanwhile: no step of it takes more than some milliseconds. */
export async function readStateInSlices(file: string, settings: BillingSettings): Promise<KeptState | null> {
  try {
    return await stateInSlices(file, await readFile(file), settings);
  } catch (thrown) {
    return whyNot(file, thrown);
  }
}

/**
 * The same of the bytes of a file.
 * @throws BadModel  when they are of another version
 * @throws Error  when they are damaged
 */
export function stateInSlices(file: string, bytes: Buffer, settings: BillingSettings): Promise<KeptState | null> {
  return inSlices(reading(file, bytes, settings));
}

function whyNot(file: string, thrown: unknown): null {
  if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null;
  if (thrown instanceof BadModel) throw thrown;
  throw new BadModel('risk state', `${file} cannot be read (${messageOf(thrown)})`, { file });
}

function* reading(file: string, bytes: Buffer, settings: BillingSettings): Steps<KeptState | null> {
  const pieces = new Pieces(bytes);
  const head = pieces.head();
  if (head?.['kind'] !== 'risk-state' || head['version'] !== VERSION || !Number.isSafeInteger(head['position'])) {
    throw new BadModel('risk state', `${file} is of another version`, { file });
  }
  if (head['settings'] !== settingsHash(settings)) return null;
  const [rest = {}, state = {}] = yield* pieces.objects();
  const fold = yield* TrailFold.loading(settings, { ...rest, state });
  const [model, ahead] = [head['rankedBy'], head['ahead']] as [string | null, string | null];
  const recent = model === null ? null : { model, events: rest['ranks'] as KeptRanks['events'] };
  return { fold, position: head['position'] as number, ahead, recent };
}

/** For an erasure: what was erased must not live on in any state beside this one. */
export function removeStates(folder: string): void {
  for (const { file } of statesIn(folder)) rmSync(file, { force: true });
}

/** States of settings that nobody has used for longest go, but for so many. */
export function keepNewestStates(folder: string, most: number): void {
  const states = statesIn(folder).sort((left, right) => right.written - left.written);
  for (const { file } of states.slice(most)) rmSync(file, { force: true });
}

function statesIn(folder: string): { readonly file: string; readonly written: number }[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (thrown) {
    // A folder that cannot be read may hold what must be forgotten.
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
    return [];
  }
  return names
    .filter((name) => STATE_FILE.test(name))
    .map((name) => join(folder, name))
    .map((file) => ({ file, written: statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0 }));
}
