import { spawn } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { join, resolve } from 'node:path';
import type { AuditEvent, Change } from '../../lib/event';
import { thisMachine } from '../../lib/runtime/machine';
import { openRuntime } from '../../lib/runtime/open-runtime';
import { openNamedStore } from '../../lib/runtime/open-store';
import type { Runtime } from '../../lib/runtime/runtime';
import { defaultSettings } from '../../lib/settings';
import { openPostgresStore, secretBox, storeOver, type Store, type StoreDriver } from '../../lib/store';
import { cell, event, observation, row, step } from '../store/examples';
import { describeOnPostgres, startPostgres, type TestPostgres } from '../support/postgres';
import { postgresUrl } from '../support/postgres-driver';
import { startSandboxProcess } from '../support/sandbox';
import { bundle, newFolder, removeFolder } from '../support/store';
import { until } from '../support/until';
import { recordingLog } from './support';

const EDITS = 40;
const root = resolve(__dirname, '../..');

describeOnPostgres('processes that share one PostgreSQL', () => {
  let postgres: TestPostgres;
  let driver: StoreDriver;
  let store: Store;
  const folders: string[] = [];
  const environment = (): Record<string, string> => ({ DATABASE_URL: postgresUrl(postgres.folder) });

  beforeAll(async () => {
    postgres = startPostgres();
    driver = await openPostgresStore({ ...thisMachine(), url: postgresUrl(postgres.folder) });
    store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
  });
  afterAll(async () => {
    await driver.close();
    postgres.stop();
    folders.forEach(removeFolder);
  });

  /** A Runtime as the product opens it, in a home with the keys of the other. */
  async function openOne(
    keysOf?: string,
  ): Promise<{ home: string; runtime: Runtime; log: ReturnType<typeof recordingLog> }> {
    const home = newFolder();
    folders.push(home);
    if (keysOf !== undefined) {
      mkdirSync(join(home, 'keys'));
      cpSync(join(keysOf, 'keys', 'store.key'), join(home, 'keys', 'store.key'));
    }
    const log = recordingLog();
    const runtime = await openRuntime({
      home,
      log,
      timing: { idleSeconds: 0.2, changeLeaseSeconds: 5, firstRetrySeconds: 0.05, deletionGraceSeconds: 1 },
      openStore: (folder) =>
        openNamedStore({ home: folder, environment: environment(), machine: thisMachine(), assets: root, log }),
    });
    return { home, runtime, log };
  }

  it('find each change of a sheet that both watch, and record it once, in one chain', async () => {
    const one = await openOne();
    const two = await openOne(one.home);
    const sandbox = await startSandboxProcess('--no-rate-limits');
    const { body: made } = await sandbox.api<{ result: { id: number; columns: { id: number }[] } }>('POST', '/sheets', {
      name: 'Shared',
      columns: [{ title: 'Quantity', type: 'TEXT_NUMBER', primary: true }],
    });
    const { id, columns } = made.result;
    const columnId = columns[0]?.id;
    const { body: added } = await sandbox.api<{ result: { id: number }[] }>('POST', `/sheets/${id}/rows`, [
      { cells: [{ columnId, value: 'start' }] },
    ]);
    const rowId = added.result[0]?.id;
    const recordedBy: string[][] = [[], []];
    const stops = await Promise.all(
      [one, two].map(({ runtime, log }, index) => {
        const { changes, store: own } = runtime.portsFor({ settings: defaultSettings, credentials: {}, log });
        return changes.subscribe(
          {
            sheetIds: [String(id)],
            smartsheet: { token: 'practice-token', base: `${sandbox.url}/2.0` },
            publicUrl: null,
            pollSeconds: 0.1,
          },
          (found) => {
            void own.append(found.map(recorded)).then((appended) => {
              recordedBy[index]?.push(...appended.filter(({ is_new }) => is_new).map(({ event_key }) => event_key));
            });
          },
          () => undefined,
        );
      }),
    );
    await until(() => store.sheet(String(id)), 'the first look at the sheet');

    for (let edit = 1; edit <= EDITS; edit += 1) {
      await sandbox.api('PUT', `/sheets/${id}/rows`, [{ id: rowId, cells: [{ columnId, value: String(edit) }] }]);
    }
    const last = (): Promise<boolean> =>
      store
        .search({ sheet_id: String(id), limit: 200 })
        .then(({ events }) => events.some((each) => each.new_value === String(EDITS)));
    await until(last, 'the last edit to be recorded', 60_000);
    await until(async () => (await store.counts()).changes_leased === 0, 'nothing to be left');

    const { events } = await store.search({ sheet_id: String(id), limit: 200 });
    const told = events.map((each) => each.event_key);
    expect(new Set(told).size).toBe(told.length);
    expect(recordedBy.flat().sort()).toEqual([...told].sort());
    // Each value follows from the one before it: nothing was left out, nothing came twice.
    const values = [...events].reverse().filter((each) => each.kind === 'cell_changed');
    values.slice(1).forEach((each, index) => expect(each.old_value).toBe(values[index]?.new_value));
    expect(await driver.rpc('billing_audit_verify', { stream: `sheet:${id}` })).toMatchObject({
      ok: true,
      checked: told.length,
    });
    const health = await one.runtime.health();
    expect(health.checks.find(({ name }) => name === 'store')?.text).toMatch(
      /^\d+ changes of sheets in the trail \(PostgreSQL\)$/,
    );
    expect(health.checks.find(({ name }) => name === 'months')).toEqual({
      name: 'months',
      status: 'ok',
      text: 'each event lies in the partition of its month',
    });
    for (const stop of stops) await stop();
    await one.runtime.close();
    await two.runtime.close();
    await sandbox.stop();
  }, 120_000);

  it('hand on what a killed one had leased, when its lease has run out', async () => {
    await store.resolve(
      observation('09:10:00', { sheet_id: '77', rows: [row('21', 1, cell('12', step('3', '09:03:00')))] }),
    );
    const program = bundle('test/store/programs/leaser.ts', 'leaser');
    const child = spawn(process.execPath, [program, postgresUrl(postgres.folder), '2'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe('1');
    const lease = () => store.leaseChanges({ sheetIds: ['77'], limit: 10, leaseSeconds: 60 });
    expect(await lease()).toEqual([]);
    child.kill('SIGKILL');
    const [change] = await until(async () => {
      const found = await lease();
      return found.length > 0 && found;
    }, 'the lease to run out');
    await store.append([event(change?.event_key ?? '', { sheet_id: '77' })]);
    expect(await store.counts()).toMatchObject({ changes_leased: 0, changes_waiting: 0 });
  });

  it('begin while the database is away, and work as soon as it is there', async () => {
    postgres.halt();
    const { runtime, log } = await openOne();
    expect(log.lines.join('\n')).toMatch(/PostgreSQL is away/);
    const down = await runtime.health();
    expect(down.status).toBe('down');
    expect(down.checks.find(({ name }) => name === 'store')?.text).toBe('PostgreSQL cannot be reached');
    postgres.resume();
    await until(
      async () => (await runtime.health()).checks.some(({ name, status }) => name === 'store' && status === 'ok'),
      'it to be back',
      30_000,
    );
    await runtime.close();
  }, 60_000);
});

/** The event that records a change, judged as harmless. */
function recorded(change: Change): AuditEvent {
  const { column_id: _columnId, found_by: _foundBy, ...same } = change;
  return { ...event(change.event_key), ...same, timestamp: null };
}
