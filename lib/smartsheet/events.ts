import { z } from 'zod';
import { understood } from './answers';
import { SmartsheetRefused } from './errors';
import { ask, type Exchange } from './exchange';
import { toInstant } from './instants';

/** One event of Smartsheet's Event Reporting (reference §6), in our names. */
export interface ReportedEvent {
  readonly eventId: string;
  readonly objectType: string;
  readonly action: string;
  readonly objectId: string;
  readonly at: string;
  /** The assumed user. */
  readonly userId: string | null;
  /** Whose credential it was. */
  readonly requestUserId: string | null;
  readonly accessTokenName: string | null;
  readonly source: string | null;
  readonly emailAddress: string | null;
  /** Told for the web app alone; null = not told. */
  readonly sourceIpAddress: string | null;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface EventPage {
  readonly events: readonly ReportedEvent[];
  /** Null where Smartsheet gave none: the position stays. */
  readonly position: string | null;
  readonly more: boolean;
  /** Events that could not be understood, each in a sentence; the rest of the page stands. */
  readonly unreadable: readonly string[];
}

/** Where to go on from: a position that was given, or a time at the first read. */
export type EventsFrom = { readonly position: string } | { readonly since: string };

export interface EventCalls {
  /**
   * A page of what people did in the whole account: sign-ins, shares, exports, deletions, saves.
   * @throws SmartsheetRefused  the plan lacks it (1013), or the token is not a system administrator's (1004)
   */
  events(from: EventsFrom, most: number): Promise<EventPage>;
}

const text = z.union([z.string(), z.number()]).transform(String);
const optionalText = text.nullish().transform((value) => (value === undefined || value === '' ? null : value));
const record = z
  .record(z.string(), z.unknown())
  .nullish()
  .transform((value) => value ?? {});

const page = z.object({
  nextStreamPosition: z.string().nullish(),
  // An old answer has it as text (reference §6).
  moreAvailable: z.union([z.boolean(), z.stringbool()]).default(false),
  data: z.array(z.unknown()).default([]),
});

const event = z
  .object({
    eventId: text,
    objectType: z.string().min(1),
    action: z.string().min(1),
    // `-1` where the id is no number; since June 2026 the text beside it says it.
    objectId: optionalText,
    objectIdStr: optionalText,
    eventTimestamp: z.unknown().optional(),
    eventTimeStamp: z.unknown().optional(),
    userId: optionalText,
    requestUserId: optionalText,
    accessTokenName: optionalText,
    source: optionalText,
    additionalDetails: record,
    eventDetails: record,
  })
  .transform((read, context) => {
    const at = toInstant(read.eventTimestamp ?? read.eventTimeStamp);
    if (at === null) {
      context.addIssue({ code: 'custom', message: 'it has no time', path: ['eventTimestamp'] });
      return z.NEVER;
    }
    const details = { ...read.eventDetails, ...read.additionalDetails };
    return {
      eventId: read.eventId,
      objectType: read.objectType.toUpperCase(),
      action: read.action.toUpperCase(),
      objectId: read.objectIdStr ?? read.objectId ?? '',
      at,
      userId: read.userId,
      requestUserId: read.requestUserId,
      accessTokenName: read.accessTokenName,
      source: read.source,
      emailAddress: textIn(details['emailAddress']),
      sourceIpAddress: textIn(details['sourceIpAddress']),
      details,
    };
  });

export function eventCalls(exchange: Exchange): EventCalls {
  return {
    async events(from, most) {
      const what = 'read Event Reporting';
      const query = 'position' in from ? { streamPosition: from.position } : { since: from.since };
      const path = `events?${new URLSearchParams({ ...query, maxCount: String(most) }).toString()}`;
      const read = understood(page, await ask(exchange, { method: 'GET', path, what }), what);
      const parsed = read.data.map((each) => event.safeParse(each));
      return {
        events: parsed.flatMap(({ data }) => (data === undefined ? [] : [data])),
        unreadable: parsed.flatMap(({ error }, index) =>
          error ? [`event ${idOf(read.data[index])}: ${problemsOf(error.issues)}`] : [],
        ),
        position: read.nextStreamPosition ?? null,
        more: read.moreAvailable,
      };
    },
  };
}

/** Whether Smartsheet said that there is no Event Reporting for this account, or not for this token. */
export function whyNoEvents(failure: unknown): 'not_in_plan' | 'not_administrator' | null {
  if (!(failure instanceof SmartsheetRefused) || failure.status !== 403) return null;
  return failure.errorCode === 1013 ? 'not_in_plan' : 'not_administrator';
}

function textIn(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}

function idOf(value: unknown): string {
  const named = typeof value === 'object' && value !== null ? (value as { readonly eventId?: unknown }).eventId : null;
  return typeof named === 'string' || typeof named === 'number' ? String(named).slice(0, 60) : 'without an id';
}

function problemsOf(issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]): string {
  return issues
    .slice(0, 3)
    .map(({ path, message }) => `\`${path.map(String).join('.')}\` ${message}`)
    .join('; ');
}
