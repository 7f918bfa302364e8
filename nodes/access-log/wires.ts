import { z } from 'zod';
import { KIND_WORDS, wellFormed, wellFormedValue, type AccessKind, type NewAccessEvent } from '../../lib/access';
import { wire } from '../../lib/define';
import { canonicalInstant } from '../../lib/event';
import { id } from '../../lib/event/formats';
import { canonicalJson, sha256Hex } from '../../lib/hash';
import { MOST_EVENTS } from './fields';

const instantText = z.string().transform((given, context) => {
  const instant = canonicalInstant(given);
  if (instant !== null) return instant;
  context.addIssue({ code: 'custom', message: 'must be a time with its zone, like 2026-01-31T09:00:00Z' });
  return z.NEVER;
});
const kind = z.enum(Object.keys(KIND_WORDS) as [AccessKind, ...AccessKind[]]);
const text = z.string().transform(wellFormed);

/** What a message may ask of the log. */
export const accessQuestion = wire(
  'access-query',
  z.object({
    kinds: z.array(kind).optional(),
    from: instantText.optional(),
    to: instantText.optional(),
    person: text.optional(),
    sheet_id: id.optional(),
    text: text.optional(),
    limit: z.number().int().min(1).max(MOST_EVENTS).optional(),
  }),
);

const optionalText = text.nullish().transform((value) => value ?? null);

/** An event that a program of somebody's own tells of. What it does not tell is unknown. */
export const accessToRecord = wire(
  'access-event',
  z.object({
    /** Unique among events of its kind; left out, it is made of what is told. */
    id: z.string().min(1).max(200).transform(wellFormed).optional(),
    // What the trail says of itself is not for others to say.
    kind: kind.exclude(['origin_matched', 'origin_withdrawn']).default('other'),
    happened: text.pipe(z.string().min(1)),
    happened_at: instantText.optional(),
    person: optionalText,
    sheet_id: id.nullish().transform((value) => value ?? null),
    sheet_name: optionalText,
    ip_address: optionalText,
    device_info: optionalText,
    session_id: optionalText,
    user_agent: optionalText,
    details: z.record(z.string(), z.unknown()).default({}),
  }),
);

/** Whole, by the time at which it was told where it does not say when it happened. */
export function eventOf(told: z.output<typeof accessToRecord.schema>, present: string): NewAccessEvent {
  const { id: given, happened_at = present, details, ...event } = told as Told;
  const whole = {
    ...event,
    happened_at,
    source: 'flow' as const,
    details: wellFormedValue(details) as Record<string, unknown>,
  };
  return { ...whole, id: given ?? sha256Hex(canonicalJson(whole)).slice(0, 32) };
}

type Told = Omit<NewAccessEvent, 'id' | 'source' | 'happened_at'> & {
  readonly id?: string;
  readonly happened_at?: string;
};

/** `YYYY-MM-DDTHH:MM:SS.sssZ`, or null for what is no time with a zone. */
export const instantOf = canonicalInstant;
