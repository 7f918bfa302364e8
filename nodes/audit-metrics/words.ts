import { DateTime } from 'luxon';
import { parseAmount } from '../../lib/event';
import { deltaText, money, oneLine, shortPerson, valueText } from '../../lib/mail/words';
import type { BillingSettings } from '../../lib/settings';
import type { Judgement, Mark, MarkedEvent, RaisedAlert } from '../../lib/store/overview';
import type { AlertRow, Row } from './wires';

const LONGEST_SENTENCE = 600;

const VIOLATIONS: Readonly<Record<string, string>> = {
  HISTORICAL_CHANGE: 'Closed week changed',
  HISTORICAL_ROW_ADDED: 'Row added to a closed week',
  HISTORICAL_ROW_DELETED: 'Row gone from a closed week',
  DATE_VALIDATION_ERROR: 'Date that cannot be right',
  APPROVED_CORRECTION: 'Approved correction',
  WATCH_GAP: 'Nobody watched',
  CONFIGURATION_WEAKENED: 'Detection weakened',
};

const KINDS: Readonly<Record<string, string>> = {
  row_added: 'Row added',
  row_deleted: 'Row deleted',
  row_moved: 'Row moved away',
  column_added: 'Column added',
  column_renamed: 'Column renamed',
  column_retyped: 'Type of column',
  attachment_created: 'Attachment added',
  attachment_updated: 'Attachment renewed',
  attachment_deleted: 'Attachment deleted',
  discussion_created: 'Discussion begun',
  discussion_updated: 'Discussion changed',
  discussion_deleted: 'Discussion deleted',
  comment_created: 'Comment written',
  comment_updated: 'Comment changed',
  comment_deleted: 'Comment deleted',
  watch_gap: 'Gap in the watch',
  sheet_checked: 'Sheet checked',
  callbacks_replayed: 'Callbacks worked on again',
  event_judged: 'Said whether it was a problem',
  legal_hold_set: 'Legal hold set',
  legal_hold_released: 'Legal hold released',
  payloads_erased: 'Personal data erased',
  events_archived: 'Month archived',
  events_moved: 'Events moved into their month',
  model_trained: 'Model trained',
  model_promoted: 'Model put in force',
  model_rolled_back: 'Model taken back',
  model_changed: 'Model changed by hand',
};

const ACTORS: Readonly<Record<string, string>> = {
  automation: 'An automation',
  form: 'A form',
  cell_link: 'A linked cell',
  system: 'Smartsheet',
};

type Read = Pick<BillingSettings, 'timeZone' | 'columnAliases'>;

/** A time where the business is, short enough for a table: `Tue 3 Feb 2026, 09:30`. */
export function whenText(instant: string, { timeZone }: Pick<Read, 'timeZone'>): string {
  return DateTime.fromISO(instant, { zone: timeZone }).setLocale('en-GB').toFormat('ccc d LLL yyyy, HH:mm');
}

export function whenTextOrNull(instant: string | null, read: Pick<Read, 'timeZone'>): string | null {
  return instant === null ? null : whenText(instant, read);
}

/** What is recorded names moments in UTC; on a page they are said as all others are there. */
function inBusinessTime(text: string, read: Pick<Read, 'timeZone'>): string {
  return text.replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/gu, (instant) => whenText(instant, read));
}

/** An event in the words of a table. */
export function rowOf(event: MarkedEvent, read: Read, judgement: Row['judgement'] = null): Row {
  const row = cellRowOf(event, read, judgement);
  if (event.kind !== 'watch_gap') return row;
  // A gap has no value before and after: what is known of it is a sentence.
  return { ...row, old_value: '', new_value: '', reasons: [row.issue, ...row.reasons] };
}

