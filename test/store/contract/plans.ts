import type { Statement } from '../../../lib/store/embedded/protocol';
import { emptyStore } from '../empty-store';
import { at, cell, clerk, event, observation, row, sheetId, step } from '../examples';
import type { StoreUnderTest, TestedDriver } from '../stores';

/** How many rows each of the later calls brings, and how many such calls there are. */
const ROWS = 50;
const ROUNDS = 4;

/**
 * What PostgreSQL read without an index in this transaction, so far: its own counters, and no estimate. What the index
 * methods fetched is another column.
 */
const READ_WHOLE = `
  select relname as name, seq_tup_read::integer as rows from pg_stat_xact_user_tables
  where schemaname = 'billing_audit' and relname in
    ('sheet_rows', 'sheet_cells', 'changes', 'webhook_events', 'audit_events', 'event_payloads', 'event_keys', 'alert_queue', 'alerts')
  order by relname`;

const WEBHOOK = {
  webhook_id: '1',
  sheet_id: sheetId,
  callback_url: 'https://x.example.com',
  shared_secret_box: 'box',
  status: 'ENABLED',
};

/** Tells of everything, so that every event becomes an alert. */
const RULE = {
  rule_id: 'plans',
  recipients: [clerk],
  risk_from: 0,
  severity_from: 'LOW',
  mails_per_hour: 10,
  group_minutes: 15,
  frame: {},
  at: at('09:00:00'),
};

/** Plans that are made while a table is tiny live on while it grows: in a long transaction until its end. */
export function plansContract(under: () => StoreUnderTest): void {
  let driver: TestedDriver;

  beforeAll(() => (driver = under().driver));
  beforeEach(() => emptyStore(driver));

  it('reads no table whole, though its plans were made while every table held one row', async () => {
    // What this session read within the last second may not have been handed in yet, and would count here.
    await driver.transaction([{ sql: 'select pg_stat_force_next_flush()' }]);
    const rounds = Array.from({ length: ROUNDS }, (_, round) => workOf(2 + round * ROWS, ROWS));
    // All in one transaction: it has the counters, and the plans, to itself.
    const read = await driver.transaction([
      { sql: `select set_config('role', 'service_role', true)` },
      call('save_webhook', WEBHOOK),
      call('save_alert_rule', RULE),
      ...workOf(1, 1),
      { sql: 'reset role' },
      { sql: 'analyze' },
      { sql: `select set_config('role', 'service_role', true)` },
      ...rounds.flat(),
      call('retire_alert_rule', { rule_id: 'plans', at: at('09:40:00') }),
      { sql: 'reset role' },
      { sql: READ_WHOLE, parameters: [] },
    ]);
    expect(read.map(({ name }) => name)).toHaveLength(9);
    expect(read.filter(({ rows }) => rows !== 0)).toEqual([]);
  });
}

/** Callbacks and rows come, and all that is done with them up to an alert. */
function workOf(from: number, count: number): readonly Statement[] {
  const ids = Array.from({ length: count }, (_, index) => String(from + index));
  const rows = ids.map((id) =>
    row(id, 1, cell('11', step(id, '09:00:00')), cell('12', step('1', '09:00:00')), cell('13', step('2', '09:00:00'))),
  );
  const events = ids.map((id) => event(keyOf(id), { kind: 'row_added', row_id: id }));
  const callbacks = ids.map((id) => ({ webhook_id: '1', nonce: id, body_text: '{}' }));
  return [
    call('accept_callbacks', { callbacks }),
    call('lease_callbacks', { limit: count, lease_seconds: 60 }),
    call('renew_callbacks', { ids, lease_seconds: 60 }),
    call('release_callbacks', { ids }),
    call('fail_callbacks', { ids, why: 'a test', retry_in_seconds: 60 }),
    call('known_rows', { sheet_id: sheetId, row_ids: ids }),
    call('resolve', observation('09:10:00', { rows, callback_ids: ids })),
    call('lease_changes', { sheet_ids: [sheetId], limit: count, lease_seconds: 60 }),
    call('release_changes', { event_keys: ids.map(keyOf) }),
    call('append', { events }),
    call('person_facts', { requests: ids.map(() => ({ person: clerk, at: at('09:30:00'), within_minutes: 60 })) }),
    call('approvals', { requests: ids.map(() => ({ sheet_id: sheetId, at: at('09:30:00') })) }),
    call('undecided_events', { limit: count }),
    call('raise_alert', {
      alerts: ids.map((id) => ({ event_key: keyOf(id), rule_id: 'plans', always: true, why: [] })),
      at: at('09:31:00'),
      decided: ids.map((_, index) => ({ stream: `sheet:${sheetId}`, seq: from + index })),
    }),
  ];
}

const keyOf = (rowId: string): string => `${sheetId}:row:${rowId}:added:1`;

function call(name: string, p: unknown): Statement {
  return { sql: `select public.billing_audit_${name}($1::jsonb)`, parameters: [JSON.stringify(p)] };
}
