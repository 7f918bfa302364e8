import { messageOf } from '../../errors';
import type { Log } from '../../ports';
import type { BillingSettings } from '../../settings';
import type { ModelStore } from '../../store/models';
import type { Machine } from '../machine';
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
  readonly settings: BillingSettings;
  readonly parts: LiveStateParts;
  state: Promise<LiveState>;
  isReady: boolean;
  /** When it was asked for last, in milliseconds since 1970. */
  asked: number;
}

const FOLLOW_MILLISECONDS = 30_000;
/** So many followings, and the state is kept again: about every hour. */
const KEEP_EVERY = 120;
/** Nodes that see hours, holidays, weeks or columns in so many ways have each a state of their own; more would cost memory. */
const MOST_STATES = 4;
/** A state that nobody asked for so long makes room: most settings are changed, not used beside each other. */
const IDLE_MILLISECONDS = 600_000;

/**
 * The live states, one for all nodes that see an event alike: what one node is set to changes no figure of another's. Each
 * follows the trail by itself, and is kept in a file of its own.
 */
export class LiveStates {
  private readonly lives = new Map<string, Live>();
  private readonly refused = new Set<string>();
  private readonly loops = new Set<Promise<void>>();
  /** One thread at a time: each holds a whole state. */
  private keeping: Promise<unknown> = Promise.resolve();

  constructor(private readonly parts: LiveStatesParts) {}

  /** In words, where nodes have to do without one. */
  get problem(): string | null {
    if (this.refused.size === 0) return null;
    return `Risk Score nodes see business hours, holidays, weeks or columns in more than ${MOST_STATES} ways; those beyond go by rule points.`;
  }

  /**
   * The state for these settings; it begins to be made when it is asked for first.
   * @returns null where there are too many already
   */
  live(settings: BillingSettings): Pick<Live, 'state' | 'isReady'> | null {
    const key = settingsHash(settings);
    const live = this.lives.get(key) ?? this.begun(key, settings);
    if (live) live.asked = this.parts.machine.now();
    return live;
  }

  /** Another model is in force: the events of the last 28 days are ranked by it. */
  renew(): void {
    for (const [key, live] of this.lives) {
      if (live.isReady) this.looped(this.keptAndOpened(key, live));
    }
  }

  /** No model is in force: nobody keeps states up, and what is erased then must not live on in them. */
  forget(): void {
    this.lives.clear();
    removeStates(this.parts.folder);
  }

  async stopped(): Promise<void> {
    while (this.loops.size > 0) await Promise.all(this.loops);
    await this.keeping;
  }

  private begun(key: string, settings: BillingSettings): Live | null {
    if (!this.hasRoom()) {
      if (!this.refused.has(key)) this.parts.log.warn(`${this.problem ?? 'A node goes by rule points.'}`);
      this.refused.add(key);
      return null;
    }
    this.refused.delete(key);
    const { store, log, folder } = this.parts;
    const parts = { store, settings, log, stateFile: stateFileFor(folder, settings) };
    const live: Live = { settings, parts, state: this.opened(parts), isReady: false, asked: 0 };
    this.lives.set(key, live);
    live.state.then(
      () => {
        // Meanwhile no model is in force any more.
        if (this.lives.size === 0) return removeStates(folder);
        live.isReady = true;
        keepNewestStates(folder, MOST_STATES);
        this.looped(this.follow(key, live));
      },
      () => {
        // Whoever asks next begins again.
        if (this.lives.get(key) === live) this.lives.delete(key);
      },
    );
    return live;
  }

  private hasRoom(): boolean {
    if (this.lives.size < MOST_STATES) return true;
    const [oldest] = [...this.lives].sort(([, left], [, right]) => left.asked - right.asked);
    if (!oldest || this.parts.machine.now() - oldest[1].asked < IDLE_MILLISECONDS) return false;
    this.lives.delete(oldest[0]);
    this.refused.clear();
    return true;
  }

  /** The thread does what takes long; where it fails, this thread reads what it has not. */
  private async opened(parts: LiveStateParts): Promise<LiveState> {
    try {
      const { damaged } = await this.kept(parts);
      if (damaged !== null) parts.log.warn(`The kept state of the model was made anew: ${damaged}`);
    } catch (thrown) {
      if (this.parts.signal.aborted) throw thrown;
      parts.log.warn(`The state of the model could not be kept: ${messageOf(thrown)}`);
    }
    return LiveState.open(parts, this.parts.ready());
  }

  private kept({ settings, stateFile }: LiveStateParts): Promise<Kept> {
    const { store, workerPath, signal } = this.parts;
    const kept = this.keeping.then(() => keepStateInThread({ store, settings, stateFile, workerPath, signal }));
    this.keeping = kept.catch(() => undefined);
    return kept;
  }

  /** Takes what others record, until another state takes its place. */
  private async follow(key: string, live: Live): Promise<void> {
    for (let times = 1; ; times += 1) {
      await this.parts.machine.sleep(FOLLOW_MILLISECONDS, this.parts.signal).catch(() => undefined);
      if (this.parts.signal.aborted || this.lives.get(key) !== live) return;
      try {
        const state = await live.state;
        if (!(await state.follow(this.parts.ready()))) {
          this.lives.delete(key);
          return void this.begun(key, live.settings);
        }
        if (times % KEEP_EVERY === 0) await this.keptAndOpened(key, live);
      } catch (thrown) {
        this.parts.log.warn(`The state of the model could not be brought up to date: ${messageOf(thrown)}`);
      }
    }
  }

  /** Keeps the state; where that had to begin anew, what was kept is more than what is live, and takes its place. */
  private async keptAndOpened(key: string, live: Live): Promise<void> {
    try {
      const { isAnew } = await this.kept(live.parts);
      if (!isAnew || this.lives.get(key) !== live) return;
      live.state = Promise.resolve(await LiveState.open(live.parts, this.parts.ready()));
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
