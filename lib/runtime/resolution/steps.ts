import { actorOfAddress, isLaterSecond, secondOf, UNKNOWN_ACTOR, type HistoryEntry } from '../../smartsheet';
import type { Step } from '../../store/store';
import { isAttributed } from './attribution';
import { isSameOrigin, type Origin } from './origin';
import {
  byColumn,
  certainNewsAbout,
  changedColumns,
  valueIn,
  writtenColumns,
  type CellEvent,
  type Histories,
  type RowCase,
} from './row-case';

/** Whom the row itself names as its last writer. */
export function lastWriter({ read, observedAt }: RowCase): { readonly actor: Origin; readonly at: string } {
  return { actor: actorOfAddress(read.modifiedBy), at: read.modifiedAt ?? observedAt };
}

/** Who made the row: an event knows a form or an automation, the row knows the person. */
export function maker({ read, creator }: RowCase): Origin {
  return creator ?? actorOfAddress(read.createdBy);
}

/**
 * The values that a cell of a known row took after the known one, oldest first. Empty when it holds what is known.
 * Without history that is one step at most: by the last event that is surely news of the cell, else by the row's last
 * writer.
 */
export function stepsSinceKnown(row: RowCase, columnId: string, histories: Histories): readonly Step[] {
  const value = valueIn(row.read, columnId);
  const knownValue = row.known?.cells[columnId] ?? null;
  const history = histories.get(columnId);
  if (history) {
    const entries = upToRead(row, columnId, history);
    const steps = afterKnown(entries, knownValue, row.known?.modified_at ?? null).map(stepOf(row, columnId, history));
    const last = steps.length > 0 ? steps[steps.length - 1]?.value : knownValue;
    return last === value ? withoutRepeats(steps, knownValue) : [...steps, stepWithoutHistory(row, columnId)];
  }
  return value === knownValue ? [] : [stepWithoutHistory(row, columnId)];
}

/** The values of a cell of a row that was never seen: first what it was made with, then each change. */
export function stepsSinceMaking(row: RowCase, columnId: string, histories: Histories): readonly Step[] {
  const value = valueIn(row.read, columnId);
  const madeAt = row.read.createdAt ?? row.observedAt;
  const made = (content: string | null): Step => step(content, maker(row), madeAt);
  const history = histories.get(columnId);
  if (!history) return [made(value)];
  const entries = upToRead(row, columnId, history);
  const [first, ...later] = entries;
  // A cell that was first written after the row was made was empty until then.
  const wasFilled = first !== undefined && first.at !== null && first.at <= madeAt;
  const changes = (wasFilled ? later : entries).map(stepOf(row, columnId, history));
  const steps = [made(wasFilled ? first.value : null), ...withoutRepeats(changes, wasFilled ? first.value : null)];
  return steps[steps.length - 1]?.value === value ? steps : [...steps, stepWithoutHistory(row, columnId)];
}

/** Oldest first, without what was written after the row was read: that belongs to the next read. */
function upToRead(row: RowCase, columnId: string, history: readonly HistoryEntry[]): readonly HistoryEntry[] {
  const readAt = row.read.modifiedAt;
  const ordered = oldestFirst(history).filter(({ at }) => at === null || readAt === null || !isLaterSecond(at, readAt));
  const value = valueIn(row.read, columnId);
  const end = ordered.findLastIndex((entry) => entry.value === value);
  return end < 0 ? ordered : ordered.slice(0, end + 1);
}

/** Smartsheet lists the newest first as far as samples show, but promises no order; equal times keep the list's order. */
function oldestFirst(history: readonly HistoryEntry[]): readonly HistoryEntry[] {
  const time = (entry: HistoryEntry | undefined): string => entry?.at ?? '';
  const isAscending = time(history[0]) < time(history[history.length - 1]);
  const listed = isAscending ? [...history] : [...history].reverse();
  return listed.sort((left, right) => (time(left) < time(right) ? -1 : time(left) > time(right) ? 1 : 0));
}

function afterKnown(
  entries: readonly HistoryEntry[],
  knownValue: string | null,
  knownAt: string | null,
): readonly HistoryEntry[] {
  const isCovered = ({ at }: HistoryEntry): boolean => knownAt === null || at === null || at <= knownAt;
  const known = entries.findLastIndex((entry) => entry.value === knownValue && isCovered(entry));
  if (known >= 0) return entries.slice(known + 1);
  // The known value was never written, or is forgotten: what was written in the second of the last known change is later.
  return entries.filter(({ at }) => at !== null && knownAt !== null && secondOf(at) >= secondOf(knownAt));
}

function stepOf(row: RowCase, columnId: string, history: readonly HistoryEntry[]): (entry: HistoryEntry) => Step {
  const events = byColumn(row.cellEvents).get(columnId) ?? [];
  return ({ value, at, by }) => {
    const time = at ?? lastWriter(row).at;
    // Of several writings within a second an event does not say which one it means.
    const isAlone = history.filter((entry) => entry.at !== null && secondOf(entry.at) === secondOf(time)).length <= 1;
    const named = isAlone || by === null ? actorAt(events, time) : null;
    return step(value, named ?? actorOfAddress(by), time);
  };
}

/** The one actor whom the callbacks name at this time; history knows addresses only, events know automations and forms. */
function actorAt(events: readonly CellEvent[], time: string): Origin | null {
  const named = events.filter(({ at }) => secondOf(at) === secondOf(time)).map(({ actor }) => actor);
  const [first] = named;
  return first && named.every((actor) => isSameOrigin(actor, first)) ? first : null;
}

function stepWithoutHistory(row: RowCase, columnId: string): Step {
  const value = valueIn(row.read, columnId);
  const certain = byColumn(certainNewsAbout(row));
  const events = certain.get(columnId) ?? [];
  const last = [...events].sort((left, right) => (left.at < right.at ? -1 : 1)).at(-1);
  if (last?.actor) return step(value, last.actor, last.at);
  // A value that changed while nobody wrote the row follows from another sheet or from the date: nobody is named.
  const wasWritten =
    row.known === null || row.read.modifiedAt !== row.known.modified_at || row.read.version !== row.known.version;
  if (!wasWritten) return step(value, UNKNOWN_ACTOR, row.observedAt);
  const writer = lastWriter(row);
  // Of several changed cells the last writer may have written only one; where history could not tell, nobody is named.
  // What Smartsheet keeps itself or calculates changes along, and hides nobody.
  const changed = changedColumns(row);
  const written = new Set(writtenColumns(row));
  const others = written.has(columnId) ? changed.filter((id) => written.has(id)) : changed;
  const isCertain = row.known === null || isAttributed(row, columnId, others, certain);
  return step(value, isCertain ? writer.actor : UNKNOWN_ACTOR, last?.at ?? writer.at);
}

function withoutRepeats(steps: readonly Step[], before: string | null): readonly Step[] {
  return steps.filter(({ value }, index) => value !== (index === 0 ? before : (steps[index - 1]?.value ?? null)));
}

function step(value: string | null, { name, kind, agent, isOurs }: Origin, at: string): Step {
  const through = { ...(agent !== undefined && { change_agent: agent }), ...(isOurs && { ours: true }) };
  return { value, changed_by: name, changed_by_kind: kind, changed_at: at, ...through };
}
