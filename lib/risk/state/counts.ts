import { atOnce, type Steps } from '../../steps';

const DAY = 86_400_000;

/** A count that fades: `[value, when it had that value]`. */
export type Faded = [value: number, at: number];

/** Days in which a count loses half of itself. */
const HALF_LIFE_DAYS = 60;

/** What a faded count is worth at `at`; a clock that runs back does not make it grow. */
export function worth([value, from]: Faded, at: number): number {
  return value * 2 ** (-Math.max(0, at - from) / (HALF_LIFE_DAYS * DAY));
}

/** The count with `by` added at `at`. */
export function raised(count: Faded, at: number, by = 1): Faded {
  return [worth(count, at) + by, Math.max(count[1], at)];
}

const PAIRS_OF_A_STEP = 50;
/** What a key costs beside its letters: places in two maps, and a plain value. */
const ENTRY_BYTES = 160;

/** How many bytes a map may come to, and what a value adds to them beside its key. */
export interface Weights<Value> {
  readonly mostBytes: number;
  readonly bytesOf: (value: Value) => number;
}

/**
 * A map that keeps at most `most` keys and `mostBytes` bytes, and forgets what was written longest ago. Bytes are counted
 * high: two for each letter, and what the values say of themselves.
 */
export class BoundedMap<Value> {
  private readonly entries = new Map<string, Value>();
  private readonly weighed = new Map<string, number>();
  private sum = 0;

  constructor(
    private readonly most: number,
    private readonly weights: Weights<Value> = { mostBytes: Infinity, bytesOf: () => 0 },
  ) {}

  get size(): number {
    return this.entries.size;
  }

  /** What all of it comes to. */
  get bytes(): number {
    return this.sum;
  }

  get(key: string): Value | undefined {
    return this.entries.get(key);
  }

  set(key: string, value: Value): void {
    this.entries.delete(key);
    this.entries.set(key, value);
    this.weigh(key, value);
    if (this.entries.size > this.most) this.forgetOldest();
    this.fit();
  }

  /**
   * Weighs a value again that was changed where it stands. To be called after each change, so that it weighs what it would
   * weigh after it was saved and loaded.
   */
  settle(key: string): void {
    const value = this.entries.get(key);
    if (value !== undefined) this.weigh(key, value);
    this.fit();
  }

  private fit(): void {
    while (this.sum > this.weights.mostBytes && this.entries.size > 1) this.forgetOldest();
  }

  private weigh(key: string, value: Value): void {
    const bytes = ENTRY_BYTES + 2 * key.length + this.weights.bytesOf(value);
    this.sum += bytes - (this.weighed.get(key) ?? 0);
    this.weighed.set(key, bytes);
  }

  private forgetOldest(): void {
    for (const [oldest] of this.entries) {
      this.entries.delete(oldest);
      this.sum -= this.weighed.get(oldest) ?? 0;
      this.weighed.delete(oldest);
      return;
    }
  }

  /** The value under a key, made when it is not there, and counted as written. */
  take(key: string, make: () => Value): Value {
    const value = this.entries.get(key) ?? make();
    this.set(key, value);
    return value;
  }

  /** Pairs from the one written longest ago to the newest: the same history gives the same text. */
  toJSON(): [string, Value][] {
    return [...this.entries];
  }

  load(pairs: readonly (readonly [string, Value])[]): this {
    return atOnce(this.loading(pairs));
  }

  /**
   * The same in steps.
   * @param read  makes of a value as it was saved what it was
   */
  *loading(pairs: readonly (readonly [string, Value])[], read = (value: Value): Value => value): Steps<this> {
    for (const [index, [key, value]] of pairs.entries()) {
      this.set(key, read(value));
      if (index % PAIRS_OF_A_STEP === 0) yield;
    }
    return this;
  }
}

/** A map as it was saved. */
export function pairsOf<Value>(map: unknown): [string, Value][] {
  return map as [string, Value][];
}

/** How often each of several things happened, fading; bounded. */
export class Tally {
  private total: Faded = [0, 0];
  private readonly counts: BoundedMap<Faded>;

  constructor(most: number, weights?: Weights<Faded>) {
    this.counts = new BoundedMap(most, weights);
  }

  add(key: string, at: number): void {
    this.total = raised(this.total, at);
    this.counts.set(key, raised(this.counts.get(key) ?? [0, at], at));
  }

  get bytes(): number {
    return this.counts.bytes;
  }

  has(key: string): boolean {
    return this.counts.get(key) !== undefined;
  }

  /** How much is counted in all at `at`. */
  sum(at: number): number {
    return worth(this.total, at);
  }

  /**
   * How unexpected a key is: -log of its share, smoothed towards `backup` as long as little is counted.
   * @param backup  the share that it has elsewhere, 0..1
   */
  surprise(key: string, at: number, backup: number): number {
    const counted = worth(this.counts.get(key) ?? [0, at], at);
    return -Math.log((counted + SMOOTHING * Math.max(backup, LEAST_SHARE)) / (this.sum(at) + SMOOTHING));
  }

  share(key: string, at: number): number {
    const sum = this.sum(at);
    return sum === 0 ? 0 : worth(this.counts.get(key) ?? [0, at], at) / sum;
  }

  toJSON(): { total: Faded; counts: [string, Faded][] } {
    return { total: this.total, counts: this.counts.toJSON() };
  }

  load({ total, counts }: { total: Faded; counts: [string, Faded][] }): this {
    this.total = total;
    this.counts.load(counts);
    return this;
  }
}

/** So many observations of elsewhere count as much as one's own. */
const SMOOTHING = 5;
const LEAST_SHARE = 0.001;

/** Mean and variance of a stream, in which the newest counts most: `[how many, mean, variance]`. */
export type Scale = [count: number, mean: number, variance: number];

/** From so many values on a scale says something. */
export const SCALE_FROM = 5;
/** How much a new value moves a scale once it is settled. */
const NEWEST = 0.05;

export function scaledBy([count, mean, variance]: Scale, value: number): Scale {
  const share = Math.max(NEWEST, 1 / (count + 1));
  const off = value - mean;
  return [count + 1, mean + share * off, (1 - share) * (variance + share * off * off)];
}

/** How many standard deviations a value is off, clipped at 20; NaN while the scale says nothing. */
export function offScale(scale: Scale | undefined, value: number, least: number): number {
  if (scale === undefined || scale[0] < SCALE_FROM) return NaN;
  const off = (value - scale[1]) / Math.max(least, Math.sqrt(scale[2]));
  return Math.max(-20, Math.min(20, off));
}
