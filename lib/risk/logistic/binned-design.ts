import type { Design } from './design';
import type { TailBins } from './tail-bins';

/** Rows as linear terms and the numbers of their bins: for 60 columns a tenth of the space of zeros and ones. */
export class BinnedDesign implements Design {
  readonly columns: number;
  private readonly inputs: number;
  private readonly linear: Float64Array;
  private readonly bins: Uint16Array;

  /** @param values  rows by `bins.columns`, where NaN is missing */
  constructor(
    bins: TailBins,
    values: Float64Array,
    readonly rows: number,
  ) {
    this.columns = bins.width;
    this.inputs = bins.columns.length;
    this.linear = new Float64Array(values.length);
    this.bins = new Uint16Array(values.length);
    for (let row = 0, place = 0; row < rows; row += 1) {
      for (let column = 0; column < this.inputs; column += 1, place += 1) {
        this.linear[place] = bins.linear(column, values[place] as number);
        this.bins[place] = bins.bin(column, values[place] as number);
      }
    }
  }

  logits(weights: Float64Array): Float64Array {
    const { rows, inputs, linear, bins, columns } = this;
    const logits = new Float64Array(rows);
    const bias = weights[columns] as number;
    for (let row = 0, place = 0; row < rows; row += 1) {
      let sum = bias;
      for (let column = 0; column < inputs; column += 1, place += 1) {
        sum += (linear[place] as number) * (weights[column] as number) + (weights[bins[place] as number] as number);
      }
      logits[row] = sum;
    }
    return logits;
  }

  backProject(factors: Float64Array): Float64Array {
    const { rows, inputs, linear, bins, columns } = this;
    const sums = new Float64Array(columns + 1);
    for (let row = 0, place = 0; row < rows; row += 1) {
      const factor = factors[row] as number;
      for (let column = 0; column < inputs; column += 1, place += 1) {
        sums[column] = (sums[column] as number) + factor * (linear[place] as number);
        const bin = bins[place] as number;
        sums[bin] = (sums[bin] as number) + factor;
      }
      sums[columns] = (sums[columns] as number) + factor;
    }
    return sums;
  }
}
