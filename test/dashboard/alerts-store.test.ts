import type { AuditEvent } from '../../lib/event';
import {
  secretBox,
  storeOver,
  StoreRefused,
  type EmbeddedStoreDriver,
  type ObservedRow,
  type Store,
} from '../../lib/store';
import { buildStoreWorker, newFolder, openTestStore, removeFolder } from '../support/store';
import { alarming, event, NORTH } from './events';

const question = { now: '2026-02-03T18:00:00.000Z', days: 7, time_zone: 'America/Chicago', risk_from: 0.7 } as const;
const anna = { by: 'Anna@example.com', role: 'viewer' } as const;
const keyOf = (number: number): string => event(number).event_key;
/** Who is told: nobody by mail, until a test says otherwise. */
const rule = {
  ...{ rule_id: 'rule', recipients: [] as string[], risk_from: 0.7, severity_from: 'HIGH' },
  ...{ mails_per_hour: 10, group_minutes: 10, frame: {} },
};
/** Claims by token, as a sign-in would give them. */
const claims: Record<string, Record<string, unknown>> = {
  viewer: { role: 'authenticated', email: 'v@example.com', app_metadata: { billing_audit_role: 'viewer' } },
  stranger: { role: 'authenticated', email: 's@example.com' },
};

let folder: string;
let worker: string;
let driver: EmbeddedStoreDriver;
let store: Store;

beforeAll(() => {
  worker = buildStoreWorker();
});
beforeEach(async () => {
  folder = newFolder();
  driver = await openTestStore(folder, worker, { claimsOf: (token) => Promise.resolve(claims[token] ?? {}) });
  store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
  await driver.rpc('billing_audit_save_alert_rule', rule);
});
afterEach(async () => {
  await driver.close();
  removeFolder(folder);
});

describe('what a person has seen of the alerts', () => {
  beforeEach(() => raise([1, 2], '2026-02-03T15:31:00.000Z'));

  it('is nothing at first, what was shown once they have looked, and each person for themselves', async () => {
    expect(await store.seenAlerts(anna)).toEqual({ by: anna.by, seen: 0, total: 2 });
    expect(await store.seenAlerts({ ...anna, seen: 2 })).toMatchObject({ seen: 2, total: 2 });
    await raise([3], '2026-02-03T15:32:00.000Z');
    expect(await store.seenAlerts({ ...anna, by: 'ANNA@EXAMPLE.COM' })).toMatchObject({ seen: 2, total: 3 });
    expect(await store.seenAlerts({ by: 'ben@example.com', role: 'manager' })).toMatchObject({ seen: 0, total: 3 });
  });

  it('counts an event once, however many are told of it', async () => {
    await driver.rpc('billing_audit_save_alert_rule', { ...rule, recipients: ['a@example.com', 'b@example.com'] });
    await raise([3], '2026-02-03T15:32:00.000Z');
    expect(await store.seenAlerts(anna)).toMatchObject({ total: 3 });
    expect((await store.alerts({ limit: 8 })).total).toBe(3);
  });

  it('is never more than there is, so that nobody is kept from what comes, and never less than before', async () => {
    expect(await store.seenAlerts({ ...anna, seen: 1_000_000 })).toMatchObject({ seen: 2 });
    expect(await store.seenAlerts({ ...anna, seen: 0 })).toMatchObject({ seen: 2 });
  });

  it.each([
    ['nobody', { by: ' ', role: 'viewer' }, 'BA005'],
    ['somebody without a role', { by: 'anna@example.com', role: '' }, 'BA005'],
    ['somebody of a role that is none', { by: 'anna@example.com', role: 'guest' }, 'BA005'],
    ['somebody who saw less than nothing', { ...anna, seen: -1 }, 'BA001'],
    ['somebody who saw no number', { ...anna, seen: 'all' as unknown as number }, 'BA001'],
  ])('is refused of %s, and leaves nothing', async (_who, reader, sqlstate) => {
    await expect(store.seenAlerts({ seen: 1, ...reader })).rejects.toMatchObject({ code: 'store_refused', sqlstate });
    expect(await readers()).toEqual([]);
  });

  it('is of whom the token names, whatever the call claims', async () => {
    const call = (token: string) =>
      driver.rpc('billing_audit_seen_alerts', { seen: 1, by: 'boss', role: 'admin' }, { kind: 'person', token });
    await expect(call('stranger')).rejects.toThrow(StoreRefused);
    await expect(call('unknown')).rejects.toThrow(StoreRefused);
    expect(await call('viewer')).toMatchObject({ by: 'v@example.com', seen: 1 });
    expect(await readers()).toEqual([{ person: 'v@example.com', seen: 1 }]);
  });

  it('moves the overview: a new alert is a new version', async () => {
    await store.append([alarming(3)]);
    const { version } = await store.overview(question);
    expect(await store.overview({ ...question, known: version })).toEqual({ version, unchanged: true });
    await raise([3], '2026-02-03T15:32:00.000Z');
    expect(await store.overview({ ...question, known: version })).toMatchObject({ unchanged: false });
  });
});

