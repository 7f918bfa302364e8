import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openNamedDriver } from '../../lib/runtime/open-store';
import { openHome, writeRuntimeNote, type Home } from '../../lib/runtime/home';
import { thisMachine } from '../../lib/runtime/machine';
import { checkTrail, openSealKeys, readAnchors, SealBook, viewsOf } from '../../lib/seal';
import {
  checkGuards,
  connectionOver,
  connectPostgres,
  expectedGuards,
  openPostgresStore,
  RowsDiffer,
  rowsOfStore,
  writeRows,
  type RowSource,
} from '../../lib/store';
import { moveStore, type MoveOptions } from '../../server/move';
import { runCli } from '../server/cli';
import { event } from '../store/examples';
import { describeOnPostgres, startPostgres, type TestPostgres } from '../support/postgres';
import { postgresUrl } from '../support/postgres-driver';
import { newFolder, removeFolder } from '../support/store';
import { filledHome, openStoreIn, PALETTE, seal } from './filled-home';

jest.setTimeout(300_000);

describeOnPostgres('billing-audit move', () => {
  const folder = newFolder();
  const anchorFolder = join(folder, 'anchor');
  const environment = { ANCHOR_FOLDER: anchorFolder };
  const anchors = readAnchors(environment, thisMachine());
  let postgres: TestPostgres;
  let home: Home;
  let databases = 0;

  /** An empty database of a user that is no superuser. */
  const newDatabase = (): { readonly url: string; sql(text: string): string } => {
    const name = `target${(databases += 1)}`;
    postgres.sql('super', `create database ${name} owner owner`, 'postgres');
    const sql = (text: string): string => postgres.sql('super', text, name);
    return { url: postgresUrl(postgres.folder, { user: 'owner', database: name }), sql };
  };
  const move = (to: string, more: Partial<MoveOptions> = {}) =>
    moveStore({ home: home.folder, to, environment, assets: PALETTE, now: Date.now, ...more });
  const tablesIn = (sql: (text: string) => string): string =>
    sql(`select count(*) from pg_class where relnamespace = to_regnamespace('billing_audit')`);

  beforeAll(async () => {
    postgres = startPostgres({ bare: true });
    postgres.sql('super', 'create role owner login createrole', 'postgres');
    home = await filledHome(join(folder, 'home'), anchors);
  });
  afterAll(() => {
    postgres.stop();
    removeFolder(folder);
  });

  it('is refused with what to do while a server has the home, for a home without a store, and through an API', async () => {
    const { url, sql } = newDatabase();
    writeRuntimeNote(home, { pid: process.pid, startedAt: '2026-01-05T09:00:00.000Z', address: null });
    await expect(move(url)).rejects.toMatchObject({
      code: 'server_runs',
      message: expect.stringContaining(String(process.pid)) as string,
    });
    writeRuntimeNote(home, { pid: 2 ** 22 - 1, startedAt: '2026-01-05T09:00:00.000Z', address: null });
    const driver = await openStoreIn(home);
    await expect(move(url)).rejects.toMatchObject({ code: 'store_locked' });
    await driver.close();
    await expect(move(url, { home: join(folder, 'nowhere') })).rejects.toMatchObject({ code: 'nothing_to_move' });
    await expect(move('https://project.supabase.co')).rejects.toMatchObject({ code: 'bad_setting', field: '--to' });
    expect(tablesIn(sql)).toBe('0');
  });

  it('says what would go over and changes nothing when it is only asked', async () => {
    const { url, sql } = newDatabase();
    const { tables, report, migrated } = await move(url, { dryRun: true });
    expect(tables).toContainEqual(expect.objectContaining({ table: 'audit_events', rows: report.events }));
    expect(migrated).toBeGreaterThan(30);
    expect(tablesIn(sql)).toBe('0');
    expect(existsSync(join(home.store, 'moved.json'))).toBe(false);
  });

  it('takes every row of every table, as it was; what is appended and sealed there goes on from it', async () => {
    const { url, sql } = newDatabase();
    const told = await move(url, { dryRun: true });
    const moved = await move(url);
    // What was told before is what went, table by table.
    const counts = ({ tables }: typeof moved) => Object.fromEntries(tables.map(({ table, rows }) => [table, rows]));
    expect(counts(moved)).toEqual(counts(told));
    expect(moved.report).toMatchObject({ ok: true, sealed: 6, unsealed: 2, anchored: 6 });
    const source = await openStoreIn(home);
    const theirs = await connectPostgres(url);
    let compared = 0;
    for (const { name } of await rowsOfStore(connectionOver(source)).tables()) {
      // The log of DDL is each database's own.
      if (name === 'schema_changes') continue;
      const rows = `select coalesce(jsonb_agg(to_jsonb(t) order by to_jsonb(t)::text collate "C"), '[]')::text as rows from billing_audit.${name} as t`;
      const [here] = await connectionOver(source).query(rows, []);
      const [there] = await theirs.within(() => theirs.query(rows, []), `begin; set local timezone to 'UTC'`);
      expect([name, there?.['rows']]).toEqual([name, here?.['rows']]);
      if (here?.['rows'] !== '[]') compared += 1;
    }
    await theirs.close();
    await source.close();
    expect(compared).toBeGreaterThan(15);
    // Each event in its month, as if it had been recorded there.
    const parts = 'select string_agg(distinct tableoid::regclass::text, $$ $$) from billing_audit.';
    const month = new Date().toISOString().slice(0, 7).replace('-', '_');
    expect(sql(`${parts}audit_events`)).toBe(`billing_audit.audit_events_${month}`);
    expect(sql(`${parts}event_payloads`)).toBe(`billing_audit.event_payloads_${month}`);

    const driver = await openPostgresStore({ ...thisMachine(), url });
    await driver.rpc('billing_audit_append', { events: [event('after'), event('one')] });
    await seal(driver, home);
    const keys = openSealKeys(home.keys, {});
    const { views } = await viewsOf(anchors, keys);
    const report = await checkTrail({ source: new SealBook(driver), trusted: keys.trusted(), anchors: views });
    await driver.close();
    expect(report).toMatchObject({ ok: true, events: 9, sealed: 9, anchored: 6, checkpoints: 2 });
    expect(sql(`select count(*) from billing_audit.audit_events where event_key = 'one'`)).toBe('1');
    const guards = `select string_agg(tgname || ' ' || tgenabled::text, ' ' order by tgrelid::regclass::text, tgname) from pg_trigger where not tgisinternal and tgrelid::regclass::text like 'billing_audit.%'`;
    const fresh = newDatabase();
    runCli(['migrate', '--database-url', fresh.url], folder);
    expect(sql(guards)).toBe(fresh.sql(guards));
  });

  it('takes them to a database that notes DDL as well, as Supabase does, and verify finds every guard there', async () => {
    const other = await filledHome(join(folder, 'other-home'));
    postgres.sql('super', 'create database noting owner super', 'postgres');
    const url = postgresUrl(postgres.folder, { user: 'super', database: 'noting' });
    const moved = await move(url, { home: other.folder, environment: {} });
    expect(moved.report).toMatchObject({ ok: true, sealed: 6, unsealed: 2 });
    const driver = await openPostgresStore({ ...thisMachine(), url });
    const expected = await expectedGuards({
      workerPath: join(PALETTE, 'store-worker.js'),
      migrations: join(PALETTE, 'supabase'),
    });
    expect(await checkGuards(driver, expected)).toMatchObject({ findings: [], notesDdl: true });
    // What the append counts goes on from what was counted.
    const hours = `select sum(changes) from billing_audit.rollups where dimension = 'severity' and span = 'hour'`;
    const before = Number(postgres.sql('super', hours, 'noting'));
    expect(before).toBeGreaterThan(5);
    await driver.rpc('billing_audit_append', { events: [event('counted')] });
    await driver.close();
    expect(Number(postgres.sql('super', hours, 'noting'))).toBe(before + 1);
  });

  it('keeps the home from being used without the database from then on', async () => {
    const options = { home, environment: {}, machine: thisMachine(), assets: PALETTE };
    await expect(openNamedDriver(options)).rejects.toMatchObject({
      code: 'store_moved',
      hint: expect.stringContaining('DATABASE_URL') as string,
    });
    await expect(move(newDatabase().url)).rejects.toMatchObject({ code: 'store_moved' });
  });
});

