import { z } from 'zod';
import { receive, wire, type Params } from '../../lib/define';
import { BadSetting, WrongMessageType } from '../../lib/errors';
import { canonicalInstant } from '../../lib/event';
import { severity, violationType } from '../../lib/event/audit-event';
import { id } from '../../lib/event/formats';
import type { TrailQuery } from '../../lib/store/store';
import { type auditTrailFields, MOST_EVENTS, USUAL_EVENTS } from './fields';

const instantText = z.string().transform((given, context) => {
  const instant = canonicalInstant(given);
  if (instant !== null) return instant;
  context.addIssue({ code: 'custom', message: 'must be a time with its zone, like 2026-01-31T09:00:00Z' });
  return z.NEVER;
});

const querySchema = z.object({
  from: instantText.optional(),
  to: instantText.optional(),
  sheet_id: id.optional(),
  row_id: id.optional(),
  work_request: z.string().optional(),
  column_name: z.string().optional(),
  changed_by: z.string().optional(),
  violation_type: violationType.optional(),
  severity: severity.optional(),
  is_historical: z.boolean().optional(),
  risk_from: z.number().min(0).max(1).optional(),
  text: z.string().optional(),
  order: z.enum(['newest', 'delta', 'money_at_risk']).optional(),
  limit: z.number().int().min(1).max(MOST_EVENTS).optional(),
  after: z.string().optional(),
});

/** What a message may ask of the trail: the names of `TrailQuery`. Names of other things are passed over. */
export const trailQuery = wire('trail-query', querySchema);

export type LimitedQuery = TrailQuery & { readonly limit: number };

/**
 * The question that a message and the node's fields make together; the message wins, name by name. A message that is no
 * object (a tick, an inject) asks nothing of its own.
 * @throws WrongMessageType  for a message that is something else, an event for instance
 * @throws BadSetting        for a field that cannot be used
 */
export function queryFrom(input: unknown, params: Params<typeof auditTrailFields>): LimitedQuery {
  const asked = isAsking(input) ? receive(trailQuery, input) : {};
  const configured = params.operation === 'search' ? searchFields(params) : {};
  return given({ ...configured, ...given(asked), limit: asked.limit ?? checkedLimit(params.limit) });
}

function isAsking(input: unknown): input is object {
  if (typeof input !== 'object' || input === null) return false;
  if (!('event_key' in input)) return true;
  throw new WrongMessageType('trail-query', 'an event', ['to record it, set the operation to Record the event']);
}

function searchFields(params: Params<typeof auditTrailFields>): TrailQuery {
  const { sheet, person, workRequest, column, violation, severity: wanted, riskFrom, text, order } = params;
  return given({
    sheet_id: sheet[0],
    changed_by: person,
    from: time(params.from, 'From'),
    to: time(params.to, 'To'),
    work_request: workRequest,
    column_name: column[0],
    violation_type: violation,
    severity: wanted,
    risk_from: riskFrom ?? undefined,
    text,
    order,
  });
}

function time(text: string, field: string): string | undefined {
  if (text.trim() === '') return undefined;
  const instant = canonicalInstant(text.trim());
  if (instant !== null) return instant;
  throw new BadSetting(field, `is "${text}"`, 'Give a time with its zone, such as 2026-01-31T00:00:00Z.');
}

function checkedLimit(limit: number | null): number {
  const wanted = limit ?? USUAL_EVENTS;
  if (Number.isInteger(wanted) && wanted >= 1 && wanted <= MOST_EVENTS) return wanted;
  throw new BadSetting('At most', `is ${String(limit)}`, `Give a whole number from 1 to ${MOST_EVENTS}.`);
}

type Given<Query> = { [Name in keyof Query]?: Exclude<Query[Name], undefined> };

/** Leaves out what is empty. */
function given<Query extends object & { readonly limit: number }>(query: Query): Given<Query> & { limit: number };
function given<Query extends object>(query: Query): Given<Query>;
function given(query: object): object {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined && value !== ''));
}
