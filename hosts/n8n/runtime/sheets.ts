import { columns, sheets, string } from '../../../lib/define/fields';
import { BadSetting, messageOf } from '../../../lib/errors';
import { checkedValue } from '../../../lib/fields';
import type { Log, Now } from '../../../lib/ports';
import type { SmartsheetClient } from '../../../lib/smartsheet';
import { workspacesIn } from '../../../nodes/smartsheet-trigger';
import { parameter, type Context } from './context';
import { enteredFields } from './entered-fields';

const SHEETS = sheets({ label: 'Sheets', many: true });
const WORKSPACES = string({ label: 'Workspaces' });
const COLUMNS = columns({ label: 'Call for columns', many: true });

/** What a trigger's form names. */
export interface Chosen {
  readonly sheetIds: readonly string[];
  readonly workspaceIds: readonly string[];
}

/**
 * The ids of the sheets and workspaces that a trigger's form names, each once.
 * @throws BadSetting  when there is none, or one is no id
 */
export function chosen(context: Context): Chosen {
  const entered = enteredFields(context, { sheets: SHEETS, workspaces: WORKSPACES }, []);
  const sheetIds = [...new Set(checkedValue(SHEETS, entered['sheets']) as readonly string[])];
  // Where a server reads the sheets, it lists the workspaces too; the form does not ask for any.
  const isAsked = parameter(context, 'reading') !== 'server';
  const workspaceIds = isAsked ? workspacesIn(checkedValue(WORKSPACES, entered['workspaces']) as string) : [];
  if (sheetIds.length + workspaceIds.length > 0) return { sheetIds, workspaceIds };
  const also = isAsked ? ', and no workspace is named' : '';
  throw new BadSetting('Sheets', `is empty${also}`, 'Open the node and choose the sheets, or name a workspace.');
}

/** The titles of the columns for whose changes Smartsheet is to call; none: for all. */
export function chosenColumns(context: Context): readonly string[] {
  const { columns: titles } = enteredFields(context, { columns: COLUMNS }, ['columns']);
  return checkedValue(COLUMNS, titles) as readonly string[];
}

/** The chosen sheets, and all that are in the chosen workspaces now. */
export async function allSheets({ sheetIds, workspaceIds }: Chosen, client: SmartsheetClient): Promise<string[]> {
  const all = new Set(sheetIds);
  for (const id of workspaceIds) for (const sheetId of await client.sheetsInWorkspace(id)) all.add(sheetId);
  return [...all];
}

/** What is in a workspace is listed again after so long. */
const LISTED_MILLISECONDS = 300_000;
const listed = new Map<string, { readonly at: number; readonly sheetIds: readonly string[] }>();

/**
 * As `allSheets`, for a poll: a workspace is listed every five minutes. One that cannot be listed keeps the sheets that it
 * had, so that they go on being watched.
 * @param place  of the node among all workflows
 */
export async function followedSheets(
  { sheetIds, workspaceIds }: Chosen,
  { client, now, log, place }: { client: SmartsheetClient; now: Now; log: Log; place: string },
): Promise<readonly string[]> {
  const all = new Set(sheetIds);
  for (const id of workspaceIds) {
    const key = `${place} ${id}`;
    const known = listed.get(key);
    if (known === undefined || now() - known.at >= LISTED_MILLISECONDS) {
      try {
        listed.set(key, { at: now(), sheetIds: await client.sheetsInWorkspace(id) });
      } catch (failure) {
        if (known === undefined) throw failure;
        log.error(`Workspace ${id} could not be listed; the sheets that it had are watched: ${messageOf(failure)}`);
      }
    }
    for (const sheetId of listed.get(key)?.sheetIds ?? []) all.add(sheetId);
  }
  return [...all];
}
