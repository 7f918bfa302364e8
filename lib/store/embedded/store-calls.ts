import { StoreUnavailable } from '../store-errors';
import { CallLanes, QUIET_MILLISECONDS, type CallLane } from './call-lanes';
import type { WorkerCall } from './protocol';
import type { WorkerThread } from './worker-thread';

interface WaitingCall {
  readonly request: WorkerCall;
  readonly lane: CallLane;
  readonly timeoutMilliseconds: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (thrown: unknown) => void;
}

/**
 * The calls of a store, handed to its worker thread one at a time. A call's time is counted from when the thread begins it,
 * so that those behind a long one do not end the thread by their waiting; and when a thread ends in the middle of a call,
 * only that call fails: the others were not begun, and go to the next thread.
 *
 * The next thread is started only when the one before it has exited: two databases in one folder would destroy it.
 */
export class StoreCalls {
  readonly #startThread: () => WorkerThread;
  readonly #lanes = new CallLanes<WaitingCall>();
  #thread: WorkerThread | null = null;
  #serving: Promise<void> | null = null;
  #isClosed = false;
  #lost: Error | null = null;
  /** When somebody who waits was answered last, in milliseconds of this process. */
  #answered = -Infinity;
  /** Ends the pause in which the background waits for others. */
  #goOn: (() => void) | null = null;

  constructor(startThread: () => WorkerThread) {
    this.#startThread = startThread;
  }

  /**
   * @param timeoutMilliseconds  counted from when the thread begins the call
   * @throws StoreRefused  what PostgreSQL said
   * @throws StoreUnavailable  closed, not to be opened, or the thread ended in the middle of this call
   */
  call(request: WorkerCall, timeoutMilliseconds: number, lane: CallLane = 'ordinary'): Promise<unknown> {
    if (this.#isClosed) return Promise.reject(new StoreUnavailable('it is closed'));
    if (this.#lost) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) => {
      this.#lanes.push({ request, lane, timeoutMilliseconds, resolve, reject }, lane);
      this.#goOn?.();
      this.#serving ??= this.#serve();
    });
  }

  isOpen(): boolean {
    return this.#thread !== null && !this.#thread.isOver();
  }

  /** Real syncs of the disk by the present thread. */
  syncs(): number {
    return this.#thread?.syncs() ?? 0;
  }

  /** Ends the thread at once, and refuses with this error all that waits and all that comes. */
  lose(why: Error): void {
    this.#lost = why;
    this.#thread?.terminate().catch(() => undefined);
  }

  /**
   * Takes no more calls, answers those that wait, closes the database and resolves when the thread has exited.
   * @throws StoreUnavailable  the thread does not end: its folder is still in use
   */
  async close(timeoutMilliseconds: number): Promise<void> {
    this.#isClosed = true;
    await this.#serving;
    if (this.isOpen()) await this.#thread?.call({ kind: 'close' }, timeoutMilliseconds).catch(() => undefined);
    await this.#thread?.terminate();
  }

  /** Never rejects: each caller hears of its own. */
  async #serve(): Promise<void> {
    for (let next = this.#next(); next; next = this.#next()) {
      if (next === 'pause') await this.#pause();
      else await this.#perform(next);
    }
    this.#serving = null;
  }

  #next(): WaitingCall | 'pause' | undefined {
    return this.#lanes.next(performance.now() - this.#answered >= QUIET_MILLISECONDS);
  }

  /** Until it has been quiet for long enough, or somebody calls. */
  async #pause(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((goOn) => {
      this.#goOn = goOn;
      timer = setTimeout(goOn, QUIET_MILLISECONDS);
    });
    this.#goOn = null;
    clearTimeout(timer);
  }

  async #perform(waiting: WaitingCall): Promise<void> {
    const { request, lane, timeoutMilliseconds, resolve, reject } = waiting;
    try {
      const thread = await this.#openThread();
      await thread.call(request, timeoutMilliseconds).then(resolve, reject);
    } catch (thrown) {
      // One attempt to open for all who wait: each of its own would make the last one wait for all of them.
      for (const each of [waiting, ...this.#lanes.takeAll()]) each.reject(thrown);
    }
    if (lane !== 'background') this.#answered = performance.now();
  }

  async #openThread(): Promise<WorkerThread> {
    if (!this.#thread || this.#thread.isOver()) {
      if (this.#thread) await this.#thread.ended();
      if (this.#lost) throw this.#lost;
      this.#thread = this.#startThread();
    }
    await this.#thread.opened;
    return this.#thread;
  }
}
