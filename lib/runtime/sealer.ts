import { messageOf } from '../errors';
import type { Log, Now, Sleep } from '../ports';
import { anchorWhatIsDue, contradictions, damagedIn, MOST_IN_ONE_SEAL, SealBook, sealNext, viewsOf } from '../seal';
import type { Anchor, SealKeys } from '../seal';
import { StoreMisconfigured, StoreRefused, StoreUnavailable } from '../store/store-errors';
import type { StoreDriver } from '../store/store';
import { Bell } from './bell';
import type { Health } from './runtime';
import { count } from './troubles';

export interface SealerParts {
  readonly driver: Pick<StoreDriver, 'rpc'>;
  readonly keys: SealKeys;
  readonly anchors: readonly Anchor[];
  /** Why there are no anchors although some are set up; null = nothing is wrong. */
  readonly trouble: string | null;
  readonly now: Now;
  readonly sleep: Sleep;
  readonly log: Log;
  /** The longest that an event waits for its seal. */
  readonly sealSeconds: number;
}

/** Unsealed for this long, something holds the seal up. */
const LATE_MINUTES = 5;
const ANOTHER_SEALED = 'BA011';

/**
 * Seals what was recorded, at the latest after `sealSeconds` or a thousand events, and lays checkpoints down with the
 * anchors. Several processes may do so over one store: each seal builds upon a size of the tree, and the store takes one.
 * While an anchor contradicts the store nothing is signed: a signature over an altered history would vouch for it.
 */
export class Sealer {
  private readonly ending = new AbortController();
  private readonly bell: Bell;
  private readonly book: SealBook;
  private running: Promise<void> = Promise.resolve();
  private recordedSince = 0;
  private compared = false;
  private contradicted: readonly string[] = [];
  private unreadable: readonly string[] = [];
  private refused: readonly string[] = [];
  private failure: string | null = null;
  private logged: string | null = null;

  constructor(private readonly parts: SealerParts) {
    this.bell = new Bell(parts.sleep);
    this.book = new SealBook(parts.driver);
  }

  start(): void {
    this.running = this.run();
  }

  /** Events were recorded; a thousand of them are sealed at once. */
  recorded(events: number): void {
    this.recordedSince += events;
    if (this.recordedSince >= MOST_IN_ONE_SEAL) this.bell.ring();
  }

  /** Seals a last time and ends. */
  async stop(): Promise<void> {
    this.ending.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.ending;
    for (;;) {
      await this.turn().catch((thrown: unknown) => this.failed(thrown));
      if (signal.aborted) return;
      await this.bell.wait(this.parts.sealSeconds * 1000, signal);
    }
  }

  private async turn(): Promise<void> {
    const { anchors, log, now } = this.parts;
    if (!this.compared || this.contradicted.length > 0) await this.compare();
    if (this.contradicted.length > 0) return;
    this.recordedSince = 0;
    await this.sealAll();
    if (!this.ending.signal.aborted) await anchorWhatIsDue({ book: this.book, anchors, now, log });
    [this.failure, this.logged] = [null, null];
  }

  private async compare(): Promise<void> {
    const { anchors, keys, log } = this.parts;
    const { views, unreadable: away } = await viewsOf(anchors, keys);
    const unreadable = [...away, ...damagedIn(views)];
    const found = await contradictions(this.book, views);
    for (const each of found) if (!this.contradicted.includes(each)) log.error(`Evidence: ${each}.`);
    for (const each of unreadable) if (!this.unreadable.includes(each)) log.warn(each);
    [this.contradicted, this.unreadable, this.compared] = [found, unreadable, unreadable.length === 0];
  }

  private async sealAll(): Promise<void> {
    for (;;) {
      try {
        const turn = await sealNext({ ...this.parts, book: this.book });
        this.tellRefused(turn.refused);
        if (!turn.more) return;
      } catch (thrown) {
        if (!(thrown instanceof StoreRefused) || thrown.sqlstate !== ANOTHER_SEALED) throw thrown;
      }
    }
  }

  private tellRefused(refused: readonly { stream: string; seq: number; why: string }[]): void {
    const texts = refused.map(({ stream, seq, why }) => `event ${seq} of ${stream} is not sealed: ${why}`);
    for (const text of texts) if (!this.refused.includes(text)) this.parts.log.error(`Evidence: ${text}.`);
    this.refused = texts;
  }

  private failed(thrown: unknown): void {
    const why = messageOf(thrown);
    if (why !== this.logged) this.parts.log.error(`Events could not be sealed: ${why}`);
    this.logged = why;
    this.failure = forAnybody(thrown);
  }

  /** How well what is recorded is protected. */
  async health(): Promise<Pick<Health['checks'][number], 'status' | 'text'>> {
    const { size, unsealed, oldest_unsealed_at: oldest, anchors: marks } = await this.book.state();
    const names = this.parts.anchors.map(({ name }) => name);
    const mine = marks.filter(({ anchor }) => names.includes(anchor));
    const working = mine.filter(({ tree_size, why }) => tree_size !== null && why === null);
    const anchored = Math.max(0, ...working.map(({ tree_size }) => tree_size ?? 0));
    const failing = mine.flatMap(({ why }) => (why === null ? [] : [why]));
    const isLate = oldest !== null && this.parts.now() - Date.parse(oldest) > LATE_MINUTES * 60_000;
    const sealed = `${count(size)} events sealed`;
    const waiting = unsealed === 0 ? '' : `, ${count(unsealed)} not yet protected since ${oldest ?? 'an unknown time'}`;
    const out = working.length > 0 ? `${count(anchored)} anchored` : 'evidence is not anchored';
    const trouble = [
      ...(this.parts.trouble === null ? [] : [this.parts.trouble]),
      ...this.contradicted,
      // Whoever rewrote the store may have cut off its anchors as well: unread, they vouch for nothing.
      ...this.unreadable.map((why) => `not compared since the start: ${why}`),
      ...this.refused,
      ...failing,
      ...(this.failure === null ? [] : [this.failure]),
    ];
    const isWell = trouble.length === 0 && !isLate;
    // Sentences become parts of one, which ends where it is shown.
    const parts = [`${sealed}${waiting}`, out, ...trouble].map((part) => part.replace(/\.+$/, ''));
    return { status: isWell ? 'ok' : 'degraded', text: parts.join('; ') };
  }
}

/** A database that cannot be used is named by its driver with host and user, which are nobody's business on `/health`. */
function forAnybody(thrown: unknown): string {
  const namesDatabase = thrown instanceof StoreUnavailable || thrown instanceof StoreMisconfigured;
  return namesDatabase ? `the last seal failed: ${thrown.code}; the log says more` : messageOf(thrown);
}
