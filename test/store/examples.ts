import type { AuditEvent } from '../../lib/event/audit-event';
import type { Observation, ObservedCell, ObservedRow, Step } from '../../lib/store';

export const clerk = 'clerk@example.com';
export const sheetId = '4583173393803140';

/** Column ids of the sheet that these tests look at. */
export const columns = { '11': 'Work Request #', '12': 'Quantity', '13': 'Units Total Price' };

/** A time on 5 January 2026, by its clock: `at('09:00:10')`. */
export const at = (clock: string): string => `2026-01-05T${clock}.000Z`;

export const step = (value: string | null, clock: string, by: string | null = clerk): Step => ({
  value,
  changed_by: by,
  changed_by_kind: by === null ? 'unknown' : 'person',
  changed_at: at(clock),
});

export const cell = (columnId: keyof typeof columns, ...steps: readonly Step[]): ObservedCell => ({
  column_id: columnId,
  steps,
});

export const row = (rowId: string, version: number, ...cells: readonly ObservedCell[]): ObservedRow => ({
  row_id: rowId,
  version,
  created_at: at('09:00:00'),
  created_by: clerk,
  modified_at: at('09:00:00'),
  modified_by: clerk,
  cells,
  sheet_reference: `https://app.smartsheet.com/sheets/x?rowId=${rowId}`,
});

export function observation(clock: string, given: Partial<Observation> = {}): Observation {
  return {
    sheet_id: sheetId,
    sheet_name: 'Week 1',
    columns,
    version: 1,
    rows: [],
    removed: [],
    baseline: false,
    audit_run_id: 'poll:1',
    found_by: 'poll',
    callback_ids: [],
    observed_at: at(clock),
    ...given,
  };
}

export function event(key: string, given: Partial<AuditEvent> = {}): AuditEvent {
  return {
    timestamp: null,
    sheet_id: sheetId,
    row_id: '21',
    work_request: '1234',
    column_name: 'Quantity',
    violation_type: 'NONE',
    old_value: '10',
    new_value: '12',
    delta: '2',
    changed_by: clerk,
    changed_at: at('09:00:00'),
    week_ending: '2026-01-11',
    is_historical: false,
    audit_run_id: 'poll:1',
    severity: 'LOW',
    issue_description: 'Quantity rose.',
    suggested_fix: 'Nothing to do.',
    sheet_reference: null,
    ip_address: null,
    device_info: null,
    session_id: null,
    user_agent: null,
    risk_score: 0.3,
    anomaly_score: null,
    predicted_category: null,
    event_key: key,
    kind: 'cell_changed',
    sheet_name: 'Week 1',
    changed_by_kind: 'person',
    currency: 'USD',
    approval_id: null,
    intermediate_unknown: false,
    reasons: [{ factor: 'weekend', points: 20, because: 'It was a Sunday.' }],
    unknown_facts: ['access_level'],
    rules_hash: 'a'.repeat(64),
    values: { Quantity: '12', 'Work Request #': '1234.1' },
    ...given,
  };
}
