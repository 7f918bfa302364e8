import type { Table } from '../table';

/** Mean and spread of each column; a column that does not vary has the spread 1, so that it says nothing. */
export interface Scaling {
  readonly means: readonly number[];
  readonly spreads: readonly number[];
}

/** @param leastSpread  no spread is taken for smaller */
export function scalingOf({ rows, columns, values }: Table, leastSpread = 0): Scaling {
  const means = new Float64Array(columns);
  const squares = new Float64Array(columns);
  // Welford's recurrence: one pass, and no loss where the mean is far from zero.
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const off = (values[row * columns + column] as number) - (means[column] as number);
      means[column] = (means[column] as number) + off / (row + 1);
      squares[column] =
        (squares[column] as number) + off * ((values[row * columns + column] as number) - (means[column] as number));
    }
  }
  const spreads = [...squares].map((sum, column) => {
    const spread = Math.sqrt(sum / rows);
    const varies = spread > 1e-12 * Math.max(1, Math.abs(means[column] as number));
    return varies ? Math.max(spread, leastSpread) : 1;
  });
  return { means: [...means], spreads };
}
