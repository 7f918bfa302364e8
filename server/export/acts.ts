import type { AuditEvent } from '../../lib/event/audit-event';
import { text, value, type Column } from './columns';

/**
 * What people do in Billing Audit itself, by the kinds of their events: decisions, the directory of people, what was set, and
 * what was done to the trail. None of these is a change of a sheet.
 */
export const ACT_KINDS = [
  'approval_given',
  'event_marked',
  'notice_answered',
  'callbacks_replayed',
  'person_saved',
  'person_removed',
  'configuration',
  'legal_hold_set',
  'legal_hold_released',
  'payloads_erased',
  'events_archived',
] as const;

/** A line for each act. */
export const ACT_COLUMNS: readonly Column[] = [
  { title: 'changed_at', width: 25, of: (event) => text(event.changed_at) },
  { title: 'kind', width: 20, of: (event) => text(event.kind) },
  { title: 'changed_by', width: 30, of: (event) => text(event.changed_by) },
  { title: 'in_words', width: 80, of: (event) => text(event.issue_description) },
  { title: 'old_value', width: 30, of: (event) => value(event.old_value) },
  { title: 'new_value', width: 30, of: (event) => value(event.new_value) },
  { title: 'severity', width: 10, of: (event) => text(event.severity) },
  { title: 'facts', width: 60, of: ({ values }) => text(factsOf(values)) },
  { title: 'approval_id', width: 12, of: (event) => text(event.approval_id) },
  { title: 'sheet_name', width: 24, of: (event) => text(event.sheet_name) },
  { title: 'sheet_id', width: 20, of: (event) => text(event.sheet_id) },
  { title: 'timestamp', width: 25, of: (event) => text(event.timestamp) },
  { title: 'event_key', width: 44, of: (event) => text(event.event_key) },
];

/** What the act was about: `event: sheet:1:2:3; right: manager`. */
function factsOf(values: AuditEvent['values']): string {
  return Object.entries(values)
    .flatMap(([name, fact]) => (fact === null || fact === '' ? [] : [`${name}: ${fact}`]))
    .join('; ');
}
