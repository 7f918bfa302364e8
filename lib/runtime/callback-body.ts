import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { compareSignature, type SignatureVerdict } from '../smartsheet';
import type { Webhook } from '../store/store';

/** A callback of Smartsheet is a few kB; of a longer one only the hash and the beginning are kept. */
export const LARGEST_BODY_BYTES = 8 * 1024 * 1024;
export const KEPT_BYTES = 64 * 1024;

export type BodySource = Uint8Array | AsyncIterable<Uint8Array>;

export type ReadBody =
  | { readonly complete: true; readonly bytes: Uint8Array }
  | { readonly complete: false; readonly beginning: Uint8Array; readonly signed: SignedLongBody | null };

/** Memory that bodies which are under way may take together, so that many large ones cannot take all there is. */
export class BodyMemory {
  private taken = 0;

  constructor(private readonly most = 32 * 1024 * 1024) {}

  /** A body of ordinary size is always let in. */
  take(bytes: number, heldAlready: number): boolean {
    if (this.taken + bytes > this.most && heldAlready + bytes > KEPT_BYTES) return false;
    this.taken += bytes;
    return true;
  }

  give(bytes: number): void {
    this.taken -= bytes;
  }
}

/** There is no room for this body at the moment. */
export class TooMuchAtOnce extends Error {}

/**
 * Reads a body. One that turns out to be too long is not held: from then on only its hash and its MACs are computed.
 * @param candidates  the webhooks that may have signed a long body, by its beginning; none: reading ends there
 * @throws TooMuchAtOnce, or what the source throws when it breaks off
 */
export async function readBody(
  source: BodySource,
  memory: BodyMemory,
  candidates: (beginning: Uint8Array) => Promise<readonly Webhook[]>,
): Promise<ReadBody> {
  if (source instanceof Uint8Array && source.byteLength <= LARGEST_BODY_BYTES) return { complete: true, bytes: source };
  const chunks: Uint8Array[] = [];
  let held = 0;
  let beginning: Uint8Array | null = null;
  let long: SignedLongBody | null = null;
  try {
    for await (const chunk of source instanceof Uint8Array ? [source] : source) {
      if (long !== null) {
        long.update(chunk);
        continue;
      }
      if (held + chunk.byteLength <= LARGEST_BODY_BYTES) {
        if (!memory.take(chunk.byteLength, held)) throw new TooMuchAtOnce();
        held += chunk.byteLength;
        chunks.push(chunk);
        continue;
      }
      beginning = Uint8Array.from(Buffer.concat([...chunks, chunk]).subarray(0, KEPT_BYTES));
      const webhooks = await candidates(beginning);
      if (webhooks.length === 0) return { complete: false, beginning, signed: null };
      long = new SignedLongBody(webhooks);
      for (const part of [...chunks.splice(0), chunk]) long.update(part);
      memory.give(held);
      held = 0;
    }
    if (beginning !== null) return { complete: false, beginning, signed: long };
    return { complete: true, bytes: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks) };
  } finally {
    memory.give(held);
  }
}

interface Mac {
  readonly webhook: Webhook;
  readonly current: Hmac;
  readonly previous: Hmac | null;
}

/** The hash and the MACs of a body that is not held. */
export class SignedLongBody {
  private readonly hash: Hash = createHash('sha256');
  private readonly macs: readonly Mac[];

  constructor(webhooks: readonly Webhook[]) {
    this.macs = webhooks.map((webhook) => ({
      webhook,
      current: createHmac('sha256', webhook.shared_secret),
      previous: webhook.previous_secret === null ? null : createHmac('sha256', webhook.previous_secret),
    }));
  }

  update(chunk: Uint8Array): void {
    this.hash.update(chunk);
    for (const { current, previous } of this.macs) {
      current.update(chunk);
      previous?.update(chunk);
    }
  }

  /** To be asked once, after the last byte: digests end the hashes. */
  finish(): {
    readonly sha256: string;
    verdictOf(webhook: Webhook, header: string | string[] | undefined, withPrevious: boolean): SignatureVerdict | null;
  } {
    const digests = new Map(
      this.macs.map(({ webhook, current, previous }) => [
        webhook.webhook_id,
        { secret: webhook.shared_secret, current: current.digest(), previous: previous?.digest() ?? null },
      ]),
    );
    return {
      sha256: this.hash.digest('hex'),
      verdictOf: ({ webhook_id, shared_secret }, header, withPrevious) => {
        const made = digests.get(webhook_id);
        if (made?.secret !== shared_secret) return null;
        return compareSignature(header, { ...made, previous: withPrevious ? made.previous : null });
      },
    };
  }
}
