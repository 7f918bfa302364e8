const DAY = 86_400_000;
const DAYS = 28;
/** Ranks are kept in so many steps of -log(1 - rank); the last holds all that is rarer than e^-20. */
const STEPS = 4000;
const HIGHEST = 20;

/**
 * Where an event stands among those of the last 28 days: "rarer than 99.3 % of the month". It starts from the training
 * events and moves over to the recent ones as they come. Time and space do not grow with the stream.
 */
export class RecentRank {
  private readonly counts = new Float64Array(STEPS + 1);
  private readonly queue: [at: number, step: number][] = [];
  private first = 0;
  private total = 0;

  /** @param prior  so many events of training count beside the recent ones */
  constructor(private readonly prior = 500) {}

  /**
   * Takes an event and says how much of the last 28 days is less strange, 0..1.
   * @param trainingRank  its rank among the training events, 0..1
   */
  take(at: number, trainingRank: number): number {
    this.expire(at - DAYS * DAY);
    const step = Math.min(STEPS, Math.floor((-Math.log1p(-trainingRank) / HIGHEST) * STEPS));
    const rank = this.rank(step, trainingRank);
    this.queue.push([at, step]);
    this.add(step, 1);
    this.total += 1;
    return rank;
  }

  private rank(step: number, trainingRank: number): number {
    const below = this.sumBelow(step);
    const equal = this.sumBelow(step + 1) - below;
    return (below + equal / 2 + trainingRank * this.prior) / (this.total + this.prior);
  }

  private expire(before: number): void {
    for (let oldest = this.queue[this.first]; oldest && oldest[0] < before; oldest = this.queue[this.first]) {
      this.add(oldest[1], -1);
      this.total -= 1;
      this.first += 1;
    }
    if (this.first > 10_000) this.queue.splice(0, this.first);
    if (this.first > 10_000) this.first = 0;
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
