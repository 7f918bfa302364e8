/** Work that a host asks of a server, because it takes files, threads or sockets. Times are ISO 8601, UTC. */
export interface Job {
  readonly job_id: string;
  readonly kind: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly request_key: string | null;
  /** A program, workflow or person, in the words of who asked. */
  readonly asked_by: string;
  readonly asked_at: string;
  readonly state: 'waiting' | 'leased' | 'done' | 'failed';
  /** How often it was begun. */
  readonly attempts: number;
  readonly leased_by: string | null;
  readonly leased_until: string | null;
  readonly begun_at: string | null;
  readonly progress: JobProgress | null;
  /** Of a job that is done. */
  readonly result: Readonly<Record<string, unknown>> | null;
  /** Why it failed, or why its last try did. */
  readonly why: string | null;
  readonly ended_at: string | null;
}

export interface JobProgress {
  /** 0..1; null: nobody knows. */
  readonly fraction: number | null;
  readonly text: string;
  readonly at: string;
}

export interface JobRequest {
  readonly kind: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly askedBy: string;
  /** Asking twice with the same key is asking once. */
  readonly requestKey?: string;
}

/** Who holds a job: every later word about it must come from the same worker. */
export interface JobInHand {
  readonly jobId: string;
  readonly worker: string;
}

/** Jobs, from both sides: who asks, and the server that does them. */
export interface JobStore {
  requestJob(request: JobRequest): Promise<{ readonly job: Job; readonly isNew: boolean }>;
  /** Null: there is no such job. */
  job(jobId: string): Promise<Job | null>;
  /** Newest first, 200 at most; `before` a job for the page behind it. */
  jobs(request: {
    readonly limit: number;
    readonly states?: readonly Job['state'][];
    readonly before?: string;
  }): Promise<readonly Job[]>;
  /** The oldest job that waits, or whose lease ran out; null when there is none. The third lease is the last. */
  leaseJob(request: {
    readonly kinds: readonly string[];
    readonly worker: string;
    readonly leaseSeconds: number;
  }): Promise<Job | null>;
  /**
   * Says how far a job is, and extends its lease.
   * @throws StoreRefused  BA007 no such job; BA008 the lease is lost, so that the work is to be dropped
   */
  reportJob(job: JobInHand, report: JobReport): Promise<void>;
  /** @throws StoreRefused  BA007, BA008 */
  finishJob(job: JobInHand, result: Readonly<Record<string, unknown>>): Promise<void>;
  /**
   * @param again  give it back for another try, of which there are three in all
   * @throws StoreRefused  BA007, BA008
   */
  failJob(job: JobInHand, why: string, again: boolean): Promise<Job['state']>;
  /** Takes back a job that no server has begun. @returns false when one had it already, or it has ended */
  withdrawJob(jobId: string): Promise<boolean>;
}

export interface JobReport {
  readonly fraction: number | null;
  readonly text: string;
  readonly leaseSeconds: number;
}
