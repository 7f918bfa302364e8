import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { SealBook } from '../../lib/seal';
import type { StoreDriver } from '../../lib/store';
import { bundleFilesAt, writeEvidence } from '../../server/export';
import { event } from '../store/examples';
import { describeOnPostgres } from '../support/postgres';
import { buildStoreWorker } from '../support/store';
import { until } from '../support/until';
import { archiveOf, partsOf, python, recordedAt } from './archiving';
import { openSealedPostgres, openSealedStore, type SealedStore } from './sealed-store';

jest.setTimeout(300_000);
const held = 'held@example.com';
const keeper = { by: 'Kim', role: 'admin', reason: 'It is old.' };

let sealed: SealedStore;

const rpc = (name: string, p: object): Promise<Record<string, unknown>> =>
  sealed.driver.rpc(`billing_audit_${name}`, p) as Promise<Record<string, unknown>>;

/** January, February and March of 2026; what stands in January of a person was done by somebody else. */
async function fill(): Promise<void> {
  const concern = { risk_score: 0.9, severity: 'HIGH', violation_type: 'HISTORICAL_CHANGE' } as const;
  await recordedAt(sealed, '2026-01-15T12:00:00Z', () =>
    sealed.store.append([
      event('jan:1', { ...concern, changed_by: 'ana@example.com' }),
      event('jan:2'),
      event('jan:3', { sheet_id: '0', changed_by: 'Kim', values: { person: held } }),
    ]),
  );
  await recordedAt(sealed, '2026-02-15T12:00:00Z', () => sealed.store.append([event('feb:1'), event('feb:2')]));
  await recordedAt(sealed, '2026-03-15T12:00:00Z', () => sealed.store.append([event('mar:1'), event('mar:2')]));
  await sealed.store.append([event('today:1')]);
  await sealed.seal();
}

/** A bundle while whose events are read, and before it ends, a month leaves. */
async function bundleWhile(month: string, place: string): Promise<void> {
  let isGone = false;
  class Leaving extends SealBook {
    override async *allEvents(...asked: Parameters<SealBook['allEvents']>): ReturnType<SealBook['allEvents']> {
      yield* super.allEvents(...asked);
      if (isGone) return;
      isGone = true;
      await archiveOf(sealed, month, `${month}.zip`);
    }
  }
  const files = bundleFilesAt(place, Date.now());
  const parts = { ...partsOf(sealed), files, book: new Leaving(sealed.driver) };
  await writeEvidence({ from: null, to: null, sheets: [] }, parts);
}

