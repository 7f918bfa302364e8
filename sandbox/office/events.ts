import type { Deed, Save, SheetEvent } from './types';

/** `plain`: one event for each thing done, as captures since 2023 show. `full`: also what went along with it. */
export type EventMix = 'plain' | 'full';

/** How a row that was moved to another sheet leaves this one. Smartsheet's list of event types knows no `moved`. */
export type RowMoves = 'deleted' | 'moved';

/** The events that tell of a save, in the order in which they are sent. */
export function eventsOf(save: Save, mix: EventMix, rowMoves: RowMoves = 'deleted'): SheetEvent[] {
  const common = {
    userId: save.userId,
    at: save.at,
    ...(save.changeAgent === undefined ? {} : { changeAgent: save.changeAgent }),
  };
  const events = save.deeds.flatMap((deed) =>
    eventsOfDeed(deed, save.sheetId, mix, rowMoves).map((event) => ({ ...event, ...common })),
  );
  if (mix === 'plain' || events.length === 0) return events;
  return [{ objectType: 'sheet', eventType: 'updated', id: save.sheetId, touches: [], ...common }, ...events];
}

type Bare = Omit<SheetEvent, 'userId' | 'at' | 'changeAgent'>;

function eventsOfDeed(deed: Deed, sheetId: number, mix: EventMix, rowMoves: RowMoves): Bare[] {
  switch (deed.kind) {
    case 'row_created':
      return [
        { objectType: 'row', eventType: 'created', id: deed.rowId, touches: deed.columnIds },
        ...(mix === 'full' ? cellEvents(deed.rowId, deed.columnIds) : []),
      ];
    case 'cells_updated':
      return [
        ...(mix === 'full' ? [{ ...rowUpdated, id: deed.rowId, touches: deed.columnIds }] : []),
        ...cellEvents(deed.rowId, deed.columnIds),
      ];
    case 'row_deleted':
      return [{ objectType: 'row', eventType: 'deleted', id: deed.rowId }];
    case 'row_moved':
      return [{ objectType: 'row', eventType: rowMoves, id: deed.rowId }];
    case 'attachment':
    case 'discussion':
    case 'comment':
      return [{ objectType: deed.kind, eventType: deed.eventType, id: deed.id }];
    case 'column':
      return [{ objectType: 'column', eventType: deed.eventType, id: deed.columnId, touches: [deed.columnId] }];
    case 'sheet':
      return [{ objectType: 'sheet', eventType: deed.eventType, id: sheetId }];
  }
}

const rowUpdated = { objectType: 'row', eventType: 'updated' } as const;

function cellEvents(rowId: number, columnIds: readonly number[]): Bare[] {
  return columnIds.map((columnId) => ({
    objectType: 'cell',
    eventType: 'updated',
    rowId,
    columnId,
    touches: [columnId],
  }));
}
