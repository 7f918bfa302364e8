import type { AuditEvent } from '../../lib/event';

/** Of what happened to no sheet: a sign-in, an erasure. */
const NO_SHEET = '0';

/** What happened beside the cells of a sheet has no value before and after: a sentence tells it. */
export function lineOf(event: AuditEvent): string {
  const { changed_at, severity, sheet_name, row_id, column_name, old_value, new_value, changed_by } = event;
  const change =
    old_value === null && new_value === null
      ? [event.kind, event.issue_description].filter((part) => part !== '').join(': ')
      : `${JSON.stringify(old_value)} -> ${JSON.stringify(new_value)}`;
  const risk = event.risk_score === null ? '-' : event.risk_score.toFixed(2);
  const sheet = sheet_name || (event.sheet_id === NO_SHEET ? null : event.sheet_id);
  const place = [sheet, row_id, column_name].filter((part) => part !== null).join(' / ') || '-';
  return `${changed_at}  ${severity.padEnd(6)} ${risk}  ${event.violation_type}  ${place}  ${change}  ${changed_by ?? 'unknown'}  ${event.event_key}`;
}
