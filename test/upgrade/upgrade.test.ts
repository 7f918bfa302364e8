import { cpSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openHome, type Home } from '../../lib/runtime/home';
import { thisMachine } from '../../lib/runtime/machine';
import {
  checkTrail,
  openSealKeys,
  readAnchors,
  SealBook,
  viewsOf,
  type AnchorView,
  type SealKeys,
} from '../../lib/seal';
import {
  migratePostgres,
  openEmbeddedStore,
  openPostgresStore,
  readMigrations,
  type StoreDriver,
} from '../../lib/store';
import { upgrade, type Upgraded } from '../../server/upgrade';
import { anchor, PALETTE, seal } from '../move/filled-home';
import { runCli } from '../server/cli';
import { event } from '../store/examples';
import { describeOnPostgres, startPostgres, type TestPostgres } from '../support/postgres';
import { postgresUrl } from '../support/postgres-driver';
import { migrations, newFolder, removeFolder } from '../support/store';
import { sqlUntil as sqlOf } from './sql-until';

/** The last migration of each time: the first version that could append, and the first with a seal. */
const FIRST = '20261123100900';
const FIRST_SEALED = '20261126151000';
jest.setTimeout(300_000);
const folder = newFolder();
const workerPath = join(PALETTE, 'store-worker.js');
const total = readMigrations(migrations).length;
afterAll(() => removeFolder(folder));

let made = 0;
const sqlUntil = (last: string, more?: { readonly name: string; readonly sql: string }): string =>
  sqlOf(join(folder, `sql${(made += 1)}`), last, more);

const BROKEN = {
  name: '20991231000000_billing_audit_broken.sql',
  sql: 'create table billing_audit.half_made (); select billing_audit.no_such_function();',
};
/** Harmless to PostgreSQL, and a forgery: what verifies before does not verify after it. */
const FORGING = {
  name: '20991231000000_billing_audit_forging.sql',
  sql: `alter table billing_audit.audit_events disable trigger never_altered;
    update billing_audit.audit_events set severity = 'HIGH' where seq = 2;
    alter table billing_audit.audit_events enable always trigger never_altered;`,
};

/** What a home of that time did: appended by its functions, sealed and anchored where it could. */
async function work(driver: StoreDriver, home: Home, until: string): Promise<void> {
  await driver.rpc('billing_audit_append', { events: [event('a'), event('b'), event('c', { sheet_id: '7' })] });
  if (until < FIRST_SEALED) return;
  await seal(driver, home);
  await anchor(driver, readAnchors({ ANCHOR_FOLDER: join(home.folder, 'anchor') }, thisMachine()));
  await driver.rpc('billing_audit_append', { events: [event('d')] });
}

const templates = new Map<string, Promise<Home>>();

/** A home of its own for each test; the work of each time is done once. */
async function homeOf(until: string): Promise<Home> {
  const template = templates.get(until) ?? workedHome(until);
  templates.set(until, template);
  const home = openHome(join(folder, `home${(made += 1)}`));
  cpSync((await template).folder, home.folder, { recursive: true });
  return home;
}

async function workedHome(until: string): Promise<Home> {
  const home = openHome(join(folder, `template${(made += 1)}`));
  const directory = join(home.store, 'embedded');
  const driver = await openEmbeddedStore({ directory, workerPath, migrations: sqlUntil(until) });
  await work(driver, home, until).finally(() => driver.close());
  return home;
}

const assetsWith = (sql: string): string => {
  const assets = join(sql, '..');
  writeFileSync(join(assets, 'store-worker.js'), `require(${JSON.stringify(workerPath)});`);
  return assets;
};

async function proofOf(home: Home): Promise<{ keys: SealKeys; views: readonly AnchorView[] }> {
  const keys = openSealKeys(home.keys, {});
  const anchors = readAnchors({ ANCHOR_FOLDER: join(home.folder, 'anchor') }, thisMachine());
  return { keys, ...(await viewsOf(anchors, keys)) };
}

function upgraded(
  home: Home,
  { databaseUrl = null, assets = PALETTE }: { databaseUrl?: string | null; assets?: string },
): Promise<Upgraded> {
  const environment = { ANCHOR_FOLDER: join(home.folder, 'anchor') };
  return upgrade({ home: home.folder, practice: false, databaseUrl, environment, assets, now: Date.now });
}

