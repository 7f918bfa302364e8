import type { CallbackEvent, HistoryEntry, RowRead, SheetRead, SmartsheetClient } from '../../lib/smartsheet';
import { observeCallbacks, observeSince } from '../../lib/runtime/resolution/observations';
import type { Sources } from '../../lib/runtime/resolution/resolver';
import { VersionTrust } from '../../lib/runtime/resolution/version-trust';
import type { KnownRow, Observation, ObservedCell } from '../../lib/store/store';

/** `[row, column, old value, new value, person]` */
export type Found = readonly [string, string, string | null, string | null, string | null];

interface PaperOptions {
  /** False: Smartsheet does not tell who a user id is, as it does for tokens without that right. */
  readonly isNamed: boolean;
  /** A store that knows the sheet instead of the paper. */
  readonly store?: Sources['store'];
  readonly sheetId?: string;
}

interface PaperRow {
  version: number;
  readonly createdAt: string;
  readonly createdBy: string;
  modifiedAt: string;
  modifiedBy: string;
  readonly cells: Map<string, string | null>;
  /** By column, newest first, as Smartsheet lists it. */
  readonly history: Map<string, HistoryEntry[]>;
}

const MAKER = 'maker@example.com';
const START = '2026-01-14T15:00:00.000Z';
export const at = (second: number): string => new Date(Date.parse(START) + second * 1000).toISOString();
const unused = (): Promise<never> => Promise.reject(new Error('Resolution does not ask for this.'));

/**
 * A sheet of a few lines, with what is known of it, and no network, clock or store: every save gives its events to the
 * test, which says when they arrive and how often. A user id is the person's address.
 */
export class PaperSheet {
  /** `row:column` of every reading of a cell's history. */
  readonly historyReadings: string[] = [];
  private readonly rows = new Map<string, PaperRow>();
  private readonly known = new Map<string, KnownRow>();
  private readonly sources: Sources;
  private savedAt = START;

  constructor(
    rowIds: readonly string[],
    private readonly columnIds: readonly string[],
    private readonly how: PaperOptions = { isNamed: true },
  ) {
    for (const id of rowIds) this.add(id);
    this.sources = {
      client: this.client(),
      people: {
        self: async () => 'nobody',
        actor: async (userId) => (how.isNamed ? { name: userId, kind: 'person' } : null),
      },
      store: how.store ?? {
        knownRows: async (_sheetId, ids) => [...this.known.values()].filter((row) => ids.includes(row.row_id)),
      },
      trust: new VersionTrust(),
      inlineHistories: Infinity,
    };
  }

  /** Somebody saves the same cells of rows, so many seconds after the start. @returns the events that tell of it */
  save(second: number, by: string, cells: Readonly<Record<string, string>>, rowIds: readonly string[] = ['1']) {
    this.savedAt = at(second);
    const events: CallbackEvent[] = [];
    for (const rowId of rowIds) {
      const row = this.rows.get(rowId)!;
      Object.assign(row, { modifiedAt: at(second), modifiedBy: by });
      for (const [columnId, value] of Object.entries(cells)) {
        row.version += 1;
        row.cells.set(columnId, value);
        row.history.set(columnId, [{ value, at: at(second), by }, ...(row.history.get(columnId) ?? [])]);
        const about = { objectType: 'cell', eventType: 'updated', id: null, rowId, columnId };
        events.push({ ...about, userId: by, at: at(second), changeAgent: null });
      }
    }
    return events;
  }

  /** A callback with these events arrives and is resolved. @returns what it brought to light */
  async arrive(events: readonly CallbackEvent[]): Promise<readonly Found[]> {
    return this.learn(await this.observe(events));
  }

  /** What a callback with these events says to a store. */
  observe(events: readonly CallbackEvent[]): Promise<Observation> {
    return observeCallbacks({ sheetId: this.sheetId, callbacks: [], events }, this.sources, () => 0);
  }

  /** Somebody adds a row. @returns the event that tells of it */
  addRow(second: number, by: string, id: string, cells: Readonly<Record<string, string>>): CallbackEvent[] {
    this.savedAt = at(second);
    this.rows.set(id, {
      ...{ version: 1, createdAt: at(second), createdBy: by, modifiedAt: at(second), modifiedBy: by },
      cells: new Map(Object.entries(cells)),
      history: new Map(Object.entries(cells).map(([column, value]) => [column, [{ value, at: at(second), by }]])),
    });
    const about = { objectType: 'row', eventType: 'created', id, rowId: null, columnId: null };
    return [{ ...about, userId: by, at: at(second), changeAgent: null }];
  }

