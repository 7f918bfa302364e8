import {
  MOST_ROWS_PER_ADDRESS,
  SmartsheetRefused,
  systemActor,
  type CallbackEvent,
  type HistoryEntry,
  type RowRead,
  type SheetRead,
  type SmartsheetClient,
} from '../../smartsheet';
import type { DeferredRow, ExplainedRow, KnownRow, Observation, ObservedRow, Store } from '../../store/store';
import { defaultSettings, type BillingSettings } from '../../settings';
import type { People } from '../people';
import { stepsSinceKnown, stepsSinceMaking } from './steps';
import { groupByRow } from './said-by-events';
import { stakeOf } from './stake';
import type { VersionTrust } from './version-trust';
import { nextHistories, roseWithinSecond, type HistoryPlan } from './history-plan';
import { observedRow } from './observed-row';
import { originOf, type Origin } from './origin';
import {
  changedColumns,
  versionRise,
  writtenColumns,
  type CellEvent,
  type Column,
  type Histories,
  type RowCase,
} from './row-case';

/** What resolution stands on. */
export interface Sources {
  readonly client: SmartsheetClient;
  readonly people: People;
  readonly store: Pick<Store, 'knownRows'>;
  /** How far the row versions of this sheet can be believed; it learns. */
  readonly trust: VersionTrust;
  /** By which it is told how much hangs on a row; default: those without any Billing settings. */
  readonly settings?: BillingSettings;
  /** Readings of history that one look may make itself; default none: rows that need some have their turn beside it. */
  readonly inlineHistories?: number;
}

/** Rows that were read, and what callbacks said of them (nothing, for a poll). */
export interface Reading {
  readonly sheet: SheetRead;
  readonly rows: readonly RowRead[];
  readonly events: readonly CallbackEvent[];
  readonly observedAt: string;
  /**
   * A callback will name who wrote a cell: so many histories at most are read only to learn it at once, and a row that
   * lacks nothing but names is not deferred. Left out: names are looked up beside the watch, as values are.
   */
  readonly mostWished?: number;
}

/** When the sheet was read, in Smartsheet's own clock, so that ours need not agree with it. */
export function readAt(sheet: SheetRead, now: number): string {
  return sheet.modifiedAt ?? new Date(now).toISOString();
}

/** Reads rows by their ids, some hundred at a time. The facts are those of the first answer. */
export async function readRows(
  client: SmartsheetClient,
  sheetId: string,
  rowIds: readonly string[],
): Promise<SheetRead> {
  if (rowIds.length === 0) return client.sheetFacts(sheetId);
  const reads: SheetRead[] = [];
  for (let start = 0; start < rowIds.length; start += MOST_ROWS_PER_ADDRESS) {
    // Whole rows, not only the columns that events name: a row's version tells of all its columns.
    reads.push(await client.sheetRows(sheetId, rowIds.slice(start, start + MOST_ROWS_PER_ADDRESS)));
  }
  const [first] = reads;
  if (first === undefined) return client.sheetFacts(sheetId);
  return { ...first, rows: reads.flatMap(({ rows }) => rows) };
}

/** What rows say to the store: what is certain, and what has to wait for history. */
export type Observed = Required<Pick<Observation, 'rows' | 'deferred' | 'explained'>>;

/**
 * What the rows of a read say to the store, each change with its old values, its people and times, as far as Smartsheet
 * can tell them. A row that needs more history than may be read at once is deferred, with what callbacks said of it.
 * @param when  `soon`: within the budget of a look; `now`: whatever it takes; `without history`: it has waited long enough
 */
