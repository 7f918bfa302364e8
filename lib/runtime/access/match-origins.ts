import { matchOrigin, originOf, ORIGIN_WINDOW_SECONDS } from '../../access';
import type { AccessStore } from '../../store/access';

const MOST_PAGES = 200;

/**
 * Finds out where changes came from, as far as saves tell, and records what is new. Doing so again records nothing.
 * @param from, to  when the changes were made
 * @returns how many origins were recorded
 */
export async function matchOrigins(
  store: Pick<AccessStore, 'originCandidates' | 'recordOrigins'>,
  period: { readonly from: string; readonly to: string },
): Promise<number> {
  let recorded = 0;
  let after: string | null = null;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const mark: { readonly after?: string } = after === null ? {} : { after };
    const found = await store.originCandidates({ ...period, ...mark, windowSeconds: ORIGIN_WINDOW_SECONDS });
    const origins = found.changes.flatMap(({ saves, origin, ...change }) => {
      const sessions = found.sessions.filter(({ person }) => person === change.person);
      const told = originOf(change, matchOrigin(change, saves, sessions), origin !== null);
      return told === null ? [] : [told];
    });
    if (origins.length > 0) recorded += await store.recordOrigins(origins);
    after = found.next;
    if (after === null) break;
  }
  return recorded;
}
