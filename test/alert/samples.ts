import type { AuditEvent } from '../../lib/event';
import type { MailContent, MailFrame, ToldAlert } from '../../lib/mail';
import { DEFAULT_ALIASES } from '../../lib/settings';

/** C541433 of the replay: an order of 77,183.60 that became nothing, after its week had closed. */
export function event(over: Partial<AuditEvent> = {}): AuditEvent {
  const rowId = over.row_id ?? '5001';
  return {
    timestamp: null,
    sheet_id: '4583173393803140',
    row_id: rowId,
    work_request: '541431',
    column_name: 'Units Total Price',
    violation_type: 'HISTORICAL_CHANGE',
    old_value: '77183.60',
    new_value: '0',
    delta: '-77183.6',
    changed_by: 'customer-12346@example.com',
    changed_at: '2011-02-10T09:31:00.000Z',
    week_ending: '2011-01-23',
    is_historical: true,
    audit_run_id: 'callback:1',
    severity: 'HIGH',
    issue_description:
      'Units Total Price of work request 541431 went from 77,183.60 USD to 0.00 USD (-77,183.60 USD), after its week ending Sunday 23 January 2011 had closed.',
    suggested_fix: 'Ask customer-12346 why, then approve the correction or put the old value back.',
    sheet_reference: 'https://app.smartsheet.com/sheets/abc?rowId=5001',
    ip_address: null,
    device_info: null,
    session_id: null,
    user_agent: null,
    risk_score: 0.7,
    anomaly_score: null,
    predicted_category: null,
    event_key: `4583173393803140:${rowId}:3:1`,
    kind: 'cell_changed',
    sheet_name: 'Week ending 2011-01-23',
    changed_by_kind: 'person',
    currency: 'USD',
    approval_id: null,
    intermediate_unknown: false,
    reasons: [
      { factor: 'locked_week', points: 40, because: 'The week ended on 2011-01-23, before this change.' },
      { factor: 'large_change', points: 30, because: 'The amount fell by 77,183.60, which is 100 % of it.' },
    ],
    unknown_facts: [],
    rules_hash: null,
    values: {},
    ...over,
  };
}

export function told(about: AuditEvent, over: Partial<ToldAlert> = {}): ToldAlert {
  return {
    event: about,
    notice: null,
    severity: about.severity,
    always: true,
    why: [
      {
        code: 'historical_high',
        because: 'A week that was closed was changed by a large amount, and nobody had approved it.',
      },
    ],
    ...over,
  };
}

export function content(over: Partial<MailContent> = {}): MailContent {
  const alerts = over.alerts ?? [
    told(event({ column_name: 'Quantity', old_value: '74215', new_value: '0', delta: '-74215', severity: 'HIGH' })),
    told(event()),
  ];
  return {
    kind: 'first',
    recipient: 'manager@example.com',
    total: alerts.length,
    alerts,
    tallies: [],
    since: '2011-02-10T09:31:00.000Z',
    mailsPerHour: 10,
    groupMinutes: 10,
    ...over,
  };
}

export const frame: MailFrame = {
  practice: false,
  subjectPrefix: '',
  timeZone: 'Europe/London',
  columnAliases: DEFAULT_ALIASES,
  dashboardLink: (key) =>
    `https://audit.example.com/dashboard${key === null ? '' : `?event=${encodeURIComponent(key)}`}`,
};
