import type { StoreCounts } from '../store/store';
import type { Health } from './runtime';

/** So many are counted; there may be more. */
const MOST_COUNTED = 100_000;

/**
 * How the trail of a server lies in its months.
 * @param isFailing  the months to come could not be made at the last try
 * @returns null where a store has no months
 */
export function monthsCheck(
  { events_in_rest: events, in_rest_since: since }: Pick<StoreCounts, 'events_in_rest' | 'in_rest_since'>,
  isFailing = false,
): Pick<Health['checks'][number], 'status' | 'text'> | null {
  if (events === null) return null;
  const failing = isFailing ? ['the partitions of the months to come could not be made; the log says why'] : [];
  return { status: isFailing ? 'degraded' : 'ok', text: [...failing, lyingInWords(events, since)].join('; ') };
}

function lyingInWords(events: number, since: string | null): string {
  if (events === 0) return 'each event lies in the partition of its month';
  const many =
    events >= MOST_COUNTED ? `${MOST_COUNTED} events or more` : `${events} ${events === 1 ? 'event' : 'events'}`;
  return `${many}, recorded since ${since ?? 'nobody knows when'}, without a partition of the month; nothing is lost by that, they only leave row by row when that month is archived`;
}