export async function observeRows(
  reading: Reading,
  sources: Sources,
  when: 'soon' | 'now' | 'without history' = 'soon',
): Promise<Observed> {
  const cases = await casesOf(reading, sources);
  const budget = { soon: sources.inlineHistories ?? 0, now: Infinity, 'without history': 0 }[when];
  const budgets = { needed: budget, wished: when === 'soon' ? Math.max(budget, reading.mostWished ?? 0) : budget };
  const settings = sources.settings ?? defaultSettings;
  const stake = (row: RowCase): number => stakeOf(row, settings);
  const gathered = await gatherHistories(reading.sheet.id, cases, sources.client, budgets, stake);
  const observed = { rows: [] as ObservedRow[], deferred: [] as DeferredRow[], explained: [] as ExplainedRow[] };
  for (const { row, unexplained, events, histories, lacks } of gathered) {
    const isWhole = lacks === 'nothing';
    if (isWhole) learn(row, histories, sources.trust);
    const hasTime = lacks === 'names' && reading.mostWished !== undefined && unexplained === undefined;
    if (!isWhole && !hasTime && when === 'soon') {
      observed.deferred.push({ row_id: row.read.id, stake: stake(row), events, net: netOf(row) });
      continue;
    }
    const said = isWhole ? observedRow(row, histories) : netOf(row);
    if (said !== null) observed.rows.push(said);
    if (unexplained) observed.explained.push({ row_id: row.read.id, round: unexplained.round });
  }
  return observed;
}

interface Gathered {
  readonly row: RowCase;
  /** What waited for this row already. */
  readonly unexplained: KnownRow['unexplained'];
  readonly events: readonly CallbackEvent[];
  readonly histories: Histories;
  /** What is left to ask: values that may be missing, or only who wrote those that are there. */
  readonly lacks: 'values' | 'names' | 'nothing';
}

type Bare = Omit<Gathered, 'histories' | 'lacks'>;

async function casesOf(reading: Reading, sources: Sources): Promise<readonly Bare[]> {
  const ids = reading.rows.map(({ id }) => id);
  const allKnown = await sources.store.knownRows(reading.sheet.id, ids);
  const knownById = new Map(allKnown.map((row) => [row.row_id, row]));
  const eventsByRow = groupByRow(reading.events);
  const columns = columnsOf(reading.sheet);
  const cases: Bare[] = [];
  for (const read of reading.rows) {
    const found = knownById.get(read.id) ?? null;
    // A row that was never seen and waits already is known by what callbacks said of it only.
    const known = found?.is_new === true ? null : found;
    const about = { read, known, columns, observedAt: reading.observedAt, trust: sources.trust };
    const events = [...(found?.unexplained?.events ?? []), ...(eventsByRow.get(read.id) ?? [])];
    const row = await withEvents(about, events, sources.people);
    cases.push({ row, unexplained: found?.unexplained, events });
  }
  return cases;
}

/** What a row's change comes to if nothing more is ever learned of it. */
function netOf(row: RowCase): ObservedRow | null {
  const missing = new Map(nextHistories(row, new Map()).needed.map((id) => [id, null]));
  return observedRow(row, missing);
}

function columnsOf(sheet: SheetRead): readonly Column[] {
  return sheet.columns.map(({ id, title, systemColumnType }) => ({
    id,
    title,
    isSystem: systemColumnType !== undefined,
  }));
}

/** People are asked for only where a change needs one: most events of a burst are about rows that name their maker. */
async function withEvents(
  about: Omit<RowCase, 'creator' | 'cellEvents'>,
  events: readonly CallbackEvent[],
  people: People,
): Promise<RowCase> {
  const made = events.find(({ objectType, eventType }) => objectType === 'row' && eventType === 'created');
  const creator = made === undefined ? null : await makerIn(made, about.read, people);
  const bare: RowCase = { ...about, creator, cellEvents: [] };
  const isQuiet = isUnchanged(bare);
  const cellEvents: CellEvent[] = [];
  for (const event of events) {
    const { columnId, userId, at, objectType } = event;
    if (objectType !== 'cell' || columnId === null) continue;
    const actor = isQuiet ? null : await originOf(event, people);
    cellEvents.push({ columnId, at, userId, actor });
  }
  return { ...bare, cellEvents };
}

