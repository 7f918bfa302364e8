import { dirname } from 'node:path';
import type { AuditEvent } from '../../event';
import { messageOf } from '../../errors';
import type { Log } from '../../ports';
import {
  confidenceIn,
  features,
  isJudged,
  RecentRank,
  type RiskEngine,
  type SeenFigures,
  TrailFold,
  wordOf,
} from '../../risk';
import type { BillingSettings } from '../../settings';
import { inSlices, type Steps } from '../../steps';
import type { ModelStore, TrailLine, TrailLines } from '../../store/models';
import type { ModelWord } from './desk';
import { Erasures, type KnownErasures } from './erasures';
import { readOnce } from './reading';
import { type KeptState, readStateInSlices, removeStates } from './state-file';

/** The model in force, ready to be asked. */
export interface ReadyModel {
  readonly engine: RiskEngine;
  readonly hash: string;
}

/** What which model said. */
interface Remembered {
  readonly word: ModelWord;
  readonly hash: string;
}

/** Hears what was said of an event, and of which figures. */
type Watch = (word: ModelWord, seen: SeenFigures) => void;

export interface LiveStateParts {
  readonly store: Pick<ModelStore, 'trailLines' | 'importedLines'>;
  readonly settings: BillingSettings;
  readonly stateFile: string;
  readonly log: Log;
}

/** So few that taking a page holds up no event that passes. */
const PAGE = 100;
/** Events that are remembered, so that none counts twice: scored here and then recorded, or handed out again. */
const MOST_REMEMBERED = 100_000;
/** Of so many it is remembered what was said: what is handed out again is so within minutes. */
const MOST_WORDS = 10_000;

/**
 * What a model knows of the past while events pass by. It begins with what was kept and reads the trail from there; an
 * event that is scored counts from that moment on, not only when it is recorded.
 */
export class LiveState {
  private readonly remembered = new Map<string, null>();
  private readonly words = new Map<string, Remembered>();

  private constructor(
    private readonly parts: LiveStateParts,
    private readonly fold: TrailFold,
    private position: number,
    /** How the events of the last 28 days rank, and by which model. */
    private ranks: { readonly model: string; readonly recent: RecentRank } | null,
    private readonly erasures: Erasures,
  ) {}

  /**
   * @param ready  the model in force
   * @param known  what who kept the state knows of erasures: one that is young lies behind the position of the state
   * @throws StoreUnavailable  the trail cannot be read
   */
  static async open(
    parts: LiveStateParts,
    ready: ReadyModel | null,
    known: KnownErasures | null = null,
  ): Promise<LiveState> {
    const kept = await keptIn(parts);
    const erasures = new Erasures(kept?.position ?? 0, known);
    let state = kept ? LiveState.from(parts, kept, erasures) : await LiveState.anew(parts, ready, erasures);
    // Each time that something was erased meanwhile, it is made anew of what is left.
    while (!(await state.follow(ready))) state = await LiveState.anew(parts, ready, erasures);
    return state;
  }

  /** Of the whole trail, with what was imported in its place. */
  private static async anew(parts: LiveStateParts, ready: ReadyModel | null, erasures: Erasures): Promise<LiveState> {
    for (;;) {
      const state = LiveState.from(parts, null, erasures);
      const hand = (lines: readonly TrailLine[]): Promise<void> => inSlices(state.taking(lines, ready));
      const read = await readOnce(parts.store, { from: 0, ahead: null, upTo: 'settled', erasures, hand });
      if (typeof read !== 'string') {
        state.position = read.position;
        return state;
      }
      if (read === 'erased') removeStates(dirname(parts.stateFile));
    }
  }

  private static from(parts: LiveStateParts, kept: KeptState | null, erasures: Erasures): LiveState {
    const { fold, position, recent } = kept ?? { fold: TrailFold.begin(parts.settings), position: 0, recent: null };
    const ranks = recent && { model: recent.model, recent: new RecentRank(undefined, recent.events) };
    return new LiveState(parts, fold, position, ranks, erasures);
  }

