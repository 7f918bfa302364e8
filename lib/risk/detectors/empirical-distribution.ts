import { BadModel, BadNumbers } from '../errors';

/** What `toJSON` gives. */
export interface EmpiricalDistributionJson {
  readonly count: number;
  readonly knots: number[];
  readonly below: number[];
  readonly atMost: number[];
}

/** At most this many points are kept: both tails exactly, an eighth of them each, the middle evenly. */
const MOST_KNOTS = 1024;

/**
 * The distribution of numbers seen before, kept in bounded space: which share of them is below a value.
 * Up to that many different values it is exact; of more, the smallest and largest are, and between knots it is linear.
 */
export class EmpiricalDistribution {
  private constructor(
    /** How many numbers it was made from. */
    readonly count: number,
    private readonly knots: Float64Array,
    /** For each knot, how many numbers were smaller. */
    private readonly smaller: Float64Array,
    /** For each knot, how many numbers were smaller or equal. */
    private readonly upTo: Float64Array,
  ) {}

  /** @throws BadNumbers  when there is no number, or one that is not finite */
  static fit(numbers: Float64Array, mostKnots = MOST_KNOTS): EmpiricalDistribution {
    if (numbers.length === 0 || !numbers.every((value) => Number.isFinite(value))) {
      throw new BadNumbers(
        'A distribution needs at least one number, and finite ones only.',
        'Leave out what is missing.',
      );
    }
    const sorted = numbers.slice().sort();
    // Where each different value begins among the sorted ones, and behind them all their end.
    const begins = new Uint32Array(sorted.length + 1);
    let distinct = 0;
    for (let place = 0; place < sorted.length; place += 1) {
      if (place === 0 || sorted[place] !== sorted[place - 1]) begins[distinct++] = place;
    }
    begins[distinct] = sorted.length;
    const kept =
      distinct <= mostKnots ? Uint32Array.from({ length: distinct }, (_, at) => at) : thinned(distinct, mostKnots);
    return new EmpiricalDistribution(
      numbers.length,
      Float64Array.from(kept, (at) => sorted[begins[at] as number] as number),
      Float64Array.from(kept, (at) => begins[at] as number),
      Float64Array.from(kept, (at) => begins[at + 1] as number),
    );
  }

  /** The share of numbers at or below `value`, 0..1. */
  atMost(value: number): number {
    return this.tails(value)[0];
  }

  /** The share of numbers at or above `value`, 0..1. */
  atLeast(value: number): number {
    return this.tails(value)[1];
  }

  /** Both shares by one search: at or below `value`, and at or above it. */
  tails(value: number): [atMost: number, atLeast: number] {
    const at = this.lastKnotUpTo(value);
    if (at < 0) return [0, 1];
    const atMost = this.between(at, value, this.upTo[at] as number);
    if (this.knots[at] === value) return [atMost, 1 - (this.smaller[at] as number) / this.count];
    return [atMost, 1 - atMost];
  }

  /** How far `value` is beyond all numbers, measured by how far these reach; 0 among them. */
  overshoot(value: number): number {
    const [least, most] = [this.knots[0] as number, this.knots[this.knots.length - 1] as number];
    return Math.max(0, least - value, value - most) / (most > least ? most - least : 1);
  }

  /** The place of `value` among the numbers, in (0, 1): ties count half, and nothing is ever quite 0 or 1. */
  rank(value: number): number {
    const [atMost, atLeast] = this.tails(value);
    const middle = (atMost + 1 - atLeast) / 2;
    return (middle * this.count + 0.5) / (this.count + 1);
  }

  /** The smallest kept number at or below which the share `probability` lies. */
  quantile(probability: number): number {
    const wanted = probability * this.count;
    let at = 0;
    while (at < this.knots.length - 1 && (this.upTo[at] as number) < wanted) at += 1;
    return this.knots[at] as number;
  }

  toJSON(): EmpiricalDistributionJson {
    return { count: this.count, knots: [...this.knots], below: [...this.smaller], atMost: [...this.upTo] };
  }

  /** @throws BadModel  when the knots do not rise or their counts do not fit */
  static fromJSON(json: EmpiricalDistributionJson): EmpiricalDistribution {
    const { count, knots, below, atMost } = json ?? {};
    const rising = (list: readonly number[] | undefined, from: number): boolean =>
      Array.isArray(list) &&
      list.length === knots.length &&
      list.every(
        (value, index) => Number.isFinite(value) && (index === 0 ? value >= from : value > (list[index - 1] as number)),
      );
    const whole = Array.isArray(knots) && knots.length > 0 && rising(knots, -Infinity) && rising(below, 0);
    if (!whole || !rising(atMost, 1) || atMost[atMost.length - 1] !== count) {
      throw new BadModel('distribution', 'its knots do not rise up to its count');
    }
    return new EmpiricalDistribution(
      count,
      Float64Array.from(knots),
      Float64Array.from(below),
      Float64Array.from(atMost),
    );
  }

  private lastKnotUpTo(value: number): number {
    let low = 0;
    let high = this.knots.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.knots[middle] as number) <= value) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** The count at `value`, which lies at or behind knot `at` and before the next one, as a share. */
  private between(at: number, value: number, here: number): number {
    const [from, to] = [this.knots[at] as number, this.knots[at + 1]];
    if (to === undefined || value === from) return here / this.count;
    const next = this.smaller[at + 1] as number;
    return (here + ((next - here) * (value - from)) / (to - from)) / this.count;
  }
}

/** Which of `distinct` values are kept, rising: both tails, and of the middle evenly. */
function thinned(distinct: number, mostKnots: number): Uint32Array {
  const tail = Math.floor(mostKnots / 8);
  const middle = distinct - 2 * tail;
  const places = mostKnots - 2 * tail;
  const kept = new Set<number>();
  for (let at = 0; at < tail; at += 1) kept.add(at);
  for (let place = 0; place < places; place += 1) kept.add(tail + Math.round((place * (middle - 1)) / (places - 1)));
  for (let at = distinct - tail; at < distinct; at += 1) kept.add(at);
  return Uint32Array.from(kept);
}
