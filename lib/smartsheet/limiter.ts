import type { Now, Sleep } from '../ports';
import { SlidingMinute } from './sliding-minute';

/** What one minute may hold, per token (reference §4: 300 requests, of these 30 readings of cell history). */
export interface RateLimits {
  readonly requestsPerMinute: number;
  readonly historyPerMinute: number;
}

export const SMARTSHEET_LIMITS: RateLimits = { requestsPerMinute: 300, historyPerMinute: 30 };

/** What a request takes from the budgets. */
export interface Cost {
  readonly requests: number;
  readonly history: number;
}

/** Lets requests through in the order in which they came, no faster than a token's budgets allow. */
export interface Limiter {
  take(cost: Cost, signal?: AbortSignal): Promise<void>;
  /** Requests, by their weight, that were let through within the last minute. */
  spent(): number;
  /** How many processes share the token, as far as anybody knows. */
  processes(): number;
  /** The same of all processes that share the token, where that is known. */
  spentByAll?(): number;
}

/** A share of each minute's budget that may be used at once; the rest flows in evenly, so no 60 s ever hold more. */
const BURST = 0.2;

class Bucket {
  private level: number;
  private filledAt: number;
  private readonly capacity: number;
  private readonly perMillisecond: number;

  constructor(perMinute: number, now: number) {
    this.capacity = Math.max(1, perMinute * BURST);
    this.perMillisecond = Math.max(perMinute - this.capacity, perMinute / 2) / 60_000;
    this.level = this.capacity;
    this.filledAt = now;
  }

  /** @returns milliseconds until `amount` is there; 0 = now */
  wait(amount: number, now: number): number {
    this.level = Math.min(this.capacity, this.level + (now - this.filledAt) * this.perMillisecond);
    this.filledAt = now;
    // An amount above the capacity is let through when the bucket is full, and leaves it in debt.
    const needed = Math.min(amount, this.capacity);
    return this.level >= needed ? 0 : Math.ceil((needed - this.level) / this.perMillisecond);
  }

  take(amount: number): void {
    this.level -= amount;
  }
}

/**
 * A limiter for one token.
 * @param limits  null: none, for a server that keeps its own (the sandbox)
 */
export function createLimiter(limits: RateLimits | null, { now, sleep }: { now: Now; sleep: Sleep }): Limiter {
  const spent = new SlidingMinute(now);
  if (limits === null)
    return {
      take: async (cost) => spent.add(cost.requests),
      spent: () => spent.total,
      processes: () => 1,
    };
  const requests = new Bucket(limits.requestsPerMinute, now());
  const history = new Bucket(limits.historyPerMinute, now());
  // Two queues, so that a long row of history readings does not hold up everything else.
  let lastRequest: Promise<void> = Promise.resolve();
  let lastHistory: Promise<void> = Promise.resolve();

  const draw = async (bucket: Bucket, amount: number, signal?: AbortSignal): Promise<void> => {
    for (let wait = bucket.wait(amount, now()); wait > 0; wait = bucket.wait(amount, now())) await sleep(wait, signal);
    bucket.take(amount);
  };

  return {
    async take(cost, signal) {
      if (cost.history > 0) {
        const turn = lastHistory.then(() => draw(history, cost.history, signal));
        lastHistory = turn.catch(() => undefined);
        await turn;
      }
      const turn = lastRequest.then(() => draw(requests, cost.requests, signal));
      lastRequest = turn.catch(() => undefined);
      await turn;
      spent.add(cost.requests);
    },
    spent: () => spent.total,
    processes: () => 1,
  };
}
