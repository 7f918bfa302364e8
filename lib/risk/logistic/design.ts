import type { Table } from '../table';

/**
 * What a linear model is fitted on: rows by columns, of which only two products are needed. The last weight is the bias;
 * its column of ones is not stored.
 */
export interface Design {
  readonly rows: number;
  /** Columns without the bias. */
  readonly columns: number;
  /** Each row times the weights, plus the bias. */
  logits(weights: Float64Array): Float64Array;
  /** The sum over rows of each column times the row's factor; the last figure is the sum of factors. */
  backProject(factors: Float64Array): Float64Array;
}

/** A table whose every value counts, as it stands. */
export class DenseDesign implements Design {
  readonly rows: number;
  readonly columns: number;

  constructor(readonly table: Table) {
    this.rows = table.rows;
    this.columns = table.columns;
  }

  logits(weights: Float64Array): Float64Array {
    const { rows, columns, values } = this.table;
    const logits = new Float64Array(rows);
    const bias = weights[columns] as number;
    for (let row = 0, place = 0; row < rows; row += 1) {
      let sum = bias;
      for (let column = 0; column < columns; column += 1, place += 1) {
        sum += (values[place] as number) * (weights[column] as number);
      }
      logits[row] = sum;
    }
    return logits;
  }

  backProject(factors: Float64Array): Float64Array {
    const { rows, columns, values } = this.table;
    const sums = new Float64Array(columns + 1);
    for (let row = 0, place = 0; row < rows; row += 1) {
      const factor = factors[row] as number;
      for (let column = 0; column < columns; column += 1, place += 1) {
        sums[column] = (sums[column] as number) + factor * (values[place] as number);
      }
      sums[columns] = (sums[columns] as number) + factor;
    }
    return sums;
  }
}
