import { secretBox, storeOver, type JobRequest, type Store } from '../../../lib/store';
import { emptyStore } from '../empty-store';
import type { StoreUnderTest, TestedDriver } from '../stores';

export function jobsContract(under: () => StoreUnderTest): void {
  let driver: TestedDriver;
  let store: Store;

  beforeAll(() => {
    driver = under().driver;
    store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
  });
  beforeEach(() => emptyStore(driver));

  const backup: JobRequest = { kind: 'backup', parameters: { sheet_id: '7' }, askedBy: 'n8n workflow 12' };
  const lease = (worker = 'server 1', kinds: readonly string[] = ['backup']) =>
    store.leaseJob({ kinds, worker, leaseSeconds: 60 });
  const leasesRunOut = (): Promise<unknown> =>
    driver.transaction([{ sql: `update billing_audit.jobs set leased_until = leased_until - interval '1 day'` }]);

  /** Asks for a job and has a server lease it. */
  async function leased(): Promise<{ jobId: string; worker: string }> {
    const { job } = await store.requestJob(backup);
    expect((await lease())?.job_id).toBe(job.job_id);
    return { jobId: job.job_id, worker: 'server 1' };
  }

  describe('a job', () => {
    it('waits, is leased, tells how far it is, and is done with its result', async () => {
      const { job, isNew } = await store.requestJob(backup);
      expect(isNew).toBe(true);
      expect(job).toMatchObject({
        kind: 'backup',
        parameters: { sheet_id: '7' },
        asked_by: 'n8n workflow 12',
        state: 'waiting',
        attempts: 0,
        leased_by: null,
        result: null,
      });
      const inHand = { jobId: job.job_id, worker: 'server 1' };
      expect(await lease()).toMatchObject({ job_id: job.job_id, state: 'leased', attempts: 1, leased_by: 'server 1' });
      await store.reportJob(inHand, { fraction: 0.5, text: '5 of 10 sheets', leaseSeconds: 60 });
      expect(await store.job(job.job_id)).toMatchObject({ progress: { fraction: 0.5, text: '5 of 10 sheets' } });
      await store.reportJob(inHand, { fraction: null, text: 'zipping', leaseSeconds: 60 });
      expect((await store.job(job.job_id))?.progress).toMatchObject({ fraction: null, text: 'zipping' });
      await store.finishJob(inHand, { file: 'backups/a.zip' });
      expect(await store.job(job.job_id)).toMatchObject({
        state: 'done',
        result: { file: 'backups/a.zip' },
        leased_until: null,
        ended_at: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      });
      expect(await lease()).toBeNull();
    });

    it('that is asked for twice with one key is one job, and remembers who asked first', async () => {
      const one = await store.requestJob({ ...backup, requestKey: 'execution 5' });
      const other = await store.requestJob({ ...backup, requestKey: 'execution 5', askedBy: 'somebody else' });
      expect(other).toEqual({ job: one.job, isNew: false });
      expect(await store.jobs({ limit: 10 })).toEqual([one.job]);
    });

    it('goes to one server only, the oldest first, and only to one that can do it', async () => {
      const first = await store.requestJob(backup);
      const second = await store.requestJob(backup);
      expect(await lease('trainer', ['train'])).toBeNull();
      expect((await lease('server 1'))?.job_id).toBe(first.job.job_id);
      expect((await lease('server 2'))?.job_id).toBe(second.job.job_id);
      expect(await lease('server 3')).toBeNull();
    });

    it('is leased again when its server went silent, and the first one may not end it any more', async () => {
      const inHand = await leased();
      await leasesRunOut();
      expect(await lease('server 2')).toMatchObject({ job_id: inHand.jobId, attempts: 2, leased_by: 'server 2' });
      const late = { code: 'store_refused', sqlstate: 'BA008' };
      await expect(store.finishJob(inHand, {})).rejects.toMatchObject(late);
      await expect(store.failJob(inHand, 'late', false)).rejects.toMatchObject(late);
      await expect(store.reportJob(inHand, { fraction: 1, text: '', leaseSeconds: 60 })).rejects.toMatchObject(late);
      expect(await store.job(inHand.jobId)).toMatchObject({ state: 'leased', leased_by: 'server 2' });
    });

    it('may be ended late by its server while nobody else took it', async () => {
      const inHand = await leased();
      await leasesRunOut();
      await store.finishJob(inHand, { rows: 3 });
      expect(await store.job(inHand.jobId)).toMatchObject({ state: 'done', result: { rows: 3 } });
    });

    it('keeps its lease as long as its server reports', async () => {
      const inHand = await leased();
      await leasesRunOut();
      await store.reportJob(inHand, { fraction: 0.1, text: 'still here', leaseSeconds: 60 });
      expect(await lease('server 2')).toBeNull();
    });

    it('has failed when it was begun three times and never ended', async () => {
      const { jobId } = await leased();
      for (const worker of ['server 2', 'server 3']) {
        await leasesRunOut();
        expect((await lease(worker))?.leased_by).toBe(worker);
      }
      await leasesRunOut();
      expect(await lease('server 4')).toBeNull();
      expect(await store.job(jobId)).toMatchObject({
        state: 'failed',
        why: 'Begun 3 times and never finished, last by server 3.',
      });
    });

    it('fails with its reason, at once or after its last try', async () => {
      const inHand = await leased();
      expect(await store.failJob(inHand, 'the disk is full', true)).toBe('waiting');
      expect(await store.job(inHand.jobId)).toMatchObject({
        state: 'waiting',
        why: 'the disk is full',
        ended_at: null,
      });
      await lease();
      expect(await store.failJob(inHand, 'the sheet is gone', false)).toBe('failed');
      expect(await store.job(inHand.jobId)).toMatchObject({ state: 'failed', why: 'the sheet is gone', result: null });
      const other = await leased();
      await store.failJob(other, 'once', true);
      await lease();
      await store.failJob(other, 'twice', true);
      await lease();
      expect(await store.failJob(other, 'three times', true)).toBe('failed');
    });

    it.each([
      ['a kind with a space', { ...backup, kind: 'back up' }],
      ['parameters that are a list', { ...backup, parameters: [] as unknown as Record<string, unknown> }],
      ['parameters of a megabyte', { ...backup, parameters: { text: 'x'.repeat(1_000_000) } }],
      ['nobody who asks', { ...backup, askedBy: '' }],
    ])('with %s is refused, and says what it should be', async (_what, request) => {
      await expect(store.requestJob(request)).rejects.toMatchObject({
        sqlstate: 'BA001',
        hint: expect.stringContaining('parameters: an object') as string,
      });
      expect(await store.jobs({ limit: 10 })).toEqual([]);
    });

    it('that is not there is said not to be', async () => {
      expect(await store.job('404')).toBeNull();
      const finishing = store.finishJob({ jobId: '404', worker: 'server 1' }, {});
      await expect(finishing).rejects.toMatchObject({ sqlstate: 'BA007' });
    });

    it('is listed newest first, by state and page by page', async () => {
      const { jobId } = await leased();
      const { job: second } = await store.requestJob(backup);
      const { job: third } = await store.requestJob(backup);
      const ids = async (request: Parameters<Store['jobs']>[0]): Promise<string[]> =>
        (await store.jobs(request)).map((job) => job.job_id);
      expect(await ids({ limit: 2 })).toEqual([third.job_id, second.job_id]);
      expect(await ids({ limit: 2, before: second.job_id })).toEqual([jobId]);
      expect(await ids({ limit: 10, states: ['leased'] })).toEqual([jobId]);
    });

    it('keeps who asked for it, even from our own functions, and none can remove it', async () => {
      const rights = await driver.transaction([
        {
          sql: `select has_table_privilege('billing_audit_owner', 'billing_audit.jobs', 'delete') as remove,
          has_table_privilege('billing_audit_owner', 'billing_audit.jobs', 'truncate') as empty,
          array(select attname::text from pg_attribute where attrelid = 'billing_audit.jobs'::regclass and attnum > 0
            and has_column_privilege('billing_audit_owner', attrelid, attnum, 'update') order by attname) as altered`,
        },
      ]);
      expect(rights).toEqual([
        {
          remove: false,
          empty: false,
          altered: [
            'attempts',
            'begun_at',
            'ended_at',
            'leased_by',
            'leased_until',
            'progress',
            'result',
            'state',
            'why',
          ],
        },
      ]);
    });
  });
}
