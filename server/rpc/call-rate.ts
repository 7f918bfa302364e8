/** Calls in a minute that one program at one address may make, of which as many may come at once. */
export const CALLS_A_MINUTE = 3_000;

const MINUTE = 60_000;
const REMEMBER_AT_MOST = 10_000;

interface Allowance {
  calls: number;
  /** Milliseconds since 1970. */
  at: number;
}

/** Keeps one program from using up the store that all share: each has an allowance that refills steadily. */
export class CallRate {
  private readonly allowances = new Map<string, Allowance>();

  constructor(private readonly callsAMinute: number = CALLS_A_MINUTE) {}

  /**
   * Takes one call from the allowance of a caller.
   * @returns 0 when the call may go on, else the whole seconds until the next may
   */
  take(caller: string, now: number): number {
    const known = this.allowances.get(caller) ?? { calls: this.callsAMinute, at: now };
    // A clock that was put back refills nothing.
    const refilled = (Math.max(0, now - known.at) / MINUTE) * this.callsAMinute;
    const calls = Math.min(this.callsAMinute, known.calls + refilled);
    const isAllowed = calls >= 1;
    // Set anew, so that the map stays in the order of last use.
    this.allowances.delete(caller);
    this.allowances.set(caller, { calls: isAllowed ? calls - 1 : calls, at: now });
    this.forgetOldest();
    return isAllowed ? 0 : Math.max(1, Math.ceil(((1 - calls) / this.callsAMinute) * (MINUTE / 1000)));
  }

  private forgetOldest(): void {
    if (this.allowances.size <= REMEMBER_AT_MOST) return;
    const [oldest] = this.allowances.keys();
    if (oldest !== undefined) this.allowances.delete(oldest);
  }
}
