import { createHash, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { messageOf } from '../errors';
import type { Log, Now, Random, Sleep } from '../ports';
import type { Cost, Limiter, RateLimits } from '../smartsheet';
import type { StoreDriver } from '../store/store';

interface BudgetParts {
  readonly driver: Pick<StoreDriver, 'rpc'>;
  /** Whose budget it is. The store gets a hash of it only. */
  readonly account: { readonly base: string; readonly token: string };
  readonly limits: RateLimits;
  /** Spreads this process's requests over the minute, and is all there is while the store is away. */
  readonly own: Limiter;
  readonly now: Now;
  readonly sleep: Sleep;
  readonly random: Random;
  readonly log: Log;
}

const grantSchema = z.object({
  requests: z.number(),
  history: z.number(),
  wait_ms: z.number(),
  used: z.number(),
  holders: z.number(),
});

/** A portion is used within this time or forgotten: the store counts it for as long after it was granted (65 s). */
const PORTION_MILLISECONDS = 5000;
/** The most that is asked for at once beyond what is needed. */
const LARGEST_PORTION = 20;
const MOST_HISTORIES = 3;
/** After the store failed, it is asked again so much later. */
const WITHOUT_STORE_MILLISECONDS = 5000;

/** This process, as the book of budgets names it. */
const HOLDER = randomUUID();

/**
 * A limiter whose budget is shared by all processes that stand on one store. It takes portions, so that most requests
 * cost no call of the store; while the store is away, each process keeps within the limits by itself.
 */
export function createSharedLimiter(parts: BudgetParts): Limiter {
  const pools = {
    requests: new PortionPool(parts, false),
    history: new PortionPool(parts, true),
  };
  return {
    async take(cost, signal) {
      await parts.own.take(cost, signal);
      await (cost.history > 0 ? pools.history : pools.requests).take(cost, signal);
    },
    spent: () => parts.own.spent(),
    spentByAll: () => Math.max(parts.own.spent(), pools.requests.usedByAll, pools.history.usedByAll),
    processes: () => Math.max(pools.requests.holders, pools.history.holders),
  };
}

/** Requests of one sort wait for each other, those for cell history apart from all others: their budget is the smaller. */
class PortionPool {
  holders = 1;
  private used = 0;
  private usedAt = Number.NEGATIVE_INFINITY;
  private have: Cost = { requests: 0, history: 0 };
  private goodUntil = 0;
  private askAgainAt = 0;
  private waiting = 0;
  private last: Promise<void> = Promise.resolve();
  private complaint: string | null = null;
  private readonly tokenHash: string;

  constructor(
    private readonly parts: BudgetParts,
    private readonly forHistory: boolean,
  ) {
    const { base, token } = parts.account;
    this.tokenHash = createHash('sha256').update(`${base} ${token}`).digest('hex');
  }

  take(cost: Cost, signal?: AbortSignal): Promise<void> {
    this.waiting += 1;
    const turn = this.last
      .then(() => this.draw(cost, signal))
      .finally(() => {
        this.waiting -= 1;
      });
    this.last = turn.catch(() => undefined);
    return turn;
  }

  private async draw(cost: Cost, signal?: AbortSignal): Promise<void> {
    const { now, sleep, random } = this.parts;
    while (now() >= this.askAgainAt) {
      if (this.holds(cost)) {
        this.have = { requests: this.have.requests - cost.requests, history: this.have.history - cost.history };
        return;
      }
      const wait = await this.ask(cost);
      if (wait > 0) await sleep(wait * (1 + random() / 4), signal);
    }
  }

  /** As the store last said, unless that is too long ago. */
  get usedByAll(): number {
    return this.parts.now() - this.usedAt < 60_000 ? this.used : 0;
  }

  private holds(cost: Cost): boolean {
    return (
      this.parts.now() < this.goodUntil && this.have.requests >= cost.requests && this.have.history >= cost.history
    );
  }

  /** @returns milliseconds to wait before the next try */
  private async ask(least: Cost): Promise<number> {
    const { driver, limits, now, log } = this.parts;
    const asked = now();
    try {
      const answer = await driver.rpc('billing_audit_take_budget', {
        token_hash: this.tokenHash,
        holder: HOLDER,
        least,
        most: this.portion(least),
        per_minute: { requests: limits.requestsPerMinute, history: limits.historyPerMinute },
      });
      const { requests, history, wait_ms, used, holders } = grantSchema.parse(answer);
      this.complaint = null;
      this.holders = Math.max(1, holders);
      this.used = used;
      this.usedAt = asked;
      if (requests === 0) return wait_ms;
      this.have = { requests, history };
      this.goodUntil = asked + PORTION_MILLISECONDS;
      return 0;
    } catch (failure) {
      this.askAgainAt = now() + WITHOUT_STORE_MILLISECONDS;
      const message = messageOf(failure);
      if (message !== this.complaint) {
        log.warn(`The rate budget of the token is kept by this process alone until the store answers: ${message}`);
      }
      this.complaint = message;
      return 0;
    }
  }

  /** What is likely to be used before it spoils: as much as waits now, or as went through in the last seconds. */
  private portion(least: Cost): Cost {
    if (this.forHistory) {
      const histories = Math.max(1, Math.min(MOST_HISTORIES, this.waiting));
      return { requests: least.requests * histories, history: least.history * histories };
    }
    const recent = (this.parts.own.spent() * PORTION_MILLISECONDS) / 60_000;
    const likely = Math.min(LARGEST_PORTION, Math.max(this.waiting, Math.floor(recent)));
    return { requests: Math.max(least.requests, likely), history: 0 };
  }
}
