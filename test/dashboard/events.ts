import type { AuditEvent } from '../../lib/event';

export const NORTH = '4583173393803140';
export const SOUTH = '4583173393803141';

/** A harmless change of a quantity, with whatever else it should be laid over it. */
export function event(number: number, over: Partial<AuditEvent> = {}): AuditEvent {
  return {
    timestamp: null,
    sheet_id: NORTH,
    row_id: String(5000 + number),
    work_request: String(90000 + number),
    column_name: 'Quantity',
    violation_type: 'NONE',
    old_value: '10',
    new_value: '11',
    delta: '1',
    changed_by: 'clerk@example.com',
    changed_at: '2026-02-03T15:30:00.000Z',
    week_ending: '2026-02-08',
    is_historical: false,
    audit_run_id: 'callback:1',
    severity: 'LOW',
    issue_description: '',
    suggested_fix: '',
    sheet_reference: `https://app.smartsheet.com/sheets/abc?rowId=${5000 + number}`,
    ip_address: null,
    device_info: null,
    session_id: null,
    user_agent: null,
    risk_score: 0.05,
    anomaly_score: null,
    predicted_category: null,
    event_key: `${NORTH}:${5000 + number}:3:1`,
    kind: 'cell_changed',
    sheet_name: 'Billing, North',
    changed_by_kind: 'person',
    currency: 'USD',
    approval_id: null,
    intermediate_unknown: false,
    reasons: [],
    unknown_facts: [],
    rules_hash: null,
    values: {},
    ...over,
  };
}

/** A price that was raised after its week had closed. */
export function alarming(number: number, over: Partial<AuditEvent> = {}): AuditEvent {
  return event(number, {
    column_name: 'Units Total Price',
    violation_type: 'HISTORICAL_CHANGE',
    old_value: '$1,250.00',
    new_value: '$2,750.00',
    delta: '1500',
    week_ending: '2026-01-18',
    is_historical: true,
    severity: 'HIGH',
    risk_score: 0.7,
    issue_description: `Units Total Price of work request ${90000 + number} went from 1,250.00 USD to 2,750.00 USD after its week had closed.`,
    suggested_fix: 'Ask for the reason; then put the old value back, or record an approved correction.',
    reasons: [
      { factor: 'locked_week', points: 40, because: 'The week ended on 2026-01-18, before this change.' },
      { factor: 'large_change', points: 30, because: 'The amount rose by 1,500.00, which is 120 % of it.' },
    ],
    ...over,
  });
}
