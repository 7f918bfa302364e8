import type { IHookFunctions } from 'n8n-workflow';
import { BadSetting } from '../../../lib/errors';
import { createWebhookKeeper, type WebhookKeeper } from '../../../lib/runtime/webhook-keeper';
import { callbackUrl as checkedCallbackUrl, SmartsheetRefused, type SmartsheetClient } from '../../../lib/smartsheet';
import { nodeError } from './errors';
import { hookBook } from './hook-book';
import { machineOf } from './machine';
import { chosenSheets } from './sheets';
import { openSmartsheet } from './smartsheet';
import { openStore } from './store';
import { webhooksCalling } from './webhooks-calling';
import type { WebhookBook } from '../../../lib/runtime/webhook-book';

interface Lifecycle {
  readonly book: WebhookBook;
  readonly keeper: WebhookKeeper;
  readonly client: SmartsheetClient;
  /** Where n8n takes calls for this trigger. */
  readonly address: string;
  /** @throws BadSetting  when Smartsheet would not call the address */
  callbackUrl(): string;
  readonly sheetIds: readonly string[];
}

/**
 * Whether Smartsheet has every webhook of this trigger, enabled and calling this address. Smartsheet is asked: what was
 * stored once may be gone.
 */
export function hooksExist(context: IHookFunctions): Promise<boolean> {
  return withLifecycle(context, async ({ book, client, callbackUrl, sheetIds }) => {
    const url = callbackUrl();
    const known = await book.all();
    if (known.some(({ sheet_id }) => !sheetIds.includes(sheet_id))) return false;
    for (const sheetId of sheetIds) {
      const hook = known.find(({ sheet_id }) => sheet_id === sheetId);
      if (hook === undefined || hook.callback_url !== url) return false;
      if (!(await isEnabled(client, hook.webhook_id))) return false;
    }
    return true;
  });
}

/**
 * Finds or makes the webhook of each sheet, and takes away those of sheets that are not chosen any more. n8n repeats it
 * until it works, so it begins with what is there.
 */
export function createHooks(context: IHookFunctions): Promise<boolean> {
  return withLifecycle(context, async (lifecycle) => {
    const { keeper, client, callbackUrl, sheetIds } = lifecycle;
    const url = callbackUrl();
    for (const sheetId of sheetIds) await keeper.ensure(client, { sheetId, callbackUrl: url });
    await removeAllBut(sheetIds, lifecycle);
    return true;
  });
}

/** Deletes the webhooks of this trigger. One that is gone already is no failure. */
export function deleteHooks(context: IHookFunctions): Promise<boolean> {
  return withLifecycle(context, async (lifecycle) => {
    await removeAllBut([], lifecycle);
    return true;
  });
}

/** Takes away what this trigger has at Smartsheet: by what is stored, then by the address, since n8n may have lost that. */
async function removeAllBut(sheetIds: readonly string[], { book, keeper, client, address }: Lifecycle): Promise<void> {
  const isLeft = (sheetId: string): boolean => !sheetIds.includes(sheetId);
  for (const sheetId of (await keeper.sheetIds()).filter(isLeft)) await keeper.remove([client], sheetId);
  for (const { id, scopeObjectId } of await webhooksCalling(client, address)) {
    if (!isLeft(scopeObjectId)) continue;
    await client.deleteWebhook(id);
    await book.forget(id);
  }
}

async function withLifecycle(
  context: IHookFunctions,
  act: (lifecycle: Lifecycle) => Promise<boolean>,
): Promise<boolean> {
  try {
    const { client, base } = await openSmartsheet(context);
    const { store } = await openStore(context);
    const address = context.getNodeWebhookUrl('default') ?? '';
    const book = hookBook(store, address);
    const { log, now } = machineOf(context);
    const keeper = createWebhookKeeper(book, log, now);
    const sheetIds = chosenSheets(context);
    return await act({ book, keeper, client, address, callbackUrl: () => reachable(address, base), sheetIds });
  } catch (thrown) {
    throw nodeError(context.getNode(), thrown);
  }
}

async function isEnabled(client: SmartsheetClient, webhookId: string): Promise<boolean> {
  try {
    return (await client.webhook(webhookId)).status === 'ENABLED';
  } catch (failure) {
    if (failure instanceof SmartsheetRefused && failure.isNotFound) return false;
    throw failure;
  }
}

/** @throws BadSetting  when Smartsheet would not call the address that n8n gives */
function reachable(address: string, base: string): string {
  try {
    const url = checkedCallbackUrl(address, base);
    if (url === address) return url;
  } catch (thrown) {
    if (!(thrown instanceof BadSetting)) throw thrown;
  }
  throw new BadSetting(
    'The address of this n8n',
    `(${address}) is none that Smartsheet calls`,
    'Set WEBHOOK_URL of n8n to an address over HTTPS, on port 443, 8000, 8008, 8080 or 8443. Without one leave this node out: Smartsheet Changes Trigger also works alone.',
  );
}
