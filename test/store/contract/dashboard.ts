import { secretBox, storeOver, StoreRefused, type OverviewQuery, type Store } from '../../../lib/store';
import { emptyStore } from '../empty-store';
import { at, event, sheetId } from '../examples';
import type { StoreUnderTest, TestedDriver } from '../stores';

const manager = { by: 'boss@example.com', role: 'manager' } as const;

/** What the dashboard asks, what people answer, and what that leaves in the trail. */
export function dashboardContract(under: () => StoreUnderTest): void {
  let driver: TestedDriver;
  let store: Store;

  beforeAll(() => {
    driver = under().driver;
    store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
  });
  beforeEach(() => emptyStore(driver));

  const grave = event('grave', {
    violation_type: 'HISTORICAL_CHANGE',
    severity: 'HIGH',
    is_historical: true,
    delta: '1500',
    risk_score: 0.9,
    changed_at: at('09:01:00'),
  });
  const query = (): OverviewQuery => ({
    now: new Date().toISOString(),
    days: 30,
    time_zone: 'America/Chicago',
    risk_from: 0.7,
  });

  it('gives an overview that changes with the trail, and says so when it has not', async () => {
    const asked = query();
    const empty = await store.overview(asked);
    expect(empty).toMatchObject({ unchanged: false, cards: { events: 0, look_at: 0 } });
    expect(await store.overview({ ...asked, known: empty.version })).toEqual({
      version: empty.version,
      unchanged: true,
    });
    await store.append([grave, event('harmless')]);
    expect(await store.overview({ ...query(), known: empty.version })).toMatchObject({
      unchanged: false,
      cards: { events: 2, high_risk_today: 1, look_at: 1, money_at_risk: [{ currency: 'USD', amount: '1350.00' }] },
      people: [{ person: 'clerk@example.com', changes: 2, needs_look: 1 }],
    });
  });

  it('lists what needs a look until somebody has decided, one page after the other', async () => {
    await store.append([grave, { ...grave, event_key: 'second', delta: '9' }, event('harmless')]);
    const first = await store.needsLook({ risk_from: 0.7, limit: 1 });
    expect(first.events.map(({ event_key }) => event_key)).toEqual(['second']);
    const rest = await store.needsLook({ risk_from: 0.7, limit: 5, ...(first.next !== null && { after: first.next }) });
    expect(rest).toMatchObject({ events: [{ event_key: 'grave', mark: null }], next: null });
    await store.mark({ event_key: 'grave', mark: 'false_alarm', reason: 'a test', ...manager });
    const left = await store.needsLook({ risk_from: 0.7, limit: 5 });
    expect(left.events.map(({ event_key }) => event_key)).toEqual(['second']);
  });

  it('keeps each verdict with its name and reason, the last one counts, and each is an event of the sheet', async () => {
    await store.append([grave]);
    const mark = { event_key: 'grave', ...manager };
    expect(await store.mark({ ...mark, mark: 'looking', reason: '' })).toMatchObject({
      by: manager.by,
      mark: 'looking',
    });
    await store.mark({ ...mark, mark: 'approved', reason: 'as agreed' });
    expect(await store.marks(['grave', 'nothing'])).toMatchObject([
      { event_key: 'grave', mark: 'approved', reason: 'as agreed' },
    ]);
    expect(await store.event('grave')).toMatchObject({ event_key: 'grave', mark: { mark: 'approved' } });
    const acts = (await store.search({ kind: 'event_marked' })).events;
    expect(acts).toMatchObject([
      { sheet_id: sheetId, row_id: grave.row_id, changed_by: manager.by, new_value: 'approved' },
      { new_value: 'looking' },
    ]);
    expect(await driver.rpc('billing_audit_verify', { stream: `sheet:${sheetId}` })).toMatchObject({
      ok: true,
      checked: 3,
    });
  });

  it.each([
    [{ by: '', role: 'admin' }, 'BA005'],
    [{ by: 'v@example.com', role: 'viewer' }, 'BA005'],
    [{ by: 'a@example.com', role: 'auditor' }, 'BA005'],
    [{ ...manager, reason: ' ' }, 'BA001'],
    [{ ...manager, event_key: 'nothing' }, 'BA006'],
  ])('refuses a verdict of %j', async (given, sqlstate) => {
    await store.append([grave]);
    const refused = store.mark({ event_key: 'grave', mark: 'approved', reason: 'r', ...given });
    await expect(refused).rejects.toBeInstanceOf(StoreRefused);
    await expect(refused).rejects.toMatchObject({ sqlstate });
    expect(await store.counts()).toMatchObject({ events: 1 });
  });

  it('tells alerts, and what each person has seen of them', async () => {
    const rule = {
      rule_id: 'node',
      recipients: ['boss@example.com'],
      risk_from: 0.7,
      severity_from: 'HIGH',
      mails_per_hour: 10,
      group_minutes: 10,
      frame: {},
    };
    await driver.rpc('billing_audit_save_alert_rule', rule);
    await store.append([grave]);
    const alerts = [{ event_key: 'grave', rule_id: 'node', always: true, why: [] }];
    await driver.rpc('billing_audit_raise_alert', { alerts });
    expect(await store.alerts({ limit: 5 })).toMatchObject({ total: 1, unread: 1, alerts: [{ event_key: 'grave' }] });
    expect(await store.seenAlerts({ ...manager })).toEqual({ by: manager.by, seen: 0, total: 1 });
    expect(await store.seenAlerts({ ...manager, seen: 1 })).toEqual({ by: manager.by, seen: 1, total: 1 });
    expect(await store.seenAlerts({ by: 'other@example.com', role: 'viewer' })).toMatchObject({ seen: 0 });
    await expect(store.seenAlerts({ by: 'x@example.com', role: '' })).rejects.toMatchObject({ sqlstate: 'BA005' });
    await driver.rpc('billing_audit_retire_alert_rule', { rule_id: 'node' });
  });

  it('writes an event for each person that was added or changed, and none for one that was not', async () => {
    const clerk = { email: 'Clerk@example.com', name: 'C', role: null, supervisor: null, department: null };
    const person = { ...clerk, access_level: 3, last_review_at: null, active: true };
    await store.savePeople([person, { ...person, email: 'b@example.com' }]);
    await store.savePeople([person, { ...person, email: 'b@example.com', access_level: 9 }]);
    const { events } = await store.search({ kind: 'person_saved' });
    expect(events.map(({ values }) => values['person'])).toEqual([
      'b@example.com',
      'clerk@example.com',
      'b@example.com',
    ]);
    expect(events[0]).toMatchObject({
      changed_by: null,
      changed_by_kind: 'unknown',
      old_value: expect.stringContaining('"access_level": 3') as string,
      new_value: expect.stringContaining('"access_level": 9') as string,
    });
  });

  it('keeps what was in force by its hash, once, and gives the exact text back', async () => {
    const text = '{"größe":"1 000","zeile":"\\n"}';
    const [hash = ''] = await store.keepInForce([{ kind: 'rules', text }]);
    expect(await store.keepInForce([{ kind: 'flow', text }])).toEqual([hash]);
    expect(await store.inForce([hash, '0'.repeat(64)])).toMatchObject([{ hash, kind: 'rules', text }]);
    await store.append([event('judged', { rules_hash: hash })]);
    expect((await store.recent({ limit: 1 }))[0]?.rules_hash).toBe(hash);
  });
}
