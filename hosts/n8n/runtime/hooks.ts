import type { IHookFunctions } from 'n8n-workflow';
import { BadSetting } from '../../../lib/errors';
import { calledColumns } from '../../../lib/runtime/called-columns';
import { createWebhookKeeper, isSameSet, type Hook, type WebhookKeeper } from '../../../lib/runtime/webhook-keeper';
import { callbackUrl as checkedCallbackUrl, SmartsheetRefused, type SmartsheetClient } from '../../../lib/smartsheet';
import { nodeError } from './errors';
import { hookBook } from './hook-book';
import { machineOf } from './machine';
import { allSheets, chosen, chosenColumns } from './sheets';
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
  /**
   * What is to have a webhook: the chosen sheets, and what is in the chosen workspaces now.
   * @throws BadSetting  when Smartsheet would not call the address, or nothing is chosen
   */
  wanted(): Promise<readonly Hook[]>;
}

/**
 * Whether Smartsheet has every webhook of this trigger, enabled and calling this address. Smartsheet is asked: what was
 * stored once may be gone.
 */
export function hooksExist(context: IHookFunctions): Promise<boolean> {
  return withLifecycle(context, async ({ book, client, wanted }) => {
    const hooks = await wanted();
    const known = await book.all();
    if (known.some(({ sheet_id }) => !hooks.some(({ sheetId }) => sheetId === sheet_id))) return false;
    for (const hook of hooks) {
      const present = known.find(({ sheet_id }) => sheet_id === hook.sheetId);
      if (present === undefined || present.callback_url !== hook.callbackUrl) return false;
      if (!(await isAsWanted(client, present.webhook_id, hook))) return false;
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
    const { keeper, client, wanted } = lifecycle;
    const hooks = await wanted();
    for (const hook of hooks) await keeper.ensure(client, hook);
    await removeAllBut(
      hooks.map(({ sheetId }) => sheetId),
      lifecycle,
    );
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
    const { store, driver } = await openStore(context);
    const { client, base } = await openSmartsheet(context, driver);
    const address = context.getNodeWebhookUrl('default') ?? '';
    const book = hookBook(store, address);
    const { log, now } = machineOf(context);
    const keeper = createWebhookKeeper(book, log, now);
    const wanted = async (): Promise<readonly Hook[]> => {
      const callbackUrl = reachable(address, base);
      const titles = chosenColumns(context);
      const hooks: Hook[] = [];
      for (const sheetId of await allSheets(chosen(context), client))
        hooks.push({ sheetId, callbackUrl, columnIds: await calledColumns(client, sheetId, titles, log) });
      return hooks;
    };
    return await act({ book, keeper, client, address, wanted });
  } catch (thrown) {
    throw nodeError(context.getNode(), thrown);
  }
}

async function isAsWanted(client: SmartsheetClient, webhookId: string, { columnIds = [] }: Hook): Promise<boolean> {
  try {
    const { status, subscope } = await client.webhook(webhookId);
    return status === 'ENABLED' && isSameSet(subscope?.columnIds ?? [], columnIds);
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
