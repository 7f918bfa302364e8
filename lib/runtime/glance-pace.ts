import type { Now } from '../ports';
import { SlidingMinute, type Limiter } from '../smartsheet';

/** Glances are paced so that all together comes to half of the minute; what they find brings it to 60 % on a busy day. */
const SHARE = 0.5;
/** However busy the token is, each sheet's version is looked at now and then: this share of the minute is always theirs. */
const LEAST_SHARE = 0.05;

/**
 * How often the versions of sheets with a webhook are looked at between its callbacks, which Smartsheet holds back for a
 * minute. All sheets of one token share what the other requests leave of its budget.
 */
export class GlancePace {
  private readonly glances: SlidingMinute;
  private sheets = 0;

  constructor(
    private readonly parts: {
      readonly now: Now;
      readonly limiter: Pick<Limiter, 'spent' | 'processes'>;
      readonly requestsPerMinute: number;
      readonly shortestMilliseconds: number;
    },
  ) {
    this.glances = new SlidingMinute(parts.now);
  }

  /** One more sheet shares the budget. @returns what takes it out again; repeating that is harmless */
  join(): () => void {
    let isIn = true;
    this.sheets += 1;
    return () => {
      if (isIn) this.sheets -= 1;
      isIn = false;
    };
  }

  /** A version was looked at. */
  glanced(): void {
    this.glances.add(1);
  }

  /** From one glance at a sheet to the next, as things stand. */
  get milliseconds(): number {
    const { limiter, requestsPerMinute, shortestMilliseconds } = this.parts;
    const others = Math.max(0, limiter.spent() - this.glances.total);
    // What other processes ask is theirs to hold down: each has its part of the token's minute.
    const part = requestsPerMinute / limiter.processes();
    const left = Math.max(SHARE * part - others, LEAST_SHARE * part);
    return Math.max(shortestMilliseconds, (this.sheets * 60_000) / left);
  }
}
