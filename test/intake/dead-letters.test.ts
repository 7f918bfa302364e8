import { practiceSheet } from '../sandbox/office';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { until } from '../support/until';
import { openWatchtower, type Watchtower } from './watchtower';

const CALLBACKS = 1000;
const clerk = 'clerk@example.com';
const admin = 'admin@example.com';
let sandbox: SandboxProcess;
let tower: Watchtower;

beforeAll(async () => {
  sandbox = await startSandboxProcess('--no-rate-limits', '--seed', '9');
  tower = await openWatchtower();
}, 120_000);

afterAll(async () => {
  await tower?.close();
  await sandbox?.stop();
}, 120_000);

interface Made {
  readonly id: number;
  readonly columns: Readonly<Record<string, number>>;
  readonly rows: readonly { readonly id: number }[];
}

/** A callback as Smartsheet would have sent it for a save of one cell. */
function callbackOf(sheet: Made, row: number, nonce: string): Uint8Array {
  const at = '2026-01-14T15:00:00+00:00';
  const cell = { rowId: sheet.rows[row]!.id, columnId: sheet.columns['Quantity'], userId: 1, timestamp: at };
  const events = [{ objectType: 'cell', eventType: 'updated', ...cell }];
  const about = { webhookId: 7, scope: 'sheet', scopeObjectId: sheet.id };
  return Buffer.from(JSON.stringify({ nonce, timestamp: at, ...about, events }));
}

/** Stores callbacks and lets each fail eight times. */
async function park(sheet: Made): Promise<void> {
  const { store } = tower;
  const hook = { webhook_id: '7', sheet_id: String(sheet.id), callback_url: 'https://x.example.com/webhook' };
  await store.saveWebhook({ ...hook, shared_secret: 's', previous_secret: null, status: 'ENABLED' });
  await Promise.all(
    Array.from({ length: CALLBACKS }, (_, row) =>
      store.acceptCallback({ webhook_id: '7', nonce: `n${row}`, body: callbackOf(sheet, row, `n${row}`) }),
    ),
  );
  const sheetIds = [String(sheet.id)];
  for (let attempt = 1; attempt <= 8; attempt += 1) {
    const leased = await store.leaseCallbacks({ limit: CALLBACKS, leaseSeconds: 60, sheetIds });
    expect(leased).toHaveLength(CALLBACKS);
    await store.failCallbacks({ ids: leased.map(({ id }) => id), why: 'It was torn.', retryInSeconds: 0 });
  }
  await store.forgetWebhook('7');
}

it('a thousand parked callbacks are put back to work by a person, whose name stays, and double nothing', async () => {
  const rows = Array.from({ length: CALLBACKS }, (_, row) => ({ 'Work Request #': `WR-${row}`, Quantity: row }));
  const sheet = await sandbox.control<Made>('POST', '/sandbox/sheets', {
    name: 'Parked',
    columns: ['Work Request #', 'Quantity', 'Note'],
    rows,
  });
  const first = await tower.watch(sandbox, [sheet.id], { polling: true });
  await tower.shows('^watching by polling$');
  await first();
  const edits = sheet.rows.map(({ id }, row) => ({ rowId: id, cells: { Quantity: row + 5000 } }));
  await sandbox.control('POST', '/sandbox/clock', { advanceSeconds: 2 });
  await sandbox.control('POST', '/sandbox/edit', { sheetId: sheet.id, edits, by: clerk });
  await park(sheet);
  expect(await tower.store.counts()).toMatchObject({ callbacks_dead: CALLBACKS, callbacks_waiting: 0 });
  const [oldest] = await tower.store.deadCallbacks({ limit: 1 });
  expect(oldest).toMatchObject({ sheet_id: String(sheet.id), nonce: 'n0', attempts: 8, why: 'It was torn.' });
  const stop = await tower.watch(sandbox, [sheet.id], { polling: true });
  await until(() => tower.found.length >= CALLBACKS, 'the changes, found by a compare');
  const health = await tower.runtime.health();
  expect(health.checks.find(({ name }) => name === 'callbacks')).toMatchObject({ status: 'degraded' });

  expect(await tower.store.replayDead({ ids: 'all', by: admin })).toBe(CALLBACKS);
  expect(await tower.store.replayDead({ ids: 'all', by: admin })).toBe(0);
  await until(async () => {
    const { callbacks_waiting, changes_waiting, changes_leased } = await tower.store.counts();
    return callbacks_waiting + changes_waiting + changes_leased === 0;
  }, 'everything to be worked on');
  // That somebody put them back is an act, and none of the changes that are counted.
  expect(await tower.store.counts()).toMatchObject({ callbacks_dead: 0, events: CALLBACKS });
  expect(new Set(tower.found.map(({ event_key }) => event_key)).size).toBe(CALLBACKS);
  expect(tower.found.every((one) => Number(one.new_value) === Number(one.old_value) + 5000)).toBe(true);
  const { events } = await tower.store.search({ kind: 'callbacks_replayed' });
  expect(events).toMatchObject([{ changed_by: admin, sheet_id: String(sheet.id), new_value: '1000 callbacks' }]);
  await stop();
}, 120_000);

it('only those that were asked for are put back', async () => {
  const sheet = (await practiceSheet(sandbox)) as unknown as Made & { rowIds: readonly number[] };
  const { store } = tower;
  const hook = { webhook_id: '8', sheet_id: String(sheet.id), callback_url: 'https://x.example.com/webhook' };
  await store.saveWebhook({ ...hook, shared_secret: 's', previous_secret: null, status: 'ENABLED' });
  for (const nonce of ['a', 'b']) await store.acceptCallback({ webhook_id: '8', nonce, body: Buffer.from(nonce) });
  const request = { limit: 10, leaseSeconds: 60, sheetIds: [String(sheet.id)] };
  for (let attempt = 1; attempt <= 8; attempt += 1) {
    const leased = await store.leaseCallbacks(request);
    await store.failCallbacks({ ids: leased.map(({ id }) => id), why: 'x', retryInSeconds: 0 });
  }
  const dead = await store.deadCallbacks({ limit: 10 });
  expect(dead).toHaveLength(2);
  expect(await store.replayDead({ ids: [dead[0]!.id], by: admin })).toBe(1);
  expect((await store.leaseCallbacks(request)).map(({ nonce, attempts }) => [nonce, attempts])).toEqual([['a', 1]]);
  expect((await store.deadCallbacks({ limit: 10 })).map(({ nonce }) => nonce)).toEqual(['b']);
}, 60_000);
