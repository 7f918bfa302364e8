import { createHash } from 'node:crypto';
import type { Log } from '../ports';
import {
  createClient,
  createLimiter,
  isLoopback,
  SMARTSHEET_LIMITS,
  WriteQueue,
  type Limiter,
  type RateLimits,
} from '../smartsheet';
import type { StoreDriver } from '../store/store';
import type { WatchRequest } from './change-source';
import { GlancePace } from './glance-pace';
import { HistoryDesk } from './history-desk';
import type { Machine } from './machine';
import { createPeople, emptyMemory, type PeopleMemory } from './people';
import { createSharedLimiter } from './shared-budget';
import type { Timing } from './timing';
import type { WatchParts } from './watch-parts';

export interface TokensParts {
  readonly machine: Machine;
  readonly log: Log;
  readonly timing: Timing;
  /** Undefined: Smartsheet's own, and none for an API on this machine, which is the sandbox and keeps its own. */
  readonly rateLimits: RateLimits | null | undefined;
  /** By it the budgets of tokens are shared with other processes; null: each process keeps its own. */
  readonly driver: Pick<StoreDriver, 'rpc'> | null;
}

export interface TokenBudget {
  /** What tells it from others, and nothing else: the beginning of its hash. */
  readonly token: string;
  /** Requests within the last minute. */
  readonly spent: number;
  /** What the minute holds; null: nobody keeps a limit, as with the sandbox. */
  readonly perMinute: number | null;
}

/** What all who use one token share. */
interface TokenParts {
  readonly limiter: Limiter;
  readonly pace: GlancePace;
  readonly memory: PeopleMemory;
  readonly writes: WriteQueue;
  readonly desk: HistoryDesk;
  readonly perMinute: number | null;
}

type Account = WatchRequest['smartsheet'];
type Connection = Pick<WatchParts, 'client' | 'people' | 'pace' | 'historyInTurn'>;

/** The tokens that are in use, each with its budget, its people and the order of its writes. */
export class Tokens {
  private readonly tokens = new Map<string, TokenParts>();

  constructor(private readonly parts: TokensParts) {}

  /** @param signal  ends what is under way for this user of the token */
  connect(account: Account, signal: AbortSignal): Connection {
    const { machine } = this.parts;
    const { limiter, pace, memory, writes, desk } = this.of(account);
    const client = createClient({ ...machine, ...account, limiter, writes, signal });
    const historyInTurn: Connection['historyInTurn'] =
      (stake) =>
      (...cell) =>
        desk.inTurn(stake, () => client.cellHistory(...cell), signal);
    return { client, pace, people: createPeople(client, machine.now, memory), historyInTurn };
  }

  /** What each token in use has spent of its minute. */
  budgets(): readonly TokenBudget[] {
    return [...this.tokens].map(([key, { limiter, perMinute }]) => ({
      token: createHash('sha256').update(key).digest('hex').slice(0, 8),
      spent: limiter.spentByAll?.() ?? limiter.spent(),
      perMinute,
    }));
  }

  private of(account: Account): TokenParts {
    const { machine, timing } = this.parts;
    const key = `${account.base} ${account.token}`;
    const present = this.tokens.get(key);
    if (present) return present;
    const limits = this.limitsAt(account.base);
    const limiter = this.limiterFor(account, limits);
    const { requestsPerMinute } = limits ?? SMARTSHEET_LIMITS;
    const shortestMilliseconds = timing.glanceSeconds * 1000;
    const pace = new GlancePace({ now: machine.now, limiter, requestsPerMinute, shortestMilliseconds });
    const made: TokenParts = {
      limiter,
      pace,
      memory: emptyMemory(),
      writes: new WriteQueue(),
      desk: new HistoryDesk(),
      perMinute: limits && requestsPerMinute,
    };
    this.tokens.set(key, made);
    return made;
  }

  private limitsAt(base: string): RateLimits | null {
    const { rateLimits } = this.parts;
    if (rateLimits !== undefined) return rateLimits;
    return isLoopback(new URL(base)) ? null : SMARTSHEET_LIMITS;
  }

  private limiterFor(account: Account, limits: RateLimits | null): Limiter {
    const { machine, driver, log } = this.parts;
    const own = createLimiter(limits, machine);
    if (limits === null || driver === null) return own;
    return createSharedLimiter({ ...machine, driver, account, limits, own, log });
  }
}
