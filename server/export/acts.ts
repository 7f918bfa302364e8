import type { AuditEvent } from '../../lib/event/audit-event';
import { text, value, type Column } from './columns';

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
