import { createHash } from 'node:crypto';
import { messageOf } from '../errors';
import type { Log, Now } from '../ports';
import {
  answerChallenge,
  CHALLENGE_HEADER,
  checkSignature,
  readCallback,
  readChallenge,
  SIGNATURE_HEADER,
  webhookIdOf,
} from '../smartsheet';
import type { Store, Webhook } from '../store/store';
import type { WebhookAnswer, WebhookRequest } from './runtime';
import type { WebhookBook } from './webhook-book';

/**
 * Every answer that `/webhook` gives, but for the echo of a challenge. Smartsheet disables a webhook for a single 201-299, 3xx
 * or 410, and gives up after enough of the others, so there is nothing else (reference §2.7).
 */
export const ANSWERS = {
  stored: { status: 200, headers: {}, body: '' },
  notAuthentic: { status: 401, headers: {}, body: '' },
  notStored: { status: 503, headers: {}, body: '' },
} as const satisfies Record<string, WebhookAnswer>;

export type Refusal =
  'no_bytes' | 'bad_challenge' | 'unknown_webhook' | 'missing' | 'malformed' | 'mismatch' | 'unreadable';

export interface Intake {
  answer(request: WebhookRequest): Promise<WebhookAnswer>;
  /** How many requests were refused, by reason, since the start. */
  refusals(): Readonly<Record<string, number>>;
  lastCallbackAt(): string | null;
}

const QUIET_MILLISECONDS = 60_000;

const WHAT_TO_DO: Readonly<Record<Refusal, string>> = {
  no_bytes:
    'The host handed over no raw bytes, without which no signature can be checked. Another node or middleware reads the body of /webhook first.',
  bad_challenge: 'A verification request was not well-formed: the header must be a UUID, and the body must repeat it.',
  unknown_webhook:
    'A webhook that does not belong to this installation calls here. If it is an old one of yours, delete it in Smartsheet; if it should be watched, deploy the Smartsheet Trigger again.',
  missing:
    'A callback came without a signature. Does something between Smartsheet and here remove the header Smartsheet-Hmac-SHA256?',
  malformed: 'A callback came with a signature that is none, or with two. Does a proxy join or repeat headers?',
  mismatch:
    'A callback was not signed with the secret of its webhook. If the secret was reset by hand, deploy the Smartsheet Trigger again; else somebody forges callbacks.',
  unreadable: 'A request came whose body is no callback and that no webhook of this installation has signed.',
};

/**
 * Decides what `/webhook` answers: authentic callbacks are stored and then answered 200, whatever is in them; what is
 * not understood later ends as a visible dead letter, not as a refusal.
 */
export function createIntake(parts: {
  readonly store: Pick<Store, 'acceptCallback'>;
  readonly book: WebhookBook;
  readonly now: Now;
  readonly log: Log;
  readonly onStored: () => void;
}): Intake {
  const { store, book, now, log, onStored } = parts;
  const counts: Record<string, number> = {};
  const loggedAt = new Map<string, number>();
  let lastCallbackAt: string | null = null;

  const refuse = (why: Refusal, context: Record<string, unknown> = {}): WebhookAnswer => {
    counts[why] = (counts[why] ?? 0) + 1;
    // One line a minute for each kind: a flood of forgeries must not bury the log.
    if ((loggedAt.get(why) ?? Number.NEGATIVE_INFINITY) + QUIET_MILLISECONDS <= now()) {
      loggedAt.set(why, now());
      log.warn(`A request to /webhook was refused (${why}). ${WHAT_TO_DO[why]}`, { ...context, refused: counts[why] });
    }
    return ANSWERS.notAuthentic;
  };

  const accept = async (webhook: Webhook, body: Uint8Array): Promise<WebhookAnswer> => {
    const reading = readCallback(body);
    const nonce = reading.understood
      ? reading.callback.nonce
      : `unreadable:${createHash('sha256').update(body).digest('hex')}`;
    if (!reading.understood)
      log.error(`A signed callback was stored but not understood: ${reading.why}.`, { webhook: webhook.webhook_id });
    const { isNew } = await store.acceptCallback({ webhook_id: webhook.webhook_id, nonce, body });
    lastCallbackAt = new Date(now()).toISOString();
    if (isNew) onStored();
    return ANSWERS.stored;
  };

  const judge = async (headers: WebhookRequest['headers'], body: Uint8Array): Promise<WebhookAnswer> => {
    const webhookId = webhookIdOf(body);
    const candidates = (webhooks: readonly Webhook[]): readonly Webhook[] =>
      webhookId === null ? webhooks : webhooks.filter((webhook) => webhook.webhook_id === webhookId);
    const signature = headers[SIGNATURE_HEADER];
    const first = bestMatch(candidates(await book.all()), body, signature);
    // Another process may have made the webhook, or reset its secret, since this one looked.
    const mayBeStale = first.webhook === null && (first.why === 'mismatch' || first.why === 'unknown_webhook');
    const found = mayBeStale ? bestMatch(candidates(await book.refreshed()), body, signature) : first;
    if (found.webhook === null) {
      return refuse(webhookId === null && found.why === 'mismatch' ? 'unreadable' : found.why, { webhook: webhookId });
    }
    if (found.matched === 'previous')
      log.info('A callback was signed with the previous secret.', { webhook: found.webhook.webhook_id });
    return accept(found.webhook, body);
  };

  return {
    async answer({ headers, body }) {
      if (body === null) return refuse('no_bytes');
      const challenge = readChallenge(headers, body);
      if (challenge) {
        log.debug('A verification request was answered.', { webhook: challenge.webhookId });
        return answerChallenge(challenge);
      }
      if (headers[CHALLENGE_HEADER] !== undefined) return refuse('bad_challenge');
      try {
        return await judge(headers, body);
      } catch (failure) {
        log.error(`A callback could not be stored: ${messageOf(failure)} Smartsheet was asked to send it again.`, {});
        return ANSWERS.notStored;
      }
    },
    refusals: () => ({ ...counts }),
    lastCallbackAt: () => lastCallbackAt,
  };
}

type Match =
  | { readonly webhook: Webhook; readonly matched: 'current' | 'previous' }
  | { readonly webhook: null; readonly why: 'unknown_webhook' | 'missing' | 'malformed' | 'mismatch' };

function bestMatch(webhooks: readonly Webhook[], body: Uint8Array, signature: string | string[] | undefined): Match {
  let why: 'unknown_webhook' | 'missing' | 'malformed' | 'mismatch' = 'unknown_webhook';
  for (const webhook of webhooks) {
    const secrets = { current: webhook.shared_secret, previous: webhook.previous_secret };
    const verdict = checkSignature(body, signature, secrets);
    if (verdict.authentic) return { webhook, matched: verdict.matched };
    why = verdict.why;
  }
  return { webhook: null, why };
}