function archiving(open: () => Promise<SealedStore>): void {
  beforeAll(async () => {
    sealed = await open();
    await fill();
  });
  afterAll(() => sealed.close());

  it('is refused by a hold on a person of whom it tells what others did', async () => {
    const { hold } = (await rpc('hold', { person: held, ...keeper })) as { hold: { id: string } };
    await expect(archiveOf(sealed, '2026-01', 'held.zip')).rejects.toMatchObject({ sqlstate: 'BA013' });
    await rpc('release_hold', { hold_id: hold.id, ...keeper });
  });

  it('removes nothing when the file has more or fewer values than were not erased', async () => {
    const driver: Pick<StoreDriver, 'rpc'> = {
      rpc: async (name, p) => {
        const answer = await sealed.driver.rpc(name, p);
        return name === 'billing_audit_archivable' ? { ...(answer as object), erased: 1 } : answer;
      },
    };
    const parts = { ...partsOf(sealed), driver };
    await expect(archiveOf(sealed, '2026-01', 'fewer.zip', { parts })).rejects.toMatchObject({
      code: 'archive_not_whole',
      message: expect.stringContaining('0 events in fewer.zip have no values, and 1 were erased') as string,
    });
    expect(existsSync(join(sealed.folder, 'fewer.zip'))).toBe(false);
  });

  it('writes a bundle anew when a month leaves meanwhile, and one of a time after it holds too', async () => {
    const zip = join(sealed.folder, 'meanwhile.zip');
    await bundleWhile('2026-01', zip);
    expect(python(zip)).toMatchObject({ code: 0, told: expect.stringContaining('Archived: 3 events') as string });
    const later = join(sealed.folder, 'later');
    const order = { from: '2026-03-01T00:00:00Z', to: null, sheets: [] };
    await writeEvidence(order, { ...partsOf(sealed), files: bundleFilesAt(later, Date.now()) });
    expect(python(later)).toMatchObject({
      code: 0,
      told: expect.stringContaining('All that is sealed holds.') as string,
    });
    await sealed.seal();
    const folder = join(sealed.folder, 'meanwhile');
    await bundleWhile('2026-02', folder);
    expect(python(folder)).toMatchObject({ code: 0, told: expect.stringContaining('Archived: 2 events') as string });
    await sealed.seal();
  });

  it('lets nobody judge what has left: it might be their own', async () => {
    const judging = rpc('judge', { event_key: 'jan:1', verdict: 'false', by: 'ana@example.com', role: 'auditor' });
    await expect(judging).rejects.toMatchObject({
      sqlstate: 'BA016',
      message: expect.stringContaining('erased or archived') as string,
    });
    const sql = `insert into billing_audit.judgements (event_key, verdict, reviewer, reviewer_role, note)
                 values ('jan:1', 'false', 'Kim', 'admin', '')`;
    await expect(sealed.driver.transaction([{ sql }])).rejects.toMatchObject({
      message: expect.stringContaining('was archived') as string,
    });
  });

  it('is refused when values are gone that no erasure took, and when the trail tells of no such erasure', async () => {
    await sealed.tamper(`delete from billing_audit.event_payloads as d using billing_audit.event_keys as k
      where k.stream = d.stream and k.seq = d.seq and k.event_key = 'mar:2'`);
    await expect(archiveOf(sealed, '2026-03', 'mar.zip')).rejects.toMatchObject({
      sqlstate: 'BA015',
      message: expect.stringContaining('are gone, and no erasure took them') as string,
    });
    await sealed.tamper(`
      insert into billing_audit.erasures (reason, erased_by, erased_at, events) values ('x', 'Eve', now(), 1);
      insert into billing_audit.erased_events (stream, seq, erasure_id)
      select stream, seq, (select max(id) from billing_audit.erasures) from billing_audit.event_keys
      where event_key = 'mar:2'`);
    await expect(archiveOf(sealed, '2026-03', 'mar.zip')).rejects.toMatchObject({ code: 'trail_not_whole' });
    expect(existsSync(join(sealed.folder, 'mar.zip'))).toBe(false);
    expect((await sealed.store.search({ event_key: 'mar:2' })).events).toHaveLength(1);
  });

  it('lets what turned up late in a month that had left leave in a second file', async () => {
    await recordedAt(sealed, '2026-02-20T12:00:00Z', () => sealed.store.append([event('late:1', { sheet_id: '777' })]));
    await sealed.seal();
    await expect(rpc('archivable', { month: '2026-03' })).rejects.toMatchObject({
      sqlstate: 'BA015',
      hint: expect.stringContaining('archive 2026-02 first') as string,
    });
    const { spans, erased } = await rpc('archivable', { month: '2026-02' });
    const second = { month: '2026-02', file: 'late.zip', sha256: 'a'.repeat(64), spans, erased, ...keeper };
    expect(await rpc('archive', second)).toMatchObject({ archive: { month: '2026-02', events: 1 } });
    expect(await rpc('archives', {})).toMatchObject({
      archives: [{ month: '2026-01' }, { month: '2026-02' }, { month: '2026-02', file: 'late.zip' }],
    });
  });
}

describe('archiving a month', () => {
  describe('of the embedded store', () => archiving(() => openSealedStore(buildStoreWorker())));
  describeOnPostgres('of PostgreSQL, as no superuser', () => {
    archiving(openSealedPostgres);

    it('waits for a verdict that is being given, so that nothing is counted off twice', async () => {
      const store = await openSealedPostgres();
      const client = new Client({ connectionString: store.url });
      sealed = store;
      try {
        await fill();
        await client.connect();
        await client.query('begin');
        await client.query(
          `select set_config('role', 'service_role', true), set_config('request.jwt.claims', '{"role":"service_role"}', true)`,
        );
        const verdict = { event_key: 'jan:1', mark: 'false_alarm', reason: 'agreed', by: 'Kim', role: 'admin' };
        await client.query('select public.billing_audit_mark($1)', [JSON.stringify(verdict)]);
        const leaving = archiveOf(store, '2026-01', 'jan.zip');
        await until(async () => {
          const sql = `select 1 as one from pg_locks where not granted and relation = 'billing_audit.feedback'::regclass`;
          return (await store.driver.transaction([{ sql, parameters: [] }])).length > 0;
        }, 'the archive waits');
        await client.query('commit');
        expect(await leaving).toMatchObject({ events: 3 });
        expect(await rpc('overview', { days: 400 })).toMatchObject({ cards: { look_at: 0 } });
      } finally {
        await client.end();
        await store.close();
      }
    });
  });
});
