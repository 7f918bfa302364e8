import { z } from 'zod';
import { toInstant } from './instants';
import { parseJson } from './json';

/** What a callback says of one thing that happened. Ids are decimal strings; what was not said is null. */
export interface CallbackEvent {
  /** `cell`, `row`, `column`, `sheet`, `attachment`, `comment`, `discussion`, or a type that is new. */
  readonly objectType: string;
  readonly eventType: string;
  readonly id: string | null;
  readonly rowId: string | null;
  readonly columnId: string | null;
  readonly userId: string | null;
  readonly at: string;
  readonly changeAgent: string | null;
}

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
  const text = Buffer.from(body).toString('utf8');
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    return { understood: false, why: `it is not JSON: it begins with ${JSON.stringify(text.slice(0, 40))}` };
  }
  const parsed = envelope.safeParse(value);
  if (!parsed.success) {
    const problems = parsed.error.issues.slice(0, 3).map(({ path, message }) => `\`${path.join('.')}\`: ${message}`);
    return { understood: false, why: `its form is unknown: ${problems.join('; ')}` };
  }
  return { understood: true, callback: canonical(parsed.data) };
}

/** The webhook that a body names, without asking more of it; null when it names none. */
export function webhookIdOf(body: Uint8Array): string | null {
  const named = z.object({ webhookId: idLike });
  try {
    return named.safeParse(parseJson(Buffer.from(body).toString('utf8'))).data?.webhookId ?? null;
  } catch {
    return null;
  }
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
