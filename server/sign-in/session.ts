import type { Role } from './account';

/** One signed-in browser. The token itself is known to that browser only. */
export interface Session {
  /** Public name of the session, in pages and reports; opens nothing. */
  readonly id: string;
  /** SHA-256 of the token, hexadecimal. */
  readonly tokenHash: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Milliseconds since 1970. */
  readonly lastUsedAt: number;
  readonly address: string;
  readonly userAgent: string;
}

export type EndReason =
  | 'signed_out'
  | 'ended_by_person'
  | 'signed_in_again'
  | 'too_long'
  | 'idle'
  | 'clock_went_back'
  | 'account_disabled'
  | 'role_changed'
  | 'password_changed'
  | 'second_factor_changed';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** How long a session lasts at most, and without use; shorter where more can be seen (reference/trust.md §F). */
export function limitsOf(role: Role): { readonly absolute: number; readonly idle: number } {
  return role === 'admin' || role === 'auditor'
    ? { absolute: 8 * HOUR, idle: 15 * MINUTE }
    : { absolute: 12 * HOUR, idle: 30 * MINUTE };
}

/** Why a session is over at `now`, or null while it lasts. */
export function whyOver(session: Session, role: Role, now: number): EndReason | null {
  const { absolute, idle } = limitsOf(role);
  if (now - session.createdAt >= absolute) return 'too_long';
  if (now - session.lastUsedAt >= idle) return 'idle';
  // A clock that was put back would stretch every session by as much.
  if (session.lastUsedAt - now > MINUTE) return 'clock_went_back';
  return null;
}
