import { BillingAuditError } from '../../../lib/errors';
import type { Log } from '../../../lib/ports';
import type { SmartsheetClient } from '../../../lib/smartsheet';
import type { Store, Webhook } from '../../../lib/store/store';

interface Parts {
  readonly store: Store;
  readonly client: SmartsheetClient;
  readonly log: Log;
}

/**
 * Looks at the webhooks that n8n made for these sheets, and enables again what Smartsheet has switched off.
 * @returns the sheets whose webhook is enabled; the others are watched by polling alone
 */
export async function tendWebhooks(parts: Parts, sheetIds: readonly string[]): Promise<ReadonlySet<string>> {
  const hooks = (await parts.store.webhooks()).filter(({ sheet_id }) => sheetIds.includes(sheet_id));
  const enabled = new Set<string>();
  for (const hook of hooks) if (await tend(parts, hook)) enabled.add(hook.sheet_id);
  return enabled;
}

async function tend({ client, store, log }: Parts, hook: Webhook): Promise<boolean> {
  try {
    const found = await client.webhook(hook.webhook_id);
    const now = found.status === 'ENABLED' ? found : await client.enableWebhook(hook.webhook_id);
    // A secret that was reset by hand is learned here; callbacks under way may still be signed with the one before.
    const secret = now.sharedSecret ?? found.sharedSecret ?? hook.shared_secret;
    const previous = secret === hook.shared_secret ? hook.previous_secret : hook.shared_secret;
    if (now.status !== hook.status || secret !== hook.shared_secret) {
      await store.saveWebhook({ ...hook, status: now.status, shared_secret: secret, previous_secret: previous });
    }
    if (now.status === 'ENABLED') return true;
    log.error(`The webhook of sheet ${hook.sheet_id} is ${now.status}; the sheet is watched by polling alone.`, {
      webhook: hook.webhook_id,
    });
  } catch (failure) {
    // Polling goes on without it; a token that is refused altogether is told by the look at the sheet.
    if (!(failure instanceof BillingAuditError)) throw failure;
    log.error(`The webhook of sheet ${hook.sheet_id} could not be looked after: ${failure.message}`, {
      webhook: hook.webhook_id,
    });
  }
  return false;
}