  /** Who makes the state anew from the beginning knows of these erasures. */
  get known(): KnownErasures {
    return { position: 0, erasedUpTo: this.erasures.upTo };
  }

  /**
   * Says what a model makes of an event, which counts as past from then on. The same event again is told the same.
   * @param watch  told of each event once, however often it is handed out
   * @throws BadNumbers  when the event has no time that can be read
   */
  judge(event: AuditEvent, ready: ReadyModel, watch?: Watch): ModelWord | null {
    const before = this.words.get(event.event_key);
    if (before?.hash === ready.hash) return before.word;
    const read = this.fold.read(event);
    if (!read) return null;
    const { state } = this.fold;
    const figures = features(read, state);
    const reading = ready.engine.read(figures);
    const confidence = confidenceIn(state, read.person);
    const recent = this.ranksBy(ready);
    const isKnown = this.remembered.has(event.event_key);
    const rank = isKnown ? recent.rankOf(reading.anomaly) : recent.take(read.at, reading.anomaly);
    if (!isKnown) this.fold.take(read, event);
    const word = { ...wordOf(reading, rank), confidence };
    this.remember(event.event_key, { word, hash: ready.hash });
    if (!isKnown) watch?.(word, { person: read.person, at: read.at, figures });
    return word;
  }

  /**
   * Takes what was recorded since, by whomever.
   * @param ready  the model in force, by which it ranks from then on
   * @returns false when an erasure was among it: the state holds what must be forgotten, and is to be made anew
   */
  async follow(ready: ReadyModel | null): Promise<boolean> {
    let from: number | null = this.position;
    while (from !== null) {
      const page: TrailLines = await this.parts.store.trailLines(from, PAGE);
      const { lines, next, settled } = page;
      if (this.erasures.areNewIn(page)) {
        removeStates(dirname(this.parts.stateFile));
        return false;
      }
      await inSlices(this.taking(lines, ready));
      // Of what is younger there may still come something in between: it is read again the next time.
      if (next !== null) this.position = Math.max(this.position, Math.min(next, settled));
      from = next;
    }
    return true;
  }

  /** In steps: what a hundred lines take, an event that passes would notice. */
  private *taking(lines: readonly TrailLine[], ready: ReadyModel | null): Steps<void> {
    for (const line of lines) {
      this.take(line, ready);
      yield;
    }
  }

  private take(line: TrailLine, ready: ReadyModel | null): void {
    if (this.remembered.has(line.event_key)) return;
    const event = this.fold.read(line);
    if (event) {
      if (ready && isJudged(line.kind)) {
        this.ranksBy(ready).take(event.at, ready.engine.anomalyOf(features(event, this.fold.state)));
      }
      this.fold.take(event, line);
    }
    this.remember(line.event_key, null);
  }

  /** What another model said ranks otherwise: with a new one it begins with training, until the kept state has it. */
  private ranksBy({ hash }: ReadyModel): RecentRank {
    if (this.ranks?.model !== hash) this.ranks = { model: hash, recent: new RecentRank() };
    return this.ranks.recent;
  }

  /** @param said  null: it was recorded past this process */
  private remember(key: string, said: Remembered | null): void {
    this.remembered.set(key, null);
    forgetOldest(this.remembered, MOST_REMEMBERED);
    if (said) this.words.set(key, said);
    forgetOldest(this.words, MOST_WORDS);
  }
}

/** Null where nothing is kept that can be used. */
async function keptIn({ stateFile, settings, log }: LiveStateParts): Promise<KeptState | null> {
  try {
    return await readStateInSlices(stateFile, settings);
  } catch (thrown) {
    log.warn(`The kept state of the model is made anew: ${messageOf(thrown)}`);
    return null;
  }
}

function forgetOldest(known: Map<string, unknown>, most: number): void {
  if (known.size <= most) return;
  for (const [oldest] of known) {
    known.delete(oldest);
    return;
  }
}
