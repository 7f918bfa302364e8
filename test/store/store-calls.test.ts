import { EventEmitter } from 'node:events';
import { StoreNotSynced, StoreUnavailable } from '../../lib/store';
import { CallLanes, OTHERS_IN_A_ROW } from '../../lib/store/embedded/call-lanes';
import type { WorkerCall, WorkerRequest } from '../../lib/store/embedded/protocol';
import { StoreCalls } from '../../lib/store/embedded/store-calls';
import { TwoLanes, URGENT_IN_A_ROW } from '../../lib/store/embedded/two-lanes';
import { threadOf } from '../../lib/store/embedded/worker-thread';
import { until } from '../support/until';

/** A worker that answers and exits only when the test says so. */
class FakeWorker extends EventEmitter {
  readonly begun: WorkerRequest[] = [];
  isTerminated = false;

  postMessage(request: WorkerRequest): void {
    this.begun.push(request);
  }

  terminate(): Promise<number> {
    this.isTerminated = true;
    return Promise.resolve(1);
  }

  ready(): this {
    this.emit('message', { kind: 'ready', syncs: 1 });
    return this;
  }

  /** Answers the call under way with its own name. */
  answer(): void {
    const request = this.begun.at(-1);
    this.emit('message', { kind: 'answer', id: request?.id, value: JSON.stringify(nameOf(request)), syncs: 2 });
  }
}

const nameOf = (request: WorkerCall | undefined): string | undefined =>
  request?.kind === 'rpc' ? request.name : request?.kind;
const rpc = (name: string): WorkerCall => ({ kind: 'rpc', name, p: '{}', role: 'service_role', claims: '{}' });
const long = 60_000;

function startCalls(): { calls: StoreCalls; workers: FakeWorker[] } {
  const workers: FakeWorker[] = [];
  const calls = new StoreCalls(() => {
    const worker = new FakeWorker();
    workers.push(worker);
    return threadOf(worker, long);
  });
  return { calls, workers };
}

const begins = (worker: FakeWorker | undefined, count: number): Promise<true> =>
  until(() => worker?.begun.length === count, `call no. ${count} to begin`);
const turn = (): Promise<void> => new Promise((done) => setImmediate(done));

describe('the next worker thread', () => {
  it('is started only when the one before it has exited, and takes over the calls that were not begun', async () => {
    const { calls, workers } = startCalls();
    const slow = calls.call(rpc('slow'), 20);
    const next = calls.call(rpc('next'), long);
    workers[0]?.ready();
    await expect(slow).rejects.toThrow(/did not answer within 0.02 s/);
    expect(workers[0]?.isTerminated).toBe(true);
    await turn();
    expect(workers).toHaveLength(1);

    workers[0]?.emit('exit', 1);
    await until(() => workers.length === 2, 'the next thread');
    workers[1]?.ready();
    await begins(workers[1], 1);
    workers[1]?.answer();
    expect(await next).toBe('next');
  });

  it('waits also for one that could not be opened, and all who waited hear of the failure at once', async () => {
    const { calls, workers } = startCalls();
    const waiting = [calls.call(rpc('first'), long), calls.call(rpc('second'), long)];
    workers[0]?.emit('message', { kind: 'not_synced', why: 'it is a test' });
    for (const each of waiting) await expect(each).rejects.toBeInstanceOf(StoreNotSynced);
    const again = calls.call(rpc('again'), long);
    await turn();
    expect(workers).toHaveLength(1);
    workers[0]?.emit('exit', 1);
    await until(() => workers.length === 2, 'the next thread');
    workers[1]?.ready();
    await begins(workers[1], 1);
    workers[1]?.answer();
    expect(await again).toBe('again');
  });

  it('is not started any more when the lock was lost meanwhile', async () => {
    const { calls, workers } = startCalls();
    const slow = calls.call(rpc('slow'), 20);
    const next = calls.call(rpc('next'), long);
    workers[0]?.ready();
    await expect(slow).rejects.toBeInstanceOf(StoreUnavailable);
    calls.lose(new Error('the lock was lost'));
    workers[0]?.emit('exit', 1);
    await expect(next).rejects.toThrow('the lock was lost');
    expect(workers).toHaveLength(1);
  });
});

