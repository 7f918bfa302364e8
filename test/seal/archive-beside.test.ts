import { Client } from 'pg';
import { event } from '../store/examples';
import { describeOnPostgres } from '../support/postgres';
import { until } from '../support/until';
import { recordedAt } from './archiving';
import { openSealedPostgres, type SealedStore } from './sealed-store';

/** What needs a look, and is counted until somebody has looked. */
const CONCERN = { violation_type: 'HISTORICAL_CHANGE', severity: 'HIGH', risk_score: 0.9 } as const;

describeOnPostgres('while a month is being removed, which takes its time', () => {
  let sealed: SealedStore & { readonly url: string };
  /** Somebody who has an event in hand, so that the removal is in the middle of it until they let go. */
  let slow: Client;
  let leaving: Promise<unknown>;

  beforeAll(async () => {
    sealed = await openSealedPostgres();
    await recordedAt(sealed, '2026-01-15T12:00:00Z', async () => {
      await sealed.store.append(Array.from({ length: 20 }, (_, number) => event(`jan:${number}`, CONCERN)));
    });
    await sealed.store.append([event('today:1', CONCERN)]);
    await sealed.seal();
    const month = (await sealed.driver.rpc('billing_audit_archivable', { month: '2026-01' })) as object;
    slow = new Client({ connectionString: sealed.url.replace(/user=[^&]*/, 'user=super') });
    await slow.connect();
    await slow.query(`begin; select from billing_audit.event_payloads where event_key = 'jan:7' for update`);
    const order = { ...month, file: '2026-01.zip', sha256: '0'.repeat(64), reason: 'Old.', by: 'Kim', role: 'admin' };
    leaving = sealed.driver.rpc('billing_audit_archive', order);
    const waits = `select from pg_stat_activity where wait_event_type = 'Lock' and query like '%billing_audit_archive%'`;
    const waiting = () => sealed.driver.transaction([{ sql: waits, parameters: [] }]);
    await until(async () => (await waiting()).length === 1, 'the removal to have begun');
  }, 60_000);
  afterAll(async () => {
    await slow?.end();
    await leaving?.catch(() => undefined);
    await sealed?.close();
  });

  it('what needs a look is recorded, in a chain of which events leave as well, and all is found', async () => {
    const [first] = await sealed.store.append([event('today:2', CONCERN)]);
    expect(first).toMatchObject({ is_new: true });
    for (const key of ['today:2', 'jan:1']) {
      expect((await sealed.store.search({ event_key: key })).events).toHaveLength(1);
    }
  });

  it('and in the end all is sealed, and what needs a look is counted', async () => {
    await slow.query('rollback');
    expect(await leaving).toMatchObject({ archive: { events: 20 } });
    const { cards } = (await sealed.driver.rpc('billing_audit_overview', { days: 400 })) as {
      cards: { look_at: number };
    };
    expect(cards.look_at).toBe(2);
    await sealed.seal();
    expect(await sealed.check()).toMatchObject({ ok: true, unsealed: 0 });
  });
});

