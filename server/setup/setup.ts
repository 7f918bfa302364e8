import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { writePrivateFile } from '../sign-in/private-file';
import { placeFirstFlows } from '../first-flow';
import { ourVariables, VARIABLES } from '../variables';
import { runningServer } from '../running-server';
import { changedText, readEnvFile, writeEnvFile, type Changes, type Values } from './env-file';
import { aliasesIn, flowFileOf, isShipped, readFlow, withAliases, writeFlow } from './flow-settings';
import { masked, type Draft, type Step } from './step';
import { addressStep } from './steps/address';
import { columnsStep } from './steps/columns';
import { mailStep } from './steps/mail';
import { sheetsStep } from './steps/sheets';
import { homeOf, storeStep } from './steps/store';
import { tokenStep } from './steps/token';

/** The set-up, in its order. What follows needs what came before. */
export const STEPS: readonly Step[] = [tokenStep, sheetsStep, columnsStep, storeStep, mailStep, addressStep];

/** Where a set-up reads from and writes to. */
export interface SetupPlace {
  /** The `.env` that `billing-audit start` reads. */
  readonly envPath: string;
  /** The environment without what `.env` adds: it wins over the file. */
  readonly outside: Readonly<Record<string, string | undefined>>;
  /** The flows that a first start puts into an empty home. */
  readonly shippedFlows: readonly string[];
}

/**
 * The place of a server that runs already: what `.env` gave it is told from what its environment did.
 * @param environment  before anything was written into it
 * @param home  the one that the server was told to use
 */
export function placeOfServer(
  environment: Readonly<Record<string, string | undefined>>,
  home: string,
  shippedFlows: readonly string[],
): SetupPlace {
  const envPath = resolve('.env');
  const all = ourVariables(environment);
  const inFile = existsSync(envPath) ? parseEnv(readFileSync(envPath, 'utf8')) : {};
  const outside = Object.fromEntries(Object.entries(all).filter(([name, value]) => inFile[name]?.trim() !== value));
  const byDefault = homeOf({ values: all, columnAliases: '' });
  return { envPath, outside: byDefault === home ? outside : { ...outside, BILLING_AUDIT_HOME: home }, shippedFlows };
}

export interface Saved {
  readonly file: string;
  /** What the file held before; null when there was none, or nothing changed. */
  readonly backup: string | null;
  /** Names of the variables that were changed. */
  readonly changed: readonly string[];
  /** Of these, the ones that the environment sets too: they have no effect until it stops doing so. */
  readonly overruled: readonly string[];
  readonly columns: ColumnsSaved | null;
}

/** Where the column names went; `to-enter`: a person has to, in the editor. */
export type ColumnsSaved =
  | { readonly kind: 'written'; readonly file: string; readonly backup: string | null }
  | { readonly kind: 'to-enter'; readonly text: string; readonly why: string };

export interface PlannedChange {
  readonly name: string;
  /** As it may be shown. */
  readonly before: string;
  readonly after: string;
}

/**
 * What holds now: the file, overruled by the environment; the column names of the home's flow.
 * @throws EnvFileDamaged, EnvFileNotWritable, FlowUnreadable
 */
export function presentDraft({ envPath, outside }: SetupPlace): Draft {
  const values = { ...readEnvFile(envPath).values, ...ourVariables(outside) };
  const flow = readFlow(flowFileOf(homeOf({ values, columnAliases: '' })));
  return { values, columnAliases: flow === null ? '' : aliasesIn(flow) };
}

/** What saving would do, for people. */
export function plannedChanges(before: Draft, after: Draft): readonly PlannedChange[] {
  const variables = Object.keys(changesBetween(before.values, after.values)).map((name) => ({
    name,
    before: shown(name, before.values[name] ?? ''),
    after: shown(name, after.values[name] ?? ''),
  }));
  const columns = { name: 'Other column names', before: before.columnAliases, after: after.columnAliases };
  return columns.before === columns.after ? variables : [...variables, columns];
}

/**
 * Writes what has changed: `.env`, and the column names into the home's flow as long as that is the shipped one.
 * @throws EnvFileDamaged, EnvFileNotWritable, FlowUnreadable
 */
export function saveSetup(place: SetupPlace, before: Draft, after: Draft): Saved {
  const changes = changesBetween(before.values, after.values);
  const changed = Object.keys(changes);
  // Read again: it may have been edited meanwhile, and only our own variables are ours to change.
  const file = readEnvFile(place.envPath);
  const text = changedText(file, changes);
  const backup = changed.length === 0 ? null : writeEnvFile(file, text, '.before-setup');
  const columns = before.columnAliases === after.columnAliases ? null : saveAliases(place, after);
  const overruled = changed.filter((name) => (place.outside[name]?.trim() ?? '') !== '');
  return { file: place.envPath, backup, changed, overruled, columns };
}

function saveAliases({ shippedFlows }: SetupPlace, { values, columnAliases }: Draft): ColumnsSaved {
  const home = homeOf({ values, columnAliases });
  const file = flowFileOf(home);
  const present = readFlow(file);
  const shipped = shippedFlows.flatMap((each) => readFlow(each) ?? []);
  const toEnter = (why: string): ColumnsSaved => ({ kind: 'to-enter', text: columnAliases, why });
  if (runningServer(home, values) !== null) return toEnter('the server is running and would write over it');
  if (present !== null && !isShipped(present, shipped)) return toEnter('the flow of this home is your own');
  const backup = present === null ? null : `${file}.before-setup`;
  if (backup !== null) writePrivateFile(backup, readFileSync(file, 'utf8'));
  else mkdirSync(dirname(file), { recursive: true });
  placeFirstFlows(dirname(file), shippedFlows);
  writeFlow(file, withAliases(readFlow(file) ?? [], columnAliases));
  return { kind: 'written', file, backup };
}

function changesBetween(before: Values, after: Values): Changes {
  const names = Object.keys(after).filter((name) => (before[name] ?? '').trim() !== (after[name] ?? '').trim());
  return Object.fromEntries(names.map((name) => [name, after[name]?.trim() || null]));
}

function shown(name: string, value: string): string {
  const secret = VARIABLES.find((variable) => variable.name === name)?.secret ?? true;
  return secret ? masked(value) : value;
}
