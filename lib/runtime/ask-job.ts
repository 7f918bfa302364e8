import { BillingAuditError } from '../errors';
import type { Now, Sleep } from '../ports';
import type { Job, JobRequest, JobStore } from '../store/jobs';

/** Nobody took a job: no server of ours stands behind the store, or it is not running. */
export class NeedsServer extends BillingAuditError {
  readonly code = 'needs_server';
  readonly hint = 'Start a Billing Audit server on the same store (npx billing-audit start), then run this again.';

  constructor(kind: string, waitedSeconds: number) {
    super(`"${kind}" needs a Billing Audit server, and none took the job within ${waitedSeconds} s.`, { kind });
  }
}

/** A server took the job and could not do it. */
export class JobFailed extends BillingAuditError {
  readonly code = 'job_failed';
  readonly hint = 'The log of the Billing Audit server tells more; a job that is asked for anew begins anew.';

  constructor({ job_id, kind, why }: Job) {
    super(`Job ${job_id} (${kind}) failed: ${why ?? 'the server did not say why'}`, { job_id, kind });
  }
}

export interface AskingForJobs {
  readonly store: Pick<JobStore, 'requestJob' | 'job'>;
  readonly now: Now;
  readonly sleep: Sleep;
  /** How long a job may wait for a server. */
  readonly patienceSeconds?: number;
}

const PATIENCE_SECONDS = 60;
const FIRST_LOOK_MILLISECONDS = 250;
const LONGEST_LOOK_MILLISECONDS = 5_000;

/**
 * Asks for a job and waits for its end, however long it takes once a server has it.
 * @returns the job's result
 * @throws NeedsServer  when no server takes it
 * @throws JobFailed    when the server could not do it
 */
export async function askJob(parts: AskingForJobs, request: JobRequest): Promise<NonNullable<Job['result']>> {
  const { store, now, sleep, patienceSeconds = PATIENCE_SECONDS } = parts;
  const { job: asked } = await store.requestJob(request);
  const begunAt = now();
  let job: Job | null = asked;
  for (let pause = FIRST_LOOK_MILLISECONDS; ; pause = Math.min(pause * 2, LONGEST_LOOK_MILLISECONDS)) {
    if (job?.state === 'done') return job.result ?? {};
    if (job === null || job.state === 'failed') throw new JobFailed(job ?? asked);
    const neverBegun = job.state === 'waiting' && job.attempts === 0;
    if (neverBegun && now() - begunAt >= patienceSeconds * 1000) throw new NeedsServer(job.kind, patienceSeconds);
    await sleep(pause);
    job = await store.job(asked.job_id);
  }
}
