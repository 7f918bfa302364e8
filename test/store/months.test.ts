import { Client } from 'pg';
import { MonthKeeper } from '../../lib/runtime/month-keeper';
import { monthsCheck } from '../../lib/runtime/months-check';
import { countsInWords, StoreUnavailable, type StoreCounts } from '../../lib/store';
import { recordingLog } from '../intake/support';
import { recordedAt } from '../seal/archiving';
import { describeOnPostgres, warnWithoutPostgres } from '../support/postgres';
import { until } from '../support/until';
import { event } from './examples';
import { openEmbedded, openPostgres, type StoreUnderTest } from './stores';

warnWithoutPostgres('the months of the trail were not tried.');
jest.setTimeout(120_000);

/** '2026-01', so many months after this one. */
function month(ahead: number): string {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead, 1)).toISOString().slice(0, 7);
}
const nextMonths = [month(0), month(1), month(2)];

const partitions = async ({ driver }: Pick<StoreUnderTest, 'driver'>, table = 'audit_events'): Promise<string[]> => {
  const sql = `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'billing_audit.${table}'::regclass order by 1`;
  const rows = await driver.transaction([{ sql, parameters: [] }]);
  return rows.map(({ name }) => String(name).replace(`billing_audit.${table}_`, '').replace('_', '-'));
};

/** In which partitions the event and its payload lie. */
const placesOf = async ({ driver }: Pick<StoreUnderTest, 'driver'>, key: string): Promise<readonly string[]> => {
  const sql = `
    select tableoid::regclass::text as name from billing_audit.audit_events where event_key = '${key}' union all
    select tableoid::regclass::text from billing_audit.event_payloads where event_key = '${key}'`;
  return (await driver.transaction([{ sql, parameters: [] }])).map(({ name }) => String(name).slice(-7));
};

describeOnPostgres('the trail of a server, by month', () => {
  let store: StoreUnderTest & { readonly url: string };
  const make = (): Promise<unknown> => store.driver.rpc('billing_audit_make_months', {});
  const append = (...keys: readonly string[]): Promise<unknown> =>
    store.driver.rpc('billing_audit_append', { events: keys.map((key) => event(key)) });
  const clientOf = async (user: string): Promise<Client> => {
    const client = new Client({ connectionString: store.url.replace(/user=[^&]*/, `user=${user}`) });
    await client.connect();
    return client;
  };

  beforeAll(async () => {
    store = await openPostgres();
  });
  afterAll(() => store.close());

  it('has partitions for this month and the two to come when it is made, of events and of payloads', async () => {
    expect(await partitions(store)).toEqual([...nextMonths, 'rest']);
    expect(await partitions(store, 'event_payloads')).toEqual([...nextMonths, 'rest']);
    expect(await make()).toEqual({ made: [] });
    expect(await store.driver.rpc('billing_audit_counts', {})).toMatchObject({
      events_in_rest: 0,
      in_rest_since: null,
    });
  });

  it('puts an event and its payload into the month in which it was recorded', async () => {
    await append('now');
    expect(await placesOf(store, 'now')).toEqual([nextMonths[0], nextMonths[0]].map((each) => each?.replace('-', '_')));
  });

  it('makes the months to come as time goes by, once, also when several ask at once', async () => {
    await recordedAt(store, `${month(5)}-03T09:00:00Z`, async () => {
      const made = (await Promise.all([make(), make(), make()])) as { made: string[] }[];
      expect(made.flatMap((each) => each.made).sort()).toEqual([month(5), month(6), month(7)]);
    });
    expect(await partitions(store)).toEqual([...nextMonths, month(5), month(6), month(7), 'rest']);
  });

  it('keeps what no month takes in the rest, whose month is then made no more', async () => {
    await recordedAt(store, `${month(3)}-15T09:00:00Z`, () => append('between'));
    expect(await placesOf(store, 'between')).toEqual(['ts_rest', 'ds_rest']);
    const counts = (await store.driver.rpc('billing_audit_counts', {})) as StoreCounts;
    expect(counts).toMatchObject({ events_in_rest: 1, in_rest_since: `${month(3)}-15T09:00:00.000Z` });
    expect(monthsCheck(counts)).toEqual({
      status: 'ok',
      text: expect.stringMatching(/^1 event, recorded since \S+T09:00:00\.000Z, without a partition/) as string,
    });
    await recordedAt(store, `${month(3)}-16T09:00:00Z`, async () => {
      expect(await make()).toEqual({ made: [month(4)] });
    });
    expect(await store.driver.rpc('billing_audit_search', { event_key: 'between' })).toMatchObject({
      events: [{ event_key: 'between' }],
    });
  });

  it('keeps the numbers of a chain unique over all months', async () => {
    const sql = `insert into billing_audit.event_keys (event_key, stream, seq, recorded_at)
      select 'again', stream, seq, recorded_at + interval '1 month' from billing_audit.event_keys where event_key = 'now'`;
    await expect(store.driver.transaction([{ sql }])).rejects.toMatchObject({ sqlstate: '23505' });
  });

  it('makes them beside those who record and are to be told, and nobody becomes the victim of another', async () => {
    await store.driver.rpc('billing_audit_save_alert_rule', {
      ...{ rule_id: 'told', recipients: [], risk_from: 0, severity_from: 'LOW', mails_per_hour: 10, group_minutes: 15 },
      ...{ frame: {}, at: '2026-01-01T00:00:00Z' },
    });
    const recorders = await Promise.all([1, 2, 3].map(() => clientOf('super')));
    let isMaking = true;
    let recorded = 0;
    const record = async (client: Client, name: number): Promise<void> => {
      for (let number = 0; isMaking; number += 1) {
        const events = [event(`beside:${name}:${number}`, { sheet_id: String(name) })];
        await client.query('select public.billing_audit_append($1)', [JSON.stringify({ events })]);
        recorded += 1;
      }
    };
    const recording = recorders.map(record);
    try {
      for (const year of [2041, 2042, 2043, 2044]) {
        const maker = `select billing_audit.make_month('${year}-05-03T00:00:00Z') as made`;
        expect(await store.driver.transaction([{ sql: maker, parameters: [] }])).toEqual([{ made: true }]);
      }
    } finally {
      isMaking = false;
      await Promise.all(recording);
      await Promise.all(recorders.map((client) => client.end()));
    }
    expect(recorded).toBeGreaterThan(2);
  });

  it('bounds them in UTC, however a session writes times', async () => {
    const client = await clientOf('super');
    await client.query(`set timezone to 'Asia/Kolkata'; set datestyle to 'SQL, DMY'`);
    await client.query(`select billing_audit.make_month('2040-02-03T00:00:00Z')`);
    await client.query(`set timezone to 'UTC'; set datestyle to 'ISO'`);
    const bounds = `select pg_get_expr(relpartbound, oid) as bounds from pg_class where oid = 'billing_audit.audit_events_2040_02'::regclass`;
    expect((await client.query<{ bounds: string }>(bounds)).rows[0]?.bounds).toBe(
      `FOR VALUES FROM ('2040-02-01 00:00:00+00') TO ('2040-03-01 00:00:00+00')`,
    );
    await client.end();
  });

  it('makes no month while somebody reads for long, leaves nothing half made, and makes it later', async () => {
    const reader = await clientOf('super');
    await reader.query('begin; select count(*) from billing_audit.audit_events');
    await recordedAt(store, `${month(12)}-03T09:00:00Z`, async () => {
      await expect(make()).rejects.toMatchObject({
        sqlstate: 'BA015',
        message: expect.stringContaining('without a pause') as string,
      });
      expect(await partitions(store)).not.toContain(month(12));
      await reader.query('rollback');
      await reader.end();
      expect(await make()).toMatchObject({ made: [month(12), month(13), month(14)] });
    });
  });

  it('lets nobody make or take a month by the functions of ours alone', async () => {
    const service = await clientOf('service_login');
    await service.query('set role service_role');
    await expect(service.query(`select billing_audit.make_month(now())`)).rejects.toMatchObject({ code: '42501' });
    await expect(service.query(`select billing_audit.close_trail()`)).rejects.toMatchObject({ code: '42501' });
    await service.end();
  });
});

