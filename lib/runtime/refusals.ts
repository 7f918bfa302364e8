import type { Log, Now } from '../ports';
import type { WebhookAnswer } from './runtime';
import { ANSWER_TO, WHAT_TO_DO, type Refusal } from './webhook-answers';

const QUIET_MILLISECONDS = 60_000;

/** Counts what `/webhook` refuses, and says it at most once a minute for each kind: forgeries must not bury the log. */
export class Refusals {
  private readonly times: Record<string, number> = {};
  private readonly loggedAt = new Map<Refusal, number>();

  constructor(
    private readonly now: Now,
    private readonly log: Log,
  ) {}

  counts(): Readonly<Record<string, number>> {
    return { ...this.times };
  }

  refuse(why: Refusal, context: Record<string, unknown> = {}): WebhookAnswer {
    const refused = (this.times[why] ?? 0) + 1;
    this.times[why] = refused;
    if ((this.loggedAt.get(why) ?? Number.NEGATIVE_INFINITY) + QUIET_MILLISECONDS <= this.now()) {
      this.loggedAt.set(why, this.now());
      this.log.warn(`A request to /webhook was refused (${why}). ${WHAT_TO_DO[why]}`, { ...context, refused });
    }
    return ANSWER_TO[why];
  }
}
