import { isLaterSecond, secondOf } from '../../smartsheet';
import { versionRise, type CellEvent, type RowCase } from './row-case';

/** The events that are surely news, by the column of their cell. */
export type EventsByColumn = ReadonlyMap<string, readonly CellEvent[]>;

/**
 * Whether it is certain who wrote a cell: an event that is surely news says so and nothing can have been written to the
 * cell after it, or it can only be the row's last writer.
 */
export function isAttributed(
  row: RowCase,
  columnId: string,
  changed: readonly string[],
  certain: EventsByColumn,
): boolean {
  const { modifiedAt } = row.read;
  const [event] = certain.get(columnId) ?? [];
  const isOnceEach = versionRise(row) === changed.length;
  if (event?.actor && (isOnceEach || isOfSecond(event, modifiedAt))) return true;
  if (changed.length === 1 || isOneSave(row, changed, certain)) return true;
  if (event || modifiedAt === null || !isOnceEach) return false;
  // Each changed cell changed once. If all others were written before the row's last writing, this one was that writing.
  const others = changed.filter((id) => id !== columnId).map((id) => certain.get(id)?.[0]);
  return others.every((other) => other !== undefined && isLaterSecond(modifiedAt, other.at));
}

/** Whether the row's last writer wrote all its changed cells, with one user id in one second, whoever that is. */
function isOneSave({ read }: RowCase, changed: readonly string[], certain: EventsByColumn): boolean {
  const events = changed.map((id) => certain.get(id)?.[0]);
  const userId = events[0]?.userId ?? null;
  return userId !== null && events.every((event) => event?.userId === userId && isOfSecond(event, read.modifiedAt));
}

function isOfSecond(event: CellEvent, instant: string | null): boolean {
  return instant !== null && secondOf(event.at) === secondOf(instant);
}
