import { z } from 'zod';
import type { CallbackEvent } from './callback-event';
import { toInstant } from './instants';
import { parseJson } from './json';

/** A callback in one form, whatever its spelling was. */
export interface SmartsheetCallback {
  readonly nonce: string;
  readonly webhookId: string;
  readonly scopeObjectId: string;
  readonly at: string;
  readonly events: readonly CallbackEvent[];
  /** Only in a status callback. */
  readonly newWebhookStatus: string | null;
}

const idLike = z
  .union([z.number().int().nonnegative(), z.string().regex(/^\d{1,20}$/)])
  .transform((value) => String(value));
const maybeId = idLike.nullish().transform((value) => value ?? null);
const maybeText = z
  .string()
  .nullish()
  .transform((value) => value ?? null);
const time = z.union([z.string(), z.number()]).transform((value, context) => {
  const instant = toInstant(value);
  if (instant !== null) return instant;
  context.addIssue({ code: 'custom', message: 'must be a time' });
  return z.NEVER;
});

/** Older pages of the documentation spell `rowid` and `userid`; captures show `rowId` and `userId` (reference §2.6). */
const SPELLINGS: Readonly<Record<string, string>> = {
  rowid: 'rowId',
  columnid: 'columnId',
  userid: 'userId',
  objecttype: 'objectType',
  eventtype: 'eventType',
  changeagent: 'changeAgent',
};

const event = z.preprocess(
  respelled,
  z.object({
    objectType: z.string().transform((value) => value.toLowerCase()),
    eventType: z.string().transform((value) => value.toLowerCase()),
    id: maybeId,
    rowId: maybeId,
    columnId: maybeId,
    userId: maybeId,
    timestamp: time.nullish(),
    changeAgent: maybeText,
  }),
);

const envelope = z.object({
  nonce: z.string().min(1).max(200),
  timestamp: time,
  webhookId: idLike,
  scopeObjectId: idLike,
  events: z
    .array(event)
    .nullish()
    .transform((events) => events ?? []),
  newWebhookStatus: maybeText,
});

export type CallbackReading =
  | { readonly understood: true; readonly callback: SmartsheetCallback }
  | { readonly understood: false; readonly why: string };

/**
 * Reads the body of a callback. Unknown object types and fields are let through, both ways of writing time too.
 * @returns the callback in one form, or in a sentence why it cannot be understood
 */
export function readCallback(body: Uint8Array): CallbackReading {
  const parsed = parsedBody(body);
  if (!parsed.isJson) {
    const beginning = Buffer.from(body.subarray(0, 40)).toString('utf8');
    return { understood: false, why: `it is not JSON: it begins with ${JSON.stringify(beginning)}` };
  }
  return readParsed(parsed.value);
}

/** A body as JSON, to be read more than once. */
export type ParsedBody = { readonly isJson: true; readonly value: unknown } | { readonly isJson: false };

export function parsedBody(body: Uint8Array): ParsedBody {
  try {
    return { isJson: true, value: parseJson(textOf(body)) };
  } catch {
    return { isJson: false };
  }
}

/** As much of a body as is needed to take it. */
export interface CallbackEnvelope {
  /** The webhook that it names; null when it names none. */
  readonly webhookId: string | null;
  /** Null when it has none, or none that a database can hold. */
  readonly nonce: string | null;
}

/**
 * Who sends a body, and its nonce, without asking more of it. Exact in these alone, since the exact way is slow where events
 * carry long ids, and what is stored is the bytes. Nothing else of what was parsed is kept while the callback waits for its
 * commit: what lives longer than a moment is copied again and again by the garbage collector.
 */
export function envelopeOf(body: Uint8Array): CallbackEnvelope {
  const parsed = parsedEnvelope(body);
  return parsed.isJson
    ? { webhookId: named.safeParse(parsed.value).data?.webhookId ?? null, nonce: nonceOf(parsed.value) }
    : { webhookId: null, nonce: null };
}

function parsedEnvelope(body: Uint8Array): ParsedBody {
  try {
    const value: unknown = JSON.parse(textOf(body));
    const isInexact = typeof value === 'object' && value !== null && isTooLong((value as Named).webhookId);
    return isInexact ? parsedBody(body) : { isJson: true, value };
  } catch {
    return { isJson: false };
  }
}

interface Named {
  readonly webhookId?: unknown;
}

function isTooLong(id: unknown): boolean {
  return typeof id === 'number' && !Number.isSafeInteger(id);
}

function textOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('utf8');
}

function readParsed(value: unknown): CallbackReading {
  const parsed = envelope.safeParse(value);
  if (!parsed.success) {
    const problems = parsed.error.issues.slice(0, 3).map(({ path, message }) => `\`${path.join('.')}\`: ${message}`);
    return { understood: false, why: `its form is unknown: ${problems.join('; ')}` };
  }
  return { understood: true, callback: canonical(parsed.data) };
}

const named = z.object({ webhookId: idLike });
const nonced = z.object({ nonce: z.string().min(1).max(200) });

/** No NUL and no half of a surrogate pair: a database holds neither. */
function nonceOf(value: unknown): string | null {
  const nonce = nonced.safeParse(value).data?.nonce;
  return nonce === undefined || /\0|\p{Surrogate}/u.test(nonce) ? null : nonce;
}

/**
 * The webhook that the beginning of a body seems to name, where the rest is too long to be parsed; null: it is not seen.
 * Only a hint whose secret to try: the signature decides.
 */
export function webhookIdNearBeginning(beginning: Uint8Array): string | null {
  const text = Buffer.from(beginning).toString('latin1');
  return /"webhookId"\s*:\s*"?(\d{1,20})\b/.exec(text)?.[1] ?? null;
}

function canonical(read: z.infer<typeof envelope>): SmartsheetCallback {
  return {
    nonce: read.nonce,
    webhookId: read.webhookId,
    scopeObjectId: read.scopeObjectId,
    at: read.timestamp,
    newWebhookStatus: read.newWebhookStatus,
    events: read.events.map(({ timestamp, ...event }) => ({ ...event, at: timestamp ?? read.timestamp })),
  };
}

function respelled(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, content]) => [SPELLINGS[name.toLowerCase()] ?? name, content]),
  );
}
