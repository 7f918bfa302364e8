import type { IDataObject, IHookFunctions, IWebhookFunctions } from 'n8n-workflow';
import type { Store, Webhook } from '../../../lib/store/store';
import type { WebhookBook } from '../../../lib/runtime/webhook-book';

/**
 * The webhooks of one trigger, with their secrets, in n8n's static data: written only while the workflow is published or
 * taken down (what a webhook call writes there is lost, n8n.md §0.4). The store knows the webhooks too, without secrets,
 * so that it accepts their callbacks.
 */
export function hookBook(
  context: IHookFunctions | IWebhookFunctions,
  store: Pick<Store, 'saveWebhook' | 'forgetWebhook'>,
): WebhookBook {
  const data = context.getWorkflowStaticData('node');
  const all = (): readonly Webhook[] => hooksIn(data);
  const keep = (hooks: readonly Webhook[]): void => {
    data['hooks'] = hooks.map((hook): IDataObject => ({ ...hook }));
  };
  return {
    all: async () => all(),
    refreshed: async () => all(),
    async save(webhook) {
      await store.saveWebhook(webhook);
      keep([...all().filter(({ webhook_id }) => webhook_id !== webhook.webhook_id), webhook]);
    },
    async forget(webhookId) {
      await store.forgetWebhook(webhookId);
      keep(all().filter(({ webhook_id }) => webhook_id !== webhookId));
    },
  };
}

function hooksIn(data: IDataObject): readonly Webhook[] {
  const hooks = data['hooks'];
  return Array.isArray(hooks) ? (hooks as unknown as readonly Webhook[]) : [];
}
