import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { BillingAuditError } from '../../errors';
import type { BillingSettings } from '../../settings';
import type { ModelStore } from '../../store/models';
import { Erasures, type KnownErasures } from './erasures';
import type { LearnedModel } from './learned-model';
import type { FromThread, ToThread } from './protocol';
import { type HandLines, type Reading, readOnce } from './reading';
import { removeStates } from './state-file';

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
  readonly store: Pick<ModelStore, 'trailLines' | 'importedLines' | 'labels'>;
  readonly settings: BillingSettings;
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

/**
 * Trains in a thread of its own: this thread only hands pages of the trail on.
 * @throws TrainingFailed    there is too little to learn from, or the thread ended
 * @throws StoreUnavailable  the trail cannot be read
 */
export function trainInThread(parts: TrainingParts, order: TrainingOrder): Promise<LearnedModel> {
  return withThread(parts, async (ask) => {
    const { store, settings, onProgress } = parts;
    const begin = (): Promise<Begun> => begun(ask({ type: 'begin-lesson', settings, most: order.most }));
    const hand = handTo(ask, onProgress);
    const erasures = new Erasures(0);
    do await begin();
    while (typeof (await readOnce(store, { ...FROM_BEGINNING, upTo: 'end', erasures, hand })) === 'string');
    const feedback = await store.labels();
    const { champion, seed, now } = order;
    const answer = await ask({ type: 'learn', feedback, champion, seed, now });
    if (answer.type !== 'learned') throw unexpected(answer);
    return answer.model;
  });
}

export interface KeepingParts extends Omit<TrainingParts, 'store'> {
  readonly store: Pick<ModelStore, 'trailLines' | 'importedLines' | 'champion'>;
  readonly stateFile: string;
  /** From the keeping before, or from who followed the trail since: an erasure that is known is not taken for news again. */
  readonly known?: KnownErasures | null;
}

/** The position is the one that the kept state has come to. */
export interface Kept extends KnownErasures {
  /** The hash of the model in force, by which events rank in it; null: none was. */
  readonly model: string | null;
  /** It was made from the beginning of the trail, and not from what was kept before. */
  readonly isAnew: boolean;
  /** Why what was kept before could not be read; null: it could, or there was none. */
  readonly damaged: string | null;
}

/**
 * Brings the kept state up to what is recorded, in a thread of its own. What was erased meanwhile must not live on in it:
 * then all is read anew, and no state of before is left in its folder.
 */
export function keepStateInThread(parts: KeepingParts): Promise<Kept> {
  return withThread(parts, async (ask) => {
    const { store, settings, stateFile, known, onProgress } = parts;
    const { model: champion, body } = await store.champion(null);
    const model = champion && body !== null ? { hash: champion.hash, body } : null;
    const begin = (anew: boolean): Promise<Begun> =>
      begun(ask({ type: 'begin-state', settings, stateFile, model, anew }));
    const hand = handTo(ask, onProgress);
    const { after, ahead, damaged } = await begin(false);
    const erasures = new Erasures(after, known);
    let place: Pick<Reading, 'from' | 'ahead'> = { from: after, ahead };
    for (;;) {
      const read = await readOnce(store, { ...place, upTo: 'settled', erasures, hand });
      if (typeof read !== 'string') {
        const answer = await ask({ type: 'keep', ...read });
        if (answer.type !== 'kept') throw unexpected(answer);
        const isAnew = place.from === 0;
        return { position: read.position, erasedUpTo: erasures.upTo, model: model?.hash ?? null, isAnew, damaged };
      }
      if (read === 'erased') removeStates(dirname(stateFile));
      await begin(true);
      place = FROM_BEGINNING;
    }
  });
}

const FROM_BEGINNING = { from: 0, ahead: null } as const;

type Ask = (message: ToThread) => Promise<FromThread>;
type Begun = Extract<FromThread, { type: 'begun' }>;

async function begun(asked: Promise<FromThread>): Promise<Begun> {
  const answer = await asked;
  if (answer.type !== 'begun') throw unexpected(answer);
  return answer;
}

/** So many pages wait for the thread at most: it has less priority than what reads them. */
const MOST_AHEAD = 4;

/** Hands lines on: the next pages are read while the thread takes those before. No lines: it waits until all are taken. */
function handTo(ask: Ask, onProgress: TrainingParts['onProgress']): HandLines {
  const taking: Promise<unknown>[] = [];
  let read = 0;
  return async (lines) => {
    while (taking.length > (lines.length === 0 ? 0 : MOST_AHEAD - 1)) await taking.shift();
    if (lines.length > 0) taking.push(ask({ type: 'lines', lines }));
    read += lines.length;
    onProgress?.(read);
  };
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
