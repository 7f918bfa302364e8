import { join } from 'node:path';
import { Client } from 'pg';
import { thisMachine } from '../../lib/runtime/machine';
import { checkTrail, openSealKeys, SealBook, sealNext, type SealKeys } from '../../lib/seal';
import { migratePostgres, openPostgresStore, readMigrations, type StoreDriver } from '../../lib/store';
import { event } from '../store/examples';
import { OUT_OF_PLACE } from '../store/out-of-place';
import { describeOnPostgres, startPostgres, warnWithoutPostgres, type TestPostgres } from '../support/postgres';
import { postgresUrl } from '../support/postgres-driver';
import { migrations, newFolder, removeFolder } from '../support/store';
import { until } from '../support/until';
import { sqlUntil } from './sql-until';

warnWithoutPostgres('an upgrade beside a server at work was not tried.');
jest.setTimeout(120_000);

/** The last version that did not keep the trail by month. */
const BEFORE_MONTHS = '20261126183100';
const SHEETS = 4;
const AT_ONCE = 3;
/** What the pages of the dashboard, its sealer and its tellers ask. */
const QUESTIONS: readonly (readonly [`billing_audit_${string}`, object])[] = [
  ['billing_audit_overview', { days: 30 }],
  ['billing_audit_recent', { limit: 20 }],
  ['billing_audit_needs_look', { limit: 20 }],
  ['billing_audit_search', { changed_by: 'clerk@example.com', limit: 20 }],
  ['billing_audit_search', { text: 'Quantity rose', limit: 20 }],
  ['billing_audit_event', { event_key: 'before:0:0:0' }],
  ['billing_audit_alerts', { limit: 20 }],
  ['billing_audit_verify', { stream: 'sheet:1' }],
];
const LATER = readMigrations(migrations)
  .filter(({ version }) => version > BEFORE_MONTHS)
  .map(({ version, name }) => `${version}_${name}`);

interface Did {
  readonly appends: number[];
  reads: number;
  seals: number;
  verdicts: number;
  acknowledged: number;
  readonly failures: unknown[];
}

const events = (name: string): readonly object[] =>
  Array.from({ length: AT_ONCE * SHEETS }, (_, number) =>
    event(`${name}:${number}`, {
      sheet_id: String(1 + (number % SHEETS)),
      ...(number === 0 && { severity: 'HIGH', violation_type: 'HISTORICAL_CHANGE', risk_score: 0.9 }),
    }),
  );

/** Acts that are written into the trail with what they do, and read events and values. */
async function verdictOn(driver: StoreDriver, event_key: string): Promise<void> {
  const kim = { by: 'Kim', role: 'admin', reason: 'To be looked at.' };
  const { hold } = (await driver.rpc('billing_audit_hold', { sheet_id: '4', ...kim })) as {
    readonly hold: { readonly id: string };
  };
  await driver.rpc('billing_audit_mark', { event_key, mark: 'looking', by: 'Kim', role: 'admin' });
  await driver.rpc('billing_audit_release_hold', { hold_id: hold.id, ...kim });
}

/** A server of before: some who record, one who reads, one who seals, one who judges and holds, each without a pause. */
class AtWork {
  readonly did: Did = { appends: [0, 0, 0], reads: 0, seals: 0, verdicts: 0, acknowledged: 0, failures: [] };
  #isOver = false;
  readonly #working: Promise<unknown>;

  constructor(
    private readonly name: string,
    [first, second, reader, sealer]: readonly [StoreDriver, StoreDriver, StoreDriver, StoreDriver],
    keys: SealKeys,
  ) {
    const { did } = this;
    const append = (driver: StoreDriver, who: number): Promise<void> => this.#again(() => this.#append(driver, who));
    const read = async (): Promise<void> => {
      const [question, p] = QUESTIONS[did.reads % QUESTIONS.length] ?? ['billing_audit_recent', {}];
      await reader.rpc(question, p);
      did.reads += 1;
    };
    const seal = async (): Promise<void> => {
      await sealNext({ book: new SealBook(sealer), keys, now: Date.now });
      did.seals += 1;
    };
    const judge = async (): Promise<void> => {
      await verdictOn(reader, 'known:0');
      did.verdicts += 1;
    };
    const appending = [append(first, 0), append(second, 1), append(first, 2)];
    this.#working = Promise.all([...appending, this.#again(read), this.#again(seal), this.#again(judge)]);
  }

  /** Resolves when everybody has done so much more, or somebody failed. */
  async goesOn(by: number): Promise<void> {
    const { did } = this;
    const counts = (): readonly number[] => [...did.appends, did.reads, did.seals, did.verdicts];
    const was = counts();
    const isMore = (): boolean => counts().every((count, at) => count >= (was[at] ?? 0) + by);
    await until(() => did.failures.length > 0 || isMore(), 'everybody to go on');
  }

  /** @returns how many events were recorded, by their count */
  async end(): Promise<number> {
    this.#isOver = true;
    await this.#working;
    return this.did.appends.reduce((sum, calls) => sum + calls) * AT_ONCE * SHEETS;
  }

