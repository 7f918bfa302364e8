const MULTIPLIER = 6364136223846793005n;
const INCREMENT = 1442695040888963407n;
const MASK = (1n << 64n) - 1n;

/**
 * Chance that is the same for the same seed: the linear congruential generator of Knuth's MMIX, of which the upper 53 of
 * 64 bits are used.
 */
export class Random {
  private state: bigint;

  constructor(seed: number) {
    this.state = (BigInt(Math.trunc(seed)) ^ 0x5bd1e995n) & MASK;
    // Neighbouring seeds begin alike; a few steps part them.
    for (let step = 0; step < 8; step += 1) this.fraction();
  }

  /** From 0 up to, not including, 1. */
  fraction(): number {
    this.state = (this.state * MULTIPLIER + INCREMENT) & MASK;
    return Number(this.state >> 11n) / 2 ** 53;
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** A number from `least` to `most`, both possible only as limits. */
  between(least: number, most: number): number {
    return least + (most - least) * this.fraction();
  }

  /** A whole number from `least` to `most`, both included. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.fraction() * (most - least + 1));
  }

  /** @throws RangeError when there is nothing to choose from */
  oneOf<Choice>(choices: readonly Choice[]): Choice {
    const chosen = choices[Math.floor(this.fraction() * choices.length)];
    if (chosen === undefined) throw new RangeError('There is nothing to choose from.');
    return chosen;
  }

  /** Up to `count` of the choices, in an order of chance. */
  some<Choice>(choices: readonly Choice[], count: number): Choice[] {
    const left = [...choices];
    const chosen: Choice[] = [];
    while (chosen.length < count && left.length > 0) chosen.push(...left.splice(this.whole(0, left.length - 1), 1));
    return chosen;
  }

  /** Log-normal: waiting times of people are. */
  around(median: number, sigma: number): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.fraction()));
    return median * Math.exp(sigma * radius * Math.cos(2 * Math.PI * this.fraction()));
  }
}