  /** Somebody deletes a row. @returns the event that tells of it */
  deleteRow(second: number, by: string, id: string): CallbackEvent[] {
    this.savedAt = at(second);
    this.rows.delete(id);
    const about = { objectType: 'row', eventType: 'deleted', id, rowId: null, columnId: null };
    return [{ ...about, userId: by, at: at(second), changeAgent: null }];
  }

  /** The first look at the sheet, as it was made. */
  baseline(): Observation {
    const made = { created_at: START, created_by: MAKER, modified_at: START, modified_by: MAKER };
    return {
      ...{ sheet_id: this.sheetId, sheet_name: 'Paper', version: 0, removed: [], baseline: true, callback_ids: [] },
      columns: Object.fromEntries(this.columnIds.map((id) => [id, id])),
      rows: [...this.rows.keys()].map((row_id) => ({ row_id, version: 1, ...made, cells: [], sheet_reference: null })),
      ...{ audit_run_id: 'baseline', found_by: 'backfill', observed_at: START },
    };
  }

  private get sheetId(): string {
    return this.how.sheetId ?? '77';
  }

  /** A sweep compares the sheet with what is known. @returns what it brought to light */
  async sweep(): Promise<readonly Found[]> {
    const sheet = { sheet_id: this.sheetId, name: 'Paper', version: 0, columns: {}, row_count: this.rows.size };
    const known = { ...sheet, compared_at: START };
    const { observation } = await observeSince(known, 'backfill', this.sources, () => 0, { isOverdue: () => true });
    return this.learn(observation);
  }

  private add(id: string): void {
    const row = { version: 1, createdAt: START, createdBy: MAKER, modifiedAt: START, modifiedBy: MAKER };
    this.rows.set(id, { ...row, cells: new Map(), history: new Map() });
    this.known.set(id, { row_id: id, version: 1, modified_at: START, cells: {} });
  }

  /** What the store does with an observation, as far as these tests need it. */
  private learn({ rows }: Observation): readonly Found[] {
    return rows.flatMap(({ row_id, version, modified_at, cells }) => {
      const known = this.known.get(row_id)!;
      const latest = cells.map(({ column_id, steps }) => [column_id, steps.at(-1)?.value ?? null]);
      const next = { ...known.cells, ...Object.fromEntries(latest) };
      this.known.set(row_id, { row_id, version, modified_at, cells: next });
      return cells.flatMap((cell) => changesOf(row_id, cell, known.cells[cell.column_id] ?? null));
    });
  }

  private client(): SmartsheetClient {
    const { read } = this;
    return {
      hanging: async (_sheetId, _type, id) => ({ text: `words of ${id}`, rowId: null, parentId: null }),
      ...{ listAttachments: unused, listDiscussions: unused },
      sheetRows: async (_sheetId, rowIds) => read(rowIds),
      rowsModifiedSince: async () => read([...this.rows.keys()]),
      cellHistory: async (_sheetId, rowId, columnId) => {
        this.historyReadings.push(`${rowId}:${columnId}`);
        return this.rows.get(rowId)?.history.get(columnId) ?? [];
      },
      ...{ me: unused, user: unused, listSheets: unused, sheetsInWorkspace: unused, listColumns: unused },
      // Callbacks that tell of comments alone name no row.
      sheetFacts: async () => read([]),
      ...{ sheetVersion: unused, wholeSheet: unused, rowIds: unused, events: unused },
      ...{ addRows: unused, createSheet: unused },
      ...{ webhooks: unused, createWebhook: unused, webhook: unused, enableWebhook: unused, deleteWebhook: unused },
    };
  }

  private readonly read = (rowIds: readonly string[]): SheetRead => ({
    ...{ id: this.sheetId, name: 'Paper', version: 0, totalRowCount: this.rows.size, modifiedAt: this.savedAt },
    columns: this.columnIds.map((id) => ({ id, title: id })),
    rows: rowIds.flatMap((id): RowRead[] => {
      const row = this.rows.get(id);
      if (row === undefined) return [];
      const { cells, history: _history, ...facts } = row;
      const filled = [...cells].map(([columnId, value]) => ({ columnId, value, hasFormula: false }));
      return [{ id, ...facts, permalink: null, cells: filled }];
    }),
  });
}

function changesOf(rowId: string, { column_id, steps }: ObservedCell, before: string | null): readonly Found[] {
  return steps.map(({ value, changed_by }, index) => {
    const old = index === 0 ? before : (steps[index - 1]?.value ?? null);
    return [rowId, column_id, old, value, changed_by];
  });
}
