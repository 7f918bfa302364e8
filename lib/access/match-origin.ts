/**
 * How far apart a change and the save that made it are told to have happened. Event Reporting and cell history both come
 * from Smartsheet's clock; a save that holds many cells takes seconds, a minute is generous.
 */
export const ORIGIN_WINDOW_SECONDS = 60;

/** A change of which it is not known where it came from. */
export interface MatchableChange {
  readonly event_key: string;
  readonly sheet_id: string;
  /** In small letters. */
  readonly person: string;
  readonly changed_at: string;
}

/** A save of the same sheet by the same person, as Event Reporting tells it. */
export interface Save {
  readonly event_id: string;
  readonly happened_at: string;
  /** `WEB_APP`, `MOBILE_IOS`, `API_UNDEFINED_APP`, ... */
  readonly source: string;
  readonly ip_address: string | null;
}

/** A session here, on the dashboard or the editor. Its end is null while it lasts. */
export interface SessionAt {
  readonly person: string;
  readonly session_id: string;
  readonly ip_address: string | null;
  readonly user_agent: string | null;
  readonly device_info: string | null;
  readonly began_at: string;
  readonly ended_at: string | null;
}

/** What is known of the origin, and how. Each field that nobody told is null. */
export interface Match {
  readonly ip_address: string | null;
  readonly device_info: string | null;
  readonly session_id: string | null;
  readonly user_agent: string | null;
  readonly how: {
    readonly rule: 'only_save_in_window';
    readonly window_seconds: number;
    /** The saves that agree, nearest first. */
    readonly smartsheet_events: readonly string[];
    readonly seconds_apart: number;
    /** Session and browser are those of the person's only session here at that time, from the same address. */
    readonly session_rule: 'only_session_at_same_address' | null;
  };
}

export type Matching = Match | { readonly unknown: 'no_save' | 'saves_disagree' | 'nothing_told' };

const DEVICES: Readonly<Record<string, string>> = {
  WEB_APP: 'Smartsheet in a browser',
  MOBILE_IOS: 'Smartsheet for iPhone and iPad',
  MOBILE_ANDROID: 'Smartsheet for Android',
  API_UNDEFINED_APP: 'A program over the API',
  API_INTEGRATED_APP: 'An app over the API',
  API_ODBC_DRIVER: 'The ODBC driver',
};

/**
 * Where a change came from: what the saves of the same sheet by the same person within the window agree on. Two saves from
 * two places, or one in a browser and one by a program, could each be it, so then nothing is said. Nothing is guessed from
 * other sheets, other people or earlier days.
 * @param saves     near the change; those of no use are passed over
 * @param sessions  of this person, here
 */
export function matchOrigin(
  change: MatchableChange,
  saves: readonly Save[],
  sessions: readonly SessionAt[],
  windowSeconds = ORIGIN_WINDOW_SECONDS,
): Matching {
  const at = Date.parse(change.changed_at);
  const apart = (save: Save): number => Math.abs(Date.parse(save.happened_at) - at);
  const near = saves
    .filter((save) => apart(save) <= windowSeconds * 1000)
    .sort((one, other) => apart(one) - apart(other) || (one.event_id < other.event_id ? -1 : 1));
  const [nearest] = near;
  if (!nearest) return { unknown: 'no_save' };
  if (near.some(({ source, ip_address }) => source !== nearest.source || ip_address !== nearest.ip_address)) {
    return { unknown: 'saves_disagree' };
  }
  const device = DEVICES[nearest.source] ?? null;
  if (nearest.ip_address === null && device === null) return { unknown: 'nothing_told' };
  const session = nearest.source === 'WEB_APP' ? sessionAt(change.person, at, nearest.ip_address, sessions) : null;
  return {
    ip_address: nearest.ip_address,
    device_info: session?.device_info ?? device,
    session_id: session?.session_id ?? null,
    user_agent: session?.user_agent ?? null,
    how: {
      rule: 'only_save_in_window',
      window_seconds: windowSeconds,
      smartsheet_events: near.slice(0, 10).map(({ event_id }) => event_id),
      seconds_apart: apart(nearest) / 1000,
      session_rule: session ? 'only_session_at_same_address' : null,
    },
  };
}

/** The one session here that was open then, of the same person at the same address; two are none. */
function sessionAt(
  person: string,
  at: number,
  address: string | null,
  sessions: readonly SessionAt[],
): SessionAt | null {
  if (address === null) return null;
  const open = sessions.filter(
    (each) =>
      each.person === person &&
      Date.parse(each.began_at) <= at &&
      (each.ended_at === null || Date.parse(each.ended_at) >= at),
  );
  const [only] = open;
  return open.length === 1 && only?.ip_address === address ? only : null;
}
