import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BadSetting } from '../../lib/errors';
import { thisMachine } from '../../lib/runtime/machine';
import { checkMigrations, openPostgresStore, StoreUnavailable, type StoreDriver } from '../../lib/store';
import { readPostgresAddress } from '../../lib/store/postgres';
import { describeOnPostgres, startPostgres, type TestPostgres } from '../support/postgres';
import { postgresUrl } from '../support/postgres-driver';
import { migrations } from '../support/store';
import { until } from '../support/until';
import { event, sheetId } from './examples';

const FUNCTIONS = `
  create sequence public.tries; grant usage on sequence public.tries to service_role;
  create function public.billing_audit_third_time(p jsonb) returns jsonb language plpgsql as $$
    begin
      if nextval('public.tries') < 3 then raise exception 'not yet' using errcode = p ->> 'code'; end if;
      return '"done"';
    end $$;
  create function public.billing_audit_sleep(p jsonb) returns jsonb language sql as $$
    select to_jsonb(pg_sleep((p ->> 'seconds')::float8)::text) $$;
  create function public.billing_audit_who(p jsonb) returns jsonb language sql as $$
    select jsonb_build_object('role', current_user, 'claims', auth.jwt()) $$;
  grant execute on all functions in schema public to service_role, authenticated;`;

describeOnPostgres('the driver of PostgreSQL', () => {
  let postgres: TestPostgres;
  const opened: StoreDriver[] = [];
  const open = async (url: string, more: { timeoutMilliseconds?: number } = {}): Promise<StoreDriver> => {
    const claimsOf = async (token: string): Promise<{ sub: string }> => ({ sub: token });
    const driver = await openPostgresStore({ ...thisMachine(), url, claimsOf, ...more });
    opened.push(driver);
    return driver;
  };
  const url = (given = {}): string => postgresUrl(postgres.folder, given);
  const counts = async (address: string): Promise<unknown> => (await open(address)).rpc('billing_audit_counts', {});
  const cut = (): string =>
    postgres.sql('super', `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'gate'`);

  beforeAll(() => {
    postgres = startPostgres();
    postgres.sql('super', 'create database other template audit', 'postgres');
    postgres.sql('super', FUNCTIONS);
    postgres.sql('super', `create role stranger login; create role locked login password 'right one'`);
    postgres.sql('super', 'create database empty');
    const rules = join(postgres.folder, 'data', 'pg_hba.conf');
    writeFileSync(rules, `local all locked scram-sha-256\n${readFileSync(rules, 'utf8')}`);
    postgres.sql('super', 'select pg_reload_conf()');
  });
  afterAll(async () => {
    await Promise.all(opened.map((driver) => driver.close()));
    postgres.stop();
  });

  it.each([
    ['a wrong password', '&password=wrong%20one', 'locked', 'audit', 'password', /DATABASE_URL/],
    ['no password', '', 'locked', 'audit', 'password', /user:password@/],
    ['a user that is not there', '', 'nobody', 'audit', 'password', /user and password/],
    ['a database that is not there', '', 'gate', 'nowhere', 'database', /createdb/],
    ['a user without the role', '', 'stranger', 'audit', 'rights', /grant service_role/],
    ['a server without TLS', '&sslmode=require', 'gate', 'audit', 'tls', /sslmode=disable/],
  ])('tells %s, and what to do', async (_what, more, user, database, why, hint) => {
    const refused = await counts(`${url({ user, database })}${more}`).catch((thrown: unknown) => thrown);
    expect(refused).toMatchObject({ code: 'store_misconfigured', why });
    expect((refused as { hint: string }).hint).toMatch(hint);
    expect((refused as Error).message).not.toContain('wrong one');
  });

  it('tells a database that nobody has migrated, and the command', async () => {
    const driver = await open(url({ database: 'empty' }));
    await expect(checkMigrations(driver, migrations)).rejects.toMatchObject({
      code: 'migration_missing',
      hint: expect.stringContaining('billing-audit migrate') as string,
    });
    await checkMigrations(await open(url()), migrations);
  });

  it('tells a database that lacks the last migration, and one that was made by a newer program', async () => {
    const driver = await open(url({ database: 'other' }));
    const alter = (sql: string): string => postgres.sql('super', sql, 'other');
    alter(`insert into supabase_migrations.schema_migrations values ('29991231000000', null, 'billing_audit_future')`);
    await expect(checkMigrations(driver, migrations)).rejects.toThrow(/29991231000000/);
    alter(`delete from supabase_migrations.schema_migrations where version > '20261126120000'`);
    await expect(checkMigrations(driver, migrations)).rejects.toThrow(/lacks \d+ of \d+ migrations, from 2026112613/);
  });

  it.each(['40001', '40P01'])('tries again what was undone with %s', async (code) => {
    postgres.sql('super', 'alter sequence public.tries restart');
    const driver = await open(url());
    expect(await driver.rpc('billing_audit_third_time', { code })).toBe('done');
  });

  it('does not try again what is refused for good', async () => {
    postgres.sql('super', 'alter sequence public.tries restart');
    const driver = await open(url());
    await expect(driver.rpc('billing_audit_third_time', { code: 'BA001' })).rejects.toMatchObject({
      sqlstate: 'BA001',
    });
    expect(postgres.sql('super', 'select last_value from public.tries')).toBe('1');
  });

  it('goes on when its connections were cut while nobody used them', async () => {
    const driver = await open(url());
    await Promise.all([1, 2, 3].map(() => driver.rpc('billing_audit_counts', {})));
    cut();
    expect(await driver.rpc('billing_audit_counts', {})).toMatchObject({ callbacks_waiting: 0 });
  });

  it('does again, and once, a call whose connection was cut before its commit', async () => {
    const driver = await open(url());
    await driver.rpc('billing_audit_append', { events: [event('first')] });
    const waits = (what: string): boolean =>
      postgres.sql('super', `select count(*) from pg_stat_activity where ${what}`) !== '0';
    // A reader of the stream's head holds the append back, until the append's connection is gone.
    const holder = await open(url({ user: 'super' }));
    postgres.sql(
      'super',
      `create or replace function public.billing_audit_hold(p jsonb) returns jsonb language plpgsql security definer as $$
      begin
        perform from billing_audit.streams for update;
        perform pg_sleep(4);
        return 'null';
      end $$; grant execute on function public.billing_audit_hold(jsonb) to service_role`,
    );
    const held = holder.rpc('billing_audit_hold', {});
    await until(() => waits(`wait_event = 'PgSleep'`), 'the head to be held');
    const appending = driver.rpc('billing_audit_append', { events: [event('second')] });
    await until(() => waits(`usename = 'gate' and wait_event_type = 'Lock'`), 'the append to wait');
    cut();
    expect(await appending).toMatchObject({ appended: [{ seq: 2, is_new: true }] });
    await held;
    const stream = `sheet:${sheetId}`;
    expect(await driver.rpc('billing_audit_verify', { stream })).toMatchObject({ ok: true, checked: 2 });
  });

  it('stops a call that takes too long, and goes on', async () => {
    const driver = await open(url(), { timeoutMilliseconds: 500 });
    await expect(driver.rpc('billing_audit_sleep', { seconds: 60 })).rejects.toBeInstanceOf(StoreUnavailable);
    expect(await driver.rpc('billing_audit_sleep', { seconds: 0 })).toBe('');
    const running = `select count(*) from pg_stat_activity where query like '%billing_audit_sleep%' and state = 'active' and usename = 'gate'`;
    expect(postgres.sql('super', running)).toBe('0');
  });

  it('calls as the service, or as the person of a token with its claims, and leaves nothing of it behind', async () => {
    const driver = await open(url());
    const who = (caller?: { kind: 'person'; token: string }): Promise<unknown> =>
      driver.rpc('billing_audit_who', {}, caller);
    expect(await who({ kind: 'person', token: "o'hara" })).toEqual({
      role: 'authenticated',
      claims: { sub: "o'hara" },
    });
    expect(await who()).toEqual({ role: 'service_role', claims: { role: 'service_role' } });
    await expect(driver.rpc('billing_audit_x; drop' as 'billing_audit_x', {})).rejects.toThrow(/is not a function/);
  });

  it('answers what was asked before it closes, more than it has connections for, and nothing from then on', async () => {
    const driver = await open(url());
    const asked = Array.from({ length: 20 }, () => driver.rpc('billing_audit_sleep', { seconds: 0.05 }));
    const closing = driver.close();
    await expect(driver.rpc('billing_audit_counts', {})).rejects.toThrow('it is closed');
    expect(await Promise.all(asked)).toHaveLength(20);
    await closing;
    const left = `select count(*) from pg_stat_activity where usename = 'gate'`;
    await until(() => postgres.sql('super', left) === '0' || opened.length > 1, 'the connections to end');
  });
});

