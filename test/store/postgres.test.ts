import { describeOnPostgres, startPostgres, warnWithoutPostgres, type TestPostgres } from '../support/postgres';
import { at, cell, event, observation, row, sheetId, step } from './examples';

warnWithoutPostgres('the migrations were not tried on one.');

describeOnPostgres('the migrations on a real PostgreSQL, as a role that is not a superuser', () => {
  let postgres: TestPostgres;
  const sql = (user: string, text: string): string => postgres.sql(user, text);
  const rpc = (name: string, p: unknown): unknown =>
    JSON.parse(
      sql(
        'service_login',
        `set role service_role; select public.billing_audit_${name}($json$${JSON.stringify(p)}$json$::jsonb)`,
      ),
    );

  beforeAll(() => {
    postgres = startPostgres();
  });
  afterAll(() => postgres.stop());

  it('apply, and leave no function to its migrator', () => {
    const owners = `select distinct proowner::regrole from pg_proc where pronamespace = 'public'::regnamespace and proname like 'billing\\_audit%'`;
    expect(sql('migrator', owners)).toBe('billing_audit_owner');
  });

  it('resolve, lease, append, search and verify as on the embedded store', () => {
    const quantity = cell('12', step('10', '09:00:00'), step('12', '09:01:00'));
    const seen = observation('09:10:00', { rows: [row('21', 1, quantity)] });
    const added = `${sheetId}:row:21:added:1`;
    const changed = `${sheetId}:21:12:1`;
    expect(rpc('resolve', seen)).toEqual({ event_keys: [added, changed] });
    expect(rpc('resolve', seen)).toEqual({ event_keys: [] });
    const leased = rpc('lease_changes', { sheet_ids: 'all', limit: 10, lease_seconds: 60 });
    expect(leased).toMatchObject({
      changes: [{ event_key: added }, { event_key: changed, values: { Quantity: '12' } }],
    });
    const given = event(changed, { changed_at: at('09:01:00') });
    expect(rpc('append', { events: [given, given] })).toMatchObject({
      appended: [{ seq: 1, is_new: true }, { is_new: false }],
    });
    expect(rpc('search', { order: 'money_at_risk' })).toMatchObject({
      events: [{ ...given, timestamp: expect.any(String) as string }],
      next: null,
    });
    expect(rpc('verify', { stream: `sheet:${sheetId}` })).toEqual({ ok: true, checked: 1, first_bad_seq: null });
    expect(rpc('counts', {})).toMatchObject({ changes_leased: 1, events: 1 });
  });

  it('resolve what hangs on rows, columns, our own writes and rows that wait for history as on the embedded store', () => {
    const about = { changed_by: 'clerk@example.com', changed_by_kind: 'person', changed_at: at('09:20:00') };
    const comment = {
      type: 'comment',
      object_id: '5',
      action: 'created',
      version: 1,
      text: 'hm',
      row_id: '21',
      ...about,
    };
    const ours = { ...step('13', '09:21:00'), ours: true };
    const seen = observation('09:21:00', {
      objects: [comment as never],
      columns: { '11': 'Work Request #', '12': 'Quantity', '13': 'Units Total Price', '14': 'OK' },
      rows: [row('21', 3, cell('12', ours, { ...step('14', '09:21:30'), change_agent: 'erp' }))],
      deferred: [{ row_id: '22', stake: 5, events: [], net: row('22', 1, cell('12', step('3', '09:21:00'))) }],
    });
    expect(rpc('resolve', seen)).toEqual({
      event_keys: [`${sheetId}:column:14:added:1`, `${sheetId}:21:12:2`, `${sheetId}:comment:5:created:1`],
    });
    expect(rpc('lease_changes', { sheet_ids: 'all', limit: 10, lease_seconds: 60 })).toMatchObject({
      changes: expect.arrayContaining([
        expect.objectContaining({ old_value: '13', new_value: '14', change_agent: 'erp' }),
        expect.objectContaining({
          kind: 'comment_created',
          new_value: 'hm',
          values: expect.objectContaining({ Quantity: '14' }),
        }),
      ]) as never,
    });
    expect(rpc('counts', {})).toMatchObject({ changes_provisional: 1 });
    expect(rpc('unexplained', { sheet_id: sheetId, limit: 5 })).toMatchObject({
      rows: [{ row_id: '22', stake: 5, round: 1 }],
    });
    expect(rpc('known_rows', { sheet_id: sheetId, row_ids: ['22'] })).toMatchObject({ rows: [{ is_new: true }] });
    const gone = observation('09:30:00', { given_up: [{ row_id: '22', round: 1 }] });
    expect(rpc('resolve', gone)).toEqual({
      event_keys: [`${sheetId}:row:22:added:1`, `${sheetId}:column:14:removed:1`],
    });
    expect(rpc('counts', {})).toMatchObject({ changes_provisional: 0 });
  });

  it('park a callback after eight tries, and put it back to work with the name of who did it', () => {
    const hook = { webhook_id: '9', sheet_id: sheetId, callback_url: 'https://x.example.com', status: 'ENABLED' };
    rpc('save_webhook', { ...hook, shared_secret_box: 'x', previous_secret_box: null, sealed_with: 'home' });
    rpc('accept_callback', { webhook_id: '9', nonce: 'n', body: 'e30=' });
    for (let attempt = 1; attempt <= 8; attempt += 1) {
      const { callbacks } = rpc('lease_callbacks', { limit: 1, lease_seconds: 60 }) as { callbacks: { id: string }[] };
      const ids = callbacks.map(({ id }) => id);
      rpc('fail_callbacks', { ids, why: 'torn', retry_in_seconds: 0 });
    }
    expect(rpc('dead_callbacks', { limit: 5 })).toMatchObject({
      callbacks: [{ nonce: 'n', why: 'torn', attempts: 8 }],
    });
    expect(rpc('replay_dead', { ids: 'all', by: 'admin@example.com' })).toEqual({ replayed: 1 });
    expect(rpc('search', { kind: 'callbacks_replayed' })).toMatchObject({
      events: [{ changed_by: 'admin@example.com' }],
    });
    expect(rpc('verify', { stream: `sheet:${sheetId}` })).toMatchObject({ ok: true });
    for (const name of ['replay_dead', 'dead_callbacks', 'unexplained']) {
      const asking = `set role authenticated; select public.billing_audit_${name}('{}')`;
      expect(() => sql('gate', asking)).toThrow(/permission denied/);
    }
  });

  it('hand a job to one server at a time, take it back from a silent one, and keep who asked', () => {
    const asked = { kind: 'backup', parameters: { sheet_id: '7' }, asked_by: 'n8n', request_key: 'one' };
    const { job } = rpc('request_job', asked) as { job: { job_id: string } };
    expect(rpc('request_job', asked)).toMatchObject({ is_new: false, job: { job_id: job.job_id } });
    const lease = (worker: string): unknown => rpc('lease_job', { kinds: ['backup'], worker, lease_seconds: 60 });
    const inHand = { job_id: job.job_id, worker: 'one' };
    expect(lease('one')).toMatchObject({ job: { state: 'leased', leased_by: 'one' } });
    expect(lease('two')).toEqual({ job: null });
    rpc('report_job', { ...inHand, lease_seconds: 0, fraction: 0.5, text: 'half' });
    expect(lease('two')).toMatchObject({ job: { leased_by: 'two', attempts: 2, progress: null } });
    expect(() => rpc('finish_job', { ...inHand, result: {} })).toThrow(/is not leased to one/);
    expect(rpc('fail_job', { ...inHand, worker: 'two', why: 'full', again: true })).toEqual({ state: 'waiting' });
    lease('one');
    rpc('finish_job', { ...inHand, result: { rows: 3 } });
    expect(rpc('job', inHand)).toMatchObject({ job: { state: 'done', result: { rows: 3 }, asked_by: 'n8n' } });
    expect(rpc('jobs', { states: ['done'] })).toMatchObject({ jobs: [{ job_id: job.job_id }] });
    for (const role of ['anon', 'authenticated']) {
      const asking = `set role ${role}; select public.billing_audit_request_job('{}')`;
      expect(() => sql('gate', asking)).toThrow(/permission denied/);
    }
  });

  it('store no callback of those whose bodies are not as long as was said, and none for people', () => {
    const accept = (many: readonly (number | null)[]): string => {
      const callbacks = many.map((body_bytes, at) => ({
        webhook_id: '9',
        sheet_id: '7',
        nonce: `b${at}`,
        ...(body_bytes !== null && { body_bytes }),
      }));
      const p = JSON.stringify({ callbacks });
      return sql(
        'service_login',
        `set role service_role; select public.billing_audit_accept_bodies('${p}', '\\x010203')`,
      );
    };
    expect(() => accept([1, 1])).toThrow(/name 2 bytes of bodies, and 3 came/);
    expect(() => accept([2, 2])).toThrow(/name 4 bytes of bodies, and 3 came/);
    expect(() => accept([4, -1])).toThrow(/negative substring length/);
    expect(() => accept([3, null])).toThrow(/The call lacks "body_bytes"/);
    const stored = `select count(*) from billing_audit.webhook_events where nonce like 'b_'`;
    expect(sql('super', stored)).toBe('0');
    expect(JSON.parse(accept([1, 2]))).toEqual({ new: 2, is_new: [true, true] });
    const asking = `set role authenticated; select public.billing_audit_accept_bodies('{}', '')`;
    expect(() => sql('gate', asking)).toThrow(/permission denied/);
  });

  it('refuse to alter the trail to the one who migrated, and its tables to the service', () => {
    expect(() => sql('migrator', 'delete from billing_audit.audit_events')).toThrow(/append-only/);
    expect(() => sql('migrator', 'truncate billing_audit.audit_events cascade')).toThrow(/append-only/);
    expect(() => sql('service_login', 'set role service_role; select * from billing_audit.changes')).toThrow(
      /permission denied/,
    );
    expect(() => sql('service_login', `set role anon; select public.billing_audit_counts('{}')`)).toThrow(
      /permission denied/,
    );
  });
});
