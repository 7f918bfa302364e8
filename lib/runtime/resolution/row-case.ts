import { isLaterSecond, secondOf, type HistoryEntry, type RowRead } from '../../smartsheet';
import type { KnownRow } from '../../store/store';
import type { Origin } from './origin';
import type { VersionTrust } from './version-trust';

/** What a callback said of one cell. `actor` is null when Smartsheet would not say who the user id is. */
export interface CellEvent {
  readonly columnId: string;
  readonly at: string;
  readonly userId: string | null;
  readonly actor: Origin | null;
}

/** One row as it was read, beside what is known of it and what callbacks said of it. */
export interface RowCase {
  readonly read: RowRead;
  /** Null: never seen before. */
  readonly known: KnownRow | null;
  /** Who a `row created` event names; null without one, or for a person, whom the row itself names. */
  readonly creator: Origin | null;
  readonly cellEvents: readonly CellEvent[];
  readonly columns: readonly Column[];
  /** When the sheet was read, in Smartsheet's clock. */
  readonly observedAt: string;
  readonly trust: Pick<VersionTrust, 'ofRises' | 'ofMaking'>;
}

export interface Column {
  readonly id: string;
  readonly title: string;
  /** Kept by Smartsheet itself (created by, modified date, auto number): nobody writes it, its history tells nothing. */
  readonly isSystem: boolean;
}

/** By column id; null = it was wanted and could not be read. */
export type Histories = ReadonlyMap<string, readonly HistoryEntry[] | null>;

export function valueIn(read: RowRead, columnId: string): string | null {
  return read.cells.find((cell) => cell.columnId === columnId)?.value ?? null;
}

/** Columns whose value is another than the known one. */
export function changedColumns({ read, known, columns }: RowCase): readonly string[] {
  const now = new Map(read.cells.map(({ columnId, value }) => [columnId, value]));
  return columns.filter(({ id }) => (now.get(id) ?? null) !== (known?.cells[id] ?? null)).map(({ id }) => id);
}

/**
 * Columns that people write. A formula's result and a system column follow from other things: they have no writer, no
 * event, and do not raise the row's version.
 */
export function writtenColumns({ read, columns }: RowCase): readonly string[] {
  const formulas = new Set(read.cells.filter(({ hasFormula }) => hasFormula).map(({ columnId }) => columnId));
  return columns.filter(({ id, isSystem }) => !isSystem && !formulas.has(id)).map(({ id }) => id);
}

/** Events that may tell of something not known yet: those before the row's last known change are covered by it. */
export function newsAbout({ known, cellEvents }: RowCase): readonly CellEvent[] {
  const knownUpTo = known?.modified_at ?? null;
  return knownUpTo === null ? cellEvents : cellEvents.filter(({ at }) => secondOf(at) >= secondOf(knownUpTo));
}

/**
 * Events that surely tell of something not known yet. One of the very second of the last known change may be that
 * change: a callback comes twice, or after a sweep has found what it tells. Whoever it names need not have written what
 * the cell holds now.
 */
export function certainNewsAbout({ known, cellEvents }: RowCase): readonly CellEvent[] {
  if (known === null) return cellEvents;
  const knownUpTo = known.modified_at;
  return knownUpTo === null ? [] : cellEvents.filter(({ at }) => isLaterSecond(at, knownUpTo));
}

/** By how much the row's version rose; null when Smartsheet did not tell one of the two, or its versions mislead. */
export function versionRise({ read, known, trust }: RowCase): number | null {
  if (!trust.ofRises) return null;
  if (read.version === null || known === null || known.version <= 0 || read.version < known.version) return null;
  return read.version - known.version;
}

export function byColumn(events: readonly CellEvent[]): ReadonlyMap<string, readonly CellEvent[]> {
  const grouped = new Map<string, CellEvent[]>();
  for (const event of events) grouped.set(event.columnId, [...(grouped.get(event.columnId) ?? []), event]);
  return grouped;
}
