import { messageOf } from '../errors';
import type { Log, Now, Sleep } from '../ports';
import type { LeasedCallback, Store } from '../store/store';
import { Bell } from './bell';
import type { Timing } from './timing';

const CALLBACKS_PER_LEASE = 500;
/** Held in memory at once, leased; the rest waits in the store. */
const MOST_HELD = 2000;

/** Leases of what is held are renewed this often while one lasts. */
const RENEWALS_PER_LEASE = 3;

/**
 * Leases stored callbacks and hands each to the watch of its sheet. While a watch is busy with one, or waits for
 * Smartsheet to come back, its lease is renewed: only a process that ends lets it run out, and that costs a try.
 */
export class CallbackPump {
  private readonly ending = new AbortController();
  private readonly bell: Bell;
  private readonly held = new Set<string>();
  private renewDueAt = 0;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly parts: {
      readonly store: Pick<Store, 'leaseCallbacks' | 'renewCallbacks' | 'releaseCallbacks'>;
      readonly now: Now;
      readonly log: Log;
      readonly sleep: Sleep;
      readonly timing: Timing;
      readonly sheetIds: () => readonly string[];
      /** False: nobody watches its sheet any more. */
      readonly deliver: (callback: LeasedCallback) => boolean;
    },
  ) {
    this.bell = new Bell(parts.sleep);
  }

  start(): void {
    this.running = this.run();
  }

  ring(): void {
    this.bell.ring();
  }

  /** Callbacks that a watch has finished with. */
  release(ids: readonly string[]): void {
    for (const id of ids) this.held.delete(id);
    if (ids.length > 0) this.bell.ring();
  }

  async stop(): Promise<void> {
    this.ending.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    let complaint: string | null = null;
    while (!this.ending.signal.aborted) {
      let leased = 0;
      try {
        await this.renewWhenDue();
        leased = await this.leaseOnce();
        complaint = null;
      } catch (failure) {
        const message = messageOf(failure);
        if (message !== complaint) this.parts.log.error(`Stored callbacks cannot be fetched: ${message}`);
        complaint = message;
      }
      if (leased < CALLBACKS_PER_LEASE) await this.bell.wait(this.longestWait(), this.ending.signal);
    }
  }

  private longestWait(): number {
    return Math.min(this.parts.timing.idleSeconds * 1000, this.renewalMilliseconds());
  }

  private renewalMilliseconds(): number {
    return (this.parts.timing.callbackLeaseSeconds * 1000) / RENEWALS_PER_LEASE;
  }

  /** Always before leasing, so that what is held is never handed out again, and counted, for having been late. */
  private async renewWhenDue(): Promise<void> {
    const { store, now, timing } = this.parts;
    if (this.held.size === 0 || now() < this.renewDueAt) return;
    await store.renewCallbacks({ ids: [...this.held], leaseSeconds: timing.callbackLeaseSeconds });
    this.renewDueAt = now() + this.renewalMilliseconds();
  }

  private async leaseOnce(): Promise<number> {
    const sheetIds = this.parts.sheetIds();
    if (sheetIds.length === 0 || this.held.size >= MOST_HELD) return 0;
    const leaseSeconds = this.parts.timing.callbackLeaseSeconds;
    const leased = await this.parts.store.leaseCallbacks({ limit: CALLBACKS_PER_LEASE, leaseSeconds, sheetIds });
    if (this.held.size === 0) this.renewDueAt = this.parts.now() + this.renewalMilliseconds();
    const unwanted: string[] = [];
    for (const callback of leased) {
      // One whose lease ran out all the same while its watch is still busy with it; the watch has it already.
      if (this.held.has(callback.id)) continue;
      if (this.parts.deliver(callback)) this.held.add(callback.id);
      else unwanted.push(callback.id);
    }
    if (unwanted.length > 0) await this.parts.store.releaseCallbacks(unwanted);
    return leased.length;
  }
}
