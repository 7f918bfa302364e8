import type { AuditEvent, Change } from '../../lib/event';
import type { Rules } from './rules';

/** What a change says by itself, before any rule: the base of every audit-event. */
export function unjudged(change: Change, { settings, hash }: Rules): AuditEvent {
  const { column_id: _columnId, found_by: _foundBy, change_agent: program, ...carried } = change;
  return {
    ...carried,
    timestamp: null,
    work_request: null,
    violation_type: 'NONE',
    delta: null,
    week_ending: null,
    is_historical: null,
    severity: 'LOW',
    issue_description: '',
    suggested_fix: '',
    ip_address: null,
    device_info: null,
    session_id: null,
    user_agent: program ?? null,
    risk_score: null,
    anomaly_score: null,
    predicted_category: null,
    currency: currencyOf(change.sheet_id, settings.currencies),
    approval_id: null,
    reasons: [],
    unknown_facts: [],
    rules_hash: hash,
  };
}

export function currencyOf(sheetId: string, currencies: Readonly<Record<string, string>>): string {
  return currencies[sheetId] ?? currencies['*'] ?? 'USD';
}
