import { createHash } from 'node:crypto';
import { messageOf } from '../errors';
import type { Log, Now } from '../ports';
import {
  answerChallenge,
  CHALLENGE_HEADER,
  envelopeOf,
  readCallback,
  readChallenge,
  SIGNATURE_HEADER,
  signatureProblem,
} from '../smartsheet';
import type { Store } from '../store/store';
import { BodyMemory, readBody, TooMuchAtOnce, type BodySource } from './callback-body';
import { ChallengeGate } from './challenge-gate';
import { candidatesFor, senderOf, type Found, type LongBody, type Sender, type WholeBody } from './callback-sender';
import { FreshSecrets, type SecretAgain } from './fresh-secrets';
import { Refusals, type RefusalMemory } from './refusals';
import type { WebhookAnswer, WebhookRequest } from './runtime';
import { ANSWERS } from './webhook-answers';
import type { WebhookBook } from './webhook-book';

export { ANSWERS, type Refusal } from './webhook-answers';

export interface Intake {
  answer(request: WebhookRequest): Promise<WebhookAnswer>;
  /** How many requests were refused, by reason, since the start. */
  refusals(): Readonly<Record<string, number>>;
  lastCallbackAt(): string | null;
}

export interface IntakeParts {
  readonly store: Pick<Store, 'acceptCallback'>;
  readonly book: WebhookBook;
  readonly now: Now;
  readonly log: Log;
  /** A callback is in the store; one that is in an inbox first is told by the inbox. */
  readonly onStored: () => void;
  /** Where somebody here can ask Smartsheet for a webhook's secret. */
  readonly secretAgain?: SecretAgain;
  /** Of a host that makes an intake for each call: what was refused before, so that a flood is still logged once a minute. */
  readonly refused?: RefusalMemory;
}

/**
 * Decides what `/webhook` answers: authentic callbacks are stored and then answered 200, whatever is in them; what is
 * not understood later ends as a visible dead letter, not as a refusal.
 */
export function createIntake(parts: IntakeParts): Intake {
  return new OpenIntake(parts);
}

class OpenIntake implements Intake {
  private readonly refused: Refusals;
  private readonly gate: ChallengeGate;
  private readonly secrets: FreshSecrets;
  private readonly memory = new BodyMemory();
  private lastAt: string | null = null;

  constructor(private readonly parts: IntakeParts) {
    const { now, log, secretAgain, refused } = parts;
    this.refused = new Refusals(now, log, refused);
    this.gate = new ChallengeGate(now, log);
    this.secrets = new FreshSecrets(now, log, secretAgain ?? (() => null));
  }

  refusals(): Readonly<Record<string, number>> {
    return this.refused.counts();
  }

  lastCallbackAt(): string | null {
    return this.lastAt;
  }

  async answer({ headers, body }: WebhookRequest): Promise<WebhookAnswer> {
    if (body === null) return this.refused.refuse('no_bytes');
    const isChallenge = headers[CHALLENGE_HEADER] !== undefined;
    // Without a signature, nothing but a challenge is worth reading.
    const problem = signatureProblem(headers[SIGNATURE_HEADER]);
    if (problem !== null && !isChallenge) return this.refused.refuse(problem);
    try {
      const read = await this.read(body);
      if (read === null) return this.refused.refuse('unknown_webhook');
      if (isChallenge && read.complete) {
        const answer = this.answerToChallenge(headers, read.bytes);
        if (answer !== null) return answer;
      }
      if (problem !== null) return this.refused.refuse('bad_challenge');
      return await this.answerToCallback(read, headers[SIGNATURE_HEADER]);
    } catch (failure) {
      if (failure instanceof TooMuchAtOnce) return this.refused.refuse('too_much_at_once');
      if (failure instanceof BrokenOff) return this.refused.refuse('unfinished');
      this.parts.log.error(
        `A callback could not be stored: ${messageOf(failure)} Smartsheet was asked to send it again.`,
      );
      return ANSWERS.notStored;
    }
  }

  /** Null: it is oversize, and nobody of ours can have signed it. */
  private async read(source: BodySource): Promise<WholeBody | LongBody | null> {
    const breaking = source instanceof Uint8Array ? source : knownToBreak(source);
    const read = await readBody(breaking, this.memory, (beginning) => candidatesFor(this.parts.book, beginning));
    if (read.complete) return { complete: true, bytes: read.bytes, envelope: envelopeOf(read.bytes) };
    if (read.signed === null) return null;
    return { complete: false, bytes: read.beginning, ...read.signed.finish() };
  }

  private answerToChallenge(headers: WebhookRequest['headers'], body: Uint8Array): WebhookAnswer | null {
    const challenge = readChallenge(headers, body);
    if (challenge === null) return null;
    if (this.gate.mayPass(challenge)) return answerChallenge(challenge);
    return this.refused.refuse('too_many_challenges', { webhook: challenge.webhookId });
  }

  private async answerToCallback(
    body: WholeBody | LongBody,
    signature: string | string[] | undefined,
  ): Promise<WebhookAnswer> {
    const { book, now } = this.parts;
    const sender = await senderOf({ book, secrets: this.secrets, now: now() }, body, signature);
    if (sender.webhook === null) return this.refused.refuse(sender.why, { webhook: sender.named });
    await this.accept(sender, body);
    this.lastAt = new Date(now()).toISOString();
    return ANSWERS.stored;
  }

  private async accept({ webhook, matched }: Extract<Sender, Found>, body: WholeBody | LongBody): Promise<void> {
    const { store, log, now, onStored } = this.parts;
    const about = { webhook: webhook.webhook_id };
    if (matched === 'previous') log.info('A callback was signed with the previous secret.', about);
    const nonce = body.complete ? body.envelope.nonce : null;
    if (body.complete && nonce === null) {
      const reading = readCallback(body.bytes);
      const why = reading.understood ? 'its nonce holds what no store can' : reading.why;
      log.error(`A signed callback was stored but not understood: ${why}.`, about);
    }
    if (!body.complete) log.warn('A callback was oversize: the sheet is compared as a whole instead.', about);
    const { isNew } = await store.acceptCallback({
      webhook_id: webhook.webhook_id,
      sheet_id: webhook.sheet_id,
      nonce: nonce ?? `unreadable:${body.complete ? hashOf(body.bytes) : body.sha256}`,
      body: body.bytes,
      received_at: new Date(now()).toISOString(),
      matched_secret: matched,
      ...(!body.complete && { complete: false, body_sha256: body.sha256 }),
    });
    if (isNew === true) onStored();
  }
}

/** The sender went away, or was too slow. */
class BrokenOff extends Error {}

async function* knownToBreak(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  // Not ended when reading stops early: an answer can still be sent on a connection whose body was not read to its end.
  const chunks = source[Symbol.asyncIterator]();
  for (;;) {
    const next = await chunks.next().catch((thrown: unknown) => {
      throw new BrokenOff(messageOf(thrown));
    });
    if (next.done === true) return;
    yield next.value;
  }
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
