import type { StoreCounts } from './store';

/** How much a store holds, told so that it agrees with the overview (changes) and with the seal (all events). */
export function countsInWords({ events, events_in_all: all }: Pick<StoreCounts, 'events' | 'events_in_all'>): string {
  const changes = `${events} ${events === 1 ? 'change' : 'changes'} of sheets`;
  if (all === events) return `${changes} in the trail`;
  return `${changes} in the trail, ${all} ${all === 1 ? 'event' : 'events'} with sign-ins, what people did here and days of coverage`;
}
