import type { Stop } from '../../lib/define';
import { practiceSheet, type PracticeSheet } from '../sandbox/office';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { until } from '../support/until';
import { brief, openWatchtower, type Watchtower } from './watchtower';

const clerk = 'clerk@example.com';
/** Three a lease: twelve leases, more than the eight after which a callback is a dead letter. */
const MANY_RENEWALS = 36;

let sandbox: SandboxProcess;
let tower: Watchtower;
let sheet: PracticeSheet;
let stop: Stop;

beforeAll(async () => {
  sandbox = await startSandboxProcess('--no-rate-limits', '--debounce', '60');
  tower = await openWatchtower({ callbackLeaseSeconds: 0.3, idleSeconds: 0.05 });
}, 120_000);

afterAll(async () => {
  await tower.close();
  await sandbox.stop();
}, 120_000);

beforeEach(async () => {
  tower.found.length = 0;
  tower.statuses.length = 0;
  sheet = await practiceSheet(sandbox);
  stop = await tower.watch(sandbox, [sheet.id]);
  await tower.shows('^watching$');
});

afterEach(async () => {
  jest.restoreAllMocks();
  await refuse(null);
  await stop({ removed: true });
});

/** Smartsheet refuses every call in this way; null: it is well again. */
const refuse = (how: { status: number; errorCode: number } | null): Promise<unknown> =>
  sandbox.control('POST', '/sandbox/faults', { failNext: how && { ...how, count: 100_000, path: '/' } });

async function editAndCallBack(): Promise<void> {
  await sheet.edit(0, { Quantity: 12 }, clerk);
  await sandbox.control('POST', '/sandbox/settle');
  await until(async () => (await tower.store.counts()).callbacks_waiting === 1, 'the callback in the store');
}

async function expectResolved(): Promise<void> {
  await refuse(null);
  await until(() => tower.found.length > 0, 'the change', 60_000);
  expect(tower.found.map(brief)).toEqual([['Quantity', '10', '12', clerk]]);
  expect(tower.found[0]).toMatchObject({ found_by: 'callback' });
  expect(await tower.store.counts()).toMatchObject({ callbacks_dead: 0 });
}

it.each([
  ['is away', { status: 503, errorCode: 4001 }],
  ['refuses the token', { status: 401, errorCode: 1002 }],
])(
  'keeps a callback, and so its person, while Smartsheet %s for many leases',
  async (_what, how) => {
    const renewals = jest.spyOn(tower.store, 'renewCallbacks');
    await refuse(how);
    await editAndCallBack();
    await until(() => renewals.mock.calls.length > MANY_RENEWALS, 'many leases');
    expect(await tower.store.counts()).toMatchObject({ callbacks_waiting: 1, callbacks_dead: 0 });
    await expectResolved();
  },
  120_000,
);

it('keeps a callback through more deploys than it has tries', async () => {
  const leases = jest.spyOn(tower.store, 'leaseCallbacks');
  const handedOut = (): Promise<unknown> =>
    until(async () => {
      const handed = await Promise.all(leases.mock.results.map(({ value }) => value));
      return handed.some((callbacks) => callbacks.length > 0);
    }, 'the callback to be handed out');
  await refuse({ status: 503, errorCode: 4001 });
  await editAndCallBack();
  await handedOut();
  for (let deploy = 1; deploy <= 10; deploy += 1) {
    await stop({ removed: false });
    leases.mockClear();
    stop = await tower.watch(sandbox, [sheet.id]);
    await handedOut();
  }
  await expectResolved();
}, 120_000);
