import type { Role } from './account';
import type { EndReason } from './session';

/** Who came, who was turned away, who left, and who changed who may come. One report per occurrence, nothing secret in it. */
export type AccessEvent = {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The person concerned, as far as known; for a failed sign-in with a name of no account a mark of it, never what was typed. */
  readonly name: string | null;
  readonly address: string | null;
  readonly userAgent: string | null;
  readonly sessionId: string | null;
} & AccessKind;

type AccessKind =
  /** `factor`: what was shown beside the password; null: the account has no second factor. */
  | { readonly kind: 'signed_in'; readonly role: Role; readonly factor: 'code' | 'recovery_code' | null }
  /** `step`: what was wrong. With a session: on the page of the account, by whoever sits at a browser that is signed in. */
  | { readonly kind: 'sign_in_failed'; readonly step: SignInStep }
  /** Not even compared: too many failures before. */
  | { readonly kind: 'sign_in_delayed'; readonly step: SignInStep; readonly waitMilliseconds: number }
  | { readonly kind: 'session_ended'; readonly reason: EndReason }
  /** `more`: how many others like it came from the same address since the last report. */
  | {
      readonly kind: 'access_refused';
      readonly method: string;
      readonly path: string;
      readonly reason: string;
      readonly more: number;
    }
  | {
      readonly kind: 'person_changed';
      readonly by: string;
      readonly change: PersonChange;
      readonly rights: RightsChange | null;
    };

/** What an account may do before and after a change; null = nothing: there is none, or it is disabled. */
export interface RightsChange {
  readonly before: Role | null;
  readonly after: Role | null;
}

export type PersonChange =
  | 'added'
  | 'password_reset'
  | 'password_changed'
  | 'disabled'
  | 'enabled'
  | 'second_factor_set_up'
  | 'second_factor_removed'
  | 'second_factor_reset'
  | 'recovery_codes_renewed'
  | `role_${Role}`;

/** Why all sessions of an account end with a change of it; null: they go on. */
export function endOfSessions(change: PersonChange): EndReason | null {
  if (change === 'disabled') return 'account_disabled';
  if (change === 'password_reset') return 'password_changed';
  if (change === 'second_factor_reset') return 'second_factor_changed';
  return change.startsWith('role_') ? 'role_changed' : null;
}

export type SignInStep = 'password' | 'second_factor';

export type OnAccess = (event: AccessEvent) => void;

/** The event as one line for a log; JSON, so that no name or path can begin a line of its own. */
export function accessLine({ at, ...rest }: AccessEvent): string {
  return JSON.stringify({ time: new Date(at).toISOString(), log: 'access', ...rest });
}
