import { BillingAuditError } from '../../../lib/errors';
import type { Log, Now } from '../../../lib/ports';
import { calledColumns } from '../../../lib/runtime/called-columns';
import { createWebhookKeeper, type Hook } from '../../../lib/runtime/webhook-keeper';
import type { SmartsheetClient } from '../../../lib/smartsheet';
import type { Store, Webhook } from '../../../lib/store/store';
import { hookBook } from './hook-book';

interface Parts {
  readonly store: Store;
  readonly client: SmartsheetClient;
  readonly now: Now;
  readonly log: Log;
}

/**
 * Looks at the webhooks that n8n made for these sheets, enables again what Smartsheet has switched off, and gives sheets
 * that came into a workspace since the workflow was published one that calls the same address.
 * @param hasWorkspaces  whether a sheet without a webhook may be such a one
 * @returns the sheets whose webhook is enabled; the others are watched by polling alone
 */
export async function tendWebhooks(
  parts: Parts,
  sheetIds: readonly string[],
  hasWorkspaces: boolean,
): Promise<ReadonlySet<string>> {
  const hooks = (await parts.store.webhooks()).filter(({ sheet_id }) => sheetIds.includes(sheet_id));
  const enabled = new Set<string>();
  for (const hook of hooks) if (await tend(parts, hook)) enabled.add(hook.sheet_id);
  const [model, ...others] = hooks;
  // Where two triggers share sheets, nobody can tell which of their addresses a new one belongs to.
  if (!hasWorkspaces || !model || others.some(({ callback_url }) => callback_url !== model.callback_url))
    return enabled;
  for (const sheetId of sheetIds) {
    if (hooks.some(({ sheet_id }) => sheet_id === sheetId)) continue;
    if (await tried(parts, sheetId, async () => ensure(parts, await alike(parts, model, sheetId))))
      enabled.add(sheetId);
  }
  return enabled;
}

async function tend(parts: Parts, hook: Webhook): Promise<boolean> {
  const { client, store } = parts;
  return tried(parts, hook.sheet_id, async () => {
    const found = await client.webhook(hook.webhook_id);
    if (found.status === 'DISABLED_APP_REVOKED') {
      // It stays so for good; the credential may make another one.
      const columnIds = found.subscope?.columnIds ?? [];
      return ensure(parts, { sheetId: hook.sheet_id, callbackUrl: hook.callback_url, columnIds });
    }
    const now = found.status === 'ENABLED' ? found : await client.enableWebhook(hook.webhook_id);
    // A secret that was reset by hand is learned here; callbacks under way may still be signed with the one before.
    const secret = now.sharedSecret ?? found.sharedSecret ?? hook.shared_secret;
    const previous = secret === hook.shared_secret ? hook.previous_secret : hook.shared_secret;
    if (now.status !== hook.status || secret !== hook.shared_secret) {
      await store.saveWebhook({ ...hook, status: now.status, shared_secret: secret, previous_secret: previous });
    }
    if (now.status === 'ENABLED') return true;
    parts.log.error(`The webhook of sheet ${hook.sheet_id} is ${now.status}; the sheet is watched by polling alone.`, {
      webhook: hook.webhook_id,
    });
    return false;
  });
}

/** What a webhook like another one is, for another sheet: same address, columns of the same titles. */
async function alike({ client, log }: Parts, model: Webhook, sheetId: string): Promise<Hook> {
  const columnIds = (await client.webhook(model.webhook_id)).subscope?.columnIds ?? [];
  const present = columnIds.length === 0 ? [] : await client.listColumns(model.sheet_id);
  const titles = present.filter(({ id }) => columnIds.includes(id)).map(({ title }) => title);
  return {
    sheetId,
    callbackUrl: model.callback_url,
    columnIds: await calledColumns(client, sheetId, titles, log),
  };
}

async function ensure({ client, store, log, now }: Parts, hook: Hook): Promise<boolean> {
  await createWebhookKeeper(hookBook(store, hook.callbackUrl), log, now).ensure(client, hook);
  return true;
}

/** Polling goes on without a webhook; a token that is refused altogether is told by the look at the sheet. */
async function tried({ log }: Parts, sheetId: string, act: () => Promise<boolean>): Promise<boolean> {
  try {
    return await act();
  } catch (failure) {
    if (!(failure instanceof BillingAuditError)) throw failure;
    log.error(`The webhook of sheet ${sheetId} could not be looked after: ${failure.message} ${failure.hint}`, {
      sheet: sheetId,
    });
    return false;
  }
}