describe('an embedded store', () => {
  it.each([
    ['the first migrations', FIRST, { events: 3, sealed: 0, anchored: 0 }],
    ['the first version with a seal', FIRST_SEALED, { events: 4, sealed: 3, anchored: 3 }],
  ])('of %s is copied, upgraded and verified, and what was anchored then still agrees', async (_, until, expected) => {
    const home = await homeOf(until);
    const done = await upgraded(home, {});
    expect(done.applied).toBe(readMigrations(migrations).filter(({ version }) => version > until).length);
    expect(done.report).toMatchObject({ ok: true, ...expected });
    expect(existsSync(join(done.copy ?? '', 'PG_VERSION'))).toBe(true);
    const driver = await openEmbeddedStore({ directory: join(home.store, 'embedded'), workerPath, migrations });
    await driver.rpc('billing_audit_append', { events: [event('later'), event('a')] });
    await seal(driver, home);
    const { keys, views } = await proofOf(home);
    const report = await checkTrail({ source: new SealBook(driver), trusted: keys.trusted(), anchors: views });
    await driver.close();
    const events = expected.events + 1;
    expect(report).toMatchObject({ ok: true, events, sealed: events, anchored: expected.anchored });
  });

  it('stays as it was when a file is refused, with what that file began, and says which and what to do', async () => {
    const home = await homeOf(FIRST_SEALED);
    const broken = assetsWith(sqlUntil('20991230', BROKEN));
    await expect(upgraded(home, { assets: broken })).rejects.toMatchObject({
      code: 'migration_refused',
      message: expect.stringMatching(
        /billing_audit_broken was refused .*no_such_function.*It stays at 20261126151000/,
      ) as string,
      hint: expect.stringContaining('version of Billing Audit that you had') as string,
    });
    // The version before opens it as its own, and nothing of any newer file is in it.
    const directory = join(home.store, 'embedded');
    const driver = await openEmbeddedStore({ directory, workerPath, migrations: sqlUntil(FIRST_SEALED) });
    expect(driver.applied).toEqual([]);
    await driver.rpc('billing_audit_append', { events: [event('goes on')] });
    await driver.close();
    expect((await upgraded(home, {})).report).toMatchObject({ ok: true, events: 5, anchored: 3 });
  });

  it('is put back when it does not verify afterwards', async () => {
    const home = await homeOf(FIRST_SEALED);
    await expect(upgraded(home, { assets: assetsWith(sqlUntil('20991230', FORGING)) })).rejects.toMatchObject({
      code: 'upgrade_taken_back',
      message: expect.stringContaining('severity') as string,
      context: { aside: expect.stringContaining('upgraded-') as string },
    });
    expect((await upgraded(home, {})).report).toMatchObject({ ok: true, events: 4, anchored: 3 });
  });

  it('is put back by the next upgrade when the one before ended between its change and its proof', async () => {
    const home = await homeOf(FIRST_SEALED);
    const assets = assetsWith(sqlUntil('20991230', FORGING));
    const lights = (text: string): void => {
      if (text === 'checking the trail') throw new Error('The lights went out.');
    };
    const cutShort = { home: home.folder, practice: false, databaseUrl: null, environment: {}, assets, now: Date.now };
    await expect(upgrade({ ...cutShort, onProgress: lights })).rejects.toThrow('The lights went out.');
    await expect(upgraded(home, { assets })).rejects.toMatchObject({ code: 'upgrade_taken_back' });
    expect((await upgraded(home, {})).report).toMatchObject({ ok: true, events: 4, anchored: 3 });
  });

  it('is not touched while it cannot be copied', async () => {
    const home = await homeOf(FIRST);
    rmSync(home.backups, { recursive: true });
    writeFileSync(home.backups, 'a file, where copies should go');
    const { status, stderr } = runCli(['upgrade', '--home', home.folder], folder);
    expect([status, stderr]).toEqual([3, expect.stringMatching(/could not be copied.*\nMake room/s)]);
    rmSync(home.backups);
    const done = runCli(['upgrade', '--home', home.folder], folder);
    expect([done.status, done.stdout]).toEqual([
      0,
      expect.stringMatching(/migrations applied.*all holds.*start the server/s),
    ]);
    const again = runCli(['upgrade', '--home', home.folder, '--json'], folder);
    expect([again.status, JSON.parse(again.stdout)]).toMatchObject([0, { applied: 0, report: { ok: true } }]);
    // Once: the second changed nothing.
    const { stdout } = runCli(['search', '--kind', 'access', '--home', home.folder], folder);
    expect(
      stdout.match(/ran "billing-audit upgrade" .* \d+ migrations applied by version \S+, all holds/g),
    ).toHaveLength(1);
  });
});

