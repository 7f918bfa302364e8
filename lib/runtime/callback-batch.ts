import type { LeasedCallback } from '../store/store';

/** Rows whose events are resolved in one call, as far as whole callbacks allow. */
const MOST_EVENTS_AT_ONCE = 4000;
/** An event is at least about this long. */
const BYTES_PER_EVENT = 100;

/**
 * Takes from the front of the queue what is resolved in one read: the result is the same as one by one, and a burst is
 * through much sooner.
 * @param atOnce  the most callbacks to take, 1 or more
 */
export function takeBatch(queue: LeasedCallback[], atOnce: number): readonly LeasedCallback[] {
  let bytes = 0;
  const end = queue.findIndex(({ body }, index) => {
    bytes += body.byteLength;
    return index > 0 && (index >= atOnce || bytes > MOST_EVENTS_AT_ONCE * BYTES_PER_EVENT);
  });
  return queue.splice(0, end < 0 ? queue.length : end);
}
