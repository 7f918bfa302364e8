import { Client } from 'pg';
import { checkGuards, expectedGuards, type Guards } from '../../lib/store';
import { event } from '../store/examples';
import { OUT_OF_PLACE } from '../store/out-of-place';
import { openPostgres } from '../store/stores';
import { describeOnPostgres, warnWithoutPostgres } from '../support/postgres';
import { buildStoreWorker, migrations } from '../support/store';
import { recordedAt } from './archiving';
import { openSealedPostgres, type SealedStore } from './sealed-store';

warnWithoutPostgres('the move of events into the month that they had begun was not tried.');
jest.setTimeout(120_000);

const IN_MAY = '2031-05-03T09:00:00Z';
type Sealed = SealedStore & { readonly url: string };

const rows = (sealed: Pick<Sealed, 'driver'>, sql: string): Promise<readonly Record<string, unknown>[]> =>
  sealed.driver.transaction([{ sql, parameters: [] }]);
const make = (sealed: Pick<Sealed, 'driver'>): Promise<unknown> => sealed.driver.rpc('billing_audit_make_months', {});
const inRest = async (sealed: Pick<Sealed, 'driver'>): Promise<unknown> => {
  const sql = `select (select count(*) from billing_audit.audit_events_rest)::integer as events,
    (select count(*) from billing_audit.event_payloads_rest)::integer as payloads`;
  return (await rows(sealed, sql))[0];
};

/** What a superuser does who takes the guards off, and puts them back as they were. */
const unseen = (sql: string): string => `
  do $$ declare t record; begin
    for t in select oid::regclass as name from pg_class where relnamespace = 'billing_audit'::regnamespace and relkind in ('r', 'p') loop
      execute format('alter table %s disable trigger user', t.name);
    end loop;
  end $$;
  ${sql};
  do $$ declare t record; begin
    for t in select g.tgrelid::regclass as name, g.tgname from pg_trigger as g join pg_class as c on c.oid = g.tgrelid
      where not g.tgisinternal and c.relnamespace = 'billing_audit'::regnamespace and c.relkind in ('r', 'p')
    loop
      execute format('alter table %s enable %s trigger %I', t.name, case when t.tgname ~ '^(never|only)_' then 'always' end, t.tgname);
    end loop;
  end $$`;

/** A server that was off in spring, and on which somebody set something before it was started. */
async function begunInTheRest(): Promise<Sealed> {
  const sealed = await openSealedPostgres();
  await sealed.append(4);
  await recordedAt(sealed, IN_MAY, () => sealed.append(6));
  await sealed.seal();
  expect(await inRest(sealed)).toEqual({ events: 6, payloads: 6 });
  return sealed;
}

