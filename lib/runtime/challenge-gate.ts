import type { Log, Now } from '../ports';
import type { Challenge } from '../smartsheet';

const WINDOW_MILLISECONDS = 60_000;
/** Smartsheet verifies when a webhook is enabled, and once in 100 callbacks, one callback at a time. */
const MOST_IN_A_WINDOW = 120;
const GROUPS = 1024;

/**
 * How many challenges are echoed. An echo grants nothing, but an unlimited one serves whoever wants to use this address.
 * Webhooks are counted in groups by their id, so that a flood by somebody who does not know a webhook's id leaves its own
 * verification alone, and the memory is bounded.
 */
export class ChallengeGate {
  private counts = new Uint16Array(GROUPS);
  private windowEnds = Number.NEGATIVE_INFINITY;
  private answered = 0;

  constructor(
    private readonly now: Now,
    private readonly log: Log,
  ) {}

  /** Logs the first challenge of a minute, with how many came before it. @returns false: not to be echoed now */
  mayPass({ webhookId }: Challenge): boolean {
    if (this.now() >= this.windowEnds) {
      this.log.info('Verification requests are answered.', { webhook: webhookId, answeredSoFar: this.answered });
      this.counts = new Uint16Array(GROUPS);
      this.windowEnds = this.now() + WINDOW_MILLISECONDS;
    }
    const group = groupOf(webhookId ?? '');
    const count = this.counts[group] ?? 0;
    if (count >= MOST_IN_A_WINDOW) return false;
    this.counts[group] = count + 1;
    this.answered += 1;
    return true;
  }
}

function groupOf(webhookId: string): number {
  let hash = 0;
  for (const character of webhookId) hash = (hash * 31 + character.charCodeAt(0)) % 1_000_003;
  return hash % GROUPS;
}