describeOnPostgres('a month that leaves with its partition', () => {
  let sealed: SealedStore & { readonly url: string };
  let order: object;
  /** Somebody in the middle of something, who holds what a removal needs. */
  let other: Client;
  const waiting = (what: string): Promise<readonly unknown[]> =>
    sealed.driver.transaction([
      {
        sql: `select from pg_stat_activity where wait_event_type = 'Lock' and query like '%${what}%' and pid <> pg_backend_pid()`,
        parameters: [],
      },
    ]);
  const january = async (): Promise<boolean> => {
    const sql = `select to_regclass('billing_audit.audit_events_2026_01') is not null as there`;
    return (await sealed.driver.transaction([{ sql, parameters: [] }]))[0]?.['there'] === true;
  };

  beforeAll(async () => {
    sealed = await openSealedPostgres();
    await recordedAt(sealed, '2026-01-15T12:00:00Z', async () => {
      await sealed.driver.rpc('billing_audit_make_months', {});
      await sealed.store.append(Array.from({ length: 20 }, (_, number) => event(`jan:${number}`, CONCERN)));
      // Its chain stays, and so it lies in a month that leaves.
      const hold = { sheet_id: '1', by: 'Kim', role: 'admin', reason: 'A court asks.' };
      await sealed.driver.rpc('billing_audit_hold', hold);
    });
    await sealed.store.append([event('today:1', CONCERN)]);
    await sealed.seal();
    const month = (await sealed.driver.rpc('billing_audit_archivable', { month: '2026-01' })) as object;
    order = { ...month, file: '2026-01.zip', sha256: '0'.repeat(64), reason: 'Old.', by: 'Kim', role: 'admin' };
    other = new Client({ connectionString: sealed.url.replace(/user=[^&]*/, 'user=super') });
    await other.connect();
  }, 60_000);
  afterAll(async () => {
    await other?.end();
    await sealed?.close();
  });

  it('is left alone, with a sentence, when somebody reads the trail without an end', async () => {
    await other.query('begin; select count(*) from billing_audit.audit_events');
    await expect(sealed.driver.rpc('billing_audit_archive', order)).rejects.toMatchObject({
      sqlstate: 'BA015',
      message: expect.stringContaining('without a pause, so nothing was archived') as string,
    });
    await other.query('rollback');
    expect(await january()).toBe(true);
    expect(await sealed.check()).toMatchObject({ ok: true, archives: [] });
  }, 120_000);

  it('is left alone where an older snapshot would hide what was recorded meanwhile', async () => {
    await other.query(
      `begin isolation level repeatable read; set local request.jwt.claims = '{"role": "service_role"}'`,
    );
    await expect(other.query('select public.billing_audit_archive($1)', [JSON.stringify(order)])).rejects.toMatchObject(
      {
        code: 'BA015',
        message: expect.stringContaining('this one is repeatable read') as string,
      },
    );
    await other.query('rollback');
  });

  it('is left alone when it holds what no chain knows, which would leave without being in the file', async () => {
    const forged = `insert into billing_audit.audit_events select (jsonb_populate_record(e, '{"stream": "forged", "event_key": "x", "position": 99}')).*
      from billing_audit.audit_events as e where event_key = 'jan:1'`;
    const off = `alter table billing_audit.audit_events disable trigger all`;
    const on = `alter table billing_audit.audit_events enable trigger all`;
    await sealed.driver.transaction([{ sql: off }, { sql: forged }, { sql: on }]);
    await expect(sealed.driver.rpc('billing_audit_archive', order)).rejects.toMatchObject({
      sqlstate: 'BA015',
      message: expect.stringContaining('not those that the archive holds') as string,
    });
    expect(await january()).toBe(true);
    const away = `delete from billing_audit.audit_events where stream = 'forged'`;
    await sealed.driver.transaction([{ sql: off }, { sql: away }, { sql: on }]);
  });

  it('leaves beside a verdict that is being given on it, which neither waits for ever nor is lost', async () => {
    const verdict = { event_key: 'jan:3', mark: 'looking', by: 'Kim', role: 'admin' };
    await other.query(`begin; set local request.jwt.claims = '{"role": "service_role"}'`);
    await other.query('select payload from billing_audit.event_payloads limit 1');
    const leaving = sealed.driver.rpc('billing_audit_archive', order);
    await until(async () => (await waiting('billing_audit_archive')).length === 1, 'the removal to have begun');
    // It holds back verdicts, and waits for whoever has read a payload: we are both.
    await other.query('select public.billing_audit_mark($1)', [JSON.stringify(verdict)]);
    await other.query('commit');
    expect(await leaving).toMatchObject({ archive: { events: 20 } });
    expect(await january()).toBe(false);
    const { cards } = (await sealed.driver.rpc('billing_audit_overview', { days: 400 })) as {
      cards: { look_at: number };
    };
    expect(cards.look_at).toBe(1);
  }, 60_000);

  it('leaves behind what must stay of it, and all verifies', async () => {
    const [hold] = (await sealed.store.search({ kind: 'legal_hold_set' })).events;
    expect(hold).toMatchObject({ timestamp: '2026-01-15T12:00:00.000Z', changed_by: 'Kim' });
    // It lies in the rest now, by right: nobody is told that a month is lacking.
    expect(await sealed.driver.rpc('billing_audit_counts', {})).toMatchObject({ events_in_rest: 0 });
    await sealed.seal();
    expect(await sealed.check()).toMatchObject({ ok: true, unsealed: 0, archives: [{ events: 20 }] });
  });
});

describeOnPostgres('months of a chain whose clock went back', () => {
  it('leave one after the other, what lies in the rest too', async () => {
    const sealed = await openSealedPostgres();
    const recorded = (at: string, key: string): Promise<void> =>
      recordedAt(sealed, at, async () => {
        await sealed.driver.rpc('billing_audit_make_months', {});
        await sealed.store.append([event(key)]);
      });
    await recorded('2026-01-10T12:00:00Z', 'jan:1');
    await recorded('2026-02-10T12:00:00Z', 'feb:1');
    await recorded('2026-01-20T12:00:00Z', 'jan:2');
    await recorded('2026-02-12T12:00:00Z', 'feb:2');
    await recorded('2026-03-12T12:00:00Z', 'mar:1');
    await sealed.seal();
    const left: unknown[] = [];
    for (const month of ['2026-01', '2026-02', '2026-03']) {
      const { archive } = (await sealed.driver.rpc('billing_audit_archive', {
        ...((await sealed.driver.rpc('billing_audit_archivable', { month })) as object),
        ...{ file: `${month}.zip`, sha256: '0'.repeat(64), reason: 'Old.', by: 'Kim', role: 'admin' },
      })) as { archive: { events: number } };
      left.push(archive.events);
    }
    // What was recorded in January again lies behind February in its chain.
    expect(left).toEqual([1, 3, 1]);
    await sealed.seal();
    expect(await sealed.check()).toMatchObject({ ok: true, unsealed: 0 });
    const months = `select count(*)::integer as n from pg_inherits where inhrelid::regclass::text ~ 'audit_events_2026_0[123]'`;
    expect(await sealed.driver.transaction([{ sql: months, parameters: [] }])).toEqual([{ n: 0 }]);
    await sealed.close();
  }, 60_000);
});
