import type { AuditEvent } from '../../lib/event/audit-event';

/** A cell of an export. Text that is a number stays text only where it names something (ids). */
export type Cell = { readonly text: string } | { readonly number: string } | null;

export interface Column {
  readonly title: string;
  /** In characters, for the workbook. */
  readonly width: number;
  readonly of: (event: AuditEvent) => Cell;
}

export const text = (value: string | null): Cell => (value === null || value === '' ? null : { text: value });
const number = (value: string | number | null): Cell => {
  if (value === null) return null;
  const digits = String(value);
  return isExactNumber(digits) ? { number: digits } : { text: digits };
};
const yesNo = (value: boolean | null): Cell => (value === null ? null : { text: value ? 'yes' : 'no' });
/** As Smartsheet gave it: a number where it is one, else the words. */
export const value = (cell: string | null): Cell =>
  cell !== null && isExactNumber(cell) ? { number: cell } : text(cell);

/** The 25 fields of the contract by their names, then what an auditor asks next. */
export const COLUMNS: readonly Column[] = [
  { title: 'changed_at', width: 25, of: (event) => text(event.changed_at) },
  { title: 'changed_by', width: 30, of: (event) => text(event.changed_by) },
  { title: 'sheet_name', width: 24, of: (event) => text(event.sheet_name) },
  { title: 'work_request', width: 14, of: (event) => text(event.work_request) },
  { title: 'column_name', width: 24, of: (event) => text(event.column_name) },
  { title: 'old_value', width: 18, of: (event) => value(event.old_value) },
  { title: 'new_value', width: 18, of: (event) => value(event.new_value) },
  { title: 'delta', width: 14, of: (event) => number(event.delta) },
  { title: 'currency', width: 9, of: (event) => text(event.currency) },
  { title: 'violation_type', width: 24, of: (event) => text(event.violation_type) },
  { title: 'severity', width: 10, of: (event) => text(event.severity) },
  { title: 'risk_score', width: 11, of: (event) => number(event.risk_score) },
  { title: 'is_historical', width: 12, of: (event) => yesNo(event.is_historical) },
  { title: 'week_ending', width: 13, of: (event) => text(event.week_ending) },
  { title: 'issue_description', width: 60, of: (event) => text(event.issue_description) },
  { title: 'suggested_fix', width: 40, of: (event) => text(event.suggested_fix) },
  { title: 'reasons', width: 60, of: ({ reasons }) => text(reasons.map(({ because }) => because).join(' ')) },
  { title: 'approval_id', width: 12, of: (event) => text(event.approval_id) },
  { title: 'anomaly_score', width: 13, of: (event) => number(event.anomaly_score) },
  { title: 'predicted_category', width: 18, of: (event) => text(event.predicted_category) },
  { title: 'ip_address', width: 16, of: (event) => text(event.ip_address) },
  { title: 'device_info', width: 20, of: (event) => text(event.device_info) },
  { title: 'session_id', width: 20, of: (event) => text(event.session_id) },
  { title: 'user_agent', width: 20, of: (event) => text(event.user_agent) },
  { title: 'timestamp', width: 25, of: (event) => text(event.timestamp) },
  { title: 'sheet_id', width: 20, of: (event) => text(event.sheet_id) },
  { title: 'row_id', width: 20, of: (event) => text(event.row_id) },
  { title: 'sheet_reference', width: 40, of: (event) => text(event.sheet_reference) },
  { title: 'audit_run_id', width: 30, of: (event) => text(event.audit_run_id) },
  { title: 'kind', width: 14, of: (event) => text(event.kind) },
  { title: 'changed_by_kind', width: 14, of: (event) => text(event.changed_by_kind) },
  { title: 'intermediate_unknown', width: 14, of: (event) => yesNo(event.intermediate_unknown) },
  { title: 'rules_hash', width: 20, of: (event) => text(event.rules_hash) },
  { title: 'event_key', width: 40, of: (event) => text(event.event_key) },
];

const COVERAGE_FACTS = [
  'how',
  'watched_from',
  'watched_to',
  'gaps',
  'gap_minutes',
  'compares',
  'version_from',
] as const;
const MORE_FACTS = ['version_to', 'rows', 'changes'] as const;

/** How the sheets were watched, a line for each sheet and day. */
export const COVERAGE_COLUMNS: readonly Column[] = [
  { title: 'day', width: 12, of: ({ values }) => text(values['day'] ?? null) },
  { title: 'sheet_name', width: 24, of: (event) => text(event.sheet_name) },
  { title: 'in_words', width: 70, of: (event) => text(event.issue_description) },
  ...[...COVERAGE_FACTS, ...MORE_FACTS].map((title) => ({
    title,
    width: 22,
    of: ({ values }: AuditEvent) => value(values[title] ?? null),
  })),
  { title: 'sheet_id', width: 20, of: (event) => text(event.sheet_id) },
  { title: 'event_key', width: 44, of: (event) => text(event.event_key) },
];

/** What every spreadsheet reads as the same number: no more than the 15 digits that it keeps, nothing it may take for an id. */
function isExactNumber(digits: string): boolean {
  if (!/^-?(0|[1-9]\d*)(\.\d+)?$/.test(digits)) return false;
  return digits.replace(/\D/g, '').replace(/^0+/, '').length <= 15;
}
