import { BillingAuditError } from '../errors';
import type { Log, Now } from '../ports';
import { SmartsheetRefused, type SmartsheetClient, type SmartsheetWebhook } from '../smartsheet';
import type { WebhookBook } from './webhook-book';

/** Smartsheet did not enable a webhook, or has switched it off. The sheet is watched by polling meanwhile. */
export class WebhookNotEnabled extends BillingAuditError {
  readonly code = 'webhook_not_enabled';
  /** It stays off until somebody does what the hint says. */
  readonly needsPerson: boolean;
  readonly status: string;
  readonly hint: string;

  constructor(sheetId: string, webhook: SmartsheetWebhook) {
    const details = webhook.disabledDetails === null ? '' : ` (${webhook.disabledDetails})`;
    super(`The webhook of sheet ${sheetId} is ${webhook.status}${details}, not ENABLED.`, {
      sheetId,
      webhookId: webhook.id,
      status: webhook.status,
    });
    this.status = webhook.status;
    this.needsPerson = FOR_PEOPLE.has(webhook.status);
    this.hint =
      HINTS[webhook.status] ?? 'Look at the webhook in Smartsheet; deploying the trigger again tries once more.';
  }
}

const FOR_PEOPLE = new Set([
  'DISABLED_SCOPE_INACCESSIBLE',
  'DISABLED_EXCEEDED_GRID_LIMITS',
  'DISABLED_ADMINISTRATIVE',
  'DISABLED_APP_REVOKED',
]);

const HINTS: Readonly<Record<string, string>> = {
  DISABLED_VERIFICATION_FAILED:
    'Smartsheet could not reach the public address, or something else answered there. Open PUBLIC_URL/health from outside; it must answer, with a certificate that browsers trust.',
  DISABLED_CALLBACK_FAILED:
    'Callbacks failed for too long. Check that PUBLIC_URL reaches this server; it is enabled again by itself then.',
  DISABLED_SCOPE_INACCESSIBLE:
    "The token's owner has lost the sheet: share it with that account again. The webhook comes back by itself then.",
  DISABLED_EXCEEDED_GRID_LIMITS:
    'The sheet is too large for webhooks (20,000 rows, 400 columns or 500,000 cells): archive rows, then deploy again.',
  DISABLED_ADMINISTRATIVE: "Smartsheet has disabled the webhook: ask its support, with the webhook's id.",
  DISABLED_APP_REVOKED: 'The app that owns the webhook was revoked: authorise it again, or use a personal token.',
};

/** Asking to enable these is refused, or comes about by itself when access returns (reference §2.10). */
const BEYOND_US = new Set(['DISABLED_SCOPE_INACCESSIBLE', 'DISABLED_ADMINISTRATIVE']);

export interface Hook {
  readonly sheetId: string;
  readonly callbackUrl: string;
  /** Only for these columns; left out or empty: for all. */
  readonly columnIds?: readonly string[];
}

/** Looks after the one webhook that each watched sheet has. */
export interface WebhookKeeper {
  /**
   * Finds the sheet's webhook or creates it, and sees that it is enabled.
   * @returns its id
   * @throws WebhookNotEnabled  when Smartsheet leaves it disabled
   */
  ensure(client: SmartsheetClient, hook: Hook): Promise<string>;
  /** @throws WebhookNotEnabled  when Smartsheet has switched it off meanwhile */
  check(client: SmartsheetClient, sheetId: string, webhookId: string): Promise<void>;
  /**
   * Deletes the sheet's webhooks of this home, at Smartsheet first. One that is gone already is no error.
   * @param clients  one or more; each is asked until one knows the webhook
   */
  remove(clients: readonly SmartsheetClient[], sheetId: string): Promise<void>;
  /**
   * Asks for a webhook's secret again and keeps it; the one before is accepted for a day. One that is gone changes nothing.
   * @throws SmartsheetRefused, SmartsheetUnavailable  it was not told
   */
  readSecretAgain(client: SmartsheetClient, webhookId: string): Promise<void>;
  /** Sheets that have a webhook of this home. */
  sheetIds(): Promise<readonly string[]>;
}

const NAME = 'Billing Audit';
const PAGE_SIZE = 100;

/** What is under way when a secret is reset may be sent again for about that long. */
const PREVIOUS_ACCEPTED_MILLISECONDS = 24 * 3_600_000;

