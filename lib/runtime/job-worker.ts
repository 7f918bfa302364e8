import { messageOf } from '../errors';
import type { Log, Sleep } from '../ports';
import type { Job, JobInHand, JobStore } from '../store/jobs';
import { StoreRefused } from '../store/store-errors';

/** Says how far the work is: 0..1 or null, and a few words. */
export type ReportProgress = (fraction: number | null, text: string) => Promise<void>;

/** Does one kind of job; what it gives is the job's result. */
export type DoJob = (
  parameters: Job['parameters'],
  report: ReportProgress,
) => Promise<Readonly<Record<string, unknown>>>;

export interface JobWorkerParts {
  readonly store: Pick<JobStore, 'leaseJob' | 'reportJob' | 'finishJob' | 'failJob'>;
  /** What this process can do, by the kind of job. */
  readonly kinds: Readonly<Record<string, DoJob>>;
  /** Of this process; every word about a job it holds carries it. */
  readonly worker: string;
  readonly sleep: Sleep;
  readonly log: Log;
  /** Looks for work this often while there is none. */
  readonly idleSeconds?: number;
  readonly leaseSeconds?: number;
}

const IDLE_SECONDS = 2;
const LEASE_SECONDS = 60;
const RENEWALS_PER_LEASE = 3;

/**
 * Does what other hosts ask for and cannot do themselves, one job at a time. While it works the lease is renewed; a
 * process that ends lets it run out, and another takes the job.
 */
export class JobWorker {
  private readonly ending = new AbortController();
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly parts: JobWorkerParts) {}

  start(): void {
    if (Object.keys(this.parts.kinds).length > 0) this.running = this.run();
  }

  /** Ends after the job in hand. */
  async stop(): Promise<void> {
    this.ending.abort(new Error('The job worker has ended.'));
    await this.running;
  }

  private async run(): Promise<void> {
    const { sleep, log, idleSeconds = IDLE_SECONDS } = this.parts;
    let complaint: string | null = null;
    while (!this.ending.signal.aborted) {
      const job = await this.lease().catch((failure: unknown) => {
        const message = messageOf(failure);
        if (message !== complaint) log.error(`Jobs cannot be fetched: ${message}`);
        complaint = message;
        return null;
      });
      if (job) await this.work(job);
      else await sleep(idleSeconds * 1000, this.ending.signal).catch(() => undefined);
    }
  }

  private lease(): Promise<Job | null> {
    const { store, kinds, worker, leaseSeconds = LEASE_SECONDS } = this.parts;
    return store.leaseJob({ kinds: Object.keys(kinds), worker, leaseSeconds });
  }

  private async work(job: Job): Promise<void> {
    const { store, kinds, worker, log } = this.parts;
    const inHand: JobInHand = { jobId: job.job_id, worker };
    const done = new AbortController();
    const renewing = this.renew(inHand, done.signal);
    const about = { job: job.job_id, kind: job.kind };
    try {
      const doIt = kinds[job.kind];
      if (!doIt) throw new Error(`Nobody here does jobs of the kind ${job.kind}.`);
      const report: ReportProgress = (fraction, text) => this.report(inHand, fraction, text);
      const result = await doIt(job.parameters, report);
      await store.finishJob(inHand, result);
      log.info('A job is done.', about);
    } catch (failure) {
      log.error(`A job failed: ${messageOf(failure)}`, about);
      await this.giveUp(inHand, failure);
    } finally {
      done.abort();
      await renewing;
    }
  }

  private report(inHand: JobInHand, fraction: number | null, text: string): Promise<void> {
    const { store, leaseSeconds = LEASE_SECONDS } = this.parts;
    return store.reportJob(inHand, { fraction, text, leaseSeconds });
  }

  private async renew(inHand: JobInHand, done: AbortSignal): Promise<void> {
    const { sleep, log, leaseSeconds = LEASE_SECONDS } = this.parts;
    for (;;) {
      await sleep((leaseSeconds * 1000) / RENEWALS_PER_LEASE, done).catch(() => undefined);
      if (done.aborted) return;
      await this.report(inHand, null, 'at work').catch((failure: unknown) => {
        log.warn(`The lease of a job could not be renewed: ${messageOf(failure)}`, { job: inHand.jobId });
      });
    }
  }

  /** A failure of the work itself is final; one of the store is tried again by whoever leases the job next. */
  private async giveUp(inHand: JobInHand, failure: unknown): Promise<void> {
    const { store, log } = this.parts;
    const isLost = failure instanceof StoreRefused && failure.sqlstate === 'BA008';
    if (isLost) return;
    const again = (failure as { code?: unknown } | null)?.code === 'store_unavailable';
    await store.failJob(inHand, messageOf(failure), again).catch((thrown: unknown) => {
      log.warn(`A job could not be given back: ${messageOf(thrown)}. Its lease runs out by itself.`);
    });
  }
}
