import { RecentEvents } from './recent-events';

/** Ranks are kept in so many steps of -log(1 - rank); the last holds all that is rarer than e^-20. */
const STEPS = 4000;
const HIGHEST = 20;

/** The step of a rank among the training events, 0..1. */
export function stepOfRank(trainingRank: number): number {
  return Math.min(STEPS, Math.floor((-Math.log1p(-trainingRank) / HIGHEST) * STEPS));
}

/**
 * Where an event stands among those of the last 28 days: "rarer than 99.3 % of the month". It starts from the training
 * events and moves over to the recent ones as they come. Time and space do not grow with the stream.
 */
export class RecentRank {
  private readonly counts = new Float64Array(STEPS + 1);
  private readonly recent = new RecentEvents<number>((step) => this.add(step, -1));

  /**
   * @param prior  so many events of training count beside the recent ones
   * @param known  what came before, by `toJSON`
   */
  constructor(
    private readonly prior = 500,
    known: readonly (readonly [at: number, step: number])[] = [],
  ) {
    this.recent.load(known);
    for (const [, step] of known) this.add(step, 1);
  }

  /**
   * Takes an event and says how much of the last 28 days is less strange, 0..1.
   * @param trainingRank  its rank among the training events, 0..1
   */
  take(at: number, trainingRank: number): number {
    this.recent.expire(at);
    const rank = this.rankOf(trainingRank);
    const step = stepOfRank(trainingRank);
    this.add(step, 1);
    this.recent.take(at, step);
    return rank;
  }

  /** The same for an event that has been taken already. */
  rankOf(trainingRank: number): number {
    const step = stepOfRank(trainingRank);
    const below = this.sumBelow(step);
    const equal = this.sumBelow(step + 1) - below;
    return (below + equal / 2 + trainingRank * this.prior) / (this.recent.size + this.prior);
  }

  /** Times and steps, in the order in which they came. */
  toJSON(): [at: number, step: number][] {
    return this.recent.toJSON();
  }

  /** A Fenwick tree (1994): sums of a prefix in as many steps as its logarithm. */
  private add(step: number, by: number): void {
    for (let at = step + 1; at <= STEPS; at += at & -at) this.counts[at] = (this.counts[at] as number) + by;
  }

  private sumBelow(step: number): number {
    let sum = 0;
    for (let at = Math.min(step, STEPS); at > 0; at -= at & -at) sum += this.counts[at] as number;
    return sum;
  }
}
