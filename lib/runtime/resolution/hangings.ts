import {
  HANGING_TYPES,
  SmartsheetRefused,
  UNKNOWN_ACTOR,
  type CallbackEvent,
  type HangingType,
} from '../../smartsheet';
import type { ObservedObject } from '../../store/store';
import { originOf, type Origin } from './origin';
import type { Sources } from './resolver';

/** Of a comment only its beginning is kept: enough to find it by. */
const MOST_CHARACTERS = 200;
const ACTIONS = ['created', 'updated', 'deleted'] as const;

export function beginningOf(text: string): string {
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}

/** What tells one change of a thing from another: it is made once and deleted once, and changed at a second. */
export function versionOf(action: (typeof ACTIONS)[number], at: string): number {
  return action === 'updated' ? Math.floor(Date.parse(at) / 1000) : 1;
}

/**
 * What events say of attachments, discussions and comments. They carry ids only, so each that is still there is read
 * once, for its name or its first words and for the row that it hangs on; of one that is gone by now nothing more is known.
 */
export async function observeHangings(
  sheetId: string,
  events: readonly CallbackEvent[],
  sources: Pick<Sources, 'client' | 'people'>,
): Promise<readonly ObservedObject[]> {
  const read = new Map<string, Promise<Read>>();
  const observed = new Map<string, ObservedObject>();
  for (const event of events) {
    const { objectType, eventType, id, at } = event;
    const type = HANGING_TYPES.find((each) => each === objectType);
    const action = ACTIONS.find((each) => each === eventType);
    if (type === undefined || action === undefined || id === null) continue;
    const found = read.get(id) ?? readHanging(sheetId, type, id, sources.client);
    read.set(id, found);
    const { text, rowId, parentId } = action === 'deleted' ? GONE : await found;
    const actor: Origin = (await originOf(event, sources.people)) ?? UNKNOWN_ACTOR;
    if (actor.isOurs) continue;
    const version = versionOf(action, at);
    observed.set(`${type} ${id} ${action} ${version}`, {
      ...{ type, object_id: id, action, version, text, row_id: rowId, parent_id: parentId },
      ...{ changed_by: actor.name, changed_by_kind: actor.kind, changed_at: at },
    });
  }
  return [...observed.values()];
}

interface Read {
  readonly text: string | null;
  readonly rowId: string | null;
  readonly parentId: string | null;
}

const GONE: Read = { text: null, rowId: null, parentId: null };

async function readHanging(sheetId: string, type: HangingType, id: string, client: Sources['client']): Promise<Read> {
  try {
    const { text, rowId, parentId } = await client.hanging(sheetId, type, id);
    return { text: beginningOf(text), rowId, parentId };
  } catch (refusal) {
    if (refusal instanceof SmartsheetRefused && !refusal.isAboutToken) return GONE;
    throw refusal;
  }
}
