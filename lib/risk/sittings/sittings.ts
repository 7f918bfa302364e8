/** What a sitting is made of: a person's event with its score. */
export interface ScoredMoment {
  readonly person: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly score: number;
}

/** A person's events until half an hour passed without one. */
export interface Sitting {
  readonly person: string;
  readonly from: number;
  readonly to: number;
  readonly events: number;
  /** The highest score among its events. */
  readonly score: number;
}

/** Minutes without an event after which a sitting is over. */
export const IDLE_MINUTES = 30;

const IDLE_MILLISECONDS = IDLE_MINUTES * 60_000;

/**
 * Groups events into sittings as they come. Bursts of honest edits are not independent of each other, sittings nearly
 * are: thresholds promise something for sittings that they cannot promise for events.
 */
export class SittingBook {
  private readonly open: Map<string, Sitting>;

  /** @param open  sittings that may go on, one for each person: what was known before a restart */
  constructor(open: Iterable<Sitting> = []) {
    this.open = new Map([...open].map((sitting) => [sitting.person, sitting]));
  }

  /**
   * Takes one event, in the order of time.
   * @returns the sittings that ended before it: this person's last one when it was over
   */
  take({ person, at, score }: ScoredMoment): { readonly current: Sitting; readonly ended: Sitting | null } {
    const before = this.open.get(person);
    // A clock that runs back does not tear a sitting apart.
    const goesOn = before !== undefined && at - before.to <= IDLE_MILLISECONDS;
    const current: Sitting = goesOn
      ? {
          ...before,
          to: Math.max(before.to, at),
          from: Math.min(before.from, at),
          events: before.events + 1,
          score: Math.max(before.score, score),
        }
      : { person, from: at, to: at, events: 1, score };
    this.open.set(person, current);
    return { current, ended: goesOn ? null : (before ?? null) };
  }

  /** Ends the sittings that have been idle at `now`, the earliest first. */
  endIdle(now: number): Sitting[] {
    const over = [...this.open.values()].filter(({ to }) => now - to > IDLE_MILLISECONDS);
    for (const { person } of over) this.open.delete(person);
    return over.sort((left, right) => left.to - right.to || (left.person < right.person ? -1 : 1));
  }
}
