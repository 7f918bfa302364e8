import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  MigrationMissing,
  openEmbeddedStore,
  secretBox,
  StoreLocked,
  StoreNotSynced,
  storeOver,
  StoreRefused,
  StoreUnavailable,
} from '../../lib/store';
import { FIRST_ANALYZE_COMMITS, VACUUM_MILLISECONDS } from '../../lib/store/embedded/upkeep';
import { buildStoreWorker, bundle, migrations, newFolder, openTestStore, removeFolder } from '../support/store';
import { event } from './examples';

const workerPath = buildStoreWorker();
const secrets = secretBox(new Uint8Array(32));
const folders: string[] = [];
const children: ChildProcessWithoutNullStreams[] = [];

function folder(): string {
  const made = newFolder();
  folders.push(made);
  return made;
}

/** Starts a bundled program on a store; `line` waits for its next line. */
function start(
  program: string,
  directory: string,
): { child: ChildProcessWithoutNullStreams; line: () => Promise<string> } {
  const child = spawn(process.execPath, [program, directory, workerPath, migrations]);
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, line: async () => String((await lines.next()).value) };
}

const ended = (child: ChildProcessWithoutNullStreams): Promise<unknown> =>
  new Promise((resolve) => child.once('exit', resolve));

afterAll(() => {
  children.forEach((child) => child.kill('SIGKILL'));
  folders.forEach(removeFolder);
});

describe('opening the embedded store', () => {
  it('makes a store in a folder that does not exist yet, and applies nothing twice', async () => {
    const directory = join(folder(), 'deep', 'store');
    const open = () => openEmbeddedStore({ directory, workerPath, migrations });
    const history = { sql: 'select version, name from supabase_migrations.schema_migrations', parameters: [] };
    const first = await open();
    const applied = await first.transaction([history]);
    await first.close();
    const second = await open();
    expect(await second.transaction([history])).toEqual(applied);
    expect(applied.length).toBeGreaterThan(5);
    await second.close();
  });

  it('really syncs: each commit of a write reaches the disk before it is acknowledged', async () => {
    const driver = await openTestStore(folder(), workerPath);
    const store = storeOver(driver, { secrets });
    for (let number = 0; number < 5; number += 1) {
      const before = driver.syncs();
      await store.append([event(`key:${number}`)]);
      expect(driver.syncs()).toBeGreaterThan(before);
    }
    await driver.close();
  });

  it('refuses to open when writes do not reach the disk', async () => {
    const unsynced = bundle('test/store/programs/unsynced-worker.ts', 'unsynced-worker');
    const opening = openEmbeddedStore({ directory: join(folder(), 'store'), workerPath: unsynced, migrations });
    await expect(opening).rejects.toBeInstanceOf(StoreNotSynced);
  });

  it('says where the migrations are missing, and leaves no lock behind', async () => {
    const directory = join(folder(), 'store');
    const opening = openEmbeddedStore({ directory, workerPath, migrations: join(directory, 'nowhere') });
    await expect(opening).rejects.toBeInstanceOf(MigrationMissing);
    expect(existsSync(`${directory}.lock`)).toBe(false);
  });

  it('does not let an older program write to a newer store', async () => {
    const home = folder();
    const driver = await openTestStore(home, workerPath);
    const sql = `insert into supabase_migrations.schema_migrations (version, name) values ('29991231000000', 'billing_audit_future')`;
    await driver.transaction([{ sql }]);
    await driver.close();
    const opening = openEmbeddedStore({ directory: join(home, 'store'), workerPath, migrations });
    await expect(opening).rejects.toThrow(/29991231000000/);
  });
});

