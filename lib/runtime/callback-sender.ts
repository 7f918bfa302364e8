import { checkSignature, webhookIdNearBeginning, type CallbackEnvelope, type SignatureVerdict } from '../smartsheet';
import type { Webhook } from '../store/store';
import type { FreshSecrets } from './fresh-secrets';
import type { Refusal } from './webhook-answers';
import type { WebhookBook } from './webhook-book';

type Signature = string | string[] | undefined;

export interface WholeBody {
  readonly complete: true;
  readonly bytes: Uint8Array;
  readonly envelope: CallbackEnvelope;
}

/** Of a body that was too long to be held: its beginning, its hash, and what its MACs say. */
export interface LongBody {
  readonly complete: false;
  readonly bytes: Uint8Array;
  readonly sha256: string;
  /** Null: it was not computed with the secret that this webhook has now. */
  verdictOf(webhook: Webhook, signature: Signature, withPrevious: boolean): SignatureVerdict | null;
}

export interface Found {
  readonly webhook: Webhook;
  readonly matched: 'current' | 'previous';
}
export type Sender = Found | { readonly webhook: null; readonly why: Refusal; readonly named: string | null };

type NoMatch = {
  readonly webhook: null;
  readonly why: 'unknown_webhook' | 'missing' | 'malformed' | 'mismatch' | 'secret_not_obtainable';
};

interface Judge {
  readonly book: WebhookBook;
  readonly secrets: FreshSecrets;
  readonly now: number;
}

/** The webhooks that a long body may come from, by its beginning. One that names none may be of any. */
export async function candidatesFor(book: WebhookBook, beginning: Uint8Array): Promise<readonly Webhook[]> {
  const named = webhookIdNearBeginning(beginning);
  const known = chosen(await book.all(), named);
  return known.length > 0 ? known : chosen(await book.refreshed(), named);
}

/**
 * The webhook whose secret signed these bytes. A body that names none is tried with all of them. Before it is refused, the
 * store and then Smartsheet are asked whether a secret has changed.
 */
export async function senderOf(judge: Judge, body: WholeBody | LongBody, signature: Signature): Promise<Sender> {
  const { book, secrets, now } = judge;
  const named = body.complete ? body.envelope.webhookId : webhookIdNearBeginning(body.bytes);
  const match = (webhooks: readonly Webhook[]): Found | NoMatch => {
    return bestMatch(chosen(webhooks, named), body, signature, now);
  };
  let found = match(await book.all());
  // Another process may have made the webhook, or reset its secret, since this one looked.
  if (isDoubtful(found)) found = match(await book.refreshed());
  if (found.webhook === null && found.why === 'mismatch' && named !== null) {
    const [webhook] = chosen(await book.all(), named);
    if (webhook && (await secrets.lookAgain(webhook)) === 'not_obtainable') {
      return { webhook: null, why: 'secret_not_obtainable', named };
    }
    found = match(await book.all());
  }
  if (found.webhook !== null) return found;
  const isOfNobody = named === null && found.why !== 'missing' && found.why !== 'secret_not_obtainable';
  return { webhook: null, why: isOfNobody ? 'unreadable' : found.why, named };
}

function chosen(webhooks: readonly Webhook[], named: string | null): readonly Webhook[] {
  return named === null ? webhooks : webhooks.filter((webhook) => webhook.webhook_id === named);
}

function isDoubtful(found: Found | NoMatch): boolean {
  return found.webhook === null && (found.why === 'mismatch' || found.why === 'unknown_webhook');
}

function bestMatch(
  webhooks: readonly Webhook[],
  body: WholeBody | LongBody,
  signature: Signature,
  now: number,
): Found | NoMatch {
  let why: NoMatch['why'] = 'unknown_webhook';
  for (const webhook of webhooks) {
    const withPrevious = isPreviousAccepted(webhook, now);
    const previous = withPrevious ? webhook.previous_secret : null;
    const verdict = body.complete
      ? checkSignature(body.bytes, signature, { current: webhook.shared_secret, previous })
      : body.verdictOf(webhook, signature, withPrevious);
    if (verdict?.authentic) return { webhook, matched: verdict.matched };
    // A long body whose secret was learnt too late: when it is sent again, its MAC is made with the right one.
    why = verdict?.why ?? 'secret_not_obtainable';
  }
  return { webhook: null, why };
}

function isPreviousAccepted({ previous_secret, previous_until }: Webhook, now: number): boolean {
  return previous_secret !== null && typeof previous_until === 'string' && now < Date.parse(previous_until);
}
