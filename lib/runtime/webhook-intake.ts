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

interface IntakeParts {
  readonly store: Pick<Store, 'acceptCallback'>;
  readonly book: WebhookBook;
  readonly now: Now;
  readonly log: Log;
  readonly onStored: () => void;
}

/**
 * Decides what `/webhook` answers: authentic callbacks are stored and then answered 200, whatever is in them; what is
 * not understood later ends as a visible dead letter, not as a refusal.
 */
export function createIntake(parts: IntakeParts): Intake {
  const refusals = new Refusals(parts.now, parts.log);
  let lastCallbackAt: string | null = null;
  return {
    async answer({ headers, body }) {
      if (body === null) return refusals.refuse('no_bytes');
      const challenge = readChallenge(headers, body);
      if (challenge) {
        parts.log.debug('A verification request was answered.', { webhook: challenge.webhookId });
        return answerChallenge(challenge);
      }
      if (headers[CHALLENGE_HEADER] !== undefined) return refusals.refuse('bad_challenge');
      try {
        const sender = await senderOf(parts.book, headers, body);
        if (sender.webhook === null) return refusals.refuse(sender.why, { webhook: sender.named });
        await accept(parts, sender, body);
        lastCallbackAt = new Date(parts.now()).toISOString();
        return ANSWERS.stored;
      } catch (failure) {
        parts.log.error(`A callback could not be stored: ${messageOf(failure)} Smartsheet was asked to send it again.`);
        return ANSWERS.notStored;
      }
    },
    refusals: () => refusals.counts(),
    lastCallbackAt: () => lastCallbackAt,
  };
}

class Refusals {
  private readonly times: Record<string, number> = {};
  private readonly loggedAt = new Map<Refusal, number>();

  constructor(
    private readonly now: Now,
    private readonly log: Log,
  ) {}

  counts(): Readonly<Record<string, number>> {
    return { ...this.times };
  }

  /** Counts it, and says it at most once a minute for each kind: a flood of forgeries must not bury the log. */
  refuse(why: Refusal, context: Record<string, unknown> = {}): WebhookAnswer {
    const refused = (this.times[why] ?? 0) + 1;
    this.times[why] = refused;
    if ((this.loggedAt.get(why) ?? Number.NEGATIVE_INFINITY) + QUIET_MILLISECONDS <= this.now()) {
      this.loggedAt.set(why, this.now());
      this.log.warn(`A request to /webhook was refused (${why}). ${WHAT_TO_DO[why]}`, { ...context, refused });
    }
    return ANSWERS.notAuthentic;
  }
}

type Sender =
  | { readonly webhook: Webhook; readonly matched: 'current' | 'previous' }
  | { readonly webhook: null; readonly why: Refusal; readonly named: string | null };

/** The webhook whose secret signed these bytes. A body that names none is tried with all of them. */
async function senderOf(book: WebhookBook, headers: WebhookRequest['headers'], body: Uint8Array): Promise<Sender> {
  const named = webhookIdOf(body);
  const candidates = (webhooks: readonly Webhook[]): readonly Webhook[] =>
    named === null ? webhooks : webhooks.filter((webhook) => webhook.webhook_id === named);
  const signature = headers[SIGNATURE_HEADER];
  const first = bestMatch(candidates(await book.all()), body, signature);
  // Another process may have made the webhook, or reset its secret, since this one looked.
  const mayBeStale = first.webhook === null && (first.why === 'mismatch' || first.why === 'unknown_webhook');
  const found = mayBeStale ? bestMatch(candidates(await book.refreshed()), body, signature) : first;
  if (found.webhook !== null) return found;
  return { webhook: null, why: named === null && found.why !== 'missing' ? 'unreadable' : found.why, named };
}

async function accept(
  { store, log, onStored }: IntakeParts,
  { webhook, matched }: Extract<Sender, { matched: string }>,
  body: Uint8Array,
): Promise<void> {
  const about = { webhook: webhook.webhook_id };
  if (matched === 'previous') log.info('A callback was signed with the previous secret.', about);
  const reading = readCallback(body);
  if (!reading.understood) log.error(`A signed callback was stored but not understood: ${reading.why}.`, about);
  const fingerprint = createHash('sha256').update(body).digest('hex');
  const nonce = reading.understood ? reading.callback.nonce : `unreadable:${fingerprint}`;
  const { isNew } = await store.acceptCallback({ webhook_id: webhook.webhook_id, nonce, body });
  if (isNew) onStored();
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
