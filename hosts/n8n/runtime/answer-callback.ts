import type { IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';
import { noRefusals } from '../../../lib/runtime/refusals';
import { ANSWERS, createIntake } from '../../../lib/runtime/webhook-intake';
import type { WebhookAnswer } from '../../../lib/runtime/runtime';
import { messageOf } from '../../../lib/errors';
import { hookBook } from './hook-book';
import { machineOf } from './machine';
import { openStore } from './store';
import type { WebhookBook } from '../../../lib/runtime/webhook-book';

/** For the log alone, of one process: forged calls must not bury it. */
const refused = noRefusals();

/**
 * Takes a call of Smartsheet: a challenge is echoed, an authentic callback is in the store before it is answered 200,
 * all else is refused. The node answers by itself, so that n8n's own answer cannot come first.
 */
export async function answerCallback(context: IWebhookFunctions): Promise<IWebhookResponseData> {
  const answer = await answerOf(context);
  respond(context, answer);
  // Whoever tries the node out waits for something to look at; a published workflow is started by the poll alone.
  const isShown = answer === ANSWERS.stored && context.getMode() === 'manual';
  return { noWebhookResponse: true, ...(isShown && { workflowData: [[{ json: context.getBodyData() }]] }) };
}

async function answerOf(context: IWebhookFunctions): Promise<WebhookAnswer> {
  const { now, log } = machineOf(context);
  try {
    const access = openStore(context);
    // A challenge is answered while the store is away, too: only a callback waits for it.
    const address = context.getNodeWebhookUrl('default') ?? '';
    const book = access.then(({ store }) => hookBook(store, address));
    book.catch(() => undefined);
    const intake = createIntake({
      store: { acceptCallback: async (callback) => (await access).store.acceptCallback(callback) },
      book: later(book),
      now,
      log,
      onStored: () => undefined,
      refused,
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

/** A book that is opened only when it is asked, and read once: what one call asks twice is not older than the call. */
function later(book: Promise<WebhookBook>): WebhookBook {
  let read: ReturnType<WebhookBook['all']> | null = null;
  const all = (): ReturnType<WebhookBook['all']> => (read ??= book.then((opened) => opened.all()));
  return {
    all,
    refreshed: all,
    save: async (webhook) => (await book).save(webhook),
    forget: async (webhookId) => (await book).forget(webhookId),
  };
}

function respond(context: IWebhookFunctions, { status, headers, body }: WebhookAnswer): void {
  const response = context.getResponseObject();
  response.status(status).set({ ...headers });
  response.end(body);
}
