import { messageOf } from '../errors';
import type { Log, Now } from '../ports';
import type { Webhook } from '../store/store';

/** Reads a webhook's secret from Smartsheet again. Null: nobody here can ask. */
export type SecretAgain = (webhook: Webhook) => Promise<void> | null;

const SHORTEST_MILLISECONDS = 60_000;

/**
 * A secret may be reset by hand, in Smartsheet; then callbacks stop matching. Its owner may read it again, which is done at
 * most once a minute for each webhook, so that forgeries cannot use up the calls that Smartsheet allows.
 */
export class FreshSecrets {
  private readonly asked = new Map<
    string,
    { readonly at: number; readonly outcome: Promise<'read' | 'not_obtainable'> }
  >();

  constructor(
    private readonly now: Now,
    private readonly log: Log,
    private readonly again: SecretAgain,
  ) {}

  /** What came of the last reading, or of one that is made now; all who ask meanwhile wait for it. */
  lookAgain(webhook: Webhook): Promise<'read' | 'not_obtainable'> {
    const last = this.asked.get(webhook.webhook_id);
    if (last && this.now() - last.at < SHORTEST_MILLISECONDS) return last.outcome;
    const outcome = this.read(webhook);
    this.asked.set(webhook.webhook_id, { at: this.now(), outcome });
    return outcome;
  }

  private async read(webhook: Webhook): Promise<'read' | 'not_obtainable'> {
    try {
      await this.again(webhook);
      return 'read';
    } catch (failure) {
      this.log.warn(`The secret of a webhook could not be read again: ${messageOf(failure)}`, {
        webhook: webhook.webhook_id,
      });
      return 'not_obtainable';
    }
  }
}
