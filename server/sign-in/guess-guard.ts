/** Numbers of reference/trust.md §F: five failures are free, then 30 s, doubling up to an hour. */
const FREE_FAILURES = 5;
const FIRST_WAIT = 30_000;
const LONGEST_WAIT = 3_600_000;
/** A day without a try and the failures are forgotten. */
const FORGET_AFTER = 86_400_000;
const REMEMBER_AT_MOST = 20_000;

interface Tries {
  failures: number;
  /** Milliseconds since 1970. */
  lastAt: number;
}

/**
 * Slows down whoever guesses a password. It counts by name and address together: someone who guesses from elsewhere
 * makes himself wait, never the person whose name he uses.
 */
export class GuessGuard {
  private readonly tries = new Map<string, Tries>();

  /**
   * Asks for a try. A try that may go on is counted as failed at once, so that many at the same time gain nothing;
   * {@link succeeded} takes that back.
   * @returns 0 when the try may go on, else the milliseconds still to wait
   */
  attempt(name: string, address: string, now: number): number {
    const key = keyOf(name, address);
    const known = this.tries.get(key);
    const fresh = known !== undefined && now - known.lastAt < FORGET_AFTER;
    const failures = fresh ? known.failures : 0;
    if (fresh) {
      const left = known.lastAt + waitAfter(failures) - now;
      if (left > 0) return Math.min(left, LONGEST_WAIT);
    }
    // Set anew, so that the map stays in the order of last use.
    this.tries.delete(key);
    this.tries.set(key, { failures: failures + 1, lastAt: now });
    this.forgetOldest();
    return 0;
  }

  succeeded(name: string, address: string): void {
    this.tries.delete(keyOf(name, address));
  }

  private forgetOldest(): void {
    if (this.tries.size <= REMEMBER_AT_MOST) return;
    const [oldest] = this.tries.keys();
    if (oldest !== undefined) this.tries.delete(oldest);
  }
}

/** Milliseconds to wait after so many failures in a row. */
export function waitAfter(failures: number): number {
  if (failures < FREE_FAILURES) return 0;
  return Math.min(FIRST_WAIT * 2 ** (failures - FREE_FAILURES), LONGEST_WAIT);
}

function keyOf(name: string, address: string): string {
  return JSON.stringify([name.slice(0, 64), address]);
}
