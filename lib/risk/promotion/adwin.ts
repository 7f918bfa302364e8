/** A bucket of the window: how many numbers, their sum, and the sum of squares about their mean. */
interface Bucket {
  count: number;
  sum: number;
  spread: number;
}

const CHECK_EVERY = 32;
const BUCKETS_OF_A_SIZE = 5;
const SHORTEST_WINDOW = 10;
const SHORTEST_PART = 5;

/**
 * ADWIN (Bifet and Gavalda 2007): a window over a stream of numbers that shrinks when two of its parts have means that
 * differ more than chance explains. On a stream that does not change it cries with a chance of at most about `delta`.
 * Space and time grow with the logarithm of the window.
 */
export class Adwin {
  private readonly buckets: Bucket[] = [];
  private sinceCheck = 0;
  private dropped: Bucket | null = null;

  /** @param delta  how much false alarm is bearable */
  constructor(private readonly delta = 0.002) {}

  /** How many numbers the window holds. */
  get width(): number {
    return this.buckets.reduce((sum, { count }) => sum + count, 0);
  }

  /** The mean of the window; 0 of an empty one. */
  get mean(): number {
    const width = this.width;
    return width === 0 ? 0 : this.buckets.reduce((sum, bucket) => sum + bucket.sum, 0) / width;
  }

  /** The mean of what the last drift dropped from the window; null before there was one. */
  get meanBefore(): number | null {
    return this.dropped && this.dropped.sum / this.dropped.count;
  }

  /** The mean of the youngest numbers, some 32: what the stream is at now, where the window still holds what it was. */
  get meanOfLatest(): number {
    let latest: Bucket = { count: 0, sum: 0, spread: 0 };
    for (let place = this.buckets.length - 1; place >= 0 && latest.count < CHECK_EVERY; place -= 1) {
      latest = joined(latest, this.buckets[place] as Bucket);
    }
    return latest.count === 0 ? 0 : latest.sum / latest.count;
  }

  /** Takes the next number, and says whether the stream has drifted. What is not finite is passed over. */
  take(value: number): boolean {
    if (!Number.isFinite(value)) return false;
    this.buckets.push({ count: 1, sum: value, spread: 0 });
    this.compress();
    this.sinceCheck += 1;
    if (this.sinceCheck < CHECK_EVERY) return false;
    this.sinceCheck = 0;
    let drifted = false;
    while (this.width >= SHORTEST_WINDOW && this.splits()) {
      const oldest = this.buckets.shift() as Bucket;
      this.dropped = drifted && this.dropped ? joined(this.dropped, oldest) : oldest;
      drifted = true;
    }
    return drifted;
  }

  /** Joins the two oldest of a size when there are too many of it. */
  private compress(): void {
    for (let size = 1; ; size *= 2) {
      const first = this.buckets.findIndex(({ count }) => count === size);
      if (first < 0 || this.buckets.filter(({ count }) => count === size).length <= BUCKETS_OF_A_SIZE) return;
      this.buckets.splice(first, 2, joined(this.buckets[first] as Bucket, this.buckets[first + 1] as Bucket));
    }
  }

  /** Whether some cut leaves two parts whose means differ by more than the bound. */
  private splits(): boolean {
    const whole = this.buckets.reduce(joined);
    const variance = whole.spread / whole.count;
    const chance = this.delta / Math.log(whole.count);
    let old: Bucket = { count: 0, sum: 0, spread: 0 };
    for (const bucket of this.buckets.slice(0, -1)) {
      old = joined(old, bucket);
      const young = { count: whole.count - old.count, sum: whole.sum - old.sum };
      if (old.count < SHORTEST_PART || young.count < SHORTEST_PART) continue;
      const harmonic = 1 / (1 / old.count + 1 / young.count);
      const logarithm = Math.log(2 / chance);
      const bound = Math.sqrt((2 / harmonic) * variance * logarithm) + (2 / (3 * harmonic)) * logarithm;
      if (Math.abs(old.sum / old.count - young.sum / young.count) > bound) return true;
    }
    return false;
  }
}

function joined(left: Bucket, right: Bucket): Bucket {
  if (left.count === 0) return right;
  const count = left.count + right.count;
  const apart = left.sum / left.count - right.sum / right.count;
  return {
    count,
    sum: left.sum + right.sum,
    spread: left.spread + right.spread + (apart * apart * left.count * right.count) / count,
  };
}
