import { createHash } from 'node:crypto';
import { secretBox, storeOver, type Store, type TrailQuery } from '../../../lib/store';
import { auditEventSchema, CONTRACT_FIELDS } from '../../../lib/event/audit-event';
import { emptyStore } from '../empty-store';
import { at, cell, event, observation, row, sheetId, step } from '../examples';
import type { StoreUnderTest, TestedDriver } from '../stores';

export function trailContract(under: () => StoreUnderTest): void {
  const stream = `sheet:${sheetId}`;
  let driver: TestedDriver;
  let store: Store;

  beforeAll(() => {
    driver = under().driver;
    store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
  });
  beforeEach(() => emptyStore(driver));

  const keysOf = (events: readonly { readonly event_key: string }[]): string[] => events.map((one) => one.event_key);
  const verify = (): Promise<unknown> => driver.rpc('billing_audit_verify', { stream });

  describe('appending to the trail', () => {
    it('gives back exactly what was appended, with the time when it was stored', async () => {
      const given = event('key:1', { delta: '-12345678901234567890.10', old_value: null, is_historical: null });
      const [appended] = await store.append([given]);
      expect(appended).toMatchObject({ event_key: 'key:1', stream, seq: 1, is_new: true });
      const [found] = await store.recent({ limit: 5 });
      expect(found).toEqual({ ...given, timestamp: appended?.timestamp });
      expect(auditEventSchema.parse(found)).toEqual(found);
    });

    it('appends nothing when a key is repeated: in another call, in the same call, by callers at the same time', async () => {
      const [first] = await store.append([event('key:1')]);
      expect(await store.append([event('key:1'), event('key:2'), event('key:2')])).toMatchObject([
        { seq: 1, is_new: false, timestamp: first?.timestamp },
        { seq: 2, is_new: true },
        { seq: 2, is_new: false },
      ]);
      const all = await Promise.all(Array.from({ length: 10 }, () => store.append([event('key:3')])));
      expect(all.filter(([one]) => one?.is_new)).toHaveLength(1);
      expect(await store.counts()).toMatchObject({ events: 3 });
    });

    it('numbers each sheet on its own, in the order in which the events were given', async () => {
      const appended = await store.append([event('a:1'), event('b:1', { sheet_id: '7' }), event('a:2')]);
      expect(appended.map((one) => [one.event_key, one.stream, one.seq])).toEqual([
        ['a:1', stream, 1],
        ['b:1', 'sheet:7', 1],
        ['a:2', stream, 2],
      ]);
      expect(await verify()).toEqual({ ok: true, checked: 2, first_bad_seq: null });
    });

    it('ends the changes in the same transaction, and none of them when one event is refused', async () => {
      await store.resolve(
        observation('09:10:00', { rows: [row('21', 1, cell('12', step('1', '09:00:00'))), row('22', 1)] }),
      );
      const changes = await store.leaseChanges({ sheetIds: 'all', limit: 10, leaseSeconds: 60 });
      const [one, two] = keysOf(changes);
      const bad = event(two ?? '', { severity: 'AWFUL' as 'HIGH' });
      await expect(store.append([event(one ?? ''), bad])).rejects.toMatchObject({ code: 'store_refused' });
      expect(await store.counts()).toMatchObject({ changes_leased: 2, events: 0 });
      await store.append([event(one ?? '')]);
      expect(await store.counts()).toMatchObject({ changes_leased: 1, events: 1 });
    });

    it('refuses only the bad event when callers at the same time share a call', async () => {
      const settled = await Promise.allSettled([
        store.append([event('key:1')]),
        store.append([event('key:2', { severity: 'AWFUL' as 'HIGH' })]),
        store.append([event('key:3')]),
      ]);
      expect(settled.map((one) => one.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(await verify()).toEqual({ ok: true, checked: 2, first_bad_seq: null });
    });
  });

  describe('the trail is append-only', () => {
    it.each([
      [`update billing_audit.audit_events set severity = 'LOW'`],
      [`delete from billing_audit.audit_events`],
      [`truncate billing_audit.audit_events cascade`],
      [`update billing_audit.event_payloads set payload = '{}'`],
      [`delete from billing_audit.event_keys`],
      [`set local session_replication_role = replica; delete from billing_audit.audit_events`],
      [
        `insert into billing_audit.event_keys select * from billing_audit.event_keys on conflict (event_key) do update set seq = 9`,
      ],
    ])('refuses, to the owner of the table too: %s', async (sql) => {
      await store.append([event('key:1')]);
      await expect(driver.transaction([{ sql }])).rejects.toMatchObject({ sqlstate: 'BA010' });
    });

    /** What a database administrator can do, who switches the triggers off first. */
    const tamper = (sql: string): Promise<unknown> => {
      const tables = ['audit_events', 'event_payloads', 'event_keys'].map(
        (table) => `alter table billing_audit.${table}`,
      );
      const guards = ['never_altered', 'never_truncated'];
      return driver.transaction([
        { sql: tables.map((table) => `${table} disable trigger all;`).join('') },
        { sql: 'alter table billing_audit.audit_events drop constraint hash_is_of_preimage' },
        { sql },
        { sql: tables.map((table) => `${table} enable trigger all;`).join('') },
        {
          sql: ['never_removed', 'only_archived_removed']
            .map((name) => `alter table billing_audit.audit_events enable always trigger ${name};`)
            .join(''),
        },
        { sql: tables.flatMap((table) => guards.map((name) => `${table} enable always trigger ${name};`)).join('') },
      ]);
    };

    it.each([
      ['a column was edited', `update billing_audit.audit_events set delta = 0 where seq = 2`, 2],
      [
        'the hashed text was edited',
        `update billing_audit.audit_events set preimage = replace(preimage, 'LOW', 'MEDIUM') where seq = 2`,
        2,
      ],
      [
        'a value was edited',
        `update billing_audit.event_payloads set payload = jsonb_set(payload, '{new_value}', '"1"') where seq = 3`,
        3,
      ],
      [
        'a person was exchanged',
        `update billing_audit.event_payloads set payload = jsonb_set(payload, '{changed_by}', '"x@example.com"') where seq = 1`,
        1,
      ],
      [
        'an event was taken out',
        `delete from billing_audit.event_payloads where seq = 2; delete from billing_audit.audit_events where seq = 2`,
        3,
      ],
      [
        'the end was cut off',
        `delete from billing_audit.event_payloads where seq = 4; delete from billing_audit.audit_events where seq = 4`,
        4,
      ],
      [
        'a key says another time',
        `update billing_audit.event_keys set recorded_at = recorded_at + interval '1 second' where event_key = 'key:3'`,
        3,
      ],
      ['a key was pointed elsewhere', `update billing_audit.event_keys set seq = 9 where event_key = 'key:3'`, 3],
    ])('shows where it was altered when %s', async (_what, sql, firstBad) => {
      await store.append([event('key:1'), event('key:2'), event('key:3'), event('key:4')]);
      expect(await verify()).toEqual({ ok: true, checked: 4, first_bad_seq: null });
      await tamper(sql);
      expect(await verify()).toMatchObject({ ok: false, first_bad_seq: firstBad });
    });

    it('stays whole when what is personal is erased', async () => {
      await store.append([event('key:1'), event('key:2')]);
      await driver.transaction([{ sql: 'delete from billing_audit.event_payloads where seq = 1' }]);
      expect(await verify()).toEqual({ ok: true, checked: 2, first_bad_seq: null });
      const erased = (await store.recent({ limit: 2 }))[1];
      expect(erased).toMatchObject({ event_key: 'key:1', changed_by: null, new_value: null, values: {}, delta: '2' });
      expect(auditEventSchema.parse(erased)).toEqual(erased);
    });

    it('chains as written down: sha256 over the hash before and the preimage, from a genesis of the stream', async () => {
      await store.append([event('key:1'), event('key:2')]);
      const sql = `select encode(previous_hash, 'hex') as previous, preimage, encode(hash, 'hex') as hash from billing_audit.audit_events order by seq`;
      const rows = await driver.transaction([{ sql, parameters: [] }]);
      let previous = createHash('sha256').update(`billing-audit:genesis:${stream}`).digest('hex');
      for (const { previous: stored, preimage, hash } of rows) {
        expect(stored).toBe(previous);
        previous = createHash('sha256').update(Buffer.from(previous, 'hex')).update(String(preimage)).digest('hex');
        expect(hash).toBe(previous);
      }
    });
  });

  describe('reading the trail', () => {
    const events = [
      event('a', { delta: '10', risk_score: 1, changed_at: at('09:00:00'), changed_by: 'Boss@example.com' }),
      event('b', { delta: '-300', risk_score: 0.01, changed_at: at('09:03:00'), severity: 'HIGH', work_request: '99' }),
      event('c', {
        delta: null,
        risk_score: null,
        changed_at: at('09:01:00'),
        sheet_id: '7',
        new_value: "100% O'Hara",
      }),
      event('d', {
        delta: '200.5',
        risk_score: 0.5,
        changed_at: at('09:02:00'),
        violation_type: 'HISTORICAL_CHANGE',
        is_historical: true,
      }),
      event('e', { delta: '200.50', risk_score: null, changed_at: at('09:02:00') }),
    ];
    beforeEach(() => store.append(events));
    const found = async (query: TrailQuery): Promise<string[]> => keysOf((await store.search(query)).events);

    it('orders by what happened last, by |delta|, by money at risk, with no delta last', async () => {
      expect(await found({})).toEqual(['b', 'e', 'd', 'c', 'a']);
      expect(await found({ order: 'delta' })).toEqual(['b', 'e', 'd', 'a', 'c']);
      expect(await found({ order: 'money_at_risk' })).toEqual(['d', 'b', 'e', 'a', 'c']);
      expect(keysOf(await store.recent({ limit: 2 }))).toEqual(['e', 'd']);
    });

    it.each([
      [{ from: at('09:02:00') }, ['b', 'e', 'd']],
      [{ to: at('09:01:00') }, ['a']],
      [{ sheet_id: '7' }, ['c']],
      [{ row_id: '22' }, []],
      [{ work_request: '99' }, ['b']],
      [{ column_name: 'Quantity', severity: 'HIGH' }, ['b']],
      [{ changed_by: 'boss@EXAMPLE.com' }, ['a']],
      [{ violation_type: 'HISTORICAL_CHANGE' }, ['d']],
      [{ is_historical: true }, ['d']],
      [{ is_historical: false, order: 'delta' as const }, ['b', 'e', 'a', 'c']],
      [{ risk_from: 0.5 }, ['d', 'a']],
      [{ text: "100% o'h" }, ['c']],
      [{ text: '_', severity: 'HIGH' }, []],
    ])('finds by %j', async (query, keys) => {
      expect(await found(query)).toEqual(keys);
    });

    it.each([
      [{ event_key: 'b' }, ['b']],
      [{ week_ending: '2026-01-11', severity: 'HIGH' }, ['b']],
      [{ audit_run_id: 'poll:2' }, []],
      [{ changed_by_kind: 'person', sheet_id: '7' }, ['c']],
      [{ currency: 'EUR' }, []],
      [{ rules_hash: 'a'.repeat(64), risk_from: 0.9 }, ['a']],
      [{ new_value: "100% O'Hara" }, ['c']],
      [{ old_value: '10', changed_by: 'boss@example.com' }, ['a']],
      [{ changed_by: 'boss@example.com', order: 'delta' as const }, ['a']],
      [{ sheet_id: '7', order: 'money_at_risk' as const }, ['c']],
      [{ ip_address: '192.0.2.1' }, []],
      [{ recorded_from: '2020-01-01T00:00:00.000Z', recorded_to: '2020-01-02T00:00:00.000Z' }, []],
    ])('finds by any other field: %j', async (query, keys) => {
      expect(await found(query)).toEqual(keys);
    });

    it('orders events of one moment always alike, and gives each once over pages of any size', async () => {
      await store.append(
        Array.from({ length: 30 }, (_, index) => event(`tie:${index}`, { changed_by: 'tie@example.com' })),
      );
      for (const [limit, order] of [
        [1, 'newest'],
        [7, 'delta'],
        [30, 'money_at_risk'],
      ] as const) {
        const seen: string[] = [];
        for (let after: string | null = ''; after !== null;) {
          const page = await store.search({
            changed_by: 'tie@example.com',
            limit,
            order,
            ...(after !== '' && { after }),
          });
          seen.push(...keysOf(page.events));
          after = page.next;
        }
        expect(seen).toEqual(Array.from({ length: 30 }, (_, index) => `tie:${29 - index}`));
      }
    });

    it('looks at so many events in one call, and goes on from there until what is rare is found', async () => {
      for (let part = 0; part < 9; part += 1) {
        const of = Array.from({ length: 500 }, (_, index) => event(`many:${part}:${index}`));
        await store.append(
          part === 0 ? [event('rare', { new_value: 'a needle', changed_at: at('08:00:00') }), ...of] : of,
        );
      }
      const pages: string[][] = [];
      for (let after: string | null = ''; after !== null;) {
        const page = await store.search({ text: 'needle', ...(after !== '' && { after }) });
        pages.push(keysOf(page.events));
        after = page.next;
      }
      expect(pages).toEqual([[], ['rare']]);
    });

    it.each(['newest', 'delta', 'money_at_risk'] as const)(
      'turns pages by %s without repeating or hiding one',
      async (order) => {
        const all = await found({ order });
        const seen: string[] = [];
        let after: string | undefined;
        do {
          const page = await store.search({ order, limit: 2, ...(after === undefined ? {} : { after }) });
          seen.push(...keysOf(page.events));
          // An event that is stored while somebody turns pages and belongs before this page changes nothing of the rest.
          await store.append([
            event(`late:${seen.length}`, { delta: '9999999', risk_score: 1, changed_at: at('12:00:00') }),
          ]);
          after = page.next ?? undefined;
        } while (after !== undefined);
        expect(seen).toEqual(all);
      },
    );

    it('says what is wrong with an order or a page mark that it cannot use', async () => {
      await expect(store.search({ order: 'oldest' as 'newest' })).rejects.toMatchObject({ sqlstate: 'BA001' });
      await expect(store.search({ after: 'garbage' })).rejects.toMatchObject({ sqlstate: 'BA001' });
      const { next } = await store.search({ limit: 1 });
      await expect(store.search({ order: 'delta', after: next ?? '' })).rejects.toMatchObject({ sqlstate: 'BA001' });
    });

    it('shows the 25 names of the contract in their order in the view audit_event', async () => {
      const sql = `select attname as name from pg_attribute where attrelid = 'billing_audit.audit_event'::regclass order by attnum`;
      const names = await driver.transaction([{ sql, parameters: [] }]);
      expect(names.slice(0, 25).map((one) => one['name'])).toEqual(CONTRACT_FIELDS);
      expect(names.map((one) => one['name'])).toEqual(
        expect.arrayContaining(['rules_hash', 'model_version', 'flow_version']),
      );
    });
  });
}
