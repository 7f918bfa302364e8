import { messageOf } from '../../errors';
import type { Log } from '../../ports';
import type { BillingSettings } from '../../settings';
import type { ModelStore } from '../../store/models';
import type { Machine } from '../machine';
import type { KnownErasures } from './erasures';
import { LiveState, type LiveStateParts, type ReadyModel } from './live-state';
import { keepNewestStates, removeStates, settingsHash, stateFileFor } from './state-file';
import { type Kept, keepStateInThread } from './training-thread';

export interface LiveStatesParts {
  readonly store: ModelStore;
  readonly machine: Pick<Machine, 'now' | 'sleep'>;
  readonly log: Log;
  /** `models/` of the home. */
  readonly folder: string;
  readonly workerPath?: string | undefined;
  readonly signal: AbortSignal;
  /** The model in force, as far as it is known. */
  readonly ready: () => ReadyModel | null;
}

interface Live {
  readonly key: string;
  readonly parts: LiveStateParts;
  /** Null: it is not wanted any more. */
  state: Promise<LiveState | null>;
  isReady: boolean;
  /** What who made it last knows of erasures. */
  known: KnownErasures | null;
  /** The hash of the model in force, when the month ranks by it; null: what is kept ranks by another. */
  rankedBy: string | null;
  /** When it was asked for last, in milliseconds since 1970. */
  asked: number;
}

const FOLLOW_MILLISECONDS = 30_000;
/** So many followings, and the state is kept again: about every hour. */
const KEEP_EVERY = 120;
/** Nodes that see hours, holidays, weeks or columns in so many ways have each a state of their own; more would cost memory. */
const MOST_STATES = 4;
/** A state that nobody asked for so long makes room, and who was refused one is forgotten: most settings are changed, not used beside each other. */
const IDLE_MILLISECONDS = 600_000;

/**
 * The live states, one for all nodes that see an event alike: what one node is set to changes no figure of another's. Each
 * follows the trail by itself, and is kept in a file of its own.
 */
export class LiveStates {
  private readonly lives = new Map<string, Live>();
  /** When those beyond asked last, in milliseconds since 1970. */
  private readonly refused = new Map<string, number>();
  private readonly loops = new Set<Promise<void>>();
  /** One thread at a time: each holds a whole state. */
  private keeping: Promise<unknown> = Promise.resolve();

  constructor(private readonly parts: LiveStatesParts) {}

  /** In words, where nodes have to do without one. */
  get problem(): string | null {
    for (const [key, asked] of this.refused) {
      if (this.parts.machine.now() - asked >= IDLE_MILLISECONDS) this.refused.delete(key);
    }
    if (this.refused.size === 0) return null;
    return `Risk Score nodes see business hours, holidays, weeks or columns in more than ${MOST_STATES} ways; those beyond go by rule points.`;
  }

  /**
   * The state for these settings; it begins to be made when it is asked for first.
   * @returns null where there are too many already
   */
  live(settings: BillingSettings): Pick<Live, 'state' | 'isReady'> | null {
    const key = settingsHash(settings);
    const now = this.parts.machine.now();
    const live = this.lives.get(key);
    if (live) live.asked = now;
    if (live || this.hasRoom(now)) return live ?? this.begun(key, settings, { asked: now, known: null });
    const isNews = !this.refused.has(key);
    this.refused.set(key, now);
    if (isNews && this.problem !== null) this.parts.log.warn(this.problem);
    return null;
  }

  /** Another model is in force: the events of the last 28 days are ranked by it. A state that is not ready sees to it then. */
  renew(): void {
    for (const live of this.lives.values()) {
      if (live.isReady) this.looped(this.keptAndOpened(live));
    }
  }

  /** No model is in force: nobody keeps states up, and what is erased then must not live on in them. */
  forget(): void {
    this.lives.clear();
    this.refused.clear();
    removeStates(this.parts.folder);
  }

  async stopped(): Promise<void> {
    while (this.loops.size > 0) await Promise.all(this.loops);
    await this.keeping;
  }

  private begun(key: string, settings: BillingSettings, { asked, known }: Pick<Live, 'asked' | 'known'>): Live {
    this.refused.delete(key);
    const { store, log, folder } = this.parts;
    const parts = { store, settings, log, stateFile: stateFileFor(folder, settings) };
    const live: Live = {
      ...{ key, parts, state: Promise.resolve(null), isReady: false },
      ...{ known, rankedBy: null, asked },
    };
    this.lives.set(key, live);
    live.state = this.opened(live);
    live.state.then(
      () => this.begins(live),
      () => {
        // Whoever asks next begins again.
        if (this.isWanted(live)) this.lives.delete(key);
      },
    );
    return live;
  }

