import type { Now } from '../ports';
import type { Store, Webhook } from '../store/store';

/** The webhooks of this home, kept at hand: every callback needs its secret. */
export interface WebhookBook {
  all(): Promise<readonly Webhook[]>;
  /** Reads again what another process may have written, at most once a second. */
  refreshed(): Promise<readonly Webhook[]>;
  save(webhook: Webhook): Promise<void>;
  forget(webhookId: string): Promise<void>;
}

const SHORTEST_REFRESH_MILLISECONDS = 1000;

export function createWebhookBook(
  store: Pick<Store, 'webhooks' | 'saveWebhook' | 'forgetWebhook'>,
  now: Now,
): WebhookBook {
  let known: readonly Webhook[] | null = null;
  let readAt = Number.NEGATIVE_INFINITY;

  const read = async (): Promise<readonly Webhook[]> => {
    readAt = now();
    known = await store.webhooks();
    return known;
  };
  return {
    all: async () => known ?? (await read()),
    refreshed: async () => (known !== null && now() - readAt < SHORTEST_REFRESH_MILLISECONDS ? known : read()),
    async save(webhook) {
      await store.saveWebhook(webhook);
      // The copy is changed at once: the challenge and the first callback follow on the heels of the save.
      known = [...(known ?? []).filter((other) => other.webhook_id !== webhook.webhook_id), webhook];
      readAt = Number.NEGATIVE_INFINITY;
    },
    async forget(webhookId) {
      await store.forgetWebhook(webhookId);
      known = (known ?? []).filter((other) => other.webhook_id !== webhookId);
      readAt = Number.NEGATIVE_INFINITY;
    },
  };
}
