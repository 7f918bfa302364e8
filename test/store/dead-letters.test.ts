import { auditEventSchema } from '../../lib/event/audit-event';
import { secretBox, storeOver, type EmbeddedStoreDriver, type Store } from '../../lib/store';
import { buildStoreWorker, newFolder, openTestStore, removeFolder } from '../support/store';
import { sheetId } from './examples';

const folder = newFolder();
let driver: EmbeddedStoreDriver;
let store: Store;

beforeAll(async () => {
  driver = await openTestStore(folder, buildStoreWorker());
  store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
  const rule = { rule_id: 'r', recipients: ['manager@example.com'], risk_from: 0.7, severity_from: 'HIGH' };
  const frame = { subjectPrefix: '', timeZone: 'UTC', columnAliases: {} };
  await driver.rpc('billing_audit_save_alert_rule', { ...rule, mails_per_hour: 9, group_minutes: 5, frame });
  const hook = { webhook_id: '1', sheet_id: sheetId, callback_url: 'https://x.example.com' };
  await store.saveWebhook({ ...hook, shared_secret: 's', previous_secret: null, status: 'ENABLED' });
}, 120_000);
afterAll(async () => {
  await driver.close();
  removeFolder(folder);
});

interface Notice {
  readonly event_key: string;
  readonly notice: { readonly title: string; readonly text: string };
}

const notices = async (): Promise<readonly Notice[]> =>
  ((await driver.rpc('billing_audit_alerts', {})) as { alerts: Notice[] }).alerts;

/** One callback that fails so many times. */
async function failing(nonce: string, times: number): Promise<void> {
  await store.acceptCallback({ webhook_id: '1', nonce, body: Buffer.from(nonce) });
  await failAgain(times);
}

async function failAgain(times: number): Promise<void> {
  for (let attempt = 1; attempt <= times; attempt += 1) {
    const leased = await store.leaseCallbacks({ limit: 10, leaseSeconds: 60 });
    await store.failCallbacks({ ids: leased.map(({ id }) => id), why: 'Nobody understands it.', retryInSeconds: 0 });
  }
}

it('a callback that fails for the eighth time is told of once, with what to do, and once more after it was replayed', async () => {
  await failing('a', 7);
  expect(await notices()).toEqual([]);
  expect(await store.counts()).toMatchObject({ callbacks_dead: 0, callbacks_waiting: 1 });
  await failAgain(1);
  await failing('b', 8);
  const [told, ...others] = await notices();
  expect(others).toEqual([]);
  expect(told).toMatchObject({ event_key: `dead-letters:${sheetId}:0` });
  expect(told?.notice.text).toContain('Nobody understands it.');
  expect(told?.notice.text).toContain('press "Try again" on the Overview page');
  expect(told?.notice.text).toContain('billing-audit doctor --replay-dead');

  expect(await store.replayDead({ ids: 'all', by: 'admin@example.com' })).toBe(2);
  const { events } = await store.search({ sheet_id: sheetId, kind: 'callbacks_replayed' });
  expect(events.map((event) => auditEventSchema.parse(event))).toMatchObject([
    { kind: 'callbacks_replayed', event_key: `${sheetId}:callbacks:1:replayed:1`, changed_by: 'admin@example.com' },
  ]);
  await failAgain(8);
  expect((await notices()).map(({ event_key }) => event_key)).toEqual([
    `dead-letters:${sheetId}:1`,
    `dead-letters:${sheetId}:0`,
  ]);
});

it('those of each sheet are counted, and only who may decide puts them back to work, once', async () => {
  expect(await store.replayDead({ ids: 'all', by: 'the test before' })).toBe(2);
  await failAgain(7);
  expect(await store.deadBySheet()).toEqual({ total: 0, sheets: [] });
  await failAgain(1);
  expect(await store.deadBySheet()).toEqual({
    total: 2,
    sheets: [{ sheet_id: sheetId, name: '', callbacks: 2, since: expect.any(String), why: 'Nobody understands it.' }],
  });
  for (const [by, role] of [
    ['', 'admin'],
    ['viewer@example.com', 'viewer'],
    ['auditor@example.com', 'auditor'],
    ['nobody@example.com', ''],
  ] as const) {
    await expect(store.tryDeadAgain({ by, role })).rejects.toMatchObject({ code: 'store_refused', sqlstate: 'BA005' });
  }
  expect((await store.deadBySheet()).total).toBe(2);
  const [first, second] = await Promise.all([
    store.tryDeadAgain({ by: 'manager@example.com', role: 'manager' }),
    store.tryDeadAgain({ by: 'admin@example.com', role: 'admin' }),
  ]);
  expect([first.replayed, second.replayed].toSorted()).toEqual([0, 2]);
  expect(await store.counts()).toMatchObject({ callbacks_dead: 0, callbacks_waiting: 2 });
  const who = first.replayed === 2 ? first.by : second.by;
  const { events } = await store.search({ sheet_id: sheetId, kind: 'callbacks_replayed' });
  expect(events[0]).toMatchObject({ kind: 'callbacks_replayed', changed_by: who, new_value: '2 callbacks' });
});

it('those that failed together come back at different times', async () => {
  for (let index = 0; index < 20; index += 1)
    await store.acceptCallback({ webhook_id: '1', nonce: `j${index}`, body: Buffer.from(`j${index}`) });
  const leased = await store.leaseCallbacks({ limit: 100, leaseSeconds: 60 });
  await store.failCallbacks({ ids: leased.map(({ id }) => id), why: 'x', retryInSeconds: 1000 });
  const [answer] = await driver.transaction([
    {
      sql: `select count(distinct retry_at)::integer as times, min(extract(epoch from retry_at - billing_audit.clock()))::float8 as first,
              max(extract(epoch from retry_at - billing_audit.clock()))::float8 as last
            from billing_audit.webhook_events where retry_at > billing_audit.clock()`,
    },
  ]);
  const { times, first, last } = answer as Record<'times' | 'first' | 'last', number>;
  expect(times).toBeGreaterThan(15);
  expect(first).toBeGreaterThan(400);
  expect(last).toBeLessThanOrEqual(1000);
});
