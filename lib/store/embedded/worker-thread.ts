import { Worker } from 'node:worker_threads';
import { messageOf } from '../../errors';
import { StoreNotSynced, StoreRefused, StoreUnavailable } from '../store-errors';
import type { WorkerCall, WorkerFailure, WorkerReply, WorkerSetup } from './protocol';

type Settled = Extract<WorkerReply, { id: number }>;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

export interface WorkerThread {
  /**
   * @throws StoreRefused  what PostgreSQL said
   * @throws StoreUnavailable  when the thread ended, or did not answer in time and was ended for it
   */
  call(request: WorkerCall, timeoutMilliseconds: number): Promise<unknown>;
  /** Real syncs of the disk so far. */
  syncs(): number;
  readonly isOver: () => boolean;
  terminate(): Promise<void>;
}

/**
 * Starts the thread and waits until its store is open and found to be synced.
 * @throws StoreNotSynced  @throws StoreUnavailable
 */
export async function startWorkerThread(
  workerPath: string,
  setup: WorkerSetup,
  startMilliseconds: number,
): Promise<WorkerThread> {
  const worker = new Worker(workerPath, { workerData: setup, stdout: false });
  const waiting = new Map<number, Waiting>();
  let syncs = 0;
  let over = false;
  let lastId = 0;

  const end = (why: string, cause?: unknown): void => {
    over = true;
    for (const { reject, timer } of waiting.values()) {
      clearTimeout(timer);
      reject(new StoreUnavailable(why, { cause }));
    }
    waiting.clear();
  };
  const settle = (reply: Settled): void => {
    const one = waiting.get(reply.id);
    if (!one) return;
    waiting.delete(reply.id);
    clearTimeout(one.timer);
    if (reply.kind === 'answer') {
      syncs = reply.syncs;
      one.resolve(JSON.parse(reply.value));
    } else one.reject(errorOf(reply.failure));
  };

  syncs = await started(worker, startMilliseconds);
  worker.on('message', (reply: WorkerReply) => {
    if ('id' in reply) settle(reply);
  });
  worker.on('error', (thrown) => end(`its worker thread failed (${messageOf(thrown)})`, thrown));
  worker.on('exit', () => end('its worker thread ended'));

  return {
    call(request, timeoutMilliseconds) {
      if (over) return Promise.reject(new StoreUnavailable('its worker thread ended'));
      const id = (lastId += 1);
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          // A query cannot be cancelled inside the thread; ending it is like a crash, which the store survives.
          end(`it did not answer within ${timeoutMilliseconds / 1000} s and was stopped`);
          void worker.terminate();
        }, timeoutMilliseconds);
        waiting.set(id, { resolve, reject, timer });
        worker.postMessage({ ...request, id });
      });
    },
    syncs: () => syncs,
    isOver: () => over,
    async terminate() {
      end('it was closed');
      await worker.terminate();
    },
  };
}

/** Resolves with the syncs so far at `ready`. Listens with named functions only: Worker has listeners of its own. */
function started(worker: Worker, milliseconds: number): Promise<number> {
  return new Promise<number>((resolve, reject) => {
    const stopListening = (): void => {
      clearTimeout(timer);
      worker.off('error', onError).off('exit', onExit).off('message', onMessage);
    };
    const fail = (error: Error): void => {
      stopListening();
      // Without a listener a late error of the thread would end this process.
      worker.on('error', () => undefined);
      void worker.terminate();
      reject(error);
    };
    const onError = (thrown: unknown): void =>
      fail(new StoreUnavailable(`it could not be opened (${messageOf(thrown)})`, { cause: thrown }));
    const onExit = (): void => fail(new StoreUnavailable('its worker thread ended while opening'));
    const onMessage = (reply: WorkerReply): void => {
      if (reply.kind === 'not_synced') return fail(new StoreNotSynced(reply.why));
      stopListening();
      resolve(reply.kind === 'ready' ? reply.syncs : 0);
    };
    const timer = setTimeout(() => fail(new StoreUnavailable('it did not open in time')), milliseconds);
    worker.on('error', onError).on('exit', onExit).on('message', onMessage);
  });
}

/** PostgreSQL's classes 53 (no disk, no memory) and 58 (the system failed) are no fault of the call. */
function errorOf(failure: WorkerFailure): Error {
  const { sqlstate, message, detail, hint } = failure;
  if (sqlstate === null || sqlstate.startsWith('53') || sqlstate.startsWith('58')) return new StoreUnavailable(message);
  return new StoreRefused(sqlstate, message, hint ?? 'Nothing was changed. Look at what the message names.', detail);
}
