const DAY = 86_400_000;
const DAYS = 28;
/** So many of a busy month say what it was like. */
const MOST = 20_000;
/** Places at the front that are given back in one piece. */
const GIVEN_BACK = 10_000;

/** Something of each event of the last 28 days, of the newest 20,000 at most, in the order in which they came. */
export class RecentEvents<Value> {
  private entries: [at: number, value: Value][] = [];
  private first = 0;

  /** @param leaves  hears of each value that leaves */
  constructor(
    private readonly leaves: (value: Value) => void = () => undefined,
    private readonly most = MOST,
  ) {}

  get size(): number {
    return this.entries.length - this.first;
  }

  /** Lets go what is older than 28 days at `at`. */
  expire(at: number): void {
    for (
      let oldest = this.entries[this.first];
      oldest && oldest[0] < at - DAYS * DAY;
      oldest = this.entries[this.first]
    )
      this.shift();
  }

  /** Takes an event; its time may lie before that of others. */
  take(at: number, value: Value): void {
    this.expire(at);
    this.entries.push([at, value]);
    if (this.size > this.most) this.shift();
  }

  /** What `toJSON` gave, as it was: who left has left, and nobody leaves for it. */
  load(entries: readonly (readonly [at: number, value: Value])[]): this {
    this.entries = entries.map(([at, value]) => [at, value]);
    this.first = 0;
    return this;
  }

  toJSON(): [at: number, value: Value][] {
    return this.entries.slice(this.first);
  }

  private shift(): void {
    const [, value] = this.entries[this.first] as [number, Value];
    this.first += 1;
    if (this.first > GIVEN_BACK) {
      this.entries = this.entries.slice(this.first);
      this.first = 0;
    }
    this.leaves(value);
  }
}