describeOnPostgres('a PostgreSQL', () => {
  let postgres: TestPostgres;
  let databases = 0;
  beforeAll(() => {
    postgres = startPostgres({ bare: true });
    postgres.sql('super', 'create role owner login createrole', 'postgres');
  });
  afterAll(() => postgres.stop());

  async function databaseOf(until: string): Promise<{ home: Home; databaseUrl: string; sql(text: string): string }> {
    const name = `of${(databases += 1)}`;
    const home = openHome(join(folder, name));
    postgres.sql('super', `create database ${name} owner owner`, 'postgres');
    const databaseUrl = postgresUrl(postgres.folder, { user: 'owner', database: name });
    await migratePostgres({ url: databaseUrl, directory: sqlUntil(until) });
    const driver = await openPostgresStore({ ...thisMachine(), url: databaseUrl });
    await work(driver, home, until).finally(() => driver.close());
    return { home, databaseUrl, sql: (text) => postgres.sql('super', text, name) };
  }
  const count = 'select count(*) from supabase_migrations.schema_migrations';

  it.each([
    ['the first migrations', FIRST, { events: 3, anchored: 0 }],
    ['the first version with a seal', FIRST_SEALED, { events: 4, anchored: 3 }],
  ])('of %s is upgraded and verified in one transaction', async (_, until, expected) => {
    const { home, databaseUrl, sql } = await databaseOf(until);
    expect((await upgraded(home, { databaseUrl })).report).toMatchObject({ ok: true, ...expected });
    expect(sql(count)).toBe(String(total));
    // What was recorded before there were months has moved into its own.
    const month = new Date().toISOString().slice(0, 7).replace('-', '_');
    expect(sql(`select string_agg(distinct tableoid::regclass::text, ' ') from billing_audit.audit_events`)).toBe(
      `billing_audit.audit_events_${month}`,
    );
    expect(sql('select count(*) from billing_audit.event_keys where recorded_at is null')).toBe('0');
    const { status, stdout } = runCli(['upgrade', '--home', home.folder, '--json'], folder, {
      DATABASE_URL: databaseUrl,
    });
    expect([status, JSON.parse(stdout)]).toMatchObject([0, { applied: 0, report: { ok: true } }]);
  });

  it('names in its trail who upgraded it', async () => {
    const { home, databaseUrl, sql } = await databaseOf(FIRST_SEALED);
    const given = ['upgrade', '--home', home.folder, '--database-url', databaseUrl];
    expect(runCli(given, folder)).toMatchObject({ status: 0, stderr: '' });
    const told = `select payload ->> 'issue_description' from billing_audit.event_payloads where stream = 'access'`;
    expect(sql(told)).toMatch(/^\S+ ran "billing-audit upgrade" on .* migrations applied by version/);
    expect((await upgraded(home, { databaseUrl })).report).toMatchObject({ ok: true, events: 5 });
  });

  const guardsOff = `set session_replication_role = replica; alter table billing_audit.event_keys disable trigger never_altered;`;
  it.each([
    [
      'a view of somebody else stands on the trail',
      'create view public.my_report as select severity from billing_audit.audit_events',
      /what is not ours stands on them: the view (public\.)?my_report\./,
    ],
    [
      'values have no key any more',
      `${guardsOff} delete from billing_audit.event_keys where event_key = 'b'`,
      /The values of event 2 of sheet:\d+ have no key: the trail was altered/,
    ],
    [
      'two keys say the same number',
      `${guardsOff} insert into billing_audit.event_keys (event_key, stream, seq) select 'z', stream, seq from billing_audit.event_keys where event_key = 'b'`,
      /Two keys say that they are event 2 of sheet:\d+/,
    ],
    [
      'values have no event any more',
      `${guardsOff} alter table billing_audit.audit_events disable trigger all; delete from billing_audit.audit_events where event_key = 'b'`,
      /There are values without their event/,
    ],
  ])('of before there were months stays as it was, with a sentence, when %s', async (_, done, said) => {
    const { databaseUrl, sql } = await databaseOf('20261126183100');
    sql(done);
    const before = sql(count);
    await expect(migratePostgres({ url: databaseUrl, directory: migrations })).rejects.toMatchObject({
      code: 'store_refused',
      message: expect.stringMatching(said) as string,
    });
    expect(sql(count)).toBe(before);
    expect(sql(`select relkind from pg_class where oid = 'billing_audit.audit_events'::regclass`)).toBe('r');
    const driver = await openPostgresStore({ ...thisMachine(), url: databaseUrl });
    await expect(driver.rpc('billing_audit_append', { events: [event('still')] })).resolves.toMatchObject({
      appended: [{ is_new: true }],
    });
    await driver.close();
  });

  it.each([
    ['a file is refused', BROKEN, 'store_refused'],
    ['it does not verify afterwards', FORGING, 'upgrade_taken_back'],
  ])('stays as it was when %s', async (_, file, code) => {
    const { home, databaseUrl, sql } = await databaseOf(FIRST_SEALED);
    const before = sql(count);
    await expect(upgraded(home, { databaseUrl, assets: assetsWith(sqlUntil('20991230', file)) })).rejects.toMatchObject(
      { code },
    );
    expect(sql(count)).toBe(before);
    expect(sql(`select to_regclass('billing_audit.half_made') is null`)).toBe('t');
    expect((await upgraded(home, { databaseUrl })).report).toMatchObject({ ok: true, anchored: 3 });
  });
});
