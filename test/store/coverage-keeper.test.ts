import { openRuntime } from '../../lib/runtime/open-runtime';
import type { Runtime } from '../../lib/runtime/runtime';
import { defaultSettings } from '../../lib/settings';
import { secretBox, storeOver, type EmbeddedStoreDriver, type Store } from '../../lib/store';
import { recordingLog } from '../intake/support';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { buildStoreWorker, newFolder, openTestStore, removeFolder } from '../support/store';
import { until } from '../support/until';

const DAY = 24 * 60 * 60 * 1000;
const home = newFolder();
let ahead = 0;
let sandbox: SandboxProcess;
let driver: EmbeddedStoreDriver;
let store: Store;
let runtime: Runtime;
let sheetId: string;

const open = async (): Promise<void> => {
  const log = recordingLog();
  runtime = await openRuntime({
    home,
    log,
    timing: { coverageSeconds: 0.1, idleSeconds: 0.2 },
    machine: { now: () => Date.now() + ahead },
    openStore: () => Promise.resolve({ store, driver, close: () => Promise.resolve() }),
  });
  const { changes } = runtime.portsFor({
    settings: { ...defaultSettings, timeZone: 'Europe/London' },
    credentials: {},
    log,
  });
  const smartsheet = { token: 'practice-token', base: `${sandbox.url}/2.0/` };
  const request = { sheetIds: [sheetId], smartsheet, publicUrl: null, pollSeconds: 1 };
  await changes.subscribe(
    request,
    () => undefined,
    () => undefined,
  );
};
const entries = async (): Promise<readonly Awaited<ReturnType<Store['search']>>['events'][number][]> =>
  (await store.search({ kind: 'coverage' })).events;
const spans = async (): Promise<number> =>
  Number(
    (
      await driver.transaction([{ sql: 'select sum(compares) as n from billing_audit.watch_spans', parameters: [] }])
    )[0]?.['n'],
  );

beforeAll(async () => {
  sandbox = await startSandboxProcess();
  await sandbox.control('POST', '/sandbox/sheets', { name: 'Week 1', columns: ['Quantity'], rows: [{ Quantity: 1 }] });
  const { sheets } = await sandbox.control<{ sheets: { id: number }[] }>('GET', '/sandbox/state');
  sheetId = String(sheets[0]?.id);
  driver = await openTestStore(home, buildStoreWorker());
  store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
});
afterAll(async () => {
  await runtime.close();
  await driver.close();
  await sandbox.stop();
  removeFolder(home);
});

it('puts each day that is over into the trail, on the clock and in the time zone of the business', async () => {
  await open();
  await until(async () => (await spans()) >= 2, 'the sheet to be compared');
  ahead += DAY;
  const [entry] = await until(async () => {
    const found = await entries();
    return found.length === 1 && found;
  }, 'the entry of the day');
  expect(entry?.values).toMatchObject({ how: 'polling', time_zone: 'Europe/London', rows: '1' });
  expect(Number(entry?.values['compares'])).toBeGreaterThanOrEqual(2);
  expect(entry?.kind).toBe('coverage');
});

it('records the days of a downtime when it starts again, each once', async () => {
  await runtime.close();
  ahead += 3 * DAY;
  await open();
  const found = await until(async () => {
    const all = await entries();
    return all.length === 4 && all;
  }, 'the entries of the downtime');
  expect(new Set(found.map(({ event_key }) => event_key)).size).toBe(4);
  expect(found.filter(({ values }) => values['how'] === null)).toHaveLength(2);
});