describeOnPostgres('a month that the rest has begun', () => {
  let sealed: Sealed;
  let wanted: Guards;
  beforeAll(async () => {
    wanted = await expectedGuards({ workerPath: buildStoreWorker(), migrations });
  });
  beforeEach(async () => {
    sealed = await begunInTheRest();
  });
  afterEach(() => sealed.close());

  it('is made with what the rest holds, and proofs, guards and the rest are as they should be', async () => {
    await recordedAt(sealed, IN_MAY, async () => {
      expect(await make(sealed)).toEqual({ made: ['2031-05', '2031-06', '2031-07'] });
      await sealed.append(3);
    });
    expect(await inRest(sealed)).toEqual({ events: 0, payloads: 0 });
    expect(await rows(sealed, OUT_OF_PLACE)).toEqual([]);
    expect((await checkGuards(sealed.driver, wanted)).findings).toEqual([]);
    expect(await sealed.check()).toMatchObject({ ok: true, events: 14, sealed: 10 });
    await recordedAt(sealed, '2032-01-01T00:00:00Z', () => sealed.append(1));
    expect(await inRest(sealed)).toEqual({ events: 1, payloads: 1 });
    await sealed.seal();
    expect(await sealed.check()).toMatchObject({ ok: true, events: 15, sealed: 15 });
  });

  it.each([
    ['an event was altered', `update billing_audit.audit_events set severity = 'HIGH' where seq = 6`, /severity/, true],
    ['values are gone', 'delete from billing_audit.event_payloads where seq = 6', /values|payload/i, true],
    [
      'an event is gone with its values',
      `delete from billing_audit.event_payloads where seq = 6; delete from billing_audit.audit_events where seq = 6`,
      /6/,
      true,
    ],
    [
      'an event was given another time',
      `update billing_audit.audit_events set recorded_at = recorded_at + interval '1 day' where seq = 6`,
      /recorded|timestamp|time/i,
      false,
    ],
    [
      'an event has no key',
      `delete from billing_audit.event_payloads where seq = 6; delete from billing_audit.event_keys where seq = 6`,
      /key|values/i,
      false,
    ],
  ])('is told as before when %s, before the months are made and after', async (_, attack, said, isMoved) => {
    await rows(sealed, unseen(attack));
    expect((await checkGuards(sealed.driver, wanted)).findings).toEqual([]);
    const before = await sealed.check();
    expect(before.ok).toBe(false);
    expect(before.findings.map(({ text }) => text).join(' ')).toMatch(said);
    await recordedAt(sealed, IN_MAY, async () => {
      expect(await make(sealed)).toEqual({ made: [...(isMoved ? ['2031-05'] : []), '2031-06', '2031-07'] });
    });
    expect((await sealed.check()).findings).toEqual(before.findings);
  });

  it.each([
    ['a guard of the rest is off', 'alter table billing_audit.audit_events_rest disable trigger never_removed'],
    ['somebody may read the rest', 'grant select on billing_audit.event_payloads_rest to service_role'],
  ])('is not made while %s, so that it still shows', async (_, weakened) => {
    await rows(sealed, weakened);
    const { findings } = await checkGuards(sealed.driver, wanted);
    expect(findings).not.toEqual([]);
    await recordedAt(sealed, IN_MAY, async () => expect(await make(sealed)).toEqual({ made: ['2031-06', '2031-07'] }));
    const after = (await checkGuards(sealed.driver, wanted)).findings.map(({ text }) => text);
    expect(after).toEqual(expect.arrayContaining(findings.map(({ text }) => text)));
    expect(await inRest(sealed)).toEqual({ events: 6, payloads: 6 });
  });

  it('is not made of what is no event of ours', async () => {
    const off = 'alter table billing_audit.audit_events drop constraint hash_is_of_preimage';
    const broken = `update billing_audit.audit_events_rest set preimage = preimage || ' ' where seq = 6`;
    const on = `alter table billing_audit.audit_events add constraint hash_is_of_preimage check (hash = sha256(previous_hash || convert_to(preimage, 'UTF8'))) not valid`;
    await rows(sealed, unseen(`${off}; ${broken}; ${on}`));
    await recordedAt(sealed, IN_MAY, async () => expect(await make(sealed)).toEqual({ made: ['2031-06', '2031-07'] }));
    expect(await inRest(sealed)).toEqual({ events: 6, payloads: 6 });
  });

  it('is not made of more than can be moved while everybody waits', async () => {
    await recordedAt(sealed, IN_MAY, () => sealed.append(5_000));
    await recordedAt(sealed, IN_MAY, async () => expect(await make(sealed)).toEqual({ made: ['2031-06', '2031-07'] }));
    expect(await inRest(sealed)).toEqual({ events: 5006, payloads: 5006 });
  });

  it('is made beside those who record, one chain without a gap', async () => {
    let isMade = false;
    await recordedAt(sealed, IN_MAY, async () => {
      const recording = [1, 2, 3].map(async (name) => {
        for (let number = 0; !isMade; number += 1) {
          await sealed.store.append([event(`beside:${name}:${number}`, { sheet_id: '1' })]);
        }
      });
      await make(sealed).finally(() => (isMade = true));
      await Promise.all(recording);
    });
    expect(await inRest(sealed)).toEqual({ events: 0, payloads: 0 });
    expect(await rows(sealed, OUT_OF_PLACE)).toEqual([]);
    await sealed.seal();
    expect(await sealed.check()).toMatchObject({ ok: true, unsealed: 0 });
  });
});

describeOnPostgres('a server that dies while it moves events into their month', () => {
  it('has moved all or nothing, and moves them when it is back', async () => {
    const store = await openPostgres();
    await recordedAt(store, IN_MAY, () =>
      store.driver.rpc('billing_audit_append', { events: [event('one'), event('two')] }),
    );
    await recordedAt(store, IN_MAY, async () => {
      const dying = new Client({ connectionString: store.url.replace(/user=[^&]*/, 'user=super') });
      dying.on('error', () => undefined);
      await dying.connect();
      await dying.query('begin');
      const made = await dying.query(`select public.billing_audit_make_months('{}') as made`);
      expect(made.rows).toMatchObject([{ made: { made: ['2031-05', '2031-06', '2031-07'] } }]);
      await store.halt();
      await store.resume();
      await dying.end().catch(() => undefined);
      expect(await inRest(store)).toEqual({ events: 2, payloads: 2 });
      expect(await make(store)).toEqual({ made: ['2031-05', '2031-06', '2031-07'] });
    });
    expect(await inRest(store)).toEqual({ events: 0, payloads: 0 });
    expect(await rows(store, OUT_OF_PLACE)).toEqual([]);
    await store.close();
  });
});
