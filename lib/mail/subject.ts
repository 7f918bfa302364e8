import { type AuditEvent, isEmpty, parseAmount } from '../event';
import type { MailContent, MailFrame, Tally, ToldAlert } from './content';
import { counted, isMoney, oneLine, shortPerson, valueText } from './words';

const LONGEST_SUBJECT = 180;
const RANK = { HIGH: 2, MEDIUM: 1, LOW: 0 } as const;

/** The line that says it all: how bad, what, from what to what, who, and whether the week was closed. */
export function subjectOf(content: MailContent, frame: MailFrame): string {
  const told = content.kind === 'first' ? firstSubject(content, frame) : laterSubject(content);
  const before = [frame.practice ? '[PRACTICE]' : '', frame.subjectPrefix].filter(Boolean).join(' ');
  return oneLine(`${before} ${told}`, LONGEST_SUBJECT);
}

/** The alert that a mail is named after: the most severe, money before quantities, then the largest amount. */
export function headline(alerts: readonly ToldAlert[], aliases: MailFrame['columnAliases']): ToldAlert | undefined {
  return worstFirst(alerts, aliases)[0];
}

/** Alerts in the order in which a reader needs them. */
export function worstFirst(alerts: readonly ToldAlert[], aliases: MailFrame['columnAliases']): readonly ToldAlert[] {
  return [...alerts].sort(
    (left, right) =>
      RANK[right.severity] - RANK[left.severity] ||
      moneyRank(right, aliases) - moneyRank(left, aliases) ||
      bySize(left.event, right.event),
  );
}

/** How bad, as a word: the severity, or the risk where the rules alone would not say so. */
export function severityWord({ severity, event }: Pick<ToldAlert, 'severity' | 'event'>): string {
  const isRisky = (event?.risk_score ?? 0) >= 0.7;
  return severity !== 'HIGH' && isRisky ? 'HIGH RISK' : severity;
}

const SAID = {
  event_marked: 'An event marked',
  event_judged: 'An event judged',
  notice_answered: 'A notice answered',
} as const;

/** What happened to a row or a cell, in a few words. */
export function whatHappened(event: AuditEvent, aliases: MailFrame['columnAliases']): string {
  const who = `by ${shortPerson(event.changed_by)}`;
  const column = oneLine(event.column_name ?? 'A column', 60);
  switch (event.kind) {
    case 'cell_changed': {
      const [from, to] = [event.old_value, event.new_value].map((value) => shortValue(value, event, aliases));
      return `${column} changed from ${from} to ${to} ${who}`;
    }
    case 'configuration':
      return `Configuration changed ${who}: ${column}`;
    case 'row_added':
      return `Row${requestOf(event)} added ${who}`;
    case 'row_deleted':
      return `Row${requestOf(event)} deleted or moved away ${who}`;
    case 'row_moved':
      return `Row${requestOf(event)} moved to another sheet ${who}`;
    case 'column_added':
      return `Column ${column} added ${who}`;
    case 'column_retyped':
      return `Column ${column} given another type ${who}`;
    case 'column_renamed':
      return `Column ${oneLine(event.old_value ?? column, 60)} ${isEmpty(event.new_value) ? 'removed' : 'renamed'}`;
    case 'attachment_created':
    case 'attachment_updated':
    case 'attachment_deleted':
    case 'discussion_created':
    case 'discussion_updated':
    case 'discussion_deleted':
    case 'comment_created':
    case 'comment_updated':
    case 'comment_deleted': {
      const [what = '', deed = ''] = event.kind.split('_');
      const said = oneLine(event.new_value ?? event.old_value ?? '', 60);
      return `${what.replace(/^./, (letter) => letter.toUpperCase())} ${deed} ${who}${said === '' ? '' : `: ${said}`}`;
    }
    case 'watch_gap':
      return `Changes to ${oneLine(event.sheet_name || event.sheet_id, 60)} may have gone unseen`;
    case 'sheet_checked':
      return `${column} found wrong in a check of ${oneLine(event.sheet_name || event.sheet_id, 60)}`;
    default:
      return whatWasDone(event.kind, event, who);
  }
}

