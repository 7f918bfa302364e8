import { messageOf } from '../errors';
import type { Log, Sleep } from '../ports';
import type { LeasedCallback, Store } from '../store/store';
import { Bell } from './bell';
import type { Timing } from './timing';

const CALLBACKS_PER_LEASE = 500;
/** Held in memory at once, leased; the rest waits in the store. */
const MOST_HELD = 2000;

/** Leases stored callbacks and hands each to the watch of its sheet. */
export class CallbackPump {
  private readonly ending = new AbortController();
  private readonly bell: Bell;
  private readonly held = new Set<string>();
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly parts: {
      readonly store: Pick<Store, 'leaseCallbacks'>;
      readonly log: Log;
      readonly sleep: Sleep;
      readonly timing: Timing;
      readonly sheetIds: () => readonly string[];
      readonly deliver: (callback: LeasedCallback) => void;
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
        leased = await this.leaseOnce();
        complaint = null;
      } catch (failure) {
        const message = messageOf(failure);
        if (message !== complaint) this.parts.log.error(`Stored callbacks cannot be fetched: ${message}`);
        complaint = message;
      }
      if (leased < CALLBACKS_PER_LEASE) await this.bell.wait(this.parts.timing.idleSeconds * 1000, this.ending.signal);
    }
  }

  private async leaseOnce(): Promise<number> {
    const sheetIds = this.parts.sheetIds();
    if (sheetIds.length === 0 || this.held.size >= MOST_HELD) return 0;
    const leaseSeconds = this.parts.timing.callbackLeaseSeconds;
    const leased = await this.parts.store.leaseCallbacks({ limit: CALLBACKS_PER_LEASE, leaseSeconds, sheetIds });
    for (const callback of leased) {
      // One whose lease ran out while its watch is still busy with it comes again; the watch has it already.
      if (this.held.has(callback.id)) continue;
      this.held.add(callback.id);
      this.parts.deliver(callback);
    }
    return leased.length;
  }
}
