import { secretBox, storeOver, StoreRefused, type NewJudgement, type Store } from '../../../lib/store';
import { emptyStore } from '../empty-store';
import { event, sheetId } from '../examples';
import type { StoreUnderTest, TestedDriver } from '../stores';

const auditor = { by: 'auditor@example.com', role: 'auditor' } as const;
const manager = { by: 'boss@example.com', role: 'manager' } as const;

interface Listed {
  readonly feedback: readonly Readonly<Record<string, string | null>>[];
  readonly next: string | null;
}

/** What reviewers say of findings, and what learns from it. */
export function judgementsContract(under: () => StoreUnderTest): void {
  let driver: TestedDriver;
  let store: Store;

  beforeAll(() => {
    driver = under().driver;
    store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
  });
  beforeEach(async () => {
    await emptyStore(driver);
    await store.append([event('first', { changed_by: 'Clerk@example.com' }), event('second')]);
  });

  const judge = (verdict: NewJudgement['verdict'], over: Partial<NewJudgement> = {}) =>
    store.judge({ event_key: 'first', verdict, ...auditor, ...over });
  const list = async (p: object = {}): Promise<Listed> =>
    (await driver.rpc('billing_audit_list_feedback', p)) as unknown as Listed;

  it('keeps the last word of each reviewer, and each word is an event of the sheet', async () => {
    await judge('true', { note: ' no ticket ', incident: 'INC-7', category: 'price_inflation' });
    await judge('false', manager);
    await judge('unsure');
    expect(await store.judgements(['first', 'second', 'nothing'])).toMatchObject([
      { event_key: 'first', verdict: 'unsure', by: auditor.by, note: '', incident: null, category: null },
    ]);
    const subject = 'Clerk@example.com';
    expect(await list()).toMatchObject({
      feedback: [
        { event_key: 'first', verdict: 'false', reviewer: manager.by, subject },
        { event_key: 'first', verdict: 'unsure', reviewer: auditor.by, subject },
      ],
      next: null,
    });
    const { events } = await store.search({ kind: 'event_judged' });
    expect(events.map(({ new_value }) => new_value)).toEqual(['unsure', 'false', 'true']);
    expect(events[2]).toMatchObject({
      sheet_id: sheetId,
      changed_by: auditor.by,
      values: { event: 'first', note: 'no ticket', incident: 'INC-7', category: 'price_inflation', right: 'auditor' },
    });
    expect(await driver.rpc('billing_audit_verify', { stream: `sheet:${sheetId}` })).toMatchObject({ ok: true });
  });

  it('lists page after page, and who changes their mind in between comes again', async () => {
    await judge('true');
    await judge('true', { event_key: 'second' });
    const first = await list({ limit: 1 });
    expect(first.feedback).toMatchObject([{ event_key: 'first', verdict: 'true' }]);
    await judge('false');
    const rest = await list({ after: first.next });
    expect(rest.feedback).toMatchObject([
      { event_key: 'second', verdict: 'true' },
      { event_key: 'first', verdict: 'false' },
    ]);
    expect(rest.next).toBeNull();
    await expect(list({ after: 'x' })).rejects.toMatchObject({ sqlstate: 'BA001' });
  });

  it('takes a verdict that settles for "fine", and one that somebody is looking for nothing', async () => {
    await store.mark({ event_key: 'first', mark: 'looking', reason: '', ...manager });
    expect(await store.judgements(['first'])).toEqual([]);
    await store.mark({ event_key: 'first', mark: 'false_alarm', reason: 'as agreed', ...manager });
    expect(await store.judgements(['first'])).toMatchObject([{ verdict: 'false', by: manager.by, note: 'as agreed' }]);
    expect((await store.search({ kind: 'event_judged' })).events).toEqual([]);
    const own = {
      event_key: 'second',
      mark: 'approved',
      reason: 'r',
      by: 'clerk@example.com',
      role: 'manager',
    } as const;
    await store.mark(own);
    expect(await store.judgements(['second'])).toEqual([]);
  });

  it.each([
    ['nobody', { by: '' }, 'BA005'],
    ['a viewer', { role: 'viewer' }, 'BA005'],
    ['somebody without a role', { role: '' }, 'BA005'],
    ['who made the change', { by: ' clerk@EXAMPLE.com', role: 'admin' }, 'BA005'],
    ['who is that by the directory', { by: 'Clara Clerk' }, 'BA005'],
    ['an auditor about nothing', { event_key: 'nothing' }, 'BA006'],
    ['a word that is none', { verdict: 'maybe' }, 'BA001'],
    ['a category that is none', { category: 'Price!' }, 'BA001'],
    ['a note without end', { note: 'x'.repeat(2001) }, 'BA001'],
  ])('refuses %s', async (_who, given, sqlstate) => {
    const clerk = { email: 'clerk@example.com', name: 'Clara Clerk', role: null, supervisor: null, department: null };
    await store.savePeople([{ ...clerk, access_level: 3, last_review_at: null, active: true }]);
    const refused = judge('true', given as Partial<NewJudgement>);
    await expect(refused).rejects.toBeInstanceOf(StoreRefused);
    await expect(refused).rejects.toMatchObject({ sqlstate });
    expect(await list()).toEqual({ feedback: [], next: null });
  });

  it('tells no more who made a change once that was erased', async () => {
    await judge('true');
    const asked = { person: 'clerk@example.com', reason: 'request', dry_run: false };
    await driver.rpc('billing_audit_erase', { ...asked, by: 'admin@example.com', role: 'admin' });
    expect((await list()).feedback).toMatchObject([{ event_key: 'first', reviewer: auditor.by, subject: null }]);
    // And lets nobody judge it any more, who might be the one who made it.
    await expect(judge('false', { by: 'clerk@example.com' })).rejects.toMatchObject({ sqlstate: 'BA016' });
    await store.mark({
      event_key: 'first',
      mark: 'false_alarm',
      reason: 'r',
      by: 'clerk@example.com',
      role: 'manager',
    });
    expect(await store.judgements(['first'])).toMatchObject([{ verdict: 'true', by: auditor.by }]);
  });
}