describe('an address of PostgreSQL', () => {
  const read = (text: string) => readPostgresAddress(text);

  it('tells the place without the password', () => {
    const { place } = read('postgresql://audit:s%40cret@db.example.com:6543/trail?sslmode=require');
    expect(place).toBe('audit@db.example.com:6543/trail');
  });

  it.each([
    ['postgres://db.example.com/a', { rejectUnauthorized: false }],
    ['postgres://db.example.com/a?sslmode=disable', false],
    ['postgres://db.example.com/a?sslmode=verify-full', { rejectUnauthorized: true }],
    ['postgres://db.example.com/a?sslmode=verify-ca', { rejectUnauthorized: true }],
    ['postgres://localhost/a', false],
    ['postgres://127.0.0.1/a?sslmode=require', { rejectUnauthorized: false }],
    ['postgresql:///a?host=/run/postgresql', false],
  ])('encrypts as %s says', (text, ssl) => {
    const { config } = read(text);
    if (ssl === false) expect(config.ssl).toBe(false);
    else expect(config.ssl).toMatchObject(ssl);
    expect(config.connectionString).not.toContain('sslmode');
  });

  it('takes the certificate of an authority from the file that it names', () => {
    const { config } = read(`postgres://db.example.com/a?sslrootcert=${encodeURIComponent(__filename)}`);
    expect(config.ssl).toMatchObject({ rejectUnauthorized: true, ca: readFileSync(__filename, 'utf8') });
  });

  it.each([
    'db.example.com/audit',
    'mysql://db.example.com/audit',
    'postgres://db.example.com/a?sslmode=perhaps',
    'postgres://db.example.com/a?sslrootcert=/no/such/file',
    'postgres://db.example.com/a?connect_timeout=soon',
  ])('is refused when it cannot be read: %s', (text) => {
    expect(() => read(text)).toThrow(BadSetting);
  });
});
