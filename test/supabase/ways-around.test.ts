import { Client } from 'pg';
import { checkGuards, expectedGuards, migratePostgres, type Guards, type StoreDriver } from '../../lib/store';
import { event, sheetId } from '../store/examples';
import { describeOnPostgres, startPostgres, type TestPostgres } from '../support/postgres';
import { driverOverPostgres, postgresUrl } from '../support/postgres-driver';
import { buildStoreWorker, migrations } from '../support/store';
import { on, REFUSED, WAYS } from './support/ways';

describeOnPostgres('ways around append-only', () => {
  let postgres: TestPostgres;
  let driver: StoreDriver;
  let expected: Guards;
  const as = async (user: string, statement: string): Promise<void> => {
    const client = new Client({ connectionString: postgresUrl(postgres.folder, { user }) });
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  const said = async (over: StoreDriver): Promise<string> =>
    (await checkGuards(over, expected)).findings.map(({ text }) => text).join('\n');

  beforeAll(async () => {
    postgres = startPostgres();
    expected = await expectedGuards({ workerPath: buildStoreWorker(), migrations });
    driver = await driverOverPostgres(postgres.folder);
    await driver.rpc('billing_audit_append', { events: [event('a'), event('b'), event('c')] });
    await driver.rpc('billing_audit_approve', {
      sheet_id: sheetId,
      from: '2026-01-01T00:00:00Z',
      to: '2026-02-01T00:00:00Z',
      reason: 'Corrections of January',
      approver: 'dana@example.com',
      role: 'manager',
    });
    await driver.close();
  }, 120_000);
  afterAll(() => postgres.stop());

  /** Does it as a superuser, looks at what the database then tells of itself, and undoes it. */
  const after = async <Seen>(statement: string, look: (over: StoreDriver) => Promise<Seen>): Promise<Seen> => {
    const client = new Client({ connectionString: postgresUrl(postgres.folder, { user: 'super' }) });
    await client.connect();
    const over: StoreDriver = {
      rpc: async (name, p) =>
        (await client.query<{ answer: unknown }>(`select public.${name}($1::jsonb) as answer`, [JSON.stringify(p)]))
          .rows[0]?.answer,
      close: () => client.end(),
    };
    try {
      await client.query(`begin; ${statement}`);
      return await look(over);
    } finally {
      await client.query('rollback');
      await over.close();
    }
  };

  it('are not seen where there are none: PostgreSQL and PGlite make the same guards', async () => {
    const untouched = await driverOverPostgres(postgres.folder);
    expect(await checkGuards(untouched, expected)).toMatchObject({ findings: [], notesDdl: false });
    await untouched.close();
  });

  it.each(REFUSED.map((statement) => [on(statement)]))(
    'is refused to the owner and to a superuser: %s',
    async (statement) => {
      for (const user of ['super', 'migrator']) {
        const wanted = user === 'migrator' ? /^(BA010|42501)$/ : /^BA010$/;
        await expect(as(user, statement)).rejects.toMatchObject({ code: expect.stringMatching(wanted) as string });
      }
    },
  );

  it.each(WAYS.map((way, index) => [way[0], index] as const))('is detected by verify: %s', async (_way, index) => {
    const [, statement, wanted] = WAYS[index] as (typeof WAYS)[number];
    expect(await after(statement, said)).toMatch(wanted);
  });

  it.each([
    ['a row was edited with the guards off', `update EVENTS set delta = 0 where seq = 2`, 2],
    [
      'a row was taken out',
      `delete from billing_audit.event_payloads where seq = 2; delete from EVENTS where seq = 2`,
      3,
    ],
    ['the hashed text was edited', `update EVENTS set preimage = preimage || ' ' where seq = 3`, 3],
  ])('is found in the chain itself: %s', async (_way, statement, seq) => {
    const off = ['audit_events', 'event_payloads'].map(
      (each) => `alter table billing_audit.${each} disable trigger all;`,
    );
    const dropped = 'alter table EVENTS drop constraint hash_is_of_preimage;';
    const verified = await after(on(`${off.join('')} ${dropped} ${statement}`), (over) =>
      over.rpc('billing_audit_verify', { stream: `sheet:${sheetId}` }),
    );
    expect(verified).toMatchObject({ ok: false, first_bad_seq: seq });
  });

  it('are noted as DDL where event triggers may be made, by whom and when', async () => {
    postgres.sql('super', 'create database noted owner super', 'postgres');
    // As on Supabase: the migrating role may make event triggers.
    await migratePostgres({
      url: postgresUrl(postgres.folder, { user: 'super', database: 'noted' }),
      directory: migrations,
    });
    const over = await driverOverPostgres(postgres.folder, 'noted');
    expect(await checkGuards(over, expected)).toMatchObject({ findings: [], notesDdl: true, others: [] });
    postgres.sql(
      'super',
      on(
        'alter table EVENTS disable trigger all; alter table EVENTS enable always trigger never_altered; drop trigger never_truncated on EVENTS',
      ),
      'noted',
    );
    // The newest of somebody else's alone: what migrations did is no alarm.
    const { others } = await checkGuards(over, expected);
    expect(others.map(({ login, command, object }) => [login, command, object])).toEqual([
      ['super', 'ALTER TABLE', 'billing_audit.audit_events'],
      ['super', 'ALTER TABLE', 'billing_audit.audit_events'],
      ['super', 'DROP TRIGGER', 'never_truncated on billing_audit.audit_events'],
    ]);
    postgres.sql('super', 'alter event trigger billing_audit_ddl disable', 'noted');
    expect(await said(over)).toMatch(/event trigger billing_audit_ddl was changed/);
    await over.close();
  });

  const noted = async (name: string): Promise<StoreDriver> => {
    postgres.sql('super', `create database ${name} owner super`, 'postgres');
    const url = postgresUrl(postgres.folder, { user: 'super', database: name });
    await migratePostgres({ url, directory: migrations });
    return driverOverPostgres(postgres.folder, name);
  };

  it('are not told of months that the service has made', async () => {
    const over = await noted('months');
    postgres.sql(
      'super',
      `drop table billing_audit.event_payloads_${nextMonth()}; drop table billing_audit.audit_events_${nextMonth()}`,
      'months',
    );
    const dropped = (await checkGuards(over, expected)).others;
    expect(new Set(dropped.map(({ command }) => command))).toEqual(new Set(['DROP TABLE']));
    expect(await over.rpc('billing_audit_make_months', {})).toEqual({ made: [nextMonth().replace('_', '-')] });
    const after = await checkGuards(over, expected);
    expect(after.changes.length).toBeGreaterThan(0);
    expect(after.changes.at(-1)).toMatchObject({ acting_as: 'service_role' });
    expect(after.others).toEqual(dropped);
    await over.close();
  });

  it.each([
    [
      'another name',
      `insert into supabase_migrations.schema_migrations (version, name) values ('20990101000000', 'own_index')`,
    ],
    [
      'a name like ours',
      `insert into supabase_migrations.schema_migrations (version, name) values ('20990101000000', 'billing_audit_x')`,
    ],
  ])('are told where they were recorded as a migration of %s', async (what, record) => {
    const over = await noted(`recorded_${what.length}`);
    postgres.sql(
      'super',
      `begin; create index mine on billing_audit.people (name); ${record}; commit`,
      `recorded_${what.length}`,
    );
    const { others } = await checkGuards(over, expected);
    expect(others.map(({ command, object }) => [command, object])).toEqual([['CREATE INDEX', 'billing_audit.mine']]);
    await over.close();
  });

  // Then that one reads as somebody else's. Of migrations from before the noting nothing shows, so they vouch for nothing.
  it.each([
    ['that was noted', '20261126165400', expect.arrayContaining(['billing_audit.alert_mails_of_group']) as string[]],
    ['that is older than the noting', '20261123100300', ['billing_audit.mine']],
  ])('are told where somebody has a migration of ours vouch for them %s', async (_, version, told) => {
    const over = await noted(`vouched_${version}`);
    postgres.sql(
      'super',
      `begin; create index mine on billing_audit.people (name);
       update supabase_migrations.schema_migrations set name = name where version = '${version}'; commit`,
      `vouched_${version}`,
    );
    expect((await checkGuards(over, expected)).others.map(({ object }) => object)).toEqual(told);
    await over.close();
  });

  it('are told where the service is had to do them, by a function that is not ours', async () => {
    const over = await noted('lent');
    postgres.sql(
      'super',
      `create function public.helper() returns void language sql security definer
         as 'create index mine on billing_audit.people (name); drop trigger never_altered on billing_audit.audit_events';
       grant execute on function public.helper() to service_role; set role service_role; select public.helper()`,
      'lent',
    );
    const { others } = await checkGuards(over, expected);
    expect(others.map(({ acting_as: role, object }) => [role, object])).toEqual([
      ['service_role', 'billing_audit.mine'],
      ['service_role', 'never_altered on billing_audit.audit_events'],
    ]);
    await over.close();
  });
});

/** '2026_12', the month after this one. */
function nextMonth(): string {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1)).toISOString().slice(0, 7).replace('-', '_');
}
