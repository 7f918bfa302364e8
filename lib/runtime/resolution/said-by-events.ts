import { HANGING_TYPES, type CallbackEvent } from '../../smartsheet';
import type { ColumnEvent, RemovedRow } from '../../store/store';
import type { People } from '../people';
import { originOf } from './origin';

/** How a row leaves its sheet. Smartsheet's list of events knows no `moved` (reference §2.6): mostly a move is a deletion. */
const REMOVALS = ['deleted', 'moved'] as const;

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

/** Attachments, discussions and comments that events are about, by type and id. */
export function hangingsNamedBy(events: readonly CallbackEvent[]): readonly string[] {
  return events.flatMap(({ objectType, id }) =>
    id !== null && HANGING_TYPES.some((type) => type === objectType) ? [`${objectType} ${id}`] : [],
  );
}

function rowOf({ objectType, id, rowId }: CallbackEvent): string | null {
  return objectType === 'row' ? id : rowId;
}

/** The events about each row. */
export function groupByRow(events: readonly CallbackEvent[]): ReadonlyMap<string, readonly CallbackEvent[]> {
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