describe('calls of the store', () => {
  it('are begun one at a time, and their time does not run while they wait', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'performance'] });
    try {
      const { calls, workers } = startCalls();
      const vacuum = calls.call({ kind: 'vacuum', table: 'some' }, 600_000);
      const queued = calls.call(rpc('queued'), 1_000);
      const [worker] = workers;
      worker?.ready();
      await turn();
      jest.advanceTimersByTime(300_000);
      expect(worker?.begun.map(nameOf)).toEqual(['vacuum']);
      worker?.answer();
      expect(await vacuum).toBe('vacuum');
      await turn();
      expect(worker?.begun.map(nameOf)).toEqual(['vacuum', 'queued']);
      expect(worker?.isTerminated).toBe(false);
      worker?.answer();
      expect(await queued).toBe('queued');
    } finally {
      jest.useRealTimers();
    }
  });

  it('go before the others when they are urgent', async () => {
    const { calls, workers } = startCalls();
    const all = [
      calls.call(rpc('under way'), long),
      calls.call(rpc('ordinary'), long),
      calls.call(rpc('callback'), long, 'urgent'),
    ];
    const worker = workers[0]?.ready();
    for (const count of [1, 2, 3]) {
      await begins(worker, count);
      worker?.answer();
    }
    await Promise.all(all);
    expect(worker?.begun.map(nameOf)).toEqual(['under way', 'callback', 'ordinary']);
  });

  it('of the background wait for whoever was just answered and asks on, and go on when nobody does', async () => {
    const { calls, workers } = startCalls();
    const asksOn = calls.call(rpc('facts'), long).then(() => calls.call(rpc('append'), long));
    const pages = [calls.call(rpc('page'), long, 'background'), calls.call(rpc('page 2'), long, 'background')];
    const worker = workers[0]?.ready();
    for (const count of [1, 2, 3, 4]) {
      await begins(worker, count);
      worker?.answer();
    }
    await Promise.all([asksOn, ...pages]);
    expect(worker?.begun.map(nameOf)).toEqual(['facts', 'append', 'page', 'page 2']);
  });

  it('of the background are answered too when the store closes in their pause', async () => {
    const { calls, workers } = startCalls();
    const first = calls.call(rpc('first'), long);
    const page = calls.call(rpc('page'), long, 'background');
    const worker = workers[0]?.ready();
    await begins(worker, 1);
    worker?.answer();
    await first;
    const closing = calls.close(long);
    await begins(worker, 2);
    worker?.answer();
    expect(await page).toBe('page');
    await begins(worker, 3);
    worker?.answer();
    worker?.emit('exit', 0);
    await closing;
  });

  it('are answered before the store closes, and refused from then on; closing waits for the exit', async () => {
    const { calls, workers } = startCalls();
    const last = calls.call(rpc('last'), long);
    const worker = workers[0]?.ready();
    let isClosed = false;
    const closing = calls.close(long).then(() => (isClosed = true));
    await expect(calls.call(rpc('late'), long)).rejects.toThrow('it is closed');
    await begins(worker, 1);
    worker?.answer();
    expect(await last).toBe('last');
    await begins(worker, 2);
    worker?.answer();
    await until(() => worker?.isTerminated, 'the worker to be ended');
    await turn();
    expect(isClosed).toBe(false);
    worker?.emit('exit', 0);
    await closing;
    expect(worker?.begun.map(nameOf)).toEqual(['last', 'close']);
  });

  it('fail alone when the thread dies in the middle of them', async () => {
    const { calls, workers } = startCalls();
    const first = calls.call(rpc('first'), long);
    const second = calls.call(rpc('second'), long);
    await begins(workers[0]?.ready(), 1);
    workers[0]?.emit('error', new Error('out of memory'));
    workers[0]?.emit('exit', 1);
    await expect(first).rejects.toThrow('its worker thread failed (out of memory)');
    await until(() => workers.length === 2, 'the next thread');
    await begins(workers[1]?.ready(), 1);
    workers[1]?.answer();
    expect(await second).toBe('second');
  });
});

describe('the lane of the background', () => {
  it('has its turn when it is quiet, and after a row of others where it never is', () => {
    const lanes = new CallLanes<string>();
    lanes.push('page 0', 'background');
    lanes.push('page 1', 'background');
    const others = Array.from({ length: OTHERS_IN_A_ROW + 1 }, (_, index) => `other ${index}`);
    for (const each of others) lanes.push(each, 'ordinary');
    const taken = Array.from({ length: others.length + 1 }, () => lanes.next(false));
    expect(taken).toEqual([...others.slice(0, OTHERS_IN_A_ROW), 'page 0', ...others.slice(OTHERS_IN_A_ROW)]);
    expect(lanes.next(false)).toBe('pause');
    lanes.push('urgent', 'urgent');
    expect(lanes.next(false)).toBe('urgent');
    expect(lanes.next(true)).toBe('page 1');
    expect(lanes.next(false)).toBeUndefined();
    expect(lanes.next(true)).toBeUndefined();
  });

  it('has no turn before others for what they asked before it came', () => {
    const lanes = new CallLanes<string>();
    for (let index = 0; index < OTHERS_IN_A_ROW; index += 1) {
      lanes.push('other', 'ordinary');
      lanes.next(true);
    }
    lanes.push('page', 'background');
    lanes.push('another', 'ordinary');
    expect(lanes.next(false)).toBe('another');
  });
});

describe('two lanes', () => {
  it('keep the order within each, and let an ordinary one pass after a row of urgent ones', () => {
    const lanes = new TwoLanes<string>();
    const urgent = Array.from({ length: URGENT_IN_A_ROW + 2 }, (_, index) => `urgent ${index}`);
    lanes.push('ordinary 0', 'ordinary');
    lanes.push('ordinary 1', 'ordinary');
    for (const each of urgent) lanes.push(each, 'urgent');
    const taken = Array.from({ length: urgent.length + 2 }, () => lanes.next());
    expect(taken).toEqual([
      ...urgent.slice(0, URGENT_IN_A_ROW),
      'ordinary 0',
      ...urgent.slice(URGENT_IN_A_ROW),
      'ordinary 1',
    ]);
    expect(lanes.next()).toBeUndefined();
  });
});