  async #append(driver: StoreDriver, who: number): Promise<void> {
    const name = `${this.name}:${who}:${this.did.appends[who]}`;
    const { appended } = (await driver.rpc('billing_audit_append', { events: events(name) })) as {
      readonly appended: readonly { readonly is_new: boolean }[];
    };
    this.did.acknowledged += appended.filter(({ is_new }) => is_new).length;
    this.did.appends[who] = (this.did.appends[who] ?? 0) + 1;
  }

  async #again(what: () => Promise<void>): Promise<void> {
    const { failures } = this.did;
    while (!this.#isOver && failures.length === 0) {
      await what().catch((thrown: unknown) => void failures.push(thrown));
    }
  }
}

describeOnPostgres('a database that is upgraded while the server of before is at work', () => {
  const folder = newFolder();
  let postgres: TestPostgres;
  let keys: SealKeys;
  const drivers: StoreDriver[] = [];

  beforeAll(() => {
    postgres = startPostgres({ bare: true });
    postgres.sql('super', 'create role owner login createrole', 'postgres');
    keys = openSealKeys(folder, {});
  });
  afterAll(async () => {
    await Promise.all(drivers.map((driver) => driver.close()));
    postgres.stop();
    removeFolder(folder);
  });

  async function databaseOf(
    name: string,
  ): Promise<{ url: string; open(): Promise<StoreDriver>; sql(text: string): string }> {
    postgres.sql('super', `create database ${name} owner owner`, 'postgres');
    const url = postgresUrl(postgres.folder, { user: 'owner', database: name });
    await migratePostgres({ url, directory: sqlUntil(join(folder, name), BEFORE_MONTHS) });
    const open = async (): Promise<StoreDriver> => {
      const driver = await openPostgresStore({ ...thisMachine(), url });
      drivers.push(driver);
      return driver;
    };
    return { url, open, sql: (text) => postgres.sql('super', text, name) };
  }

  it('has nobody fail, loses and doubles nothing, and each event lies in its month, also when two migrate', async () => {
    const { url, open, sql } = await databaseOf('worked');
    const driver = await open();
    await driver.rpc('billing_audit_save_alert_rule', {
      ...{ rule_id: 'told', recipients: [], risk_from: 0, severity_from: 'LOW', mails_per_hour: 10, group_minutes: 15 },
      ...{ frame: {}, at: '2026-01-01T00:00:00Z' },
    });
    await driver.rpc('billing_audit_append', { events: events('known') });
    const work = new AtWork('before', [driver, await open(), await open(), await open()], keys);
    await work.goesOn(15);
    const migrated = await Promise.all([0, 1].map(() => migratePostgres({ url, directory: migrations })));
    await work.goesOn(10);
    const recorded = (await work.end()) + AT_ONCE * SHEETS;

    expect(work.did.failures).toEqual([]);
    expect(migrated.flatMap(({ applied }) => applied).sort()).toEqual(LATER);
    expect(sql(`select deadlocks from pg_stat_database where datname = 'worked'`)).toBe('0');
    expect([
      work.did.acknowledged + AT_ONCE * SHEETS,
      sql(`select count(*) from billing_audit.audit_events where kind = 'cell_changed'`),
    ]).toEqual([recorded, String(recorded)]);
    expect(sql(OUT_OF_PLACE)).toBe('');
    const book = new SealBook(driver);
    while ((await sealNext({ book, keys, now: Date.now })).more);
    const report = await checkTrail({ source: book, trusted: keys.trusted(), anchors: [] });
    expect(report).toMatchObject({ ok: true, unsealed: 0 });
    const acts = `select string_agg(distinct of.count, ' ') from (select count(*)::text from billing_audit.audit_events
      where kind in ('legal_hold_set', 'legal_hold_released', 'event_marked') group by kind) as of`;
    expect(sql(acts)).toBe(String(work.did.verdicts));
    // What an append that waited runs into: it is told in the code by which the drivers begin anew.
    expect(() => sql(`select billing_audit.chained('\\x00', 'text')`)).toThrow(/another form while this waited/);
  });

  it('waits for whoever reads for long, without anybody waiting behind it', async () => {
    const { url, open, sql } = await databaseOf('read');
    const driver = await open();
    await driver.rpc('billing_audit_append', { events: events('before') });
    const reader = new Client({ connectionString: postgresUrl(postgres.folder, { user: 'super', database: 'read' }) });
    await reader.connect();
    await reader.query('begin; select count(*) from billing_audit.audit_events');
    const migrating = migratePostgres({ url, directory: migrations });
    const waiting = `select count(*) > 0 from pg_locks where not granted and relation = 'billing_audit.audit_events'::regclass`;
    await until(() => sql(waiting) === 't', 'the upgrade to wait');
    for (const name of ['beside', 'beside again']) {
      await driver.rpc('billing_audit_append', { events: events(name) });
      await until(() => sql(waiting) === 't', 'the upgrade to wait again');
    }
    expect(sql(`select count(*) from supabase_migrations.schema_migrations where version > '${BEFORE_MONTHS}'`)).toBe(
      '0',
    );
    await reader.query('rollback');
    await reader.end();
    expect((await migrating).applied).toEqual(LATER);
    expect(sql('select count(*) from billing_audit.audit_events')).toBe(String(3 * AT_ONCE * SHEETS));
    expect(sql(OUT_OF_PLACE)).toBe('');
  });
});
