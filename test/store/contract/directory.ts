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
    await expect(refused).rejects.toMatchObject({ sqlstate: 'BA016' });
    expect((await store.directory()).people).toHaveLength(1);
    expect(await take([ann, person(by, { access_level: 4, name: 'The boss' })])).toMatchObject({ changed: 1 });
  });

  it('lets nobody add themselves, nor make themselves active again', async () => {
    await expect(take([person(by)])).rejects.toMatchObject({ sqlstate: 'BA016' });
    await take([person(by, { active: false })], { by: 'other@example.com' });
    await expect(take([person(by)])).rejects.toMatchObject({ sqlstate: 'BA016' });
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
