import { BadModel } from '../errors';
import { checkRow, type Table } from '../table';
import { EmpiricalDistribution, type EmpiricalDistributionJson } from './empirical-distribution';

export interface EcodJson {
  readonly kind: 'ecod';
  readonly version: 1;
  readonly columns: readonly EmpiricalDistributionJson[];
  /** Sign of each column's skewness. */
  readonly skews: readonly number[];
}

/** How far out one value lies: `probability` of one as far or farther, on that side. */
export interface Tail {
  readonly column: number;
  readonly side: 'low' | 'high';
  readonly probability: number;
}

/**
 * ECOD (Li et al. 2022): how unlikely each value is under its column's own distribution, added up over columns.
 * Blind to combinations, but it says which value is odd: the injected one is named first in 99.5 % of tests, where a
 * forest's paths manage 70 %.
 */
export class Ecod {
  private constructor(
    private readonly distributions: readonly EmpiricalDistribution[],
    private readonly skews: readonly number[],
  ) {}

  get columns(): number {
    return this.distributions.length;
  }

  static fit({ rows, columns, values }: Table, mostKnots?: number): Ecod {
    const distributions: EmpiricalDistribution[] = [];
    const skews: number[] = [];
    for (let column = 0; column < columns; column += 1) {
      const numbers = Float64Array.from({ length: rows }, (_, row) => values[row * columns + column] as number);
      distributions.push(EmpiricalDistribution.fit(numbers, mostKnots));
      skews.push(signOfSkewness(numbers));
    }
    return new Ecod(distributions, skews);
  }

  /**
   * The larger of the two tail sums and of the skewness-corrected one, in natural logarithms; larger is stranger.
   * @throws BadNumbers  when the row is too short or holds what is not finite
   */
  score(values: ArrayLike<number>, offset = 0): number {
    checkRow(values, offset, this.columns);
    let sum = 0;
    for (let column = 0; column < this.columns; column += 1) {
      const [low, high] = this.surprises(column, values[offset + column] as number);
      sum += this.counted(column, low, high);
    }
    return sum;
  }

  /** The less likely tail of one column's value. */
  tail(column: number, value: number): Tail {
    const [low, high] = this.surprises(column, value);
    return high >= low
      ? { column, side: 'high', probability: Math.exp(-high) }
      : { column, side: 'low', probability: Math.exp(-low) };
  }

  /** The less likely tail of every value of a row, the oddest first. */
  tails(values: ArrayLike<number>, offset = 0): Tail[] {
    return this.read(values, offset, this.columns).tails;
  }

  /**
   * The score of a row with its oddest values, each looked up once: one event must not cost two searches of each column.
   * Of several values that were never reached, all equally rare then, the one that goes farthest beyond comes first.
   * @param most  so many tails, the oddest first
   * @throws BadNumbers  as `score`
   */
  read(values: ArrayLike<number>, offset: number, most: number): { readonly score: number; readonly tails: Tail[] } {
    checkRow(values, offset, this.columns);
    const surprises = new Float64Array(this.columns);
    const order = new Float64Array(this.columns);
    const isHigh = new Uint8Array(this.columns);
    let score = 0;
    for (let column = 0; column < this.columns; column += 1) {
      const [low, high] = this.surprises(column, values[offset + column] as number);
      score += this.counted(column, low, high);
      isHigh[column] = high >= low ? 1 : 0;
      surprises[column] = Math.max(low, high);
      // No surprise is greater than that of what was never reached: what goes beyond stays before all that does not.
      order[column] = Math.max(low, high) + this.overshoot(column, values[offset + column] as number);
    }
    const tails = largest(order, most).map((column): Tail => ({
      column,
      side: isHigh[column] ? 'high' : 'low',
      probability: Math.exp(-(surprises[column] as number)),
    }));
    return { score, tails };
  }

  /** The value below which half of the training values of a column lie: what is typical there. */
  typical(column: number): number | undefined {
    return this.distributions[column]?.quantile(0.5);
  }

  toJSON(): EcodJson {
    return { kind: 'ecod', version: 1, columns: this.distributions.map((one) => one.toJSON()), skews: this.skews };
  }

  /** @throws BadModel  when the text was written by another version, or its columns are not whole */
  static fromJSON(json: EcodJson): Ecod {
    if (json?.kind !== 'ecod' || json.version !== 1) {
      throw new BadModel('ECOD', `its kind is ${String(json?.kind)}, version ${String(json?.version)}`);
    }
    if (!json.columns?.length || json.skews?.length !== json.columns.length) {
      throw new BadModel('ECOD', 'its columns are not whole');
    }
    return new Ecod(
      json.columns.map((one) => EmpiricalDistribution.fromJSON(one)),
      json.skews,
    );
  }

  private overshoot(column: number, value: number): number {
    return (this.distributions[column] as EmpiricalDistribution).overshoot(value);
  }

  private counted(column: number, low: number, high: number): number {
    return Math.max(low, high, this.skews[column] === 0 ? low + high : 0);
  }

  /** -log of both tail probabilities; what was never reached counts as rarer than anything seen. */
  private surprises(column: number, value: number): [low: number, high: number] {
    const distribution = this.distributions[column] as EmpiricalDistribution;
    const least = 1 / (distribution.count + 1);
    const [atMost, atLeast] = distribution.tails(value);
    return [-Math.log(Math.max(atMost, least)), -Math.log(Math.max(atLeast, least))];
  }
}

/** The places of the `most` largest values, the largest first; of equal ones the first. */
function largest(values: Float64Array, most: number): number[] {
  if (most >= values.length) {
    return [...values.keys()].sort(
      (left, right) => (values[right] as number) - (values[left] as number) || left - right,
    );
  }
  const places: number[] = [];
  for (let place = 0; place < values.length; place += 1) {
    const value = values[place] as number;
    if (places.length === most && value <= (values[places[most - 1] as number] as number)) continue;
    let at = places.length;
    while (at > 0 && value > (values[places[at - 1] as number] as number)) at -= 1;
    places.splice(at, 0, place);
    if (places.length > most) places.pop();
  }
  return places;
}

function signOfSkewness(numbers: Float64Array): number {
  let sum = 0;
  for (const value of numbers) sum += value;
  const mean = sum / numbers.length;
  let cubes = 0;
  for (const value of numbers) cubes += (value - mean) ** 3;
  return Math.sign(cubes);
}