  private begins(live: Live): void {
    if (!this.isWanted(live)) return;
    live.isReady = true;
    keepNewestStates(this.parts.folder, MOST_STATES);
    this.looped(this.follow(live));
    // Meanwhile another model came into force.
    if (this.isRankedByAnother(live)) this.looped(this.keptAndOpened(live));
  }

  /** Another may have taken its place, or no model is in force any more. */
  private isWanted(live: Live): boolean {
    return this.lives.get(live.key) === live;
  }

  private hasRoom(now: number): boolean {
    if (this.lives.size < MOST_STATES) return true;
    const [oldest] = [...this.lives].sort(([, left], [, right]) => left.asked - right.asked);
    if (!oldest || now - oldest[1].asked < IDLE_MILLISECONDS) return false;
    this.lives.delete(oldest[0]);
    return true;
  }

  /** The thread does what takes long; where it fails, this thread reads what it has not. */
  private async opened(live: Live): Promise<LiveState | null> {
    const { log, signal } = this.parts;
    let kept: Kept | null = null;
    try {
      kept = await this.kept(live);
      if (kept !== null && kept.damaged !== null) {
        log.warn(`The kept state of the model was made anew: ${kept.damaged}`);
      }
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      log.warn(`The state of the model could not be kept: ${messageOf(thrown)}`);
    }
    return this.isWanted(live) ? this.openedBy(live, kept) : null;
  }

  /** @param kept  null: the thread failed */
  private async openedBy(live: Live, kept: Kept | null): Promise<LiveState> {
    const ready = this.parts.ready();
    const state = await LiveState.open(live.parts, ready, live.known);
    live.rankedBy = ready !== null && kept?.model === ready.hash ? ready.hash : null;
    return state;
  }

  /** Null: it is not wanted any more. Where no model is in force by then, nothing is left of it. */
  private kept(live: Live): Promise<Kept | null> {
    const kept = this.keeping.then(async () => {
      if (!this.isWanted(live)) return null;
      try {
        return await this.keptInThread(live);
      } finally {
        if (this.lives.size === 0) removeStates(this.parts.folder);
      }
    });
    this.keeping = kept.catch(() => undefined);
    return kept;
  }

  private async keptInThread(live: Live): Promise<Kept> {
    const { store, workerPath, signal } = this.parts;
    const { settings, stateFile } = live.parts;
    const kept = await keepStateInThread({ store, settings, stateFile, workerPath, signal, known: live.known });
    live.known = kept;
    return kept;
  }

  /** Takes what others record, until another state takes its place. */
  private async follow(live: Live): Promise<void> {
    for (let times = 1; ; times += 1) {
      await this.parts.machine.sleep(FOLLOW_MILLISECONDS, this.parts.signal).catch(() => undefined);
      if (this.parts.signal.aborted || !this.isWanted(live)) return;
      try {
        const state = await live.state;
        if (state && !(await state.follow(this.parts.ready()))) return this.begunAnew(live, state);
        if (times % KEEP_EVERY === 0) await this.keptAndOpened(live);
      } catch (thrown) {
        this.parts.log.warn(`The state of the model could not be brought up to date: ${messageOf(thrown)}`);
      }
    }
  }

  /** What was erased must not live on; who makes it anew knows of the erasure. */
  private begunAnew(live: Live, { known }: LiveState): void {
    if (!this.isWanted(live)) return;
    this.begun(live.key, live.parts.settings, { asked: live.asked, known });
  }

  private isRankedByAnother({ rankedBy }: Live): boolean {
    return rankedBy !== (this.parts.ready()?.hash ?? null);
  }

  /** Keeps the state; where that had to begin anew, what was kept is more than what is live, and takes its place. */
  private async keptAndOpened(live: Live): Promise<void> {
    try {
      const kept = await this.kept(live);
      if (!kept || !this.isWanted(live)) return;
      if (!kept.isAnew && !this.isRankedByAnother(live)) return;
      const state = await this.openedBy(live, kept);
      live.state = Promise.resolve(state);
    } catch (thrown) {
      if (this.parts.signal.aborted) return;
      this.parts.log.warn(`The state of the model could not be kept: ${messageOf(thrown)}`);
    }
  }

  private looped(loop: Promise<void>): void {
    const ended = loop.finally(() => this.loops.delete(ended));
    this.loops.add(ended);
  }
}
