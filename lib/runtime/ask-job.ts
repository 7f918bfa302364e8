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

/** A server had the job, and nothing was heard of it for long. */
export class ServerGone extends BillingAuditError {
  readonly code = 'server_gone';
  readonly hint = 'Start the Billing Audit server again: it takes the job up by itself.';

  constructor({ job_id, kind }: Job, silentSeconds: number) {
    super(
      `Nothing was heard of job ${job_id} (${kind}) for ${silentSeconds} s; it was begun, and its server is gone.`,
      {
        job_id,
        kind,
      },
    );
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
  readonly store: Pick<JobStore, 'requestJob' | 'job' | 'withdrawJob'>;
  readonly now: Now;
  readonly sleep: Sleep;
  /** How long a job may wait for a server. */
  readonly patienceSeconds?: number;
  /** How long nothing may be heard of a job that was begun; whoever does it renews its lease every 20 s. */
  readonly silenceSeconds?: number;
}

const PATIENCE_SECONDS = 60;
const SILENCE_SECONDS = 300;
const FIRST_LOOK_MILLISECONDS = 250;
const LONGEST_LOOK_MILLISECONDS = 5_000;

/**
 * Asks for a job and waits for its end, however long it takes while a server is at work on it.
 * @returns the job's result
 * @throws NeedsServer  when no server takes it; the job is withdrawn
 * @throws ServerGone   when the server that had it is heard of no more
 * @throws JobFailed    when the server could not do it
 */
export async function askJob(parts: AskingForJobs, request: JobRequest): Promise<NonNullable<Job['result']>> {
  const { store, now, sleep, patienceSeconds = PATIENCE_SECONDS, silenceSeconds = SILENCE_SECONDS } = parts;
  const { job: asked } = await store.requestJob(request);
  let heardAt = now();
  let heard = lifeOf(asked);
  let job: Job | null = asked;
  for (let pause = FIRST_LOOK_MILLISECONDS; ; pause = Math.min(pause * 2, LONGEST_LOOK_MILLISECONDS)) {
    if (job?.state === 'done') return job.result ?? {};
    // Withdrawn by an earlier try of the same: nobody ever began it.
    if (job?.state === 'failed' && job.attempts === 0) throw new NeedsServer(job.kind, patienceSeconds);
    if (job === null || job.state === 'failed') throw new JobFailed(job ?? asked);
    if (lifeOf(job) !== heard) [heard, heardAt] = [lifeOf(job), now()];
    const silentSeconds = (now() - heardAt) / 1000;
    const neverBegun = job.state === 'waiting' && job.attempts === 0;
    if (neverBegun && silentSeconds >= patienceSeconds) {
      // A server that starts tomorrow must not do what nobody waits for any more.
      if (await store.withdrawJob(job.job_id)) throw new NeedsServer(job.kind, patienceSeconds);
      job = await store.job(job.job_id);
      continue;
    }
    if (!neverBegun && silentSeconds >= silenceSeconds) throw new ServerGone(job, silenceSeconds);
    await sleep(pause);
    job = await store.job(asked.job_id);
  }
}

/** Another text whenever somebody has done something about the job. */
function lifeOf({ state, attempts, leased_until, progress }: Job): string {
  return JSON.stringify([state, attempts, leased_until, progress]);
}
