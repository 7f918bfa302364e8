import {
  type Overview,
  storeOver,
  secretBox,
  type Store,
  StoreRefused,
  type EmbeddedStoreDriver,
} from '../../lib/store';
import { buildStoreWorker, newFolder, openTestStore, removeFolder } from '../support/store';
import { alarming, event, NORTH, SOUTH } from './events';

const NOW = '2026-02-03T18:00:00.000Z';
const manager = { by: 'M. Example', role: 'manager' } as const;
const question = { now: NOW, days: 7, time_zone: 'America/Chicago', risk_from: 0.7 } as const;

let folder: string;
let worker: string;
let driver: EmbeddedStoreDriver;
let store: Store;
/** Claims by token, as a sign-in would give them. */
const claims: Record<string, Record<string, unknown>> = {
  manager: {
    role: 'authenticated',
    aal: 'aal2',
    email: 'm@example.com',
    app_metadata: { billing_audit_role: 'manager' },
  },
  once: { role: 'authenticated', aal: 'aal1', email: 'm@example.com', app_metadata: { billing_audit_role: 'manager' } },
  viewer: { role: 'authenticated', email: 'v@example.com', app_metadata: { billing_audit_role: 'viewer' } },
  pretender: { role: 'authenticated', email: 'p@example.com', user_metadata: { billing_audit_role: 'admin' } },
};

beforeAll(() => {
  worker = buildStoreWorker();
});

beforeEach(async () => {
  folder = newFolder();
  driver = await openTestStore(folder, worker, { claimsOf: (token) => Promise.resolve(claims[token] ?? {}) });
  store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
});

afterEach(async () => {
  await driver.close();
  removeFolder(folder);
});

async function overview(over: Partial<typeof question> & { days?: number } = {}): Promise<Overview> {
  const answer = await store.overview({ ...question, ...over });
  if (answer.unchanged) throw new Error('The overview said that nothing changed.');
  return answer;
}

const keyOf = (number: number): string => event(number).event_key;
const feedback = () =>
  driver.transaction([{ sql: 'select mark, reason, by_name, by_role from billing_audit.feedback order by id' }]);

