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
import type { ColumnEvent, ObservedRow, RemovedRow, Store } from '../../store/store';
import type { People } from '../people';
import { stepsSinceKnown, stepsSinceMaking } from './steps';
import type { VersionTrust } from './version-trust';
import { nextHistories, roseWithinSecond } from './history-plan';
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
}

/** Rows that were read, and what callbacks said of them (nothing, for a poll). */
export interface Reading {
  readonly sheet: SheetRead;
  readonly rows: readonly RowRead[];
  readonly events: readonly CallbackEvent[];
  readonly observedAt: string;
  /** How many histories may be read only to learn who wrote a cell; default 300. */
  readonly mostWished?: number;
}

/** Half an hour of history at 30 readings a minute: what is beyond is recorded as its net change (DESIGN §5). */
const MOST_NEEDED_HISTORIES = 900;
/** Ten minutes of it only to learn who wrote a cell; what is beyond is recorded without a name, never with a guessed one. */
const MOST_WISHED_HISTORIES = 300;

/** How a row leaves its sheet. Smartsheet's list of events knows no `moved` (reference §2.6): mostly a move is a deletion. */
const REMOVALS = ['deleted', 'moved'] as const;

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

/**
 * What the rows of a read say to the store, each change with its old values, its people and times, as far as Smartsheet
 * can tell them.
 */
export async function observeRows(reading: Reading, sources: Sources): Promise<readonly ObservedRow[]> {
  const allKnown = await sources.store.knownRows(
    reading.sheet.id,
    reading.rows.map(({ id }) => id),
  );
  const knownById = new Map(allKnown.map((row) => [row.row_id, row]));
  const eventsByRow = groupByRow(reading.events);
  const columns = columnsOf(reading.sheet);
  const cases: RowCase[] = [];
  for (const read of reading.rows) {
    const known = knownById.get(read.id) ?? null;
    const about = { read, known, columns, observedAt: reading.observedAt, trust: sources.trust };
    cases.push(await withEvents(about, eventsByRow.get(read.id) ?? [], sources.people));
  }
  const histories = await gatherHistories(reading, cases, sources.client);
  for (const [row, read] of histories) learn(row, read, sources.trust);
  return cases.flatMap((row) => observedRow(row, histories.get(row) ?? new Map()) ?? []);
}

/** Rows that events say were deleted or moved to another sheet, and that the read indeed does not show. */
export async function removedRows(
  events: readonly CallbackEvent[],
  present: ReadonlySet<string>,
  people: People,
): Promise<readonly RemovedRow[]> {
  const removed: RemovedRow[] = [];
  for (const event of events) {
    const { objectType, eventType, id, at } = event;
    const action = REMOVALS.find((each) => each === eventType);
    if (objectType !== 'row' || action === undefined || id === null || present.has(id)) continue;
    const origin = await originOf(event, people);
    removed.push({
      row_id: id,
      action,
      changed_by: origin?.name ?? null,
      changed_by_kind: origin?.kind ?? 'unknown',
      changed_at: at,
      ...(origin?.isOurs && { ours: true }),
    });
  }
  return removed;
}

/** Who did something to which column. */
export async function columnEvents(events: readonly CallbackEvent[], people: People): Promise<readonly ColumnEvent[]> {
  const told: ColumnEvent[] = [];
  for (const event of events) {
    const { objectType, id, at } = event;
    if (objectType !== 'column' || id === null) continue;
    const actor = await originOf(event, people);
    const changed_by_kind = actor?.kind ?? 'unknown';
    told.push({ column_id: id, changed_by: actor?.name ?? null, changed_by_kind, changed_at: at });
  }
  return told;
}

/** Rows that events are about and that may still be there. */
export function rowsNamedBy(events: readonly CallbackEvent[]): readonly string[] {
  return [...new Set(events.flatMap((event) => rowOf(event) ?? []))];
}

function columnsOf(sheet: SheetRead): readonly Column[] {
  return sheet.columns.map(({ id, systemColumnType }) => ({ id, isSystem: systemColumnType !== undefined }));
}

function rowOf({ objectType, id, rowId }: CallbackEvent): string | null {
  return objectType === 'row' ? id : rowId;
}

function groupByRow(events: readonly CallbackEvent[]): ReadonlyMap<string, readonly CallbackEvent[]> {
  const grouped = new Map<string, CallbackEvent[]>();
  for (const event of events) {
    const row = rowOf(event);
    if (row === null) continue;
    const list = grouped.get(row);
    if (list) list.push(event);
    else grouped.set(row, [event]);
  }
  return grouped;
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

type Gathered = ReadonlyMap<RowCase, Map<string, readonly HistoryEntry[] | null>>;

/** Reads what the rows need of cell history, the surest need of all rows first, within the budget. */
async function gatherHistories(
  { sheet: { id: sheetId }, mostWished = MOST_WISHED_HISTORIES }: Reading,
  cases: readonly RowCase[],
  client: SmartsheetClient,
): Promise<Gathered> {
  const gathered: Gathered = new Map(cases.map((row) => [row, new Map()]));
  let needBudget = MOST_NEEDED_HISTORIES;
  let wishBudget = mostWished;
  let open = cases;
  while (open.length > 0) {
    const next: RowCase[] = [];
    for (const row of open) {
      const histories = gathered.get(row) ?? new Map<string, readonly HistoryEntry[] | null>();
      const { needed, wished } = nextHistories(row, histories);
      const granted = wished.slice(0, wishBudget);
      wishBudget -= granted.length;
      for (const columnId of [...needed, ...granted]) {
        const mayRead = needBudget > 0;
        needBudget -= 1;
        histories.set(columnId, mayRead ? await historyOrNull(client, sheetId, row.read.id, columnId) : null);
      }
      if (needed.length + granted.length > 0) next.push(row);
    }
    open = next;
  }
  return gathered;
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
