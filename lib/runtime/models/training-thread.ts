import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { BillingAuditError } from '../../errors';
import type { BillingSettings } from '../../settings';
import type { ModelStore, TrailLines } from '../../store/models';
import { Erasures } from './erasures';
import type { LearnedModel } from './learned-model';
import type { FromThread, ToThread } from './protocol';
import { removeState } from './state-file';

/** A training ended without a model. */
export class TrainingFailed extends BillingAuditError {
  constructor(
    readonly code: string,
    message: string,
    readonly hint: string,
  ) {
    super(message);
  }
}

export interface TrainingParts {
  readonly store: Pick<ModelStore, 'trailLines' | 'labels'>;
  readonly settings: BillingSettings;
  readonly stateFile: string;
  /** The bundle of `worker.ts`. Default: beside this bundle. */
  readonly workerPath?: string | undefined;
  /** Ends the thread at once. */
  readonly signal?: AbortSignal;
  /** Events read so far. */
  readonly onProgress?: (events: number) => void;
}

export interface TrainingOrder {
  readonly seed: number;
  /** The newest so many events are learned from. */
  readonly most: number;
  /** The body of the model in force; null: none. */
  readonly champion: string | null;
  readonly now: number;
}

/** Small enough that nobody who asks the store meanwhile waits long: 5 ms, where 250 take 14 and are read a tenth sooner. */
const PAGE = 100;

/**
 * Trains in a thread of its own: this thread only hands pages of the trail on.
 * @throws TrainingFailed    there is too little to learn from, or the thread ended
 * @throws StoreUnavailable  the trail cannot be read
 */
export function trainInThread(parts: TrainingParts, order: TrainingOrder): Promise<LearnedModel> {
  return withThread(parts, async (ask) => {
    await readTrail(parts, ask, { fromState: false, most: order.most });
    await ask({ type: 'keep' });
    const feedback = await parts.store.labels();
    const { champion, seed, now } = order;
    const answer = await ask({ type: 'learn', feedback, champion, seed, now });
    if (answer.type !== 'learned') throw unexpected(answer);
    return answer.model;
  });
}

/** Brings the kept state up to what is recorded. @returns the position up to which it is kept */
export function keepStateInThread(parts: TrainingParts): Promise<number> {
  return withThread(parts, async (ask) => {
    await readTrail(parts, ask, { fromState: true, most: 0 });
    const answer = await ask({ type: 'keep' });
    return answer.type === 'kept' ? answer.position : 0;
  });
}

type Ask = (message: ToThread) => Promise<FromThread>;

interface Reading {
  readonly fromState: boolean;
  readonly most: number;
}

/** Hands the whole trail on. What was erased meanwhile must not live on in the state: then all is read anew. */
async function readTrail(parts: TrainingParts, ask: Ask, { fromState, most }: Reading): Promise<void> {
  let begun = await beginReading(parts, ask, { fromState, most });
  const erasures = new Erasures(begun === 0 ? null : begun);
  while (!(await readOnce(parts, ask, begun, erasures))) {
    removeState(parts.stateFile);
    begun = await beginReading(parts, ask, { fromState: false, most });
  }
}

/** @returns the position to read from */
async function beginReading({ settings, stateFile }: TrainingParts, ask: Ask, reading: Reading): Promise<number> {
  const begun = await ask({ type: 'begin', settings, stateFile, ...reading });
  if (begun.type !== 'begun') throw unexpected(begun);
  return begun.after;
}

/** @returns false when something was erased after the reading began */
async function readOnce(
  { store, onProgress }: TrainingParts,
  ask: Ask,
  from: number,
  erasures: Erasures,
): Promise<boolean> {
  let taking: Promise<unknown> = Promise.resolve();
  let read = 0;
  for (let after: number | null = from; after !== null;) {
    // The next page is read while the thread takes this one.
    const page: TrailLines = await store.trailLines(after, PAGE);
    await taking;
    if (erasures.areNewIn(page)) return false;
    taking = ask({ type: 'page', page });
    read += page.lines.length;
    onProgress?.(read);
    after = page.next;
  }
  await taking;
  return true;
}

async function withThread<Result>(
  { workerPath, signal }: Pick<TrainingParts, 'workerPath' | 'signal'>,
  work: (ask: Ask) => Promise<Result>,
): Promise<Result> {
  if (signal?.aborted) throw new TrainingFailed('training_failed', 'The server is stopping.', 'Train again later.');
  const worker = new Worker(workerPath ?? join(__dirname, 'model-worker.js'), { stdout: false });
  const end = (): void => void worker.terminate();
  signal?.addEventListener('abort', end, { once: true });
  try {
    return await work(askerOf(worker));
  } finally {
    signal?.removeEventListener('abort', end);
    await worker.terminate();
  }
}

/** Answers come in the order of the questions. */
function askerOf(worker: Worker): Ask {
  const waiting: { readonly resolve: (answer: FromThread) => void; readonly reject: (why: Error) => void }[] = [];
  let ended: Error | null = null;
  worker.on('message', (answer: FromThread) => {
    const next = waiting.shift();
    if (answer.type === 'failed') next?.reject(new TrainingFailed(answer.code, answer.message, answer.hint));
    else next?.resolve(answer);
  });
  const end = (why: Error): void => {
    ended ??= why;
    for (const { reject } of waiting.splice(0)) reject(why);
  };
  const hint = 'Train again; if it repeats, give the process more memory or learn from fewer events.';
  worker.on('error', ({ message }) =>
    end(new TrainingFailed('training_failed', `The training thread failed: ${message}.`, hint)),
  );
  worker.on('exit', (code) => end(new TrainingFailed('training_failed', `The training thread ended (${code}).`, hint)));
  return (message) => {
    if (ended) return Promise.reject(ended);
    const answer = new Promise<FromThread>((resolve, reject) => waiting.push({ resolve, reject }));
    // Whoever waits later for the answer hears of a failure then.
    answer.catch(() => undefined);
    worker.postMessage(message);
    return answer;
  };
}

function unexpected({ type }: FromThread): TrainingFailed {
  return new TrainingFailed('training_failed', `The training thread answered "${type}" out of turn.`, 'Train again.');
}
