import type { AuditEvent } from '../../lib/event';
import type { BillingSettings } from '../../lib/settings';
import type { Appended, Store, StoreDriver } from '../../lib/store';
import type { BadRow } from './errors';
import { columnsOf } from './history-columns';
import type { HistoryTable } from './history-table';
import { importedEvent, type PastChange, pastChangeOf, UnusableRow } from './imported-event';
import type { RowHistory } from './from-cell-history';

/** What an import came to. */
export interface Imported {
  /** Changes that were read. */
  readonly read: number;
  /** New in the trail. */
  readonly imported: number;
  /** Imported before, or twice in what was read. */
  readonly known: number;
  /** The trail has them itself: they were seen when they happened. */
  readonly seen: number;
  readonly bad: readonly BadRow[];
}

export interface ImportParts {
  readonly store: Pick<Store, 'search' | 'sheet'>;
  readonly driver: Pick<StoreDriver, 'rpc'>;
  readonly settings: BillingSettings;
  readonly now: () => number;
  /** How the source is called in the entries. */
  readonly source: string;
  readonly onProgress: (read: number) => void;
}

/** The chain that imported entries stand in, apart from those of the sheets. */
const CONCERN = 'imported';
/** In one call: all of it or nothing. */
const BATCH = 500;
/** A recorded change and what tells of it elsewhere differ by the time that the telling took. */
const APART_MILLISECONDS = 2 * 60_000;

/**
 * Imports the rows of a table. Rows that cannot be read are told and left out.
 * @throws HistoryColumnsMissing  before anything was imported
 */
export async function importTable(table: HistoryTable, parts: ImportParts): Promise<Imported> {
  const columns = columnsOf(table.source, table.titles);
  const runId = runIdOf(parts);
  const intake = new Intake(parts, runId);
  const bad: BadRow[] = [];
  for (const row of table.rows) {
    try {
      await intake.take(pastChangeOf(row, columns, parts.settings, parts.now()), null);
    } catch (thrown) {
      if (!(thrown instanceof UnusableRow)) throw thrown;
      bad.push({ place: row.place, why: thrown.message });
    }
  }
  await intake.flush();
  return { ...intake.counts(), bad };
}

/** Imports the histories of rows, each as a whole, so that a run that is cut off goes on with the next row. */
export async function importRows(histories: AsyncIterable<RowHistory>, parts: ImportParts): Promise<Imported> {
  const intake = new Intake(parts, runIdOf(parts));
  const bad: BadRow[] = [];
  for await (const { changes, bad: gone, sheetName, done } of histories) {
    if (gone) bad.push(gone);
    for (const change of changes) await intake.take(change, sheetName);
    await intake.flush();
    done();
  }
  return { ...intake.counts(), bad };
}

function runIdOf({ now }: ImportParts): string {
  return `import:${new Date(now()).toISOString()}`;
}

/** Collects changes, and appends them in batches. */
class Intake {
  private waiting: { change: PastChange; sheetName: string | null }[] = [];
  private read = 0;
  private imported = 0;
  private known = 0;
  private seen = 0;
  private readonly names = new Map<string, string>();

  constructor(
    private readonly parts: ImportParts,
    private readonly runId: string,
  ) {}

  async take(change: PastChange, sheetName: string | null): Promise<void> {
    this.waiting.push({ change, sheetName });
    if (this.waiting.length >= BATCH) await this.flush();
  }

  counts(): Omit<Imported, 'bad'> {
    const { read, imported, known, seen } = this;
    return { read, imported, known, seen };
  }

  async flush(): Promise<void> {
    const batch = this.waiting;
    this.waiting = [];
    if (batch.length === 0) return;
    const own = await ownChanges(
      this.parts.store,
      batch.map(({ change }) => change),
    );
    const events: AuditEvent[] = [];
    for (const { change, sheetName } of batch) {
      if (own.some((event) => isSame(event, change))) this.seen += 1;
      else {
        const name = sheetName ?? (await this.nameOf(change.sheetId));
        const { source, settings } = this.parts;
        events.push(importedEvent(change, { source, runId: this.runId, sheetName: name }, settings));
      }
    }
    const appended = events.length === 0 ? [] : await append(this.parts.driver, events);
    const fresh = appended.filter(({ is_new }) => is_new).length;
    this.imported += fresh;
    this.known += appended.length - fresh;
    this.read += batch.length;
    this.parts.onProgress(this.read);
  }

  private async nameOf(sheetId: string): Promise<string> {
    const found = this.names.get(sheetId) ?? (await this.parts.store.sheet(sheetId))?.name ?? '';
    this.names.set(sheetId, found);
    return found;
  }
}

async function append(driver: ImportParts['driver'], events: readonly AuditEvent[]): Promise<readonly Appended[]> {
  const answer = await driver.rpc('billing_audit_append', { events, concern: CONCERN });
  return (answer as { readonly appended: readonly Appended[] }).appended;
}

/** The changes that the trail recorded itself in the rows and the time of a batch. */
async function ownChanges(store: ImportParts['store'], batch: readonly PastChange[]): Promise<readonly AuditEvent[]> {
  const found: AuditEvent[] = [];
  for (const sheetId of new Set(batch.map((change) => change.sheetId))) {
    const ofSheet = batch.filter((change) => change.sheetId === sheetId);
    const times = ofSheet.map(({ changedAt }) => changedAt).sort();
    const from = shifted(times[0] as string, -APART_MILLISECONDS);
    const to = shifted(times.at(-1) as string, APART_MILLISECONDS);
    // Mostly the trail begins after what is imported ends, and no row has to be asked for.
    const any = await store.search({ sheet_id: sheetId, kind: 'cell_changed', from, to, limit: 1 });
    if (any.events.length === 0 && any.next === null) continue;
    for (const rowId of new Set(ofSheet.map((change) => change.rowId))) {
      found.push(...(await allOf(store, { row_id: rowId, sheet_id: sheetId, kind: 'cell_changed', from, to })));
    }
  }
  return found;
}

async function allOf(
  store: ImportParts['store'],
  query: Parameters<Store['search']>[0],
): Promise<readonly AuditEvent[]> {
  const events: AuditEvent[] = [];
  let after: string | undefined;
  do {
    const page = await store.search({ ...query, limit: 1000, ...(after !== undefined && { after }) });
    events.push(...page.events);
    after = page.next ?? undefined;
  } while (after !== undefined);
  return events;
}

function isSame(event: AuditEvent, change: PastChange): boolean {
  return (
    event.sheet_id === change.sheetId &&
    event.row_id === change.rowId &&
    event.column_name === change.column &&
    event.new_value === change.newValue &&
    Math.abs(Date.parse(event.changed_at) - Date.parse(change.changedAt)) <= APART_MILLISECONDS
  );
}

function shifted(instant: string, milliseconds: number): string {
  return new Date(Date.parse(instant) + milliseconds).toISOString();
}