describe('the lock of the embedded store', () => {
  const program = bundle('test/store/programs/holder.ts', 'holder');

  it('says which live process has the store, and takes over when that one was killed', async () => {
    const home = folder();
    await (await openTestStore(home, workerPath)).close();
    const directory = join(home, 'store');
    const { child, line } = start(program, directory);
    expect(await line()).toBe('open');
    const refused = await openEmbeddedStore({ directory, workerPath, migrations }).catch((thrown: unknown) => thrown);
    expect(refused).toBeInstanceOf(StoreLocked);
    expect((refused as StoreLocked).context).toMatchObject({ pid: child.pid, host: hostname() });
    expect((refused as StoreLocked).hint).toContain(`${directory}.lock`);

    child.kill('SIGKILL');
    await ended(child);
    expect(existsSync(`${directory}.lock`)).toBe(true);
    await (await openEmbeddedStore({ directory, workerPath, migrations })).close();
    expect(existsSync(`${directory}.lock`)).toBe(false);
  });

  it('refuses a second opening by the same process', async () => {
    const home = folder();
    const driver = await openTestStore(home, workerPath);
    const again = openEmbeddedStore({ directory: join(home, 'store'), workerPath, migrations });
    await expect(again).rejects.toBeInstanceOf(StoreLocked);
    await driver.close();
  });

  it('is not fooled by a later process that got the number of a dead one', async () => {
    const home = folder();
    const directory = join(home, 'store');
    const driver = await openTestStore(home, workerPath);
    const holder = JSON.parse(readFileSync(`${directory}.lock`, 'utf8')) as { began: string | null };
    await driver.close();
    if (holder.began === null) return; // This system does not tell when a process began.
    writeFileSync(`${directory}.lock`, JSON.stringify({ ...holder, began: 'another boot:1', token: 'old' }));
    await (await openEmbeddedStore({ directory, workerPath, migrations })).close();
  });

  it('believes a holder on another host for a minute after its last sign of life, and not longer', async () => {
    const home = folder();
    const directory = join(home, 'store');
    await (await openTestStore(home, workerPath)).close();
    const holder = { pid: 1, host: 'elsewhere', since: '2026-01-05T09:00:00.000Z', began: null, token: 'x' };
    writeFileSync(`${directory}.lock`, JSON.stringify(holder));
    const open = (now: () => number) => openEmbeddedStore({ directory, workerPath, migrations, now });
    await expect(open(() => Date.now() + 30_000)).rejects.toBeInstanceOf(StoreLocked);
    await (await open(() => Date.now() + 90_000)).close();
  });

  it('stays mine when another program stops using its own store', async () => {
    const home = folder();
    const driver = await openTestStore(home, workerPath);
    writeFileSync(join(home, 'store.lock'), JSON.stringify({ pid: 1, token: 'of somebody else' }));
    await driver.close();
    expect(existsSync(join(home, 'store.lock'))).toBe(true);
  });
});

/** A function that counts for very long. */
const dawdle = (side: number): string => `
  create function public.billing_audit_dawdle(p jsonb) returns jsonb language sql as
    $$ select to_jsonb(count(*)) from generate_series(1, ${side}) as a, generate_series(1, ${side}) as b $$;
  grant execute on function public.billing_audit_dawdle(jsonb) to service_role`;

