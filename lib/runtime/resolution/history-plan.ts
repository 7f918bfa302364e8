import { isLaterSecond } from '../../smartsheet';
import { isAttributed, type EventsByColumn } from './attribution';
import { stepsSinceKnown, stepsSinceMaking } from './steps';
import {
  byColumn,
  certainNewsAbout,
  changedColumns,
  newsAbout,
  valueIn,
  versionRise,
  writtenColumns,
} from './row-case';
import type { CellEvent, Histories, RowCase } from './row-case';

/** Columns whose cell history should be read next. */
export interface HistoryPlan {
  /** Without it a value, or the order of values, may be missed. */
  readonly needed: readonly string[];
  /** Values are certain; only who wrote them would be a guess without it. */
  readonly wished: readonly string[];
}

const NOTHING: HistoryPlan = { needed: [], wished: [] };

/**
 * Decides which histories a row needs before its changes are certain. History is dear (30 readings a minute), so it is
 * read only where the row's version rose by more than its changed cells explain, where a cell had several events, where
 * a new row was changed since it was made, or where neither events nor the row tell who wrote a cell. Asked again with
 * what was read, it names the next columns; when nothing is left, the row is explained.
 */
export function nextHistories(row: RowCase, histories: Histories): HistoryPlan {
  const plan = row.known === null ? planForNew(row, histories) : planForKnown(row, histories);
  const unread = (columnIds: readonly string[]): readonly string[] => columnIds.filter((id) => !histories.has(id));
  const needed = unread(plan.needed);
  return { needed, wished: unread(plan.wished).filter((id) => !needed.includes(id)) };
}

function planForNew(row: RowCase, histories: Histories): HistoryPlan {
  const { createdAt, modifiedAt, version } = row.read;
  const events = byColumn(row.cellEvents);
  const touchedTwice = [...events.values()].some((list) => list.length > 1);
  const isAsMade = createdAt === null || modifiedAt === null || modifiedAt <= createdAt;
  if (isAsMade && !touchedTwice && !roseWithinSecond(row)) return NOTHING;

  const written = writtenColumns(row);
  const isLater = ({ at }: CellEvent): boolean => createdAt === null || at > createdAt;
  const named = written.filter((id) => (events.get(id) ?? []).some(isLater) || (events.get(id)?.length ?? 0) > 1);
  if (named.length === 0) return { needed: written, wished: [] };
  if (named.some((id) => !histories.has(id))) return { needed: named, wished: [] };
  // A row is made with version 1 and rises by one for each changed cell: is every rise seen?
  const seen = written.reduce((sum, id) => sum + Math.max(0, stepsSinceMaking(row, id, histories).length - 1), 0);
  return version !== null && row.trust.ofMaking && seen >= version - 1 ? NOTHING : { needed: written, wished: [] };
}

/** Times are whole seconds: a row that was changed in the second of its making is told by its version only. */
export function roseWithinSecond({ read, trust }: RowCase): boolean {
  return trust.ofMaking && read.version !== null && read.version > 1 && read.createdAt === read.modifiedAt;
}

function planForKnown(row: RowCase, histories: Histories): HistoryPlan {
  const written = writtenColumns(row);
  const changed = changedColumns(row).filter((id) => written.includes(id));
  const rise = versionRise(row);
  if (changed.length === 0 && rise === 0) return NOTHING;

  const certain = byColumn(certainNewsAbout(row));
  // Where each changed cell changed once, an event that may be an old one hides nothing.
  const events = rise === changed.length ? certain : byColumn(newsAbout(row));
  const named = written.filter((id) => events.has(id));
  const needed = new Set(named.filter((id) => (events.get(id)?.length ?? 0) > 1));
  const roseTooFar = rise !== null && rise > changed.length;
  if (roseTooFar) for (const id of [...named, ...changed]) needed.add(id);
  for (const id of changedAfterEvents(row, changed, certain)) needed.add(id);
  const plan: HistoryPlan = {
    needed: [...needed],
    wished: changed.filter((id) => !isAttributed(row, id, changed, certain)),
  };
  if (!roseTooFar || plan.needed.some((id) => !histories.has(id))) return plan;

  const seen = written.reduce((sum, id) => sum + stepsSinceKnown(row, id, histories).length, 0);
  return seen >= rise ? plan : { needed: written, wished: [] };
}

/**
 * The row was written later than any event of its changed cells tells: a cell's present value may be somebody else's,
 * whose callback is on its way. Then the changed cells that rely on events have to be looked up.
 */
function changedAfterEvents(row: RowCase, changed: readonly string[], certain: EventsByColumn): readonly string[] {
  const { modifiedAt } = row.read;
  const told = changed.filter((id) => certain.has(id));
  const hasUntold = told.length < changed.length;
  if (modifiedAt === null || told.length === 0 || hasUntold) return [];
  const latest = told.flatMap((id) => certain.get(id) ?? []).reduce((max, { at }) => (at > max ? at : max), '');
  return isLaterSecond(modifiedAt, latest) ? told : [];
}

/** Whether a cell's value may hide others that could not be read. */
export function mayHideValues(row: RowCase, columnId: string, histories: Histories): boolean {
  return histories.get(columnId) === null && valueIn(row.read, columnId) !== (row.known?.cells[columnId] ?? null);
}
