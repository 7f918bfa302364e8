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