it('the embedded store keeps all in the rest', async () => {
  const store = await openEmbedded();
  expect(await store.driver.rpc('billing_audit_make_months', {})).toEqual({ made: [] });
  await store.driver.rpc('billing_audit_append', { events: [event('one')] });
  expect(await partitions(store)).toEqual(['rest']);
  expect(await placesOf(store, 'one')).toEqual(['ts_rest', 'ds_rest']);
  const counts = (await store.driver.rpc('billing_audit_counts', {})) as StoreCounts;
  expect(counts).toMatchObject({ events: 1, events_in_all: 1, events_in_rest: null });
  // It is to be there, and it is no fault.
  expect(monthsCheck(counts)).toBeNull();
  await store.close();
});

it('the events of a store are counted with what people did here, and apart from it', async () => {
  const store = await openEmbedded();
  await store.driver.rpc('billing_audit_append', { events: [event('one')] });
  const counted = async () => countsInWords((await store.driver.rpc('billing_audit_counts', {})) as StoreCounts);
  expect(await counted()).toBe('1 change of sheets in the trail');
  await store.driver.rpc('billing_audit_hold', { sheet_id: '7', by: 'Kim', role: 'admin', reason: 'Case 12.' });
  expect(await counted()).toMatch(/^1 change of sheets in the trail, 2 events with sign-ins, what people did here/);
  await store.close();
});

it('the keeper of months says once that it fails, goes on trying, and says what was made', async () => {
  const log = recordingLog();
  let calls = 0;
  const keeper = new MonthKeeper({
    driver: {
      rpc: async () => {
        calls += 1;
        if (calls < 4) throw new StoreUnavailable('it is away');
        return { made: calls === 4 ? ['2026-12', '2027-01'] : [] };
      },
    },
    sleep: (_, signal) =>
      signal?.aborted ? Promise.reject(new Error('aborted')) : new Promise((done) => setImmediate(done)),
    log,
    monthSeconds: 1,
  });
  await keeper.start();
  expect(calls).toBe(1);
  expect(keeper.isFailing).toBe(true);
  expect(monthsCheck({ events_in_rest: 0, in_rest_since: null }, keeper.isFailing)).toMatchObject({
    status: 'degraded',
    text: expect.stringMatching(/^the partitions of the months to come could not be made/) as string,
  });
  await until(() => calls > 6, 'the keeper to look seven times');
  expect(keeper.isFailing).toBe(false);
  await keeper.stop();
  expect(log.lines.filter((line) => /could not be made/.test(line))).toHaveLength(1);
  expect(log.lines.filter((line) => /partitions for 2026-12, 2027-01/.test(line))).toHaveLength(1);
});
