import { metricsText } from '../../server/metrics';

const about = {
  version: '1.2.3',
  uptimeSeconds: 5,
  memory: { rss: 1000, heapUsed: 500 },
  now: Date.parse('2026-01-05T09:01:00Z'),
};
const facts = {
  counts: {
    callbacks_waiting: 1,
    callbacks_dead: 2,
    changes_waiting: 3,
    changes_leased: 4,
    changes_provisional: 0,
    changes_dead: 5,
    events: 618,
    events_in_all: 700,
    events_in_rest: 0,
    in_rest_since: null,
    oldest_waiting_at: '2026-01-05T09:00:00.000Z',
  },
  answers: { '200': 7, '401': 1 },
  refusals: { mismatch: 1 },
  inbox: { waiting: 4, trouble: null, torn: [], lost: [], kept: [] },
  sheets: [
    {
      sheetId: '77',
      how: 'webhook' as const,
      status: { state: 'ok' as const, text: 'watching' },
      webhook: 'ENABLED',
      lastCallbackAt: Date.parse('2026-01-05T09:00:30Z'),
      lastCompareAt: Date.parse('2026-01-05T09:00:58Z'),
    },
    {
      sheetId: '78',
      how: null,
      status: { state: 'error' as const, text: 'the token is refused' },
      webhook: 'DISABLED_ADMINISTRATIVE',
      lastCallbackAt: null,
      lastCompareAt: null,
    },
  ],
  lastCallbackAt: '2026-01-05T09:00:31.000Z',
  budgets: [
    { token: 'a1b2c3d4', spent: 120, perMinute: 300 },
    { token: 'e5f6a7b8', spent: 4, perMinute: null },
  ],
  outbox: { undecided: 6, states: { pending: 2, sent: 9 }, oldest_waiting_at: null, trouble: [] },
};

describe('the metrics', () => {
  it('tell queues, the age of the oldest, events, the watch of each sheet, answers and alerts', () => {
    const lines = metricsText(facts, about).split('\n');
    for (const line of [
      'billing_audit_up 1',
      'billing_audit_events_total 618',
      'billing_audit_waiting{queue="callbacks"} 1',
      'billing_audit_waiting{queue="alerts_undecided"} 6',
      'billing_audit_oldest_waiting_seconds 60',
      'billing_audit_dead{queue="changes"} 5',
      'billing_audit_alert_mails{state="pending"} 2',
      'billing_audit_sheet_watched{sheet="77",by="webhook"} 1',
      'billing_audit_sheet_watched{sheet="78",by="polling"} 0',
      'billing_audit_sheet_state{sheet="78",state="error"} 1',
      'billing_audit_webhook_answers_total{status="401"} 1',
      'billing_audit_webhook_refusals_total{reason="mismatch"} 1',
      'billing_audit_webhook_status{sheet="77",status="ENABLED"} 1',
      'billing_audit_webhook_status{sheet="78",status="DISABLED_ADMINISTRATIVE"} 1',
      'billing_audit_webhook_status{sheet="78",status="ENABLED"} 0',
      'billing_audit_last_callback_timestamp_seconds 1767603631',
      'billing_audit_sheet_last_callback_timestamp_seconds{sheet="77"} 1767603630',
      'billing_audit_sheet_last_compare_timestamp_seconds{sheet="77"} 1767603658',
      'billing_audit_budget_spent{token="e5f6a7b8"} 4',
      'billing_audit_budget_left{token="a1b2c3d4"} 180',
      'billing_audit_inbox_waiting 4',
      'billing_audit_memory_bytes{kind="resident"} 1000',
    ]) {
      expect(lines).toContain(line);
    }
  });

  it('have the form that Prometheus reads: a help and a type before each family, and nothing twice', () => {
    const lines = metricsText(facts, about).trimEnd().split('\n');
    const samples = lines.filter((line) => !line.startsWith('#'));
    expect(new Set(samples.map((line) => line.replace(/ [^ ]+$/, ''))).size).toBe(samples.length);
    for (const sample of samples) {
      expect(sample).toMatch(/^[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? -?\d+(\.\d+)?$/);
      expect(lines).toContainEqual(
        expect.stringMatching(new RegExp(`^# TYPE ${sample.replace(/[{ ].*$/, '')} (gauge|counter)$`)),
      );
    }
  });

  it('say that the store is not open, and what the process can tell all the same', () => {
    const text = metricsText(null, { ...about, version: 'a"b\\c' });
    expect(text).toContain('billing_audit_up 0');
    expect(text).toContain('version="a\\"b\\\\c"');
    expect(text).not.toContain('billing_audit_events_total');
  });
});
