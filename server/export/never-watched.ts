import type { Store } from '../../lib/store';

export const neverWatchedInWords = (id: string): string =>
  `Sheet ${id} was never watched here, so nothing of it is in the trail: check the id (File > Properties in Smartsheet).`;

/**
 * The sheets of those asked for of which nothing can be in the trail: whose id has slipped must not take an empty file
 * home as "nothing happened".
 */
export async function neverWatchedOf(
  asked: readonly string[],
  store: Pick<Store, 'sheet' | 'search'>,
): Promise<readonly string[]> {
  const never: string[] = [];
  for (const id of asked) {
    if ((await store.sheet(id)) !== null) continue;
    // What was imported may be of a sheet that was never watched.
    const { events } = await store.search({ sheet_id: id, limit: 1 });
    if (events.length === 0) never.push(id);
  }
  return never;
}
