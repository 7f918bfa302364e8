import type { Store, Webhook } from '../../../lib/store/store';
import type { WebhookBook } from '../../../lib/runtime/webhook-book';

/**
 * The webhooks of one trigger: those that call its address. They and their secrets, sealed with the store's key, are kept
 * in the store: n8n's static data is in clear, is saved for a whole workflow at once, and may be lost (n8n.md §0.4, §5).
 */
export function hookBook(
  store: Pick<Store, 'webhooks' | 'saveWebhook' | 'forgetWebhook'>,
  address: string,
): WebhookBook {
  const all = async (): Promise<readonly Webhook[]> =>
    (await store.webhooks()).filter(({ callback_url }) => callback_url === address);
  return {
    all,
    refreshed: all,
    save: (webhook) => store.saveWebhook(webhook),
    forget: (webhookId) => store.forgetWebhook(webhookId),
  };
}
