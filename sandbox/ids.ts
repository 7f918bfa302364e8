/** Smartsheet's ids look like 16 digits and stay below 2^53, so that JSON numbers carry them whole. */
const ROOM = 1n << 53n;
const SMALLEST = 1_000_000_000_000_000n;
/** Odd, so that counter -> counter * STEP is one-to-one modulo 2^53: no id is ever given twice. */
const STEP = 0x14057b7ef767814fn;

/** Gives ids that look random, never repeat, and are the same for the same seed and order of calls. */
export class Ids {
  private count = 0n;
  private start = 0n;

  constructor(public seed: number) {
    this.resume(seed, 0);
  }

  /** Goes on where a generator with this seed stood after `used` steps. */
  resume(seed: number, used: number): void {
    this.seed = seed;
    this.start = (BigInt(seed) * 0x9e3779b97f4a7c15n) % ROOM;
    this.count = BigInt(used);
  }

  /** How many steps were taken, for `resume`. */
  get used(): number {
    return Number(this.count);
  }

  next(): number {
    for (;;) {
      this.count += 1n;
      const id = (this.start + this.count * STEP) % ROOM;
      if (id >= SMALLEST) return Number(id);
    }
  }
}