describeOnPostgres('moving what is not as it should be', () => {
  const folder = newFolder();
  let postgres: TestPostgres;
  let home: Home;
  const url = (database: string): string => postgresUrl(postgres.folder, { user: 'owner', database });
  const move = (database: string, more: Partial<MoveOptions> = {}) =>
    moveStore({ home: home.folder, to: url(database), environment: {}, assets: PALETTE, now: Date.now, ...more });

  beforeAll(async () => {
    postgres = startPostgres({ bare: true });
    postgres.sql('super', 'create role owner login createrole', 'postgres');
    for (const name of ['used', 'planted', 'broken'])
      postgres.sql('super', `create database ${name} owner owner`, 'postgres');
    home = await filledHome(join(folder, 'home'));
  });
  afterAll(() => {
    postgres.stop();
    removeFolder(folder);
  });
  const events = (database: string): string =>
    postgres.sql('super', 'select count(*) from billing_audit.audit_events', database);

  it('is refused where the database holds anything, and leaves that alone', async () => {
    runCli(['migrate', '--database-url', url('used')], folder);
    const driver = await openPostgresStore({ ...thisMachine(), url: url('used') });
    await driver.rpc('billing_audit_append', { events: [event('theirs')] });
    await driver.close();
    await expect(move('used')).rejects.toMatchObject({
      code: 'store_not_empty',
      context: { tables: expect.arrayContaining(['audit_events']) as string[] },
    });
    expect(events('used')).toBe('1');
  });

  it.each<[string, (page: readonly string[]) => readonly string[]]>([
    ['a row that is lost', (page) => page.slice(1)],
    ['a value that is altered', (page) => page.map((text) => text.replace('agreed', 'forced'))],
  ])('is noticed for %s, and nothing is kept', async (_, spoil) => {
    runCli(['migrate', '--database-url', url('planted')], folder);
    const source = await openStoreIn(home);
    const session = await connectPostgres(url('planted'));
    const honest = rowsOfStore(connectionOver(source));
    const spoilt: RowSource = {
      ...honest,
      async *rows(table) {
        for await (const page of honest.rows(table)) yield table.name === 'approvals' ? spoil(page) : page;
      },
    };
    await expect(session.within(() => writeRows(spoilt, session, { isFresh: false }))).rejects.toBeInstanceOf(
      RowsDiffer,
    );
    await session.close();
    await source.close();
    expect(events('planted')).toBe('0');
  });

  it('is refused for a trail that does not hold, unless it shall be taken as it is, damage and all', async () => {
    const driver = await openStoreIn(home);
    await driver.transaction([
      { sql: 'alter table billing_audit.audit_events disable trigger all' },
      { sql: `update billing_audit.audit_events set severity = 'HIGH' where event_key = 'two'` },
      { sql: 'alter table billing_audit.audit_events enable trigger all' },
    ]);
    await driver.close();
    await expect(move('broken')).rejects.toMatchObject({ code: 'trail_broken' });
    const words = ['move', '--to', url('broken'), '--home', home.folder, '--json'];
    const refused = runCli(words, folder);
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining('--as-it-is')]);
    const { status, stdout } = runCli([...words, '--as-it-is'], folder);
    expect([status, JSON.parse(stdout)]).toMatchObject([1, { report: { ok: false, found: 1 } }]);
    expect(events('broken')).toBe('8');
  });

  it('tells on the command line what to set, and what was called wrongly', () => {
    expect(runCli(['move', '--home', home.folder], folder)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--to') as string,
    });
    mkdirSync(join(folder, 'other', 'keys'), { recursive: true });
    writeFileSync(join(folder, 'other', 'keys', 'had-token'), '');
    const { status, stderr } = runCli(
      ['move', '--to', url('used'), '--home', openHome(join(folder, 'other')).folder],
      folder,
    );
    expect([status, stderr]).toEqual([3, expect.stringContaining('holds no embedded store')]);
  });
});
