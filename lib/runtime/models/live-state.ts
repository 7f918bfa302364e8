import type { AuditEvent } from '../../event';
import { messageOf } from '../../errors';
import type { Log } from '../../ports';
import { features, RecentRank, type RiskEngine, TrailFold, wordOf } from '../../risk';
import type { BillingSettings } from '../../settings';
import type { ModelStore, TrailLine, TrailLines } from '../../store/models';
import type { ModelWord } from './desk';
import { Erasures } from './erasures';
import { readState, removeState } from './state-file';

/** The model in force, ready to be asked. */
export interface ReadyModel {
  readonly engine: RiskEngine;
  readonly hash: string;
  readonly recent: RecentRank;
}

/** What which model said. Null: it was recorded past this process. */
interface Remembered {
  readonly word: ModelWord;
  readonly hash: string;
}

export interface LiveStateParts {
  readonly store: Pick<ModelStore, 'trailLines'>;
  readonly settings: BillingSettings;
  readonly stateFile: string;
  readonly log: Log;
}

const PAGE = 500;
/** Events that are remembered, so that none counts twice: scored here and then recorded, or handed out again. */
const MOST_REMEMBERED = 100_000;

/**
 * What a model knows of the past while events pass by. It begins with what was kept and reads the trail from there; an
 * event that is scored counts from that moment on, not only when it is recorded.
 */
export class LiveState {
  private readonly remembered = new Map<string, Remembered | null>();

  private constructor(
    private readonly parts: LiveStateParts,
    private readonly fold: TrailFold,
    private position: number,
    private readonly erasures: Erasures,
  ) {}

  /** @throws StoreUnavailable  the trail cannot be read */
  static async open(parts: LiveStateParts): Promise<LiveState> {
    let state = LiveState.begin(parts);
    // Each time that something was erased meanwhile, it is made anew of what is left.
    while (!(await state.follow())) state = LiveState.anew(parts, state.erasures);
    return state;
  }

  private static anew(parts: LiveStateParts, erasures: Erasures): LiveState {
    return new LiveState(parts, TrailFold.begin(parts.settings), 0, erasures);
  }

  private static begin(parts: LiveStateParts): LiveState {
    try {
      const kept = readState(parts.stateFile, parts.settings);
      if (kept) return new LiveState(parts, kept.fold, kept.position, new Erasures(kept.position));
    } catch (thrown) {
      parts.log.warn(`The kept state of the model is made anew: ${messageOf(thrown)}`);
      removeState(parts.stateFile);
    }
    return LiveState.anew(parts, new Erasures(null));
  }

  /**
   * Says what a model makes of an event, which counts as past from then on. The same event again is told the same.
   * @throws BadNumbers  when the event has no time that can be read
   */
  judge(event: AuditEvent, { engine, recent, hash }: ReadyModel): ModelWord | null {
    const before = this.remembered.get(event.event_key);
    if (before?.hash === hash) return before.word;
    const read = this.fold.read(event);
    if (!read) return null;
    const reading = engine.read(features(read, this.fold.state));
    if (!this.remembered.has(event.event_key)) this.fold.take(read, event);
    const word = wordOf(reading, recent.take(read.at, reading.anomaly));
    this.remember(event.event_key, { word, hash });
    return word;
  }

  /**
   * Takes what was recorded since, by whomever.
   * @returns false when an erasure was among it: the state holds what must be forgotten, and is to be made anew
   */
  async follow(): Promise<boolean> {
    let from: number | null = this.position;
    while (from !== null) {
      const page: TrailLines = await this.parts.store.trailLines(from, PAGE);
      const { lines, next, settled } = page;
      if (this.erasures.areNewIn(page)) {
        removeState(this.parts.stateFile);
        return false;
      }
      for (const line of lines) this.take(line);
      // Of what is younger there may still come something in between: it is read again the next time.
      if (next !== null) this.position = Math.max(this.position, Math.min(next, settled));
      from = next;
    }
    return true;
  }

  private take(line: TrailLine): void {
    if (this.remembered.has(line.event_key)) return;
    const event = this.fold.read(line);
    if (event) this.fold.take(event, line);
    this.remember(line.event_key, null);
  }

  private remember(key: string, said: Remembered | null): void {
    this.remembered.set(key, said);
    if (this.remembered.size <= MOST_REMEMBERED) return;
    for (const [oldest] of this.remembered) {
      this.remembered.delete(oldest);
      return;
    }
  }
}
