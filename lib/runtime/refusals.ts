import type { Log, Now } from '../ports';
import type { WebhookAnswer } from './runtime';
import { ANSWER_TO, WHAT_TO_DO, type Refusal } from './webhook-answers';

const QUIET_MILLISECONDS = 60_000;

/** How often each kind of request was refused, and when that was last said. */
export interface RefusalMemory {
  readonly times: Record<string, number>;
  readonly loggedAt: Map<Refusal, number>;
}

export const noRefusals = (): RefusalMemory => ({ times: {}, loggedAt: new Map() });

/** Counts what `/webhook` refuses, and says it at most once a minute for each kind: forgeries must not bury the log. */
export class Refusals {
  constructor(
    private readonly now: Now,
    private readonly log: Log,
    private readonly memory: RefusalMemory = noRefusals(),
  ) {}

  counts(): Readonly<Record<string, number>> {
    return { ...this.memory.times };
  }

  refuse(why: Refusal, context: Record<string, unknown> = {}): WebhookAnswer {
    const { times, loggedAt } = this.memory;
    const refused = (times[why] ?? 0) + 1;
    times[why] = refused;
    if ((loggedAt.get(why) ?? Number.NEGATIVE_INFINITY) + QUIET_MILLISECONDS <= this.now()) {
      loggedAt.set(why, this.now());
      this.log.warn(`A request to /webhook was refused (${why}). ${WHAT_TO_DO[why]}`, { ...context, refused });
    }
    return ANSWER_TO[why];
  }
}
