import type { IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';
import { createIntake } from '../../../lib/runtime/webhook-intake';
import type { WebhookAnswer } from '../../../lib/runtime/runtime';
import type { Webhook } from '../../../lib/store/store';
import { messageOf } from '../../../lib/errors';
import { hookBook } from './hook-book';
import { machineOf } from './machine';
import { openSmartsheet } from './smartsheet';
import { openStore } from './store';
import { webhooksCalling } from './webhooks-calling';
import type { WebhookBook } from '../../../lib/runtime/webhook-book';

/**
 * Takes a call of Smartsheet: a challenge is echoed, an authentic callback is in the store before it is answered 200,
 * all else is refused. The node answers by itself, so that n8n's own answer cannot come first.
 */
export async function answerCallback(context: IWebhookFunctions): Promise<IWebhookResponseData> {
  respond(context, await answerOf(context));
  return { noWebhookResponse: true };
}

async function answerOf(context: IWebhookFunctions): Promise<WebhookAnswer> {
  const { now, log } = machineOf(context);
  try {
    const access = openStore(context);
    // A challenge is answered while the store is away, too: only a callback waits for it.
    access.catch(() => undefined);
    const acceptCallback = async (callback: Parameters<Awaited<typeof access>['store']['acceptCallback']>[0]) =>
      (await access).store.acceptCallback(callback);
    const intake = createIntake({
      store: { acceptCallback },
      book: secretsOf(context),
      now,
      log,
      onStored: () => undefined,
    });
    return await intake.answer({ headers: context.getHeaderData(), body: await exactBytes(context) });
  } catch (failure) {
    log.error(`A call of Smartsheet could not be handled: ${messageOf(failure)}`);
    return { status: 503, headers: {}, body: '' };
  }
}

/** The bytes as they were signed; null when n8n has none (it parses some kinds of bodies first). */
async function exactBytes(context: IWebhookFunctions): Promise<Uint8Array | null> {
  const request = context.getRequestObject();
  if (request.rawBody === undefined && typeof request.readRawBody === 'function') await request.readRawBody();
  return Buffer.isBuffer(request.rawBody) ? request.rawBody : null;
}

/**
 * The secrets of this trigger's webhooks. Static data is n8n's only place for them and may be lost; Smartsheet tells the
 * owner of a webhook its secret again.
 */
function secretsOf(context: IWebhookFunctions): WebhookBook {
  const nowhere = { saveWebhook: async () => undefined, forgetWebhook: async () => undefined };
  const book = hookBook(context, nowhere);
  const known = async (): Promise<readonly Webhook[]> => {
    const kept = await book.all();
    return kept.length > 0 ? kept : fromSmartsheet(context);
  };
  return { ...book, all: known, refreshed: known };
}

async function fromSmartsheet(context: IWebhookFunctions): Promise<readonly Webhook[]> {
  const { client } = await openSmartsheet(context);
  const ours = await webhooksCalling(client, context.getNodeWebhookUrl('default') ?? '');
  const whole = await Promise.all(ours.map(({ id }) => client.webhook(id)));
  return whole.flatMap(({ id, scopeObjectId, callbackUrl, sharedSecret, status }) =>
    sharedSecret === null
      ? []
      : [
          {
            webhook_id: id,
            sheet_id: scopeObjectId,
            callback_url: callbackUrl,
            shared_secret: sharedSecret,
            previous_secret: null,
            status,
          },
        ],
  );
}

function respond(context: IWebhookFunctions, { status, headers, body }: WebhookAnswer): void {
  const response = context.getResponseObject();
  response.status(status).set({ ...headers });
  response.end(body);
}
