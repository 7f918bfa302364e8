import type { NewAccessEvent } from '../../lib/access';
import { messageOf } from '../../lib/errors';
import { openHomeAt } from '../../lib/runtime/open-homes';
import { AccessSpool } from './access-spool';
import { isRefusal } from './is-refusal';

const SOON_MILLISECONDS = 300;
const LATER_MILLISECONDS = 5_000;

export interface AccessRecorderOptions {
  /** Of the store that this process has open now and then: it belongs to the nodes. */
  readonly home: string;
  /** Where events are kept until the trail has them. */
  readonly folder: string;
  readonly onFailure: (failure: unknown) => void;
}

/** Puts access events into the trail of a home: in a file at once, into the store as soon as a Runtime has it open. */
export class AccessRecorder {
  private readonly spool: AccessSpool;
  private timer: NodeJS.Timeout | null = null;
  private draining: Promise<void> = Promise.resolve();
  private complaint: string | null = null;
  private closed = false;

  constructor(private readonly options: AccessRecorderOptions) {
    this.spool = new AccessSpool({
      folder: options.folder,
      isFaultOfEvent: isRefusal,
      onTrouble: (why) => options.onFailure(new Error(why)),
    });
    // What an earlier start could not record.
    if (!this.spool.isEmpty) this.later(LATER_MILLISECONDS);
  }

  /** Never throws: nobody is kept out because the log is broken, but the failure is told. */
  record(event: NewAccessEvent): void {
    try {
      this.spool.add(event);
    } catch (thrown) {
      this.options.onFailure(new Error(`An access event could not be kept: ${messageOf(thrown)}`, { cause: thrown }));
      return;
    }
    this.later(SOON_MILLISECONDS);
  }

  /** Records what there is, where the store is open. Call before the nodes end, which close it. */
  async flush(): Promise<void> {
    await this.drain();
  }

  /** What is not recorded yet stays on disk for the next start. */
  async close(): Promise<void> {
    this.closed = true;
    if (this.timer) clearTimeout(this.timer);
    await this.draining;
    await this.spool.close();
  }

  private later(milliseconds: number): void {
    if (this.timer || this.closed) return;
    this.timer = setTimeout(() => {
      this.timer = null;
      void this.drain();
    }, milliseconds).unref();
  }

  private drain(): Promise<void> {
    this.draining = this.draining.then(() => this.drainOnce());
    return this.draining;
  }

  private async drainOnce(): Promise<void> {
    const store = openHomeAt(this.options.home)?.inside?.store;
    try {
      if (store) {
        await this.spool.drain(async (events) => {
          await store.recordAccess({ events });
        });
        this.complaint = null;
      }
    } catch (thrown) {
      const complaint = messageOf(thrown);
      if (complaint !== this.complaint) this.options.onFailure(thrown);
      this.complaint = complaint;
    }
    if (!this.spool.isEmpty) this.later(LATER_MILLISECONDS);
  }
}
