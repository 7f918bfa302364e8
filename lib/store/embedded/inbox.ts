import { messageOf } from '../../errors';
import { bodyField } from '../body-field';
import { StoreRefused, StoreUnavailable } from '../store-errors';
import type { CallbackInbox, InboxState, KeptCallback } from '../store';
import { openJournal, type Journal, type JournalFindings, type Segment } from './journal';
import type { JournalFiles } from './journal-files';
import { recordAt } from './journal-record';

export interface InboxParts {
  readonly files: JournalFiles;
  /** Puts callbacks into the database, all or none, and leaves out what is there already. */
  readonly store: (callbacks: readonly unknown[]) => Promise<void>;
}

/** Drained in one transaction. */
const MOST_AT_ONCE = 200;
const MOST_BYTES_AT_ONCE = 2 * 1024 * 1024;
const SHORTEST_PAUSE_MILLISECONDS = 250;
const LONGEST_PAUSE_MILLISECONDS = 30_000;
/** Transactions that a closing still drains; the rest waits for the next start. */
const MOST_WHILE_CLOSING = 50;

/**
 * Opens the inbox of an embedded store: callbacks are durable in its journal at once, and drained into the database from
 * then on. What the last process left behind comes first.
 * @throws StoreNotSynced, StoreUnavailable
 */
export async function openInbox(parts: InboxParts): Promise<Inbox> {
  const { journal, findings } = await openJournal(parts.files);
  return new Inbox(parts, journal, findings);
}

export class Inbox implements CallbackInbox {
  readonly #parts: InboxParts;
  readonly #journal: Journal;
  readonly #findings: JournalFindings;
  readonly #listeners = new Set<() => void>();
  readonly #refused: string[] = [];
  #draining: Promise<void> | null = null;
  #pause: { readonly timer: NodeJS.Timeout; readonly end: () => void } | null = null;
  #failures = 0;
  #trouble: string | null = null;
  #isClosing = false;
  #isLost = false;

  constructor(parts: InboxParts, journal: Journal, findings: JournalFindings) {
    this.#parts = parts;
    this.#journal = journal;
    this.#findings = findings;
    this.#wake();
  }

  async keep(callback: KeptCallback): Promise<void> {
    await this.#journal.keep(contentOf(callback));
    this.#wake();
  }

  onDrained(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  state(): InboxState {
    const { damages, torn, kept } = this.#findings;
    const waiting = this.#journal.waiting();
    return { waiting, trouble: this.#trouble, torn, lost: [...damages, ...this.#refused], kept };
  }

  /** Takes no more, drains what the database still takes, and leaves the rest to the next start. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#journal.close(new StoreUnavailable('it is closed'));
    this.#pause?.end();
    await this.#draining;
    if (this.#trouble === null && !this.#isLost) await this.#drain();
  }

  /** Stops at once: the files may be another's by now. */
  lose(why: Error): void {
    this.#isLost = true;
    void this.#journal.close(why).catch(() => undefined);
    this.#pause?.end();
  }

  #wake(): void {
    if (this.#isClosing || this.#isLost) return;
    this.#draining ??= this.#drain().finally(() => {
      this.#draining = null;
      if (this.#journal.waiting() > 0) this.#wake();
    });
  }

  /** Never rejects: what fails is told by `state` and tried again. */
  async #drain(): Promise<void> {
    let whileClosing = 0;
    for (let segment = this.#next(); segment && !this.#isLost; segment = this.#next()) {
      if (this.#isClosing && (whileClosing += 1) > MOST_WHILE_CLOSING) return;
      try {
        if (segment.waiting.length > 0) await this.#drainSome(segment);
        else await this.#journal.retire(segment);
        this.#failures = 0;
        this.#trouble = null;
      } catch (thrown) {
        this.#failures += 1;
        this.#trouble = messageOf(thrown);
        if (this.#isClosing) return;
        await this.#rest();
      }
    }
  }

  /** The oldest that has something to drain, or that is drained and not written any more. */
  #next(): Segment | null {
    const oldest = this.#journal.oldest();
    if (!oldest) return null;
    return oldest.waiting.length > 0 || oldest.isSealed ? oldest : null;
  }

  async #drainSome(segment: Segment): Promise<void> {
    const first = segment.waiting[0];
    if (!first) return;
    const some = segment.waiting.filter(
      ({ to }, index) => index === 0 || (index < MOST_AT_ONCE && to - first.from <= MOST_BYTES_AT_ONCE),
    );
    const end = some.at(-1)?.to ?? first.to;
    const bytes = await this.#parts.files.readPart(segment.name, first.from, end - first.from);
    const callbacks = some.flatMap(({ from }) => {
      const record = recordAt(bytes, from - first.from);
      if (record) return [callbackIn(record.content)];
      this.#keepFile(segment, `${segment.name} is damaged at byte ${from}`);
      return [];
    });
    await this.#store(segment, callbacks);
    segment.waiting.splice(0, some.length);
    for (const listener of this.#listeners) listener();
  }

  /** One that the database refuses must not hold up the others, and must not vanish. */
  async #store(segment: Segment, callbacks: readonly Readonly<Record<string, unknown>>[]): Promise<void> {
    if (callbacks.length === 0) return;
    try {
      await this.#parts.store(callbacks);
    } catch (thrown) {
      if (!(thrown instanceof StoreRefused)) throw thrown;
      if (callbacks.length > 1) {
        for (const callback of callbacks) await this.#store(segment, [callback]);
        return;
      }
      const which = `callback ${String(callbacks[0]?.['nonce'])} of webhook ${String(callbacks[0]?.['webhook_id'])}`;
      this.#keepFile(segment, `${segment.name} holds ${which}, which the store refused: ${thrown.message}`);
    }
  }

  #keepFile(segment: Segment, why: string): void {
    segment.isKept = true;
    this.#refused.push(why);
  }

  async #rest(): Promise<void> {
    const milliseconds = Math.min(LONGEST_PAUSE_MILLISECONDS, SHORTEST_PAUSE_MILLISECONDS * 2 ** this.#failures);
    await new Promise<void>((end) => {
      const timer = setTimeout(end, milliseconds);
      timer.unref();
      this.#pause = { timer, end };
    });
    clearTimeout(this.#pause?.timer);
    this.#pause = null;
  }
}

/** A line of JSON, and the body as it came: it is not encoded twice. */
function contentOf({ body, ...facts }: KeptCallback): Buffer {
  return Buffer.concat([Buffer.from(`${JSON.stringify(facts)}\n`), body]);
}

function callbackIn(content: Buffer): Readonly<Record<string, unknown>> {
  const end = content.indexOf('\n');
  const facts = JSON.parse(content.subarray(0, end).toString('utf8')) as Readonly<Record<string, unknown>>;
  return { ...facts, ...bodyField(content.subarray(end + 1)) };
}