export function createWebhookKeeper(book: WebhookBook, log: Log, now: Now): WebhookKeeper {
  const save = async (hook: Hook, webhook: SmartsheetWebhook): Promise<void> => {
    if (webhook.sharedSecret === null) throw new WebhookNotEnabled(hook.sheetId, webhook);
    const before = (await book.all()).find((other) => other.webhook_id === webhook.id);
    const wasReset = before !== undefined && before.shared_secret !== webhook.sharedSecret;
    const previous = wasReset
      ? { secret: before.shared_secret, until: new Date(now() + PREVIOUS_ACCEPTED_MILLISECONDS).toISOString() }
      : { secret: before?.previous_secret ?? null, until: before?.previous_until ?? null };
    await book.save({
      webhook_id: webhook.id,
      sheet_id: hook.sheetId,
      callback_url: hook.callbackUrl,
      shared_secret: webhook.sharedSecret,
      previous_secret: previous.secret,
      previous_until: previous.until,
      status: webhook.status,
    });
  };

  const removeOne = (clients: readonly SmartsheetClient[], webhookId: string): Promise<void> =>
    remove(clients, book, webhookId);

  return {
    async ensure(client, hook) {
      const found = (await find(client, hook)) ?? (await client.createWebhook({ name: NAME, ...hook }));
      const webhook = found.sharedSecret === null ? await client.webhook(found.id) : found;
      // Before enabling: the challenge, and perhaps the first callback, come before the answer does.
      await save(hook, webhook);
      if (BEYOND_US.has(webhook.status)) throw new WebhookNotEnabled(hook.sheetId, webhook);
      const enabled = webhook.status === 'ENABLED' ? webhook : await client.enableWebhook(webhook.id);
      if (enabled.status !== webhook.status)
        await save(hook, { ...enabled, sharedSecret: enabled.sharedSecret ?? webhook.sharedSecret });
      if (enabled.status !== 'ENABLED') throw new WebhookNotEnabled(hook.sheetId, enabled);
      const others = (await book.all()).filter(
        (other) => other.sheet_id === hook.sheetId && other.webhook_id !== webhook.id,
      );
      for (const { webhook_id } of others) {
        log.info('A webhook with an earlier public address or other columns was taken away.', {
          sheet: hook.sheetId,
          webhook: webhook_id,
        });
        await removeOrSay(client, book, webhook_id, log);
      }
      return webhook.id;
    },
    async check(client, sheetId, webhookId) {
      const webhook = await client.webhook(webhookId);
      if (webhook.status !== 'ENABLED') throw new WebhookNotEnabled(sheetId, webhook);
    },
    async readSecretAgain(client, webhookId) {
      const known = (await book.all()).find(({ webhook_id }) => webhook_id === webhookId);
      const webhook = known && (await readIfThere(client, webhookId));
      if (!webhook || webhook.sharedSecret === known.shared_secret) return;
      await save({ sheetId: known.sheet_id, callbackUrl: known.callback_url }, webhook);
      log.info('The secret of a webhook was reset: the new one is used, the one before for a day.', { webhookId });
    },
    async remove(clients, sheetId) {
      for (const webhook of await book.all())
        if (webhook.sheet_id === sheetId) await removeOne(clients, webhook.webhook_id);
    },
    sheetIds: async () => [...new Set((await book.all()).map(({ sheet_id }) => sheet_id))],
  };
}

/** One that cannot be deleted, as that of a revoked app, must not keep the new one from working. */
async function removeOrSay(client: SmartsheetClient, book: WebhookBook, webhookId: string, log: Log): Promise<void> {
  try {
    await remove([client], book, webhookId);
  } catch (refusal) {
    if (!(refusal instanceof SmartsheetRefused) || refusal.isAboutToken) throw refusal;
    log.warn(`A webhook that is not used any more could not be deleted: ${refusal.message}`, { webhookId });
  }
}

async function readIfThere(client: SmartsheetClient, webhookId: string): Promise<SmartsheetWebhook | null> {
  try {
    return await client.webhook(webhookId);
  } catch (failure) {
    if (failure instanceof SmartsheetRefused && failure.isNotFound) return null;
    throw failure;
  }
}

/** Forgets the webhook when a client has deleted it, or when none of them knows it. */
async function remove(clients: readonly SmartsheetClient[], book: WebhookBook, webhookId: string): Promise<void> {
  let unsure: SmartsheetRefused | null = null;
  for (const client of clients) {
    try {
      await client.deleteWebhook(webhookId);
      unsure = null;
      break;
    } catch (refusal) {
      if (!(refusal instanceof SmartsheetRefused)) throw refusal;
      // It may be another token's: the next one is asked.
      if (!refusal.isNotFound) unsure = refusal;
    }
  }
  if (unsure !== null) throw unsure;
  await book.forget(webhookId);
}

/**
 * The webhook for this sheet, address and these columns, if there is one. Of identical ones only the oldest enabled is called
 * (reference §2.7), so that one counts; else the newest.
 */
async function find(
  client: SmartsheetClient,
  { sheetId, callbackUrl, columnIds = [] }: Hook,
): Promise<SmartsheetWebhook | null> {
  const same: SmartsheetWebhook[] = [];
  for (let page = 1; ; page += 1) {
    const listed = await client.webhooks(page, PAGE_SIZE);
    same.push(
      ...listed.filter(
        (webhook) =>
          webhook.scopeObjectId === sheetId &&
          webhook.callbackUrl === callbackUrl &&
          isSameSet(webhook.subscope?.columnIds ?? [], columnIds) &&
          webhook.status !== 'DISABLED_APP_REVOKED',
      ),
    );
    if (listed.length < PAGE_SIZE) break;
  }
  return same.findLast(({ status }) => status === 'ENABLED') ?? same[0] ?? null;
}

/** Whether they name the same columns, in whatever order. */
export function isSameSet(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((id) => right.includes(id));
}
