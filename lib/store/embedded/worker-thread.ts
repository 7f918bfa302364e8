import { messageOf } from '../../errors';
import { StoreNotSynced, StoreRefused, StoreUnavailable } from '../store-errors';
import type { WorkerCall, WorkerFailure, WorkerReply, WorkerRequest } from './protocol';

/** What is used of a worker. Listeners are only added: a worker has some of its own, and is dead without them. */
export interface StoreWorker {
  on(event: 'message', listener: (reply: WorkerReply) => void): unknown;
  on(event: 'error', listener: (thrown: unknown) => void): unknown;
  on(event: 'exit', listener: () => void): unknown;
  postMessage(request: WorkerRequest): void;
  terminate(): Promise<unknown>;
}

export interface WorkerThread {
  /**
   * Resolves when its store is open and found to be synced.
   * @throws StoreNotSynced  @throws StoreUnavailable
   */
  readonly opened: Promise<void>;
  /**
   * One at a time, after `opened`.
   * @throws StoreRefused  what PostgreSQL said
   * @throws StoreUnavailable  when the thread ended, or did not answer in time and was ended for it
   */
  call(request: WorkerCall, timeoutMilliseconds: number): Promise<unknown>;
  /** Real syncs of the disk so far. */
  syncs(): number;
  /** True as soon as it is being ended: it takes no more calls, and may still be writing. */
  isOver(): boolean;
  /**
   * Resolves when the thread has exited and writes no more.
   * @throws StoreUnavailable  when that takes longer than half a minute
   */
  ended(): Promise<void>;
  /** Ends the thread, and waits like `ended`. */
  terminate(): Promise<void>;
}

/** What is under way: the opening, or a call. */
interface Pending {
  readonly id: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

const OPENING = 0;
const END_MILLISECONDS = 30_000;

/** Speaks with a worker that was just started. */
export function threadOf(worker: StoreWorker, startMilliseconds: number): WorkerThread {
  return new RunningThread(worker, startMilliseconds);
}

class RunningThread implements WorkerThread {
  readonly opened: Promise<void>;
  readonly #worker: StoreWorker;
  readonly #exited: Promise<void>;
  #pending: Pending | null = null;
  #syncs = 0;
  #isOver = false;
  #lastId = OPENING;

  constructor(worker: StoreWorker, startMilliseconds: number) {
    this.#worker = worker;
    this.#exited = new Promise((done) => void worker.on('exit', () => done()));
    this.opened = this.#begin(OPENING, startMilliseconds, 'it did not open in time').then(() => undefined);
    worker.on('message', (reply: WorkerReply) => this.#hear(reply));
    worker.on('error', (thrown) => {
      const what = this.#pending?.id === OPENING ? 'it could not be opened' : 'its worker thread failed';
      this.#end(new StoreUnavailable(`${what} (${messageOf(thrown)})`, { cause: thrown }));
    });
    worker.on('exit', () => this.#end(new StoreUnavailable('its worker thread ended')));
  }

  async call(request: WorkerCall, timeoutMilliseconds: number): Promise<unknown> {
    if (this.#isOver) throw new StoreUnavailable('its worker thread ended');
    if (this.#pending) throw new StoreUnavailable('its worker thread has another call under way');
    const id = (this.#lastId += 1);
    this.#worker.postMessage({ ...request, id });
    return this.#begin(
      id,
      timeoutMilliseconds,
      `it did not answer within ${timeoutMilliseconds / 1000} s and was stopped`,
    );
  }

  syncs(): number {
    return this.#syncs;
  }

  isOver(): boolean {
    return this.#isOver;
  }

  ended(): Promise<void> {
    return within(this.#exited, END_MILLISECONDS);
  }

  terminate(): Promise<void> {
    this.#end(new StoreUnavailable('it was closed'));
    return this.ended();
  }

  #begin(id: number, milliseconds: number, tooLate: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#end(new StoreUnavailable(tooLate)), milliseconds);
      this.#pending = { id, resolve, reject, timer };
    });
  }

  #hear(reply: WorkerReply): void {
    if (reply.kind === 'not_synced') return this.#end(new StoreNotSynced(reply.why));
    if (this.#pending?.id !== (reply.kind === 'ready' ? OPENING : reply.id)) return;
    if (reply.kind === 'failure') return this.#take()?.reject(errorOf(reply.failure));
    this.#syncs = reply.syncs;
    this.#take()?.resolve(reply.kind === 'answer' ? JSON.parse(reply.value) : undefined);
  }

  #take(): Pending | null {
    const taken = this.#pending;
    this.#pending = null;
    clearTimeout(taken?.timer);
    return taken;
  }

  /** A query cannot be cancelled inside the thread; ending it is like a crash, which the store survives. */
  #end(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#take()?.reject(error);
    void this.#worker.terminate();
  }
}

async function within(exited: Promise<void>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new StoreUnavailable('its last worker thread does not end')), milliseconds);
  });
  await Promise.race([exited, tooLate]).finally(() => clearTimeout(timer));
}

/** PostgreSQL's classes 53 (no disk, no memory) and 58 (the system failed) are no fault of the call. */
function errorOf(failure: WorkerFailure): Error {
  const { sqlstate, message, detail, hint, statement } = failure;
  if (sqlstate === null || sqlstate.startsWith('53') || sqlstate.startsWith('58')) return new StoreUnavailable(message);
  const todo = hint ?? 'Nothing was changed. Look at what the message names.';
  return new StoreRefused(sqlstate, message, todo, detail, statement);
}
