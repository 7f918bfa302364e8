import type { StoredEvent, TrailReport } from '../../lib/seal';
import type { Kind } from './attacks';

/** An attack on an event; `last` is the number of the last event of its chain before. */
export interface Attacked {
  readonly kind: Kind;
  readonly careful: boolean;
  readonly target: StoredEvent;
  readonly last: number;
}

/** After these nothing is there from the event on. */
const CUTS: readonly Kind[] = ['tail cut', 'forked copy'];

/** Whether the chain, by itself, shows it: all was made to fit again but for a time before the event that precedes it. */
export function showsByItself({ kind, careful }: Pick<Attacked, 'kind' | 'careful'>): boolean {
  if (kind === 'rewrite' || CUTS.includes(kind)) return false;
  return !careful || kind === 'clock rollback';
}

/**
 * Whether a finding names the very place: the event that was altered or is gone, the number at which another was slipped in,
 * or its own leaf; of a cut also all leaves from its own on. A neighbour, or a range that begins elsewhere, does not count.
 */
export function isLocated({ findings }: Pick<TrailReport, 'findings'>, { kind, target, last }: Attacked): boolean {
  const { stream, seq, leaf_index: leaf } = target;
  const at = kind === 'duplicate' ? last + 1 : kind === 'insert' ? seq + 1 : seq;
  return findings.some(({ place }) => {
    if (place.stream === stream && place.seq === at) return true;
    const { from, to } = place.leaves ?? { from: -1, to: -1 };
    return from === leaf && (to === from + 1 || CUTS.includes(kind));
  });
}

/**
 * What is wrong with a report after an attack on an event that was never sealed; null: nothing. Either the attack is found,
 * or, where it left a true chain, all that it touched is counted as not yet protected, and no more or fewer than there is.
 * @param young  the events that were not sealed, before the attack
 * @param events  all events after it
 */
export function wrongAboutUnsealed(
  { ok, unsealed }: Pick<TrailReport, 'ok' | 'unsealed'>,
  attacked: Attacked,
  young: readonly StoredEvent[],
  events: readonly StoredEvent[],
): string | null {
  if (!ok) return null;
  const { kind, target } = attacked;
  if (showsByItself(attacked)) return 'was not found';
  const isCut = CUTS.includes(kind);
  const left = isCut ? young.filter((each) => isBefore(each, target)).length : young.length;
  const count = left + (kind === 'forked copy' ? 1 : 0);
  if (unsealed !== count) return `leaves ${count} unsealed events, of which ${unsealed} are counted`;
  if (isCut) return null;
  const now = events.find(({ stream, seq }) => stream === target.stream && seq === target.seq);
  return now?.leaf_index === null && now.hash !== target.hash ? null : 'did not alter its event';
}

/** The history of the storm has its sheets in turns, by their number. */
function isBefore(one: StoredEvent, other: StoredEvent): boolean {
  return one.seq < other.seq || (one.seq === other.seq && one.stream < other.stream);
}