describe('the overview', () => {
  it('is empty and complete before anything has happened', async () => {
    const { cards, timeline, histogram, people, sheets } = await overview();
    expect(cards).toMatchObject({
      look_at: 0,
      looking: 0,
      money_at_risk: [],
      last_problem_at: null,
      last_backup_at: null,
    });
    expect(cards.median_seconds_to_alert).toBeNull();
    expect(timeline).toHaveLength(168);
    expect(histogram.map(({ changes }) => changes)).toEqual(Array(10).fill(0));
    expect([people, sheets]).toEqual([[], []]);
  });

  it('counts as to look at what is high, or risky from the threshold on, and nothing that was approved beforehand', async () => {
    await store.append([
      event(1),
      alarming(2),
      alarming(3, { severity: 'LOW', risk_score: 0.7 }),
      alarming(4, { severity: 'LOW', risk_score: 0.69 }),
      alarming(5, { violation_type: 'APPROVED_CORRECTION', risk_score: 0.4 }),
      alarming(6, { violation_type: 'APPROVED_CORRECTION', risk_score: 0.8 }),
      alarming(7, { risk_score: null }),
    ]);
    expect((await overview()).cards.look_at).toBe(4);
    expect((await overview({ risk_from: 0.65 as 0.7 })).cards.look_at).toBe(5);
    const { events } = await store.needsLook({ risk_from: 0.7 });
    expect(events.map(({ event_key }) => event_key)).toEqual([7, 6, 3, 2].map(keyOf));
  });

  it('sums the money at risk exactly, for each currency, and takes back what got a verdict', async () => {
    await store.append([
      alarming(1, { delta: '0.10', risk_score: 0.7 }),
      alarming(2, { delta: '-1000.20', risk_score: 0.02, severity: 'LOW' }),
      alarming(3, { delta: '400', risk_score: 0.5, currency: 'CAD', severity: 'MEDIUM' }),
      event(4, { delta: '1000000' }),
      alarming(5, { delta: null }),
    ]);
    // 0.10 x 0.7 + 1000.20 x 0.05 = 0.07 + 50.01
    expect((await overview()).cards.money_at_risk).toEqual([
      { currency: 'CAD', amount: '200.00', changes: 1 },
      { currency: 'USD', amount: '50.08', changes: 2 },
    ]);
    await store.mark({ event_key: keyOf(3), mark: 'false_alarm', reason: 'a typing error', ...manager });
    expect((await overview()).cards.money_at_risk).toEqual([{ currency: 'USD', amount: '50.08', changes: 2 }]);
  });

  it('draws each change in its hour and severity, in business time, and in its tenth of risk', async () => {
    await store.append([
      event(1, { changed_at: '2026-02-03T17:59:59.000Z', risk_score: 0 }),
      alarming(2, { changed_at: '2026-02-03T15:30:00.000Z', risk_score: 1 }),
      alarming(3, { changed_at: '2026-02-03T15:00:00.000Z', severity: 'MEDIUM', risk_score: 0.7 }),
      event(4, { changed_at: '2026-01-20T12:00:00.000Z', risk_score: 0.3 }),
      event(5, { risk_score: null }),
    ]);
    const { timeline, histogram, unscored, unit } = await overview();
    expect(unit).toBe('hour');
    expect(timeline.at(-1)).toEqual({ at: '3 Feb 12:00', low: 0, medium: 0, high: 0 });
    expect(timeline.at(-2)).toEqual({ at: '3 Feb 11:00', low: 1, medium: 0, high: 0 });
    expect(timeline.at(-4)).toEqual({ at: '3 Feb 09:00', low: 1, medium: 1, high: 1 });
    expect(histogram.filter(({ changes }) => changes > 0)).toEqual([
      { tenth: 0, changes: 1 },
      { tenth: 7, changes: 1 },
      { tenth: 9, changes: 1 },
    ]);
    expect(unscored).toBe(1);
    const month = await overview({ days: 31 as 7 });
    expect([month.unit, month.timeline.length]).toEqual(['day', 31]);
    expect(month.timeline.at(-15)).toEqual({ at: '20 Jan', low: 1, medium: 0, high: 0 });
  });

  it('ends its charts with the last change when nothing happened in the time it shows', async () => {
    await store.append([event(1, { changed_at: '2011-02-10T09:31:00.000Z' })]);
    const { until, timeline, people } = await overview();
    expect(until).toBe('2011-02-10T09:31:00.000Z');
    expect(timeline.at(-1)).toEqual({ at: '10 Feb 03:00', low: 1, medium: 0, high: 0 });
    expect(people).toEqual([{ person: 'clerk@example.com', changes: 1, needs_look: 0 }]);
  });

  it('tells who was active, and how each sheet is watched', async () => {
    await saveSheets();
    await store.append([
      event(1),
      alarming(2),
      event(3, { changed_by: 'Foreman@example.com', sheet_id: SOUTH }),
      event(4, { changed_by: null }),
    ]);
    const { people, sheets } = await overview();
    expect(people).toEqual([
      { person: 'clerk@example.com', changes: 2, needs_look: 1 },
      { person: 'foreman@example.com', changes: 1, needs_look: 0 },
      { person: null, changes: 1, needs_look: 0 },
    ]);
    expect(sheets).toMatchObject([
      {
        sheet_id: NORTH,
        name: 'Billing, North',
        changes: 3,
        watched_by: 'webhook',
        last_change_at: event(1).changed_at,
      },
      { sheet_id: SOUTH, name: 'Billing, South', changes: 1, watched_by: 'polling' },
    ]);
  });

  it('says at once that nothing changed, until an event or a mark is recorded', async () => {
    await store.append([alarming(1)]);
    const { version } = await overview();
    expect(await store.overview({ ...question, known: version })).toEqual({ version, unchanged: true });
    await store.append([event(2)]);
    const second = await store.overview({ ...question, known: version });
    expect(second).toMatchObject({ unchanged: false, cards: { events: 2 } });
    await store.mark({ event_key: keyOf(1), mark: 'looking', reason: '', ...manager });
    expect(await store.overview({ ...question, known: second.version })).toMatchObject({
      unchanged: false,
      cards: { look_at: 0, looking: 1, looking_by: [{ name: 'M. Example', events: 1 }] },
    });
  });
});

describe('what needs a look', () => {
  it('is paged by key, so that an event stored meanwhile neither repeats nor hides another', async () => {
    await store.append([1, 2, 3, 4, 5].map((number) => alarming(number, { delta: String(number * 100) })));
    for (const order of ['newest', 'money_at_risk'] as const) {
      const first = await store.needsLook({ risk_from: 0.7, order, limit: 2 });
      await store.append([alarming(order === 'newest' ? 6 : 7, { delta: '9000' })]);
      const seen = [...first.events];
      for (let next = first.next; next !== null;) {
        const page = await store.needsLook({ risk_from: 0.7, order, limit: 2, after: next });
        seen.push(...page.events);
        next = page.next;
      }
      const known = order === 'newest' ? [5, 4, 3, 2, 1] : [6, 5, 4, 3, 2, 1];
      expect(seen.map(({ event_key }) => event_key)).toEqual(known.map(keyOf));
    }
  });

  it('keeps an event that somebody is looking at, and says who; a verdict closes it', async () => {
    await store.append([alarming(1)]);
    await store.mark({ event_key: keyOf(1), mark: 'looking', reason: 'asking the foreman', ...manager });
    const [open] = (await store.needsLook({ risk_from: 0.7 })).events;
    expect(open?.mark).toMatchObject({ mark: 'looking', by: 'M. Example', reason: 'asking the foreman' });
    await store.mark({ event_key: keyOf(1), mark: 'approved', reason: 'ticket 17', ...manager });
    expect((await store.needsLook({ risk_from: 0.7 })).events).toEqual([]);
    expect(await store.marks([keyOf(1), 'none'])).toMatchObject([{ mark: 'approved', reason: 'ticket 17' }]);
  });

  it('refuses a page mark that it did not give', async () => {
    await expect(store.needsLook({ risk_from: 0.7, after: "1'; drop" })).rejects.toMatchObject({ sqlstate: 'BA001' });
  });
});