describe('the median time from edit to alert', () => {
  const median = async (): Promise<number | null> => {
    const answer = await store.overview(question);
    if (answer.unchanged) throw new Error('The overview said that nothing changed.');
    return answer.cards.median_seconds_to_alert;
  };

  it('is not known before an alert was raised, however many changes were recorded', async () => {
    await store.append([event(1), alarming(2)]);
    expect(await median()).toBeNull();
  });

  it('runs from the edit to the raising, not to the record, and counts an event once', async () => {
    await driver.rpc('billing_audit_save_alert_rule', { ...rule, recipients: ['a@example.com', 'b@example.com'] });
    await raise([1], '2026-02-03T15:30:10.000Z');
    await raise([2], '2026-02-03T15:30:20.000Z');
    await raise([3], '2026-02-03T15:35:00.000Z');
    expect(await median()).toBe(20);
  });

  it('leaves out what was edited before its sheet was watched, since nobody could have told it sooner', async () => {
    await store.resolve({
      ...{ sheet_id: NORTH, sheet_name: 'Billing, North', columns: {}, version: 1, rows: [], removed: [] },
      ...{ baseline: true, audit_run_id: 'baseline', found_by: 'backfill', callback_ids: [] },
      observed_at: question.now,
    });
    await raise([1], '2026-02-12T15:30:00.000Z');
    expect(await median()).toBeNull();
    const later = new Date(Date.now() + 60_000);
    await raise([2], new Date(later.getTime() + 5_000).toISOString(), { changed_at: later.toISOString() });
    expect(await median()).toBe(5);
  });
});

describe('the median time from the arrival of a change to its alert', () => {
  const HOOK = { webhook_id: '1', sheet_id: NORTH, callback_url: 'https://example.com/webhook', status: 'ENABLED' };
  const looked = {
    ...{ sheet_id: NORTH, sheet_name: 'Billing, North', columns: {}, version: null, rows: [], baseline: false },
    found_by: 'callback' as const,
    observed_at: question.now,
  };
  const nonces = ['n-1', 'n-2'];
  const speeds = async () => {
    const answer = await store.overview(question);
    if (answer.unchanged) throw new Error('The overview said that nothing changed.');
    const { median_seconds_to_alert, median_seconds_from_arrival } = answer.cards as typeof answer.cards & {
      median_seconds_from_arrival: number | null;
    };
    return { fromEdit: median_seconds_to_alert, fromArrival: median_seconds_from_arrival };
  };
  /** A row that was deleted long ago by the office's clock, of which one look tells now. @returns its key */
  const found = async (row_id: string, run: string): Promise<string> => {
    const gone = { row_id, action: 'deleted', changed_by: null, changed_by_kind: 'unknown' } as const;
    const removed = [{ ...gone, changed_at: '2026-02-03T15:30:00.000Z' }];
    const { event_keys } = await store.resolve({ ...looked, removed, audit_run_id: run, callback_ids: [] });
    return event_keys[0] ?? '';
  };
  const recordAndRaise = async (key: string, run: string, at: number): Promise<void> => {
    await store.append([alarming(1, { event_key: key, kind: 'row_deleted', audit_run_id: run })]);
    const alerts = [{ event_key: key, rule_id: 'rule', always: true, why: [] }];
    await driver.rpc('billing_audit_raise_alert', { alerts, decided: [], at: new Date(at).toISOString() });
  };
  const instantOf = async (sql: string): Promise<number> => {
    const [found] = await driver.transaction([{ sql }]);
    return Number(found?.['at']);
  };

  beforeEach(async () => {
    await store.saveWebhook({ ...HOOK, shared_secret: 's', previous_secret: null });
    await store.resolve({
      ...{ ...looked, rows: [row('71'), row('72')], removed: [], version: 1, baseline: true },
      ...{ audit_run_id: 'baseline', found_by: 'backfill', callback_ids: [] },
    });
  });

  it('runs from the first callback, though the edit is dated before the watch', async () => {
    for (const nonce of nonces) await store.acceptCallback({ webhook_id: '1', nonce, body: Buffer.from(nonce) });
    const arrived = await instantOf(
      `select (extract(epoch from received_at) * 1000)::text as at from billing_audit.webhook_events where nonce = 'n-1'`,
    );
    const run = 'callbacks:n-1..n-2';
    await recordAndRaise(await found('71', run), run, arrived + 7_000);
    expect(await speeds()).toEqual({ fromEdit: null, fromArrival: 7 });
  });

  it('runs from the read that found it, where nobody called', async () => {
    const key = await found('72', 'poll:1');
    const foundAt = await instantOf(
      `select (extract(epoch from found_at) * 1000)::text as at from billing_audit.changes where event_key = '${key}'`,
    );
    await recordAndRaise(key, 'poll:1', foundAt + 9_000);
    expect(await speeds()).toEqual({ fromEdit: null, fromArrival: 9 });
  });

  it('is not known of what the store never heard arrive', async () => {
    await raise([1], '2026-02-03T15:30:10.000Z');
    expect(await speeds()).toMatchObject({ fromArrival: null });
  });
});

describe('one event', () => {
  it('comes with its mark, and is null when the trail has none of this key', async () => {
    await store.append([alarming(1)]);
    expect(await store.event(keyOf(1))).toMatchObject({ event_key: keyOf(1), new_value: '$2,750.00', mark: null });
    await store.mark({ event_key: keyOf(1), mark: 'looking', reason: '', by: 'M. Example', role: 'manager' });
    expect(await store.event(keyOf(1))).toMatchObject({ mark: { mark: 'looking', by: 'M. Example' } });
    expect(await store.event('no:such:event')).toBeNull();
  });
});

async function raise(numbers: readonly number[], at: string, over: Partial<AuditEvent> = {}): Promise<void> {
  await store.append(numbers.map((number) => alarming(number, over)));
  const alerts = numbers.map((number) => ({ event_key: keyOf(number), rule_id: 'rule', always: true, why: [] }));
  await driver.rpc('billing_audit_raise_alert', { alerts, decided: [], at });
}

function row(row_id: string): ObservedRow {
  const nobody = { created_at: null, created_by: null, modified_at: null, modified_by: null };
  return { row_id, version: 1, ...nobody, cells: [], sheet_reference: null };
}

const readers = () =>
  driver.transaction([{ sql: 'select person, seen::integer from billing_audit.alert_readers order by person' }]);
