import { cpSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { thisMachine } from '../../lib/runtime/machine';
import { checkMigrations, migratePostgres, openPostgresStore, readMigrations } from '../../lib/store';
import { describeOnPostgres, startPostgres, type TestPostgres } from '../support/postgres';
import { postgresUrl } from '../support/postgres-driver';
import { migrations, newFolder, removeFolder } from '../support/store';
import { event, sheetId } from './examples';

const files = readMigrations(migrations);
const HISTORY = 'select count(*) from supabase_migrations.schema_migrations';

describeOnPostgres('billing-audit migrate', () => {
  let postgres: TestPostgres;
  const url = (user: string, database: string): string => postgresUrl(postgres.folder, { user, database });
  const migrate = (user: string, database: string, more: { dryRun?: boolean; directory?: string } = {}) =>
    migratePostgres({ url: url(user, database), directory: migrations, ...more });
  const newDatabase = (name: string, owner: string): void =>
    void postgres.sql('super', `create database ${name} owner ${owner}`, 'postgres');

  beforeAll(() => {
    postgres = startPostgres({ bare: true });
    postgres.sql('super', 'create role plain login; create role owner login createrole;', 'postgres');
    for (const name of ['first', 'twin', 'upgraded', 'newer']) newDatabase(name, 'owner');
    newDatabase('lacking', 'plain');
  });
  afterAll(() => postgres.stop());

  it('names what is lacking where the user may not make it, and leaves nothing behind', async () => {
    await expect(migrate('plain', 'lacking')).rejects.toMatchObject({
      code: 'store_misconfigured',
      message: expect.stringMatching(/lacks the role anon, .*service_role.*the schema auth/) as string,
      hint: expect.stringContaining('bootstrap.sql') as string,
    });
    expect(postgres.sql('super', `select count(*) from pg_roles where rolname = 'service_role'`, 'postgres')).toBe('0');
  });

  it('looks and changes nothing when it is only asked what it would do', async () => {
    const planned = await migrate('owner', 'first', { dryRun: true });
    expect(planned.applied).toHaveLength(files.length);
    expect(planned.prepared).toContain('the role service_role');
    expect(postgres.sql('super', `select count(*) from pg_namespace where nspname = 'billing_audit'`, 'first')).toBe(
      '0',
    );
  });

  it('prepares a plain database as a user that is no superuser, so that the same user can run the server', async () => {
    const done = await migrate('owner', 'first');
    expect(done).toMatchObject({ already: 0, notes: [] });
    expect(done.applied).toHaveLength(files.length);
    const driver = await openPostgresStore({ ...thisMachine(), url: url('owner', 'first') });
    await checkMigrations(driver, migrations);
    expect(await driver.rpc('billing_audit_append', { events: [event('a')] })).toMatchObject({
      appended: [{ seq: 1 }],
    });
    await driver.close();
    const again = await migrate('owner', 'first');
    expect(again).toEqual({ ...done, prepared: [], applied: [], already: files.length });
    const recorded = `select version || '_' || name from supabase_migrations.schema_migrations where statements[1] <> '' order by 1`;
    expect(postgres.sql('owner', recorded, 'first').split('\n')).toEqual(done.applied);
  });

  it('is done once by two at once', async () => {
    const both = await Promise.all([migrate('owner', 'twin'), migrate('owner', 'twin')]);
    const applied = both.flatMap((one) => one.applied);
    expect(applied).toHaveLength(files.length);
    expect(new Set(applied).size).toBe(files.length);
    expect(postgres.sql('owner', HISTORY, 'twin')).toBe(String(files.length));
  });

  it('brings a database of the first migrations, with its data, to the last', async () => {
    const first = newFolder();
    cpSync(migrations, first, { recursive: true });
    const kept = '20261123100900';
    for (const name of readdirSync(join(first, 'migrations'))) {
      if (name.slice(0, kept.length) > kept) rmSync(join(first, 'migrations', name));
    }
    const before = await migrate('owner', 'upgraded', { directory: first });
    expect(before.applied.length).toBeLessThan(files.length);
    const driver = await openPostgresStore({ ...thisMachine(), url: url('owner', 'upgraded') });
    const keys = Array.from({ length: 20 }, (_, index) => `key:${index}`);
    await driver.rpc('billing_audit_append', { events: keys.map((key) => event(key)) });
    await expect(checkMigrations(driver, migrations)).rejects.toMatchObject({ code: 'migration_missing' });

    const after = await migrate('owner', 'upgraded');
    expect(after.applied).toHaveLength(files.length - before.applied.length);
    await checkMigrations(driver, migrations);
    const stream = `sheet:${sheetId}`;
    await driver.rpc('billing_audit_append', { events: [event('key:new')] });
    expect(await driver.rpc('billing_audit_verify', { stream })).toEqual({
      ok: true,
      checked: 21,
      first_bad_seq: null,
    });
    await driver.close();
    removeFolder(first);
  });

  it('counts what an old server appends while rollups come into being', async () => {
    newDatabase('rolled', 'owner');
    const part = newFolder();
    cpSync(migrations, part, { recursive: true });
    const kept = '20261126170000';
    for (const name of readdirSync(join(part, 'migrations'))) {
      if (name.slice(0, kept.length) > kept) rmSync(join(part, 'migrations', name));
    }
    await migrate('owner', 'rolled', { directory: part });
    const driver = await openPostgresStore({ ...thisMachine(), url: url('owner', 'rolled') });
    await driver.rpc('billing_audit_append', { events: [event('between')] });
    await migrate('owner', 'rolled');
    await driver.rpc('billing_audit_append', { events: [event('after')] });
    expect(await driver.rpc('billing_audit_counts', {})).toMatchObject({ events: 2 });
    const rolled = `select sum(changes) from billing_audit.rollups where dimension = 'severity' and span = 'day'`;
    expect(postgres.sql('super', rolled, 'rolled')).toBe('2');
    await driver.close();
    removeFolder(part);
  });

  it('needs no right to make roles where a superuser has made them', async () => {
    newDatabase('prepared', 'plain');
    const asDocumented = `grant billing_audit_owner to plain with admin option; grant anon, authenticated, service_role to plain;`;
    postgres.sql('super', asDocumented, 'prepared');
    postgres.sql('super', readFileSync(join(migrations, 'bootstrap.sql'), 'utf8'), 'prepared');
    const done = await migrate('plain', 'prepared');
    expect(done).toMatchObject({ prepared: [], notes: [] });
    const driver = await openPostgresStore({ ...thisMachine(), url: url('plain', 'prepared') });
    await checkMigrations(driver, migrations);
    await driver.close();
  });

  it('tells a user that does not own the database whose it should be', async () => {
    postgres.sql('super', 'create database alien', 'postgres');
    postgres.sql('super', readFileSync(join(migrations, 'bootstrap.sql'), 'utf8'), 'alien');
    await expect(migrate('plain', 'alien')).rejects.toMatchObject({
      why: 'rights',
      hint: expect.stringContaining('alter database') as string,
    });
  });

  it('does not touch a database that a newer program has made', async () => {
    await migrate('owner', 'newer');
    const sql = `insert into supabase_migrations.schema_migrations (version, name) values ('29991231000000', 'billing_audit_future')`;
    postgres.sql('owner', sql, 'newer');
    await expect(migrate('owner', 'newer')).rejects.toThrow(/29991231000000/);
  });

  it('says which file was refused, keeps those before it, and goes on with it the next time', async () => {
    newDatabase('blocked', 'owner');
    postgres.sql('owner', `create schema billing_audit`, 'blocked');
    await expect(migrate('owner', 'blocked')).rejects.toThrow(/20261123100000_billing_audit_schema was not applied/);
    expect(postgres.sql('owner', HISTORY, 'blocked')).toBe('0');
    postgres.sql('owner', `drop schema billing_audit`, 'blocked');
    expect((await migrate('owner', 'blocked')).applied).toHaveLength(files.length);
  });
});
