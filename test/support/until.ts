import { setTimeout as pause } from 'node:timers/promises';

/** What is waited for: false, null, undefined or a rejection mean "not yet". */
type Condition<Found> = () => Found | Promise<Found>;
type Wanted<Found> = NonNullable<Exclude<Found, false>>;

/**
 * Waits until something is so, asking again and again.
 * @param what    named when it never comes
 * @param within  milliseconds
 */
export const until = <Found>(condition: Condition<Found>, what: string, within = 45_000): Promise<Wanted<Found>> =>
  ask(condition, what, { within, isExtended: false });

/**
 * The same for much work, which takes as long as the machine needs: in vain only when nothing has moved for a while.
 * @param condition  throws what it sees as long as it is not yet so
 * @param still      milliseconds for which the same may be seen
 */
export const whileItMoves = <Found>(
  condition: Condition<Found>,
  what: string,
  still = 60_000,
): Promise<Wanted<Found>> => ask(condition, what, { within: still, isExtended: true });

async function ask<Found>(
  condition: Condition<Found>,
  what: string,
  { within, isExtended }: { readonly within: number; readonly isExtended: boolean },
): Promise<Wanted<Found>> {
  let end = performance.now() + within;
  let last = '';
  while (performance.now() < end) {
    let seen: string;
    try {
      const found = await condition();
      if (found !== false && found !== null && found !== undefined) return found as Wanted<Found>;
      seen = JSON.stringify(found) ?? 'undefined';
    } catch (thrown) {
      seen = thrown instanceof Error ? thrown.message : JSON.stringify(thrown);
    }
    if (isExtended && seen !== last) end = performance.now() + within;
    last = seen;
    await pause(25);
  }
  throw new Error(`Waited in vain for: ${what}. Last seen: ${last}`);
}
