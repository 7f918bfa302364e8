import { messageOf } from '../errors';
import { readCallback, type CallbackEvent, type SmartsheetCallback } from '../smartsheet';
import type { LeasedCallback, Observation } from '../store/store';
import { takeBatch } from './callback-batch';
import { observeCallbacks, type CallbackBatch } from './resolution/observations';
import { CallbackNotUnderstood, isOutage } from './troubles';
import type { WatchParts } from './watch-parts';

const MOST_CALLBACKS_AT_ONCE = 200;
const LONGEST_GATHERING_MILLISECONDS = 1000;
/** A callback that fails once or twice and is resolved then is nobody's business; it is given up after the eighth. */
const TRIES_BEFORE_TOLD = 3;

export interface QueueParts {
  readonly sheetId: string;
  readonly watch: WatchParts;
  readonly ending: AbortSignal;
  readonly store: (observation: Observation) => Promise<void>;
  /** One was understood. */
  readonly onHeard: (callback: SmartsheetCallback) => void;
  /** One was too large to be kept whole: the sheet has to be compared. */
  readonly onIncomplete: () => void;
}

/** The callbacks of one sheet that wait to be resolved, many at once where many came. */
export class CallbackQueue {
  private readonly waiting: LeasedCallback[] = [];
  private atOnce = MOST_CALLBACKS_AT_ONCE;

  constructor(private readonly parts: QueueParts) {}

  get isEmpty(): boolean {
    return this.waiting.length === 0;
  }

  add(callback: LeasedCallback): void {
    this.waiting.push(callback);
  }

  /** Resolves the oldest. Those that fail are given back for a later try, or wait here where it is not their fault. */
  async resolve(): Promise<void> {
    const { watch, ending, store } = this.parts;
    const { now } = watch;
    const callbacks = takeBatch(this.waiting, this.atOnce);
    const begin = now();
    try {
      const batch = await this.understand(callbacks);
      if (batch.callbacks.length > 0) await store(await observeCallbacks(batch, watch, now));
      watch.onReleased(callbacks.map(({ id }) => id));
      this.atOnce = Math.min(MOST_CALLBACKS_AT_ONCE, this.atOnce * 2);
      // More came meanwhile: as long as that took, others may gather, so that a burst costs few large calls.
      if (!this.isEmpty) await this.gather(Math.min(LONGEST_GATHERING_MILLISECONDS, now() - begin));
    } catch (failure) {
      if (ending.aborted || isOutage(failure)) this.waiting.unshift(...callbacks);
      else {
        // One of them may be the cause: next they are tried one by one.
        this.atOnce = 1;
        const attempts = Math.max(...callbacks.map((callback) => callback.attempts));
        await this.giveBack(callbacks, messageOf(failure), Math.min(3600, 15 * 2 ** attempts));
        await this.tell(attempts, failure);
      }
      throw failure;
    }
  }

  /** Gives back what was not resolved, when the watch ends; it costs them no try. */
  async release(): Promise<void> {
    const left = this.waiting.splice(0);
    if (left.length > 0) await this.handBack(left, (ids) => this.parts.watch.store.releaseCallbacks(ids));
  }

  private async gather(milliseconds: number): Promise<void> {
    const { watch, ending } = this.parts;
    await watch.sleep(milliseconds, ending).catch(() => undefined);
  }

  private async understand(callbacks: readonly LeasedCallback[]): Promise<CallbackBatch> {
    const { sheetId, onHeard, onIncomplete } = this.parts;
    const events: CallbackEvent[] = [];
    const understood: LeasedCallback[] = [];
    for (const callback of callbacks) {
      if (callback.complete === false) {
        // Nobody kept what it said.
        understood.push(callback);
        onIncomplete();
        continue;
      }
      const reading = readCallback(callback.body);
      if (!reading.understood) {
        const failure = new CallbackNotUnderstood(sheetId, reading.why);
        await this.giveBack([callback], failure.message, 1);
        await this.tell(callback.attempts, failure);
        continue;
      }
      understood.push(callback);
      events.push(...reading.callback.events);
      onHeard(reading.callback);
    }
    return { sheetId, callbacks: understood, events };
  }

  private async tell(attempts: number, failure: unknown): Promise<void> {
    if (attempts >= TRIES_BEFORE_TOLD) await this.parts.watch.troubles.failed('callbacks', failure);
  }

  private async giveBack(callbacks: readonly LeasedCallback[], why: string, retryInSeconds: number): Promise<void> {
    await this.handBack(callbacks, (ids) => this.parts.watch.store.failCallbacks({ ids, why, retryInSeconds }));
  }

  private async handBack(
    callbacks: readonly LeasedCallback[],
    send: (ids: readonly string[]) => Promise<void>,
  ): Promise<void> {
    const { log, onReleased } = this.parts.watch;
    const ids = callbacks.map(({ id }) => id);
    try {
      await send(ids);
    } catch (failure) {
      // Their lease runs out by itself.
      log.warn(`Callbacks could not be given back: ${messageOf(failure)}`, { callbacks: ids.length });
    }
    onReleased(ids);
  }
}
