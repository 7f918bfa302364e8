import { DateTime } from 'luxon';
import { z } from 'zod';
import { receive, wire } from '../../lib/define';
import { BadSetting } from '../../lib/errors';
import { canonicalInstant } from '../../lib/event';
import { id } from '../../lib/event/formats';
import type { Ports } from '../../lib/ports';
import type { BillingSettings } from '../../lib/settings';
import type { Approval, NewApproval } from '../../lib/store/store';
import { ApprovalEndsBeforeItBegins, MayNotApprove, OwnCorrection } from './errors';

const DAY = /^\d{4}-\d{2}-\d{2}$/u;

const when = z
  .string()
  .trim()
  .refine(
    (text) => (DAY.test(text) ? DateTime.fromISO(text).isValid : canonicalInstant(text) !== null),
    'must be a day like 2026-01-31 or a time like 2026-01-31T09:00:00Z',
  );
const texts = z
  .array(z.string().trim().min(1, 'must not be empty'))
  .nullish()
  .transform((list) => list ?? []);

/** An approved correction as it is asked for. A list that is empty or left out means all. */
export const approvalRequest = wire(
  'approval',
  z.object({
    sheet_id: id,
    row_ids: z
      .array(id)
      .nullish()
      .transform((list) => list ?? []),
    work_requests: texts,
    columns: texts,
    people: texts,
    /** A time with its offset, or a day of business time: its first moment. */
    from: when,
    /** A time with its offset, or a day of business time: its last moment. */
    to: when,
    reason: z.string().trim().min(1, 'must say why').max(2000),
    ticket: z.string().trim().nullish(),
  }),
);

/** Who approves, as the node's fields say. */
export interface Approver {
  readonly approver: string;
  /** Empty: nobody is signed in, and the flow itself decides who may approve; so it vouches that it is a manager. */
  readonly approverRole: string;
}

/**
 * Records an approved correction.
 * @param settings  completed: a day is a day of its time zone, and titles are compared by its aliases
 * @throws WrongMessageType  when the message is no approval
 * @throws BadSetting  when nobody is named as the approver
 * @throws MayNotApprove, OwnCorrection, ApprovalEndsBeforeItBegins, StoreUnavailable; nothing is recorded then
 */
export async function approve(
  input: unknown,
  { approver: named, approverRole }: Approver,
  settings: BillingSettings,
  { store, log }: Pick<Ports, 'store' | 'log'>,
): Promise<Approval> {
  const { from, to, ticket, ...asked } = receive(approvalRequest, input);
  const approver = approverOf(named);
  const role = roleOf(approver, approverRole);
  if (asked.people.some((person) => person.toLowerCase() === approver.toLowerCase())) throw new OwnCorrection(approver);
  const span = {
    from: momentOf(from, settings.timeZone, 'first'),
    to: momentOf(to, settings.timeZone, 'last'),
  };
  if (Date.parse(span.to) < Date.parse(span.from)) throw new ApprovalEndsBeforeItBegins(span.from, span.to);
  const column_aliases = settings.columnAliases;
  const approval = await store.approve({ ...asked, ...span, ticket: ticket || null, approver, role, column_aliases });
  const { id: approval_id, sheet_id } = approval;
  log.info('An approved correction was recorded.', { approval_id, sheet_id });
  // Smartsheet knows people by their e-mail; only by the same name can an approver's own change be told.
  if (!approver.includes('@')) {
    const unlike = 'is no e-mail address: their own changes cannot be told from those of others';
    log.warn(`The approver ${unlike}. Let people sign in by the e-mail that they have in Smartsheet.`, { approval_id });
  }
  return approval;
}

/** What the node shows: by whom, and until which day of business time. */
export function approvedText({ approver, to }: Approval, { timeZone }: Pick<BillingSettings, 'timeZone'>): string {
  const until = DateTime.fromISO(to, { zone: timeZone }).toFormat('yyyy-MM-dd HH:mm');
  return `approved by ${approver} until ${until}`;
}

function approverOf(named: string): string {
  const approver = named.trim();
  if (approver === '') {
    throw new BadSetting(
      'Approved by',
      'is empty: nobody is signed in, or the field was never filled',
      'Sign in, or set the field to the JSONata expression $exists(_client) ? _client.user.name : payload.approver',
    );
  }
  return approver;
}

/** The store asks for the role again, and refuses what is none of these. */
function roleOf(approver: string, role: string): NewApproval['role'] {
  if (role === '') return 'manager';
  if (role !== 'manager' && role !== 'admin') throw new MayNotApprove(approver, role);
  return role;
}

function momentOf(text: string, zone: string, end: 'first' | 'last'): string {
  if (!DAY.test(text)) return canonicalInstant(text) ?? text;
  const day = DateTime.fromISO(text, { zone });
  const moment = end === 'first' ? day.startOf('day') : day.endOf('day');
  return moment.toUTC().toISO() ?? text;
}
