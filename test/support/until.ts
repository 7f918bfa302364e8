import { setTimeout as pause } from 'node:timers/promises';

/**
 * Waits until something is so, asking again and again.
 * @param condition  gives what was waited for; false, null, undefined or a rejection mean "not yet"
 * @param what       named when it never comes
 */
export async function until<Found>(
  condition: () => Found | Promise<Found>,
  what: string,
  within = 45_000,
): Promise<NonNullable<Exclude<Found, false>>> {
  const end = performance.now() + within;
  let last: unknown;
  while (performance.now() < end) {
    try {
      const found = await condition();
      if (found !== false && found !== null && found !== undefined) return found as NonNullable<Exclude<Found, false>>;
      last = found;
    } catch (thrown) {
      last = thrown;
    }
    await pause(25);
  }
  throw new Error(
    `Waited in vain for: ${what}. Last seen: ${last instanceof Error ? last.message : JSON.stringify(last)}`,
  );
}
