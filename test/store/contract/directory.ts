import { secretBox, storeOver, type Person, type Store } from '../../../lib/store';
import { emptyStore } from '../empty-store';
import type { StoreUnderTest, TestedDriver } from '../stores';

export function directoryContract(under: () => StoreUnderTest): void {
  let driver: TestedDriver;
  let store: Store;
  const sheet = { sheet_id: '4711', sheet_name: 'People' };
  const by = 'boss@example.com';
  const ann = person('ann@example.com', { access_level: 3, role: 'Clerk' });
  const bob = person('bob@example.com', { name: 'Bob' });

  beforeAll(() => {
    driver = under().driver;
    store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
  });
  beforeEach(() => emptyStore(driver));

  const take = async (people: readonly Person[], given: object = {}) => {
    const { mark } = await store.directory();
    return store.takePeople({ people, by, role: 'admin', sheet, mark, ...given });
  };
  const acts = async () =>
    (await store.search({ kind: 'person_saved' })).events.map(({ changed_by, values, new_value, old_value }) => ({
      by: changed_by,
      person: values['person'],
      was: old_value === null ? null : (JSON.parse(old_value) as object),
      is: new_value === null ? null : (JSON.parse(new_value) as object),
    }));

  it('is empty at first, and gives what was taken, where from, and a mark that tells it from another', async () => {
    const before = await store.directory();
    expect(before).toMatchObject({ people: [], source: null });
    expect(await take([bob, ann])).toEqual({ added: 2, changed: 0, made_inactive: 0 });
    const after = await store.directory();
    expect(after.people).toEqual([
      { ...ann, from_sheet: '4711' },
      { ...bob, from_sheet: '4711' },
    ]);
    expect(after.source).toMatchObject(sheet);
    expect(after.mark).not.toBe(before.mark);
    expect(await take([ann, bob])).toEqual({ added: 0, changed: 0, made_inactive: 0 });
  });

  it('notes each change with who took it, what was and what is, and nothing for who stays the same', async () => {
    await take([ann, bob]);
    expect(await take([{ ...ann, access_level: 2 }, bob])).toEqual({ added: 0, changed: 1, made_inactive: 0 });
    expect((await acts()).filter(({ was }) => was !== null)).toEqual([
      {
        by,
        person: ann.email,
        was: expect.objectContaining({ access_level: 3 }) as unknown,
        is: expect.objectContaining({ access_level: 2, role: 'Clerk' }) as unknown,
      },
    ]);
  });

  it('makes inactive whom the sheet no longer names, deletes nobody, and leaves those of other sources', async () => {
    await take([person('file@example.com')], { sheet: null });
    await take([person('other@example.com')], { sheet: { sheet_id: '9', sheet_name: 'Others' } });
    await take([ann, bob]);
    expect(await take([ann])).toEqual({ added: 0, changed: 0, made_inactive: 1 });
    expect((await store.directory()).people.map(({ email, active }) => [email, active])).toEqual([
      ['ann@example.com', true],
      ['bob@example.com', false],
      ['file@example.com', true],
      ['other@example.com', true],
    ]);
    expect(await take([ann])).toEqual({ added: 0, changed: 0, made_inactive: 0 });
  });

  it.each([
    ['a role', { role: 'Director' }],
    ['an access level', { access_level: 9 }],
    ['a review', { last_review_at: '2026-01-31T06:00:00.000Z' }],
  ])('lets nobody give %s to themselves, and takes nothing of such a call', async (_what, own) => {
    await take([person(by, { access_level: 4 })], { by: 'other@example.com' });
    const refused = take([ann, { ...person('Boss@Example.com', { access_level: 4 }), ...own }]);
    await expect(refused).rejects.toMatchObject({ sqlstate: 'BA018' });
    expect((await store.directory()).people).toHaveLength(1);
    expect(await take([ann, person(by, { access_level: 4, name: 'The boss' })])).toMatchObject({ changed: 1 });
  });

  it('lets nobody add themselves, nor make themselves active again', async () => {
    await expect(take([person(by)])).rejects.toMatchObject({ sqlstate: 'BA018' });
    await take([person(by, { active: false })], { by: 'other@example.com' });
    await expect(take([person(by)])).rejects.toMatchObject({ sqlstate: 'BA018' });
  });

  it('knows who takes it by the name that the directory has for them, too', async () => {
    const boss = person(by, { name: 'Boss', access_level: 4 });
    await take([boss, ann], { by: 'other@example.com' });
    for (const own of [{ access_level: 9 }, { name: 'Somebody else' }]) {
      await expect(take([{ ...boss, ...own }, ann], { by: ' boss' })).rejects.toMatchObject({ sqlstate: 'BA018' });
    }
    const added = person('second@example.com', { name: 'Boss' });
    await expect(take([boss, ann, added], { by: 'boss' })).rejects.toMatchObject({ sqlstate: 'BA018' });
    expect(await take([{ ...ann, access_level: 1 }, boss], { by: 'boss' })).toMatchObject({ changed: 1 });
  });

  it.each([by, 'Boss'])('leaves the line of %s, who takes a sheet that does not name them, as it is', async (taker) => {
    await take([person(by, { name: 'Boss' }), ann, bob], { by: 'other@example.com' });
    expect(await take([ann], { by: taker })).toEqual({ added: 0, changed: 0, made_inactive: 1 });
    const { people } = await store.directory();
    expect(people.filter(({ active }) => active).map(({ email }) => email)).toEqual([ann.email, by]);
  });

  it.each([['viewer'], ['auditor'], ['manager'], ['']])('is taken by administrators alone, not by %j', async (role) => {
    await expect(take([ann], { role })).rejects.toMatchObject({ sqlstate: 'BA005' });
    expect((await store.directory()).people).toEqual([]);
  });

  it('takes nothing that was compared with another directory', async () => {
    const { mark } = await store.directory();
    await take([ann]);
    await expect(take([bob], { mark })).rejects.toMatchObject({ sqlstate: 'BA017' });
    expect((await store.directory()).people).toHaveLength(1);
  });

  describe('when it judges a person by less than before', () => {
    const weakened = async () =>
      (await store.search({ violation_type: 'CONFIGURATION_WEAKENED' })).events.map(
        ({ changed_by, severity, issue_description, values }) => [
          changed_by,
          severity,
          issue_description,
          values['person'],
        ],
      );
    const rule = {
      rule_id: 'managers',
      recipients: ['manager@example.com'],
      risk_from: 0.7,
      severity_from: 'HIGH',
      mails_per_hour: 10,
      group_minutes: 10,
      frame: {},
    };
    beforeEach(async () => {
      await driver.rpc('billing_audit_save_alert_rule', { ...rule, quietly: true });
      await take([{ ...ann, last_review_at: '2026-01-31T06:00:00.000Z' }, bob]);
    });
    afterEach(() => driver.rpc('billing_audit_retire_alert_rule', { rule_id: rule.rule_id, quietly: true }));

    it.each([
      ['a level that is raised', { access_level: 9 }, /raised from 3 to 9\.$/],
      ['a level that is not known any more', { access_level: null }, /access level, 3, is not known any more\.$/],
      ['a review that is not known any more', { last_review_at: null }, /last reviewed is not known any more\.$/],
    ])('records %s as a weakening, and tells those who are told of changes', async (_what, given, why) => {
      await take([{ ...ann, last_review_at: '2026-01-31T06:00:00.000Z', ...given }, bob]);
      expect(await weakened()).toEqual([[by, 'HIGH', expect.stringMatching(why), ann.email]]);
      const { alerts } = await store.alerts({ limit: 5 });
      expect(alerts).toMatchObject([{ severity: 'HIGH', event: { values: { person: ann.email } } }]);
    });

    it.each([
      ['a level that is lowered', { access_level: 1 }],
      [
        'a later review, another name and department',
        { last_review_at: '2026-02-02T06:00:00.000Z', name: 'A', department: 'N' },
      ],
      ['somebody who becomes inactive', { active: false }],
    ])('does not take %s for one', async (_what, given) => {
      await take([
        { ...ann, last_review_at: '2026-01-31T06:00:00.000Z', ...given },
        bob,
        person('new@example.com', { access_level: 10 }),
      ]);
      expect(await weakened()).toEqual([]);
      expect((await store.alerts({ limit: 5 })).alerts).toEqual([]);
    });

    const account = (id: string, before: string | null, after: string | null) => ({
      id,
      kind: 'person_changed' as const,
      source: 'server' as const,
      happened_at: '2026-01-05T15:00:00.000Z',
      person: 'carol',
      happened: 'carol is changed, by admin.',
      sheet_id: null,
      sheet_name: null,
      ip_address: null,
      device_info: null,
      session_id: null,
      user_agent: null,
      details: { by: 'admin', change: 'role', rights: { before, after } },
    });

    it('records once an account that may decide and could not before', async () => {
      await store.recordAccess({ events: [account('1', 'viewer', 'manager'), account('2', null, 'admin')] });
      await store.recordAccess({ events: [account('1', 'viewer', 'manager')] });
      expect(await weakened()).toEqual([
        ['admin', 'HIGH', expect.stringMatching(/as admin \(before: nothing\)/), 'carol'],
        ['admin', 'HIGH', expect.stringMatching(/as manager \(before: viewer\)/), 'carol'],
      ]);
    });

    it.each([
      ['manager', 'admin'],
      ['admin', 'viewer'],
      ['viewer', 'auditor'],
      [null, 'viewer'],
      ['manager', null],
    ])('does not take an account from %j to %j for one', async (before, after) => {
      await store.recordAccess({ events: [account('3', before, after)] });
      expect(await weakened()).toEqual([]);
    });
  });

  it('keeps the access level within its range, whatever is sent', async () => {
    await expect(take([{ ...ann, access_level: 11 }])).rejects.toMatchObject({ sqlstate: '23514' });
  });
}

function person(email: string, given: Partial<Person> = {}): Person {
  return {
    email,
    name: null,
    role: null,
    access_level: null,
    supervisor: null,
    department: null,
    last_review_at: null,
    active: true,
    ...given,
  };
}