/** The row names the person who made it; an event knows better only of programs, forms and automations. */
async function makerIn(made: CallbackEvent, read: RowRead, people: People): Promise<Origin | null> {
  const isNamed = read.createdBy !== null && made.changeAgent === null;
  if (isNamed) return made.userId === null ? null : systemActor(made.userId);
  const origin = await originOf(made, people);
  // Not even an account that Smartsheet does not name is anybody else than the row says.
  return origin && { ...origin, name: origin.name ?? read.createdBy };
}

function isUnchanged(row: RowCase): boolean {
  const { read, known } = row;
  if (known === null) return read.createdAt !== null && read.createdAt === read.modifiedAt;
  return read.version === known.version && changedColumns(row).length === 0;
}

/**
 * Reads what the rows need of cell history, those first on which most hangs, as far as the budget goes. Who wrote a cell
 * is asked for only after all values that may be missing.
 */
async function gatherHistories(
  sheetId: string,
  cases: readonly Bare[],
  client: SmartsheetClient,
  budgets: { readonly needed: number; readonly wished: number },
  stake: (row: RowCase) => number,
): Promise<readonly Gathered[]> {
  const plans = new Map(cases.map((one) => [one, nextHistories(one.row, new Map())]));
  const inNeed = cases.filter((one) => !isEmptyPlan(plans.get(one)));
  const ranked = new Map(inNeed.map((one) => [one, stake(one.row)]));
  const weight = (one: Bare): number => ((plans.get(one)?.needed.length ?? 0) > 0 ? 1 : 0);
  inNeed.sort((left, right) => weight(right) - weight(left) || (ranked.get(right) ?? 0) - (ranked.get(left) ?? 0));
  const done = new Map<Bare, Gathered>();
  const left = { ...budgets };
  for (const one of inNeed) {
    const histories = new Map<string, readonly HistoryEntry[] | null>();
    let lacks: Gathered['lacks'];
    for (;;) {
      const { needed, wished } = nextHistories(one.row, histories);
      const next = needed.length > 0 ? needed : wished;
      lacks = needed.length > 0 ? 'values' : wished.length > 0 ? 'names' : 'nothing';
      const kind = lacks === 'values' ? 'needed' : 'wished';
      if (lacks === 'nothing' || next.length > left[kind]) break;
      left[kind] -= next.length;
      for (const columnId of next)
        histories.set(columnId, await historyOrNull(client, sheetId, one.row.read.id, columnId));
    }
    done.set(one, { ...one, histories, lacks });
  }
  return cases.map((one) => done.get(one) ?? { ...one, histories: new Map(), lacks: 'nothing' });
}

function isEmptyPlan(plan: HistoryPlan | undefined): boolean {
  return plan === undefined || plan.needed.length + plan.wished.length === 0;
}

/** Once all histories of a row are there, they tell whether its version meant what it is taken for. */
function learn(row: RowCase, histories: Histories, trust: VersionTrust): void {
  const written = writtenColumns(row);
  if (written.length === 0 || !written.every((id) => histories.get(id))) return;
  const count = (stepsOf: typeof stepsSinceKnown): number =>
    written.reduce((sum, id) => sum + stepsOf(row, id, histories).length, 0);
  if (row.known !== null) trust.learnRise(count(stepsSinceKnown) >= (versionRise(row) ?? 0));
  else if (roseWithinSecond(row)) trust.learnMaking(count(stepsSinceMaking) > written.length);
}

/** Null when Smartsheet does not give it (the row is gone by now, the column has none). Later is another matter: it is thrown. */
async function historyOrNull(
  client: SmartsheetClient,
  sheetId: string,
  rowId: string,
  columnId: string,
): Promise<readonly HistoryEntry[] | null> {
  try {
    return await client.cellHistory(sheetId, rowId, columnId);
  } catch (refusal) {
    if (refusal instanceof SmartsheetRefused && !refusal.isAboutToken) return null;
    throw refusal;
  }
}
