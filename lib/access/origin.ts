import type { Match, MatchableChange, Matching } from './match-origin';

/** What the store records of the origin of a change. */
export interface NewOrigin {
  readonly event_key: string;
  readonly kind: 'origin_matched' | 'origin_withdrawn';
  readonly person: string;
  readonly happened: string;
  readonly ip_address: string | null;
  readonly device_info: string | null;
  readonly session_id: string | null;
  readonly user_agent: string | null;
  readonly details: Readonly<Record<string, unknown>>;
}

const UNKNOWN = { ip_address: null, device_info: null, session_id: null, user_agent: null } as const;

/**
 * The entry that a matching makes; null where there is nothing to say.
 * @param isKnown  an origin is recorded already, which later news may contradict
 */
export function originOf(change: MatchableChange, matching: Matching, isKnown: boolean): NewOrigin | null {
  const { event_key, person } = change;
  if ('unknown' in matching) {
    // That a save is not there any more is no contradiction: they are kept for some days only.
    if (!isKnown || matching.unknown !== 'saves_disagree') return null;
    const happened = `Where ${person} made the change ${event_key} from is unknown after all: saves from different places came to be known.`;
    return { event_key, kind: 'origin_withdrawn', person, happened, ...UNKNOWN, details: { why: matching.unknown } };
  }
  const { how, ...origin } = matching;
  return { event_key, kind: 'origin_matched', person, happened: sentence(change, matching), ...origin, details: how };
}

function sentence({ event_key, person }: MatchableChange, { ip_address, device_info, how }: Match): string {
  const from = ip_address === null ? (device_info ?? 'an unknown place') : ip_address;
  const count = how.smartsheet_events.length;
  const saves = count === 1 ? 'the only save' : `${count} saves that agree`;
  return `${person} made the change ${event_key} from ${from}: by ${saves} of the sheet within ${how.window_seconds} s.`;
}
