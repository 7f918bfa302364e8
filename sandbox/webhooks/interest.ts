import type { SheetEvent } from '../office/types';
import type { Webhook } from './types';

const PATTERN = /^(\*|attachment|cell|column|comment|discussion|row|sheet)\.(\*|created|updated|deleted)$/;

/** True when Smartsheet would take this event filter (the exact grammar is not published; reference §2.2). */
export function isEventPattern(pattern: string): boolean {
  return PATTERN.test(pattern);
}

/** The events of a save that this hook wants: its filter and its columns. Row deletions reach column hooks too. */
export function wantedBy(hook: Webhook, events: readonly SheetEvent[]): SheetEvent[] {
  return events.filter((event) => matchesFilter(hook.events, event) && matchesColumns(hook.columnIds, event));
}

/**
 * Of hooks with the same sheet, owner, address and columns only the oldest enabled one is served (since January 2023).
 * @param hooks the enabled hooks of one sheet
 */
export function withoutTwins(hooks: readonly Webhook[]): Webhook[] {
  const served = new Map<string, Webhook>();
  const oldestFirst = [...hooks].sort((left, right) => left.createdAt - right.createdAt);
  for (const hook of oldestFirst) {
    const key = JSON.stringify([hook.sheetId, hook.ownerId, hook.callbackUrl, [...hook.columnIds].sort()]);
    if (!served.has(key)) served.set(key, hook);
  }
  return [...served.values()];
}

/** Keeps one event of a cell that the same user wrote several times, with the time of the last. Other events stay. */
export function collapsed(events: readonly SheetEvent[]): SheetEvent[] {
  const kept = new Map<string, SheetEvent>();
  events.forEach((event, index) => {
    const { objectType, eventType, rowId, columnId, userId, changeAgent } = event;
    const cell = JSON.stringify([eventType, rowId, columnId, userId, changeAgent]);
    kept.set(objectType === 'cell' ? cell : String(index), event);
  });
  return [...kept.values()];
}

function matchesFilter(patterns: readonly string[], { objectType, eventType }: SheetEvent): boolean {
  return patterns.some((pattern) => {
    const [object, type] = pattern.split('.');
    return (object === '*' || object === objectType) && (type === '*' || type === eventType);
  });
}

function matchesColumns(columnIds: readonly number[], event: SheetEvent): boolean {
  if (columnIds.length === 0 || event.touches === undefined) return true;
  return event.touches.some((columnId) => columnIds.includes(columnId));
}