type Told =
  | 'cell_changed'
  | 'configuration'
  | 'watch_gap'
  | 'sheet_checked'
  | Extract<AuditEvent['kind'], `${'row' | 'column' | 'attachment' | 'discussion' | 'comment'}_${string}`>;

/** What the store writes by itself, and what was brought in. */
function whatWasDone(kind: Exclude<AuditEvent['kind'], Told>, event: AuditEvent, who: string): string {
  switch (kind) {
    case 'imported':
      return `A change of ${oneLine(event.sheet_name || event.sheet_id, 60)} imported`;
    case 'legal_hold_set':
      return `Legal hold set ${who}`;
    case 'legal_hold_released':
      return `Legal hold released ${who}`;
    case 'payloads_erased':
      return `Data of a person erased ${who}`;
    case 'events_archived':
      return `A month of the trail archived ${who}`;
    case 'events_moved':
      return 'Events of the trail moved into the partition of their month';
    case 'rights_given':
      return `Rights of an account raised ${who}`;
    case 'model_trained':
      return `Model ${event.new_value ?? ''} trained ${who}`;
    case 'model_promoted':
      return `Model ${event.new_value ?? ''} put in force ${who}`;
    case 'model_rolled_back':
      return `Model ${event.old_value ?? ''} taken back ${who}`;
    case 'model_changed':
      return `Model ${event.new_value ?? ''} changed by hand`;
    case 'callbacks_replayed':
      return `Callbacks of ${oneLine(event.sheet_name || event.sheet_id, 60)} put back to work ${who}`;
    case 'coverage':
      return `A day's watch of ${oneLine(event.sheet_name || event.sheet_id, 60)} noted`;
    case 'approval_given':
      return `Corrections of ${oneLine(event.sheet_name || event.sheet_id, 60)} approved ${who}`;
    case 'event_marked':
    case 'event_judged':
    case 'notice_answered':
      return `${SAID[kind]} ${who}: ${oneLine(event.new_value ?? '', 60)}`;
    case 'person_saved':
    case 'person_removed':
    case 'people_taken':
      return `The directory of people changed ${who}`;
  }
}

function firstSubject({ alerts, total }: MailContent, frame: MailFrame): string {
  const head = headline(alerts, frame.columnAliases);
  if (!head) return 'An alert';
  const more = total > 1 ? ` (and ${counted(total - 1, 'more')})`.replace(' mores', ' more') : '';
  if (!head.event) return `${severityWord(head)}: ${oneLine(head.notice?.title ?? 'An alert')}${more}`;
  const closed = head.event.is_historical ? ' in a closed week' : '';
  return `${severityWord(head)}: ${whatHappened(head.event, frame.columnAliases)}${closed}${more}`;
}

function laterSubject({ kind, total, tallies }: MailContent): string {
  const high = tallies.reduce((sum, { severity, count }) => (severity === 'HIGH' ? sum + count : sum), 0);
  const level = high > 0 ? `HIGH: ` : '';
  if (kind === 'update') {
    const { person, sheet } = theOnly(tallies);
    return `${level}${counted(total, 'more alert')} about ${shortPerson(person)} in ${oneLine(sheet, 60)}`;
  }
  return `${level}Summary of ${counted(total, 'alert')} that waited`;
}

function theOnly([first]: readonly Tally[]): { person: string | null; sheet: string } {
  return { person: first?.person ?? null, sheet: first?.sheet_name || first?.sheet_id || 'the watch' };
}

function shortValue(value: string | null, event: AuditEvent, aliases: MailFrame['columnAliases']): string {
  return oneLine(valueText(value, event, aliases), 40).replace('(empty)', 'empty');
}

function requestOf({ work_request }: AuditEvent): string {
  return work_request === null ? '' : ` of work request ${oneLine(work_request, 40)}`;
}

function moneyRank({ event }: ToldAlert, aliases: MailFrame['columnAliases']): number {
  return event !== null && (event.column_name === null || isMoney(event.column_name, aliases)) ? 1 : 0;
}

function bySize(left: AuditEvent | null, right: AuditEvent | null): number {
  const [a, b] = [left, right].map((event) => parseAmount(event?.delta ?? null)?.abs());
  if (!a || !b) return (b ? 1 : 0) - (a ? 1 : 0);
  return b.cmp(a);
}
