import { SmartsheetRefusal } from '../errors';

const MINUTE = 60_000;

/** A bucket of tokens that fills evenly: `perMinute` of them in a minute, never more than that in all. */
export class TokenBucket {
  private tokens: number;
  private filledAt: number;

  constructor(
    private readonly perMinute: number,
    now: number,
  ) {
    this.tokens = perMinute;
    this.filledAt = now;
  }

  has(weight: number, now: number): boolean {
    this.tokens = Math.min(this.perMinute, this.tokens + ((now - this.filledAt) / MINUTE) * this.perMinute);
    this.filledAt = now;
    return this.tokens >= weight;
  }

  take(weight: number): void {
    this.tokens -= weight;
  }
}

const REQUESTS_PER_MINUTE = 300;
const HISTORIES_PER_MINUTE = 30;
const HEAVY_WEIGHT = 10;

/** What a request is to the limits. */
export type Kind = 'plain' | 'history' | 'attachment';

/**
 * Smartsheet's limits for each token: 300 requests a minute, of which a cell history or an upload counts as 10, and at most 30
 * histories a minute (both readings of the documentation at once; reference §3.3, §4).
 */
export class RateLimits {
  private readonly all = new Map<string, TokenBucket>();
  private readonly histories = new Map<string, TokenBucket>();

  /** @throws SmartsheetRefusal 429/4003 when the token's minute is used up */
  charge(token: string, kind: Kind, now: number): void {
    const all = bucket(this.all, token, REQUESTS_PER_MINUTE, now);
    const histories = bucket(this.histories, token, HISTORIES_PER_MINUTE, now);
    const isHistory = kind === 'history';
    const weight = kind === 'plain' ? 1 : HEAVY_WEIGHT;
    if (!all.has(weight, now) || (isHistory && !histories.has(1, now))) {
      throw new SmartsheetRefusal(429, 4003, 'Rate limit exceeded.');
    }
    all.take(weight);
    if (isHistory) histories.take(1);
  }
}

function bucket(buckets: Map<string, TokenBucket>, token: string, perMinute: number, now: number): TokenBucket {
  const known = buckets.get(token) ?? new TokenBucket(perMinute, now);
  buckets.set(token, known);
  return known;
}