describe('a mark', () => {
  beforeEach(() => store.append([alarming(1)]));

  it('is kept with name, role, reason and time, the earlier ones too, and cannot be altered', async () => {
    const first = await store.mark({ event_key: keyOf(1), mark: 'false_alarm', reason: ' typing error ', ...manager });
    expect(first).toMatchObject({ by: 'M. Example', reason: 'typing error', mark: 'false_alarm' });
    expect(Date.parse(first.marked_at)).toBeGreaterThan(0);
    await store.mark({ event_key: keyOf(1), mark: 'looking', reason: '', by: 'A. Example', role: 'admin' });
    expect(await feedback()).toEqual([
      { mark: 'false_alarm', reason: 'typing error', by_name: 'M. Example', by_role: 'manager' },
      { mark: 'looking', reason: '', by_name: 'A. Example', by_role: 'admin' },
    ]);
    const alter = driver.transaction([{ sql: "update billing_audit.feedback set by_name = 'somebody else'" }]);
    await expect(alter).rejects.toThrow('append-only');
  });

  it.each([
    ['a viewer', { by: 'V. Example', role: 'viewer' }, 'BA005'],
    ['an auditor', { by: 'U. Example', role: 'auditor' }, 'BA005'],
    ['nobody', { by: ' ', role: 'manager' }, 'BA005'],
    ['a manager without a reason', { ...manager, reason: '  ' }, 'BA001'],
    ['a manager about nothing', { ...manager, event_key: 'no:such:event' }, 'BA006'],
  ])('is refused of %s, and leaves nothing', async (_who, over, sqlstate) => {
    const mark = store.mark({ event_key: keyOf(1), mark: 'approved', reason: 'because', ...over });
    await expect(mark).rejects.toMatchObject({ code: 'store_refused', sqlstate });
    expect(await feedback()).toEqual([]);
  });

  it('is by whom the token names, whatever the call claims', async () => {
    const p = { event_key: keyOf(1), mark: 'approved', reason: 'ticket 17', by: 'The Owner', role: 'admin' };
    const call = (token: string) => driver.rpc('billing_audit_mark', p, { kind: 'person', token });
    for (const token of ['viewer', 'pretender', 'unknown', 'once'])
      await expect(call(token)).rejects.toThrow(StoreRefused);
    await call('manager');
    expect(await feedback()).toEqual([
      { mark: 'approved', reason: 'ticket 17', by_name: 'm@example.com', by_role: 'manager' },
    ]);
  });

  it('answers the alert of its event too, and an answered alert is a mark', async () => {
    await raiseAlert(keyOf(1));
    await store.mark({ event_key: keyOf(1), mark: 'approved', reason: 'ticket 17', ...manager });
    const answers = await driver.transaction([{ sql: 'select decision, person from billing_audit.alert_answers' }]);
    expect(answers).toEqual([{ decision: 'approved', person: 'M. Example' }]);
    expect(await feedback()).toMatchObject([{ by_role: 'manager', reason: 'ticket 17' }]);
    const answer = { event_key: keyOf(1), decision: 'looking', person: 'B. Example', reason: '' };
    await driver.rpc('billing_audit_acknowledge_alert', answer);
    expect(await store.marks([keyOf(1)])).toMatchObject([{ mark: 'looking', by: 'B. Example' }]);
    expect(await feedback()).toMatchObject([{}, { by_role: 'alert' }]);
  });
});

async function raiseAlert(eventKey: string): Promise<void> {
  await driver.transaction([
    {
      sql: `insert into billing_audit.alert_rules (rule_id, recipients, risk_from, severity_from, mails_per_hour, group_minutes, saved_at)
            values ('rule', '{}', 0.7, 'HIGH', 10, 10, now())`,
    },
    {
      sql: `insert into billing_audit.alerts (event_key, recipient, rule_id, stream, seq, severity, always, why, raised_at)
            select event_key, '', 'rule', stream, seq, 'HIGH', true, '[]', now() from billing_audit.event_keys where event_key = $1`,
      parameters: [eventKey],
    },
  ]);
}

async function saveSheets(): Promise<void> {
  for (const [sheetId, name] of [
    [NORTH, 'Billing, North'],
    [SOUTH, 'Billing, South'],
  ] as const) {
    await store.resolve({
      sheet_id: sheetId,
      sheet_name: name,
      columns: {},
      version: 1,
      rows: [],
      removed: [],
      baseline: true,
      audit_run_id: 'baseline',
      found_by: 'backfill',
      callback_ids: [],
      observed_at: NOW,
    });
  }
  const callback_url = 'https://example.com/webhook';
  const secrets = { shared_secret: 's', previous_secret: null };
  await store.saveWebhook({ webhook_id: '1', sheet_id: NORTH, callback_url, ...secrets, status: 'ENABLED' });
  await store.saveWebhook({ webhook_id: '2', sheet_id: SOUTH, callback_url, ...secrets, status: 'DISABLED_BY_OWNER' });
}
