import type { Random } from '../ports';

const MINUTE = 60_000;
/** After the first failure, the second, ... ; the last one repeats. */
const PAUSES = [1, 5, 15, 60, 240].map((minutes) => minutes * MINUTE);
const GIVE_UP_AFTER = 48 * 60 * MINUTE;
/** A pause is up to this share longer, so that many mails do not come back at once. */
const JITTER = 0.2;

export interface FailedMail {
  /** Tries so far, this one included. */
  readonly attempts: number;
  /** Milliseconds since 1970. */
  readonly firstAttemptAt: number;
}

/**
 * When a mail that could not be delivered is tried again: after 1, 5, 15, 60 min, then every 4 h, for 48 h in all.
 * @returns milliseconds since 1970; null = the time is over
 */
export function retryAt({ attempts, firstAttemptAt }: FailedMail, now: number, random: Random): number | null {
  const pause = PAUSES[Math.min(Math.max(attempts, 1), PAUSES.length) - 1] ?? 0;
  const at = now + Math.round(pause * (1 + JITTER * random()));
  return at - firstAttemptAt > GIVE_UP_AFTER ? null : at;
}