describe('a failure in the middle', () => {
  it('loses no acknowledged event and doubles none when the process is killed while appending', async () => {
    const program = bundle('test/store/programs/appender.ts', 'appender');
    const home = folder();
    await (await openTestStore(home, workerPath)).close();
    const directory = join(home, 'store');
    let acknowledged = '';
    for (const wanted of [3, 7, 12]) {
      const { child, line } = start(program, directory);
      // Each run repeats the keys from the first on: those that are there must not be doubled.
      for (let count = 0; count < wanted; count += 1) acknowledged = await line();
      child.kill('SIGKILL');
      await ended(child);
    }
    const driver = await openEmbeddedStore({ directory, workerPath, migrations });
    const keys = await driver.transaction([
      { sql: 'select event_key from billing_audit.audit_events order by seq', parameters: [] },
    ]);
    const count = Number(acknowledged.replace('key:', ''));
    expect(keys.length).toBeGreaterThanOrEqual(count);
    expect(keys.map((one) => one['event_key'])).toEqual(keys.map((_, index) => `key:${index + 1}`));
    const stream = 'sheet:4583173393803140';
    expect(await driver.rpc('billing_audit_verify', { stream })).toMatchObject({ ok: true, checked: keys.length });
    await driver.close();
  });

  it('is unavailable when a call takes too long, and works again with the next one', async () => {
    const driver = await openTestStore(folder(), workerPath, { timeoutMilliseconds: 3_000 });
    await driver.transaction([{ sql: dawdle(100_000) }]);
    await expect(driver.rpc('billing_audit_dawdle', {})).rejects.toBeInstanceOf(StoreUnavailable);
    expect(await driver.rpc('billing_audit_counts', {})).toMatchObject({ events: 0 });
    await driver.close();
  });

  it('does not count the time that a call waits behind slow ones as its own', async () => {
    const limit = 3_000;
    const driver = await openTestStore(folder(), workerPath, { timeoutMilliseconds: limit });
    const began = performance.now();
    const pause = { sql: 'select pg_sleep(2)', parameters: [] };
    const slow = [driver.transaction([pause]), driver.transaction([pause])];
    const queued = driver.rpc('billing_audit_counts', {});
    expect(await queued).toMatchObject({ events: 0 });
    expect(performance.now() - began).toBeGreaterThan(limit);
    await Promise.all(slow);
    await driver.close();
  });

  it('answers with what was refused: code, message and hint', async () => {
    const driver = await openTestStore(folder(), workerPath);
    const refused = driver.rpc('billing_audit_append', {});
    await expect(refused).rejects.toMatchObject({ sqlstate: 'BA001', message: 'The call lacks "events".' });
    await expect(driver.rpc('billing_audit_x; drop' as 'billing_audit_x', {})).rejects.toBeInstanceOf(StoreRefused);
    await driver.close();
    await expect(driver.rpc('billing_audit_counts', {})).rejects.toBeInstanceOf(StoreUnavailable);
  });

  it('makes its checkpoint and goes on', async () => {
    let now = Date.now();
    const driver = await openTestStore(folder(), workerPath, { now: () => now });
    const redo = async (): Promise<unknown> =>
      (await driver.transaction([{ sql: 'select redo_lsn::text from pg_control_checkpoint()', parameters: [] }]))[0];
    await driver.rpc('billing_audit_append', { events: [event('key:1')] });
    const before = await redo();
    now += 6 * 60_000;
    await driver.upkeep();
    expect(await redo()).not.toEqual(before);
    now += 25 * 3_600_000;
    await driver.upkeep();
    expect(await driver.rpc('billing_audit_counts', {})).toMatchObject({ events: 1 });
    await driver.close();
  });

  it('lets a call through between two tables that it vacuums', async () => {
    let now = Date.now();
    const driver = await openTestStore(folder(), workerPath, { now: () => now });
    now += VACUUM_MILLISECONDS;
    const ended: string[] = [];
    const vacuumed = driver.upkeep().then(() => ended.push('vacuum'));
    const asked = driver.rpc('billing_audit_counts', {}).then(() => ended.push('call'));
    await Promise.all([vacuumed, asked]);
    expect(ended).toEqual(['call', 'vacuum']);
    await driver.close();
  });

  it('looks how large its tables are after so many writes, and reading is none', async () => {
    const driver = await openTestStore(folder(), workerPath);
    const size = `select reltuples from pg_class where oid = 'billing_audit.audit_events'::regclass`;
    const known = async (): Promise<number> => Number((await driver.transaction([{ sql: size }]))[0]?.['reltuples']);
    for (let call = 0; call < FIRST_ANALYZE_COMMITS; call += 1) await driver.rpc('billing_audit_counts', {});
    await driver.upkeep();
    expect(await known()).toBe(-1);
    for (let call = 0; call < FIRST_ANALYZE_COMMITS; call += 1) {
      await driver.rpc('billing_audit_append', { events: [event(`key:${call}`)] });
    }
    await driver.upkeep();
    expect(await known()).toBeGreaterThan(0);
    await driver.close();
  });

  it('keeps no secret of a webhook in clear text on the disk', async () => {
    const home = folder();
    const driver = await openTestStore(home, workerPath);
    const secret = 'kx7-secret-of-the-webhook';
    const webhook = {
      webhook_id: '1',
      sheet_id: '2',
      callback_url: 'https://watch.example.com/webhook',
      status: 'ENABLED',
    };
    const store = storeOver(driver, { secrets });
    await store.saveWebhook({ ...webhook, shared_secret: secret, previous_secret: `${secret}-before` });
    expect(await store.webhooks()).toEqual([
      { ...webhook, shared_secret: secret, previous_secret: `${secret}-before` },
    ]);
    await driver.close();
    const files = readdirSync(home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const holding = (text: string): string[] =>
      files.map((file) => join(file.parentPath, file.name)).filter((path) => readFileSync(path).includes(text));
    expect(holding('watch.example.com/webhook').length).toBeGreaterThan(0);
    expect(holding(secret)).toEqual([]);
  });
});
