import type { NewAccessEvent, NewOrigin } from '../../../lib/access';
import { secretBox, storeOver, type Store } from '../../../lib/store';
import { emptyStore } from '../empty-store';
import { at, clerk, event, sheetId } from '../examples';
import type { StoreUnderTest, TestedDriver } from '../stores';

/** Ann signs in here, unless said otherwise. */
export const accessEvent = (id: string, given: Partial<NewAccessEvent> = {}): NewAccessEvent => ({
  id,
  kind: 'signed_in',
  source: 'server',
  happened_at: at('09:00:00'),
  person: 'ann@example.com',
  happened: 'ann@example.com signed in.',
  sheet_id: null,
  sheet_name: null,
  ip_address: '203.0.113.7',
  device_info: 'Firefox on Windows',
  session_id: `session-${id}`,
  user_agent: 'Mozilla/5.0',
  details: {},
  ...given,
});

const origin = (key: string, given: Partial<NewOrigin> = {}): NewOrigin => ({
  event_key: key,
  kind: 'origin_matched',
  person: clerk,
  happened: 'It came from there.',
  ip_address: '203.0.113.9',
  device_info: null,
  session_id: null,
  user_agent: null,
  details: { rule: 'only_save_in_window', smartsheet_events: ['e1'] },
  ...given,
});