function cellRowOf(event: MarkedEvent, read: Read, judgement: Row['judgement']): Row {
  return {
    event_key: event.event_key,
    when: whenText(event.changed_at, read),
    sheet: oneLine(event.sheet_name) || `Sheet ${event.sheet_id}`,
    work_request: event.work_request,
    what: whatOf(event),
    old_value: valueText(event.old_value, event, read.columnAliases),
    new_value: valueText(event.new_value, event, read.columnAliases),
    delta: deltaText(event.delta, event, read.columnAliases),
    person: personOf(event),
    severity: event.severity,
    risk: event.risk_score === null ? null : Math.round(event.risk_score * 100),
    violation: VIOLATIONS[event.violation_type] ?? null,
    issue: oneLine(inBusinessTime(event.issue_description, read), LONGEST_SENTENCE),
    suggested_fix: oneLine(event.suggested_fix, LONGEST_SENTENCE),
    reasons: event.reasons.map(({ because }) => oneLine(because, LONGEST_SENTENCE)),
    link: safeLink(event.sheet_reference),
    open_to_verdict: isConcern(event),
    mark: event.mark === null ? null : markInWords(event.mark, read),
    judgement,
  };
}

/** A cell by its column; a column that came or has another type must not look like one of its cells. */
function whatOf({ kind, column_name }: MarkedEvent): string {
  if (column_name === null) return KINDS[kind] ?? 'Changed';
  const isNewKind = kind === 'column_added' || kind === 'column_retyped';
  return isNewKind ? `${KINDS[kind] ?? ''}: ${oneLine(column_name)}` : oneLine(column_name);
}

export function markInWords(mark: Mark, read: Pick<Read, 'timeZone'>): NonNullable<Row['mark']> {
  return { ...mark, reason: oneLine(mark.reason, LONGEST_SENTENCE), when: whenText(mark.marked_at, read) };
}

export function judgementInWords(said: Judgement, read: Pick<Read, 'timeZone'>): NonNullable<Row['judgement']> {
  return { ...said, note: oneLine(said.note, LONGEST_SENTENCE), when: whenText(said.marked_at, read) };
}

/** An alert in one line and a half: what, how much, by whom, where. */
export function alertOf(
  { event_key, raised_at, severity, notice, event }: RaisedAlert,
  read: Read,
  judgement: AlertRow['judgement'] = null,
): AlertRow {
  const told = { event_key, when: whenText(raised_at, read), severity, is_event: event !== null, judgement };
  if (event === null) {
    return { ...told, title: oneLine(notice?.title ?? 'Alert'), text: oneLine(notice?.text ?? '', LONGEST_SENTENCE) };
  }
  const row = rowOf({ ...event, mark: null }, read);
  // A row that came or went has no value of its own.
  const values = row.old_value === row.new_value ? '' : `: ${row.old_value} → ${row.new_value}`;
  const delta = row.delta === null ? '' : ` (${row.delta})`;
  const text = event.kind === 'watch_gap' ? row.issue : `${shortPerson(row.person)}, ${row.sheet}`;
  return { ...told, title: `${row.what}${values}${delta}`, text };
}

/** Money of one currency, from an exact decimal. */
export function moneyText(amount: string, currency: string): string {
  const exact = parseAmount(amount);
  return exact === null ? `${amount} ${currency}` : money(exact, currency);
}

/** As the store decides what may need a look: see `billing_audit.is_concern`. */
function isConcern({ violation_type, severity, risk_score }: MarkedEvent): boolean {
  const isViolation = violation_type !== 'NONE' && violation_type !== 'APPROVED_CORRECTION';
  return isViolation || severity === 'HIGH' || (risk_score ?? 0) >= 0.4;
}

function personOf({ changed_by, changed_by_kind }: MarkedEvent): string {
  const name = changed_by === null ? '' : oneLine(changed_by);
  return name || ACTORS[changed_by_kind] || 'Nobody knows who';
}

/** A link that a cell or a sheet brings must not run anything: only web addresses pass. */
function safeLink(link: string | null): string | null {
  return link !== null && /^https?:\/\/[^\s"'<>]+$/iu.test(link) ? link : null;
}
