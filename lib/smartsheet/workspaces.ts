import { z } from 'zod';
import { understood } from './answers';
import { ask, type Exchange } from './exchange';

const id = z.union([z.number(), z.string()]).transform(String);
const childrenPage = z.object({
  data: z.array(z.object({ id, resourceType: z.string() })),
  lastKey: z.string().nullish(),
});

const CHILDREN_PER_PAGE = 1000;
/** Folders lie in folders; deeper than this is a circle. */
const DEEPEST = 50;

/**
 * Ids of all sheets in a workspace, those in its folders too.
 * @throws SmartsheetRefused  when one of them cannot be listed: half a list would end the watch of the other half
 */
export async function sheetsInWorkspace(exchange: Exchange, workspaceId: string): Promise<readonly string[]> {
  return sheetsBelow(exchange, `workspaces/${workspaceId}`, workspaceId, 0);
}

async function sheetsBelow(
  exchange: Exchange,
  place: string,
  workspaceId: string,
  depth: number,
): Promise<readonly string[]> {
  if (depth > DEEPEST) return [];
  const what = `list the sheets of workspace ${workspaceId}`;
  const sheets: string[] = [];
  let lastKey: string | null = null;
  do {
    const after: string = lastKey === null ? '' : `&lastKey=${encodeURIComponent(lastKey)}`;
    const path: string = `${place}/children?childrenResourceTypes=sheets,folders&maxItems=${CHILDREN_PER_PAGE}${after}`;
    const page = understood(childrenPage, await ask(exchange, { method: 'GET', path, what }), what);
    for (const { id: childId, resourceType } of page.data) {
      if (resourceType === 'sheet') sheets.push(childId);
      if (resourceType === 'folder') {
        sheets.push(...(await sheetsBelow(exchange, `folders/${childId}`, workspaceId, depth + 1)));
      }
    }
    lastKey = page.lastKey ?? null;
  } while (lastKey !== null);
  return sheets;
}