export function accessContract(under: () => StoreUnderTest): void {
  let driver: TestedDriver;
  let store: Store;

  beforeAll(() => {
    driver = under().driver;
    store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
  });
  beforeEach(() => emptyStore(driver));

  const sql = (text: string) => driver.transaction([{ sql: text, parameters: [] }]);

  describe('an access event', () => {
    it('is an entry of the trail in a chain of its own, which verifies', async () => {
      const recorded = await store.recordAccess({ events: [accessEvent('1'), accessEvent('2', { kind: 'exported' })] });
      expect(recorded).toEqual([
        { event_key: 'access:signed_in:1', seq: 1, is_new: true },
        { event_key: 'access:exported:2', seq: 2, is_new: true },
      ]);
      expect(await driver.rpc('billing_audit_verify', { stream: 'access' })).toMatchObject({ ok: true, checked: 2 });
      const { events } = await store.accessEvents({});
      expect(events.find(({ seq }) => seq === 1)).toMatchObject({
        event_key: 'access:signed_in:1',
        kind: 'signed_in',
        source: 'server',
        happened_at: at('09:00:00'),
        person: 'ann@example.com',
        happened: 'ann@example.com signed in.',
        ip_address: '203.0.113.7',
        session_id: 'session-1',
        sheet_id: null,
        details: {},
      });
    });

    it('that is told twice is recorded once, in one call or in two', async () => {
      await store.recordAccess({ events: [accessEvent('1'), accessEvent('1')] });
      const [again] = await store.recordAccess({ events: [accessEvent('1')] });
      expect(again).toEqual({ event_key: 'access:signed_in:1', seq: 1, is_new: false });
      expect((await store.accessEvents({})).events).toHaveLength(1);
    });

    it.each(['id', 'kind', 'source', 'happened_at', 'happened'] as const)(
      'is refused without %s, and nothing of it is kept',
      async (name) => {
        const wrong = { ...accessEvent('2'), [name]: '' } as NewAccessEvent;
        const news = { events: [accessEvent('1'), wrong], reader: { reader: 'smartsheet:a', position: 'p2' } };
        await expect(store.recordAccess(news)).rejects.toMatchObject({ sqlstate: 'BA001' });
        expect((await store.accessEvents({})).events).toEqual([]);
        expect(await store.accessReader('smartsheet:a')).toBeNull();
      },
    );

    it('cannot be altered or taken away, and leaves no row where its person is erased but the entry', async () => {
      await store.recordAccess({ events: [accessEvent('1')] });
      await expect(
        sql(`update billing_audit.audit_events set severity = 'HIGH' where stream = 'access'`),
      ).rejects.toMatchObject({ sqlstate: 'BA010' });
      await expect(sql(`delete from billing_audit.audit_events where stream = 'access'`)).rejects.toMatchObject({
        sqlstate: 'BA010',
      });
      await sql(`delete from billing_audit.event_payloads where person = 'ann@example.com'`);
      const { events } = await store.accessEvents({});
      expect(events).toMatchObject([
        { kind: 'signed_in', person: null, happened: null, ip_address: null, source: null },
      ]);
      expect(await driver.rpc('billing_audit_verify', { stream: 'access' })).toMatchObject({ ok: true, checked: 1 });
    });

    it('is no change: it is in no list, count or chart of changes, and nobody is active by it', async () => {
      await store.append([event('a', { changed_by: clerk })]);
      const counts = await store.counts();
      const query = { now: at('12:00:00'), days: 7, time_zone: 'UTC', risk_from: 0.7 };
      const before = await store.overview(query);
      const facts = await store.personFacts({ person: 'ann@example.com', at: at('09:10:00'), withinMinutes: 60 });
      await store.recordAccess({ events: [accessEvent('1'), accessEvent('2'), accessEvent('3', { person: clerk })] });
      expect((await store.recent({ limit: 10 })).map(({ event_key }) => event_key)).toEqual(['a']);
      expect((await store.search({})).events.map(({ event_key }) => event_key)).toEqual(['a']);
      expect(await store.event('access:signed_in:1')).toBeNull();
      // Only the whole of the trail has grown.
      expect(await store.counts()).toEqual({ ...counts, events_in_all: counts.events_in_all + 3 });
      const { version: _before, ...one } = before as Record<string, unknown>;
      const { version: _after, ...other } = (await store.overview(query)) as unknown as Record<string, unknown>;
      expect(other).toEqual(one);
      expect(await store.personFacts({ person: 'ann@example.com', at: at('09:10:00'), withinMinutes: 60 })).toEqual(
        facts,
      );
    });

    it('is given newest first in pages, or in the order of the chain after a number', async () => {
      const clock = (index: number): string => at(`09:0${(index * 3) % 7}:00`);
      const events = Array.from({ length: 7 }, (_, index) => accessEvent(String(index), { happened_at: clock(index) }));
      await store.recordAccess({ events });
      const seen: string[] = [];
      let after: string | null = null;
      do {
        const page: Awaited<ReturnType<Store['accessEvents']>> = await store.accessEvents({
          limit: 3,
          ...(after !== null && { after }),
        });
        seen.push(...page.events.map(({ happened_at }) => happened_at));
        after = page.next;
      } while (after !== null);
      expect(seen).toEqual(
        events
          .map(({ happened_at }) => happened_at)
          .sort()
          .reverse(),
      );
      const chain = await store.accessEvents({ after_seq: 4, limit: 2 });
      expect(chain.events.map(({ seq }) => seq)).toEqual([5, 6]);
      expect(chain.last_seq).toBe(7);
      await expect(store.accessEvents({ after: 'nonsense' })).rejects.toMatchObject({ sqlstate: 'BA001' });
    });

    it.each([
      ['kinds', { kinds: ['exported' as const] }, ['2']],
      ['a person, however written', { person: 'BEN@example.com' }, ['2']],
      ['a time', { from: at('09:30:00'), to: at('10:30:00') }, ['3']],
      ['a sheet', { sheet_id: sheetId }, ['2']],
      ['words, also of its details', { text: 'wanted' }, ['3']],
      ['an address', { text: '198.51' }, ['3']],
    ])('is found by %s', async (_what, query, ids) => {
      await store.recordAccess({
        events: [
          accessEvent('1'),
          accessEvent('2', { kind: 'exported', person: 'Ben@example.com', sheet_id: sheetId }),
          accessEvent('3', {
            happened_at: at('10:00:00'),
            ip_address: '198.51.100.1',
            details: { a: { b: 'Wanted' } },
          }),
        ],
      });
      const { events } = await store.accessEvents(query);
      expect(events.map(({ event_key }) => event_key.split(':')[2])).toEqual(ids);
    });
  });

  it('a reader keeps its position when it only says how it stands', async () => {
    await store.recordAccess({ events: [], reader: { reader: 'smartsheet:a', position: 'p1' } });
    await store.recordAccess({
      events: [],
      reader: { reader: 'smartsheet:a', state: 'off', why: 'The plan has none.' },
    });
    expect(await store.accessReader('smartsheet:a')).toMatchObject({
      position: 'p1',
      state: 'off',
      why: 'The plan has none.',
    });
    const { readers } = await store.accessOverview({ from: at('00:00:00'), to: at('23:00:00') });
    expect(readers).toMatchObject([{ reader: 'smartsheet:a', state: 'off', why: 'The plan has none.' }]);
  });

  it('tells who signed in how often from where, and who failed to', async () => {
    await store.recordAccess({
      events: [
        accessEvent('1'),
        accessEvent('2', { happened_at: at('10:00:00'), ip_address: '198.51.100.1' }),
        accessEvent('3', { kind: 'sign_in_failed', person: 'mallory' }),
        accessEvent('4', { kind: 'shared', person: 'ben@example.com' }),
        accessEvent('5', { happened_at: '2026-01-07T00:00:00.000Z' }),
      ],
    });
    const overview = await store.accessOverview({ from: at('00:00:00'), to: at('23:00:00') });
    expect(overview.counts).toEqual({ signed_in: 2, sign_in_failed: 1, shared: 1 });
    expect(overview.people).toEqual([
      {
        person: 'ann@example.com',
        sign_ins: 2,
        failed: 0,
        last_at: at('10:00:00'),
        last_ip: '198.51.100.1',
        addresses: 2,
      },
      { person: 'mallory', sign_ins: 0, failed: 1, last_at: null, last_ip: null, addresses: 0 },
    ]);
  });

  describe('the origin of a change', () => {
    const shown = async (key: string) => {
      const [row] = await sql(
        `select ip_address, device_info, session_id, user_agent, origin from billing_audit.audit_event where event_key = '${key}'`,
      );
      return row;
    };
    const unknown = { ip_address: null, device_info: null, session_id: null, user_agent: null, origin: null };

    it('is unknown until it is matched, then shown with how it was, and the change itself is untouched', async () => {
      await store.append([event('a')]);
      const untouched = await sql(`select hash, preimage from billing_audit.audit_events where event_key = 'a'`);
      expect(await shown('a')).toEqual(unknown);
      expect(await store.recordOrigins([origin('a')])).toBe(1);
      expect(await shown('a')).toMatchObject({
        ip_address: '203.0.113.9',
        user_agent: null,
        origin: { rule: 'only_save_in_window', smartsheet_events: ['e1'], recorded_as: 'access:origin_matched:a:1' },
      });
      expect((await store.search({})).events).toMatchObject([
        { event_key: 'a', ip_address: '203.0.113.9', user_agent: null },
      ]);
      expect(await sql(`select hash, preimage from billing_audit.audit_events where event_key = 'a'`)).toEqual(
        untouched,
      );
      expect(await driver.rpc('billing_audit_verify', { stream: `sheet:${sheetId}` })).toMatchObject({ ok: true });
      expect(await driver.rpc('billing_audit_verify', { stream: 'access' })).toMatchObject({ ok: true, checked: 1 });
    });

    it('that is told again records nothing; another one, or none after all, does', async () => {
      await store.append([event('a')]);
      await store.recordOrigins([origin('a')]);
      expect(await store.recordOrigins([origin('a')])).toBe(0);
      expect(await store.recordOrigins([origin('a', { ip_address: '198.51.100.2' })])).toBe(1);
      expect(await shown('a')).toMatchObject({ ip_address: '198.51.100.2' });
      const withdrawn = origin('a', { kind: 'origin_withdrawn', ip_address: null, details: { why: 'saves_disagree' } });
      expect(await store.recordOrigins([withdrawn])).toBe(1);
      expect(await store.recordOrigins([withdrawn])).toBe(0);
      expect(await shown('a')).toEqual(unknown);
      const { events } = await store.accessEvents({ after_seq: 0 });
      expect(events.map(({ kind }) => kind)).toEqual(['origin_matched', 'origin_matched', 'origin_withdrawn']);
    });

    it('of a change that is not in the trail, or that was told with it, is not recorded over it', async () => {
      await store.append([event('told', { ip_address: '192.0.2.1' })]);
      expect(await store.recordOrigins([origin('no such change')])).toBe(0);
      await store.recordOrigins([origin('told')]);
      expect(await shown('told')).toMatchObject({ ip_address: '192.0.2.1', origin: null });
    });

    it('is erased with its person', async () => {
      await store.append([event('a')]);
      await store.recordOrigins([origin('a')]);
      await sql(`delete from billing_audit.event_payloads where stream = 'access' and person = '${clerk}'`);
      expect(await shown('a')).toEqual(unknown);
    });

    it('is asked for with the saves of that person and sheet within the window, and the sessions of that person', async () => {
      const save = (event_id: string, given: object = {}) => ({
        event_id,
        sheet_id: sheetId,
        person: clerk,
        happened_at: at('10:00:00'),
        source: 'WEB_APP',
        ip_address: '203.0.113.9',
        ...given,
      });
      await store.append([
        event('a', { changed_by: 'Clerk@example.com', changed_at: at('10:00:10') }),
        event('by nobody', { changed_by: null, changed_by_kind: 'unknown', changed_at: at('10:00:10') }),
        event('by a rule', { changed_by: 'Automation', changed_by_kind: 'automation', changed_at: at('10:00:10') }),
        event('told', { ip_address: '192.0.2.1', changed_at: at('10:00:10') }),
      ]);
      await store.recordAccess({
        events: [
          accessEvent('s1', { person: clerk, session_id: 'one', happened_at: at('08:00:00') }),
          accessEvent('s2', { person: clerk, session_id: 'two', happened_at: at('08:30:00') }),
          accessEvent('s3', { kind: 'session_ended', person: clerk, session_id: 'one', happened_at: at('09:00:00') }),
          accessEvent('s4', { person: 'ann@example.com', session_id: 'hers', happened_at: at('08:30:00') }),
        ],
        activity: [
          save('near'),
          save('near'),
          save('far', { happened_at: at('10:05:00') }),
          save('of another', { person: 'ann@example.com' }),
          save('elsewhere', { sheet_id: '7' }),
        ],
      });
      const found = await store.originCandidates({ from: at('09:00:00'), to: at('11:00:00'), windowSeconds: 60 });
      expect(found.changes).toEqual([
        {
          event_key: 'a',
          sheet_id: sheetId,
          person: clerk,
          changed_at: at('10:00:10'),
          origin: null,
          saves: [{ event_id: 'near', happened_at: at('10:00:00'), source: 'WEB_APP', ip_address: '203.0.113.9' }],
        },
      ]);
      expect(found.sessions.map(({ session_id, ended_at }) => [session_id, ended_at])).toEqual([
        ['one', at('09:00:00')],
        ['two', null],
      ]);
    });
  });
}
