import { DateTime } from 'luxon';
import { z } from 'zod';
import { wire } from '../../lib/define';
import { severity, violationType } from '../../lib/event/audit-event';
import type { TrailQuery } from '../../lib/store/store';

const TEXT_LENGTH = 200;
const text = z.string().trim().max(TEXT_LENGTH);
/** Empty means any. */
const any = z.literal('').transform(() => undefined);
const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/u, 'must be a date like 2026-01-31');
const after = z.string().max(500).nullish();

/** What a page of the table of changes asks: fields of the event, days in business time, both included. */
export const changesQuestion = wire(
  'changes-question',
  z.object({
    text: text.optional(),
    person: text.optional(),
    work_request: text.optional(),
    column: text.optional(),
    severity: severity.or(any).optional(),
    violation: violationType.or(any).optional(),
    high_risk: z.boolean().optional(),
    from: day.or(any).optional(),
    to: day.or(any).optional(),
    /** The key of one event, and nothing else is looked for: what a mail links to. */
    event: z.string().trim().min(1).max(300).optional(),
    order: z.enum(['newest', 'delta', 'money_at_risk']).default('newest'),
    after,
  }),
);

export const attentionQuestion = wire(
  'attention-question',
  z.object({ order: z.enum(['newest', 'money_at_risk']).default('newest'), after }),
);

/** All that is taken from a browser for a verdict. Who it is by comes from the server. */
export const verdict = wire(
  'verdict',
  z.object({
    event_key: z.string().min(1).max(300),
    mark: z.enum(['approved', 'false_alarm', 'looking']),
    reason: z.string().max(2000).default(''),
  }),
);

/** All that is taken from a browser, or from a flow, for a judgement. Who it is by comes from the server. */
export const judgementQuestion = wire(
  'judgement',
  z.object({
    event_key: z.string().min(1).max(300),
    verdict: z.enum(['true', 'false', 'unsure']),
    note: z.string().trim().max(2000).optional(),
    incident: text.optional(),
    category: z
      .string()
      .regex(/^[a-z0-9_]{0,60}$/u, 'must be small letters, digits and underscores')
      .optional(),
  }),
);

/** How many alerts a page showed; left out, it only asks what was seen before. */
export const seenQuestion = wire('alerts-seen', z.object({ seen: z.number().int().min(0).optional() }));

export type ChangesQuestion = z.infer<typeof changesQuestion.schema>;

/** The question in the words of the trail. What was left empty is not asked. */
export function trailQueryOf(
  asked: ChangesQuestion,
  { timeZone, riskFrom, limit }: { readonly timeZone: string; readonly riskFrom: number; readonly limit: number },
): TrailQuery {
  const query: Partial<Record<keyof TrailQuery, unknown>> = {
    text: asked.text,
    changed_by: asked.person,
    work_request: asked.work_request,
    column_name: asked.column,
    severity: asked.severity,
    violation_type: asked.violation,
    risk_from: asked.high_risk ? riskFrom : undefined,
    from: asked.from === undefined ? undefined : startOf(asked.from, timeZone, 0),
    to: asked.to === undefined ? undefined : startOf(asked.to, timeZone, 1),
    order: asked.order,
    limit,
    after: asked.after,
  };
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '');
  return Object.fromEntries(given);
}

/** Midnight of a day in business time, so many days later. */
function startOf(dayText: string, timeZone: string, later: number): string | undefined {
  return DateTime.fromISO(dayText, { zone: timeZone }).plus({ days: later }).toUTC().toISO() ?? undefined;
}
