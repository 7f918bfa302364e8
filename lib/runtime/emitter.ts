import { messageOf } from '../errors';
import type { Change } from '../event/change';
import type { Log, Now, Sleep } from '../ports';
import type { Store } from '../store/store';
import { Bell } from './bell';
import type { Timing } from './timing';

type Deliver = (changes: readonly Change[]) => void;

interface Subscriber {
  readonly sheetIds: ReadonlySet<string>;
  readonly deliver: Deliver;
}

const CHANGES_PER_LEASE = 250;

/**
 * Hands changes to their subscribers, a bounded number at a time, again and again until each is in the trail. One that
 * is not recorded within its lease is leased anew.
 */
export class Emitter {
  private readonly ending = new AbortController();
  private readonly bell: Bell;
  private readonly subscribers = new Set<Subscriber>();
  /** Handed out and not recorded: key to the end of its lease, in milliseconds. */
  private readonly underWay = new Map<string, number>();
  private readonly overdue = new Set<string>();
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly parts: {
      readonly store: Pick<Store, 'leaseChanges' | 'releaseChanges'>;
      readonly now: Now;
      readonly sleep: Sleep;
      readonly log: Log;
      readonly timing: Timing;
      /** How many changes had to be handed out again because nobody recorded them. */
      readonly onOverdue: (count: number) => void;
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

  /** @param sheetIds  read anew each time: sheets may join and leave */
  subscribe(sheetIds: ReadonlySet<string>, deliver: Deliver): () => void {
    const subscriber: Subscriber = { sheetIds, deliver };
    this.subscribers.add(subscriber);
    this.bell.ring();
    return () => {
      this.subscribers.delete(subscriber);
    };
  }

  /** These are in the trail: there is room for others. */
  recorded(eventKeys: readonly string[]): void {
    for (const key of eventKeys) this.underWay.delete(key);
    const before = this.overdue.size;
    for (const key of eventKeys) this.overdue.delete(key);
    if (this.overdue.size !== before) this.parts.onOverdue(this.overdue.size);
    this.bell.ring();
  }

  /** Ends, and gives back what was handed out and not recorded, so that a restart need not wait for leases. */
  async stop(): Promise<void> {
    this.ending.abort();
    await this.running;
    const keys = [...this.underWay.keys()];
    this.underWay.clear();
    if (keys.length === 0) return;
    await this.parts.store.releaseChanges(keys).catch((failure: unknown) => {
      this.parts.log.warn(`Changes could not be given back: ${messageOf(failure)}`, { changes: keys.length });
    });
  }

  private async run(): Promise<void> {
    let complaint: string | null = null;
    while (!this.ending.signal.aborted) {
      let emitted = 0;
      try {
        emitted = await this.emitOnce();
        complaint = null;
      } catch (failure) {
        const message = messageOf(failure);
        if (message !== complaint) this.parts.log.error(`Waiting changes cannot be fetched: ${message}`);
        complaint = message;
      }
      if (emitted === 0) await this.bell.wait(this.parts.timing.idleSeconds * 1000, this.ending.signal);
    }
  }

  private async emitOnce(): Promise<number> {
    const { store, now, timing } = this.parts;
    const before = this.overdue.size;
    for (const [key, end] of this.underWay) {
      if (end > now()) continue;
      this.underWay.delete(key);
      this.overdue.add(key);
    }
    if (this.overdue.size !== before) this.parts.onOverdue(this.overdue.size);
    const sheetIds = [...new Set([...this.subscribers].flatMap((subscriber) => [...subscriber.sheetIds]))];
    const limit = Math.min(CHANGES_PER_LEASE, timing.changesInFlight - this.underWay.size);
    if (sheetIds.length === 0 || limit <= 0) return 0;
    const changes = await store.leaseChanges({ sheetIds, limit, leaseSeconds: timing.changeLeaseSeconds });
    const end = now() + timing.changeLeaseSeconds * 1000;
    for (const { event_key } of changes) this.underWay.set(event_key, end);
    for (const subscriber of this.subscribers) this.deliverTo(subscriber, changes);
    return changes.length;
  }

  private deliverTo({ sheetIds, deliver }: Subscriber, changes: readonly Change[]): void {
    const wanted = changes.filter((change) => sheetIds.has(change.sheet_id));
    if (wanted.length === 0) return;
    try {
      deliver(wanted);
    } catch (failure) {
      this.parts.log.error(`Changes could not be handed to a node: ${messageOf(failure)} They come again.`, {
        changes: wanted.length,
      });
    }
  }
}
