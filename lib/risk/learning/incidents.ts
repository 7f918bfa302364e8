import { IDLE_MINUTES } from '../sittings/sittings';
import type { LearnedEvent } from './lesson';

const IDLE_MILLISECONDS = IDLE_MINUTES * 60_000;

/**
 * The sitting that each event belongs to, by a name: what a person does until half an hour passes without a change. Events of
 * one sitting stand and fall together, so that where a reviewer named no incident the sitting is one.
 * @param events  in the order in which they are learned from; a clock that runs back tears no sitting apart
 */
export function sittingNames(events: readonly Pick<LearnedEvent, 'key' | 'at' | 'person'>[]): readonly string[] {
  const open = new Map<string, { readonly name: string; readonly to: number }>();
  return events.map(({ key, at, person }) => {
    // What nobody is known for belongs to nothing else.
    if (person === null) return key;
    const before = open.get(person);
    const goesOn = before !== undefined && at - before.to <= IDLE_MILLISECONDS;
    const sitting = goesOn
      ? { name: before.name, to: Math.max(before.to, at) }
      : { name: `sitting of ${person} from ${new Date(at).toISOString()}`, to: at };
    open.set(person, sitting);
    return sitting.name;
  });
}
