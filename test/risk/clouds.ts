import { Draw } from '../../bench/scenarios/draw';
import { checkedTable, seededRandom, type Table } from '../../lib/risk';

/** Numbers of a standard normal distribution. */
export function normals(seed: number): () => number {
  const draw = new Draw(seed);
  return () => draw.normal();
}

/** A round cloud of rows, the first of which lies `distance` away from it on every column. */
export function cloudWithStranger(rows: number, columns: number, distance: number, seed = 1): Table {
  const normal = normals(seed);
  const values = Float64Array.from({ length: rows * columns }, (_, place) => (place < columns ? distance : normal()));
  return checkedTable(values, columns);
}

/** Rows with labels drawn from a logistic model whose weights are 1, -1, 0.5, 0, ... */
export function logisticCloud(rows: number, columns: number, seed: number): { table: Table; labels: Uint8Array } {
  const normal = normals(seed);
  const random = seededRandom(seed + 1000);
  const weights = Array.from({ length: columns }, (_, column) => [1, -1, 0.5, 0][column % 4] as number);
  const values = Float64Array.from({ length: rows * columns }, normal);
  const labels = Uint8Array.from({ length: rows }, (_, row) => {
    const logit = weights.reduce(
      (sum, weight, column) => sum + weight * (values[row * columns + column] as number),
      -1,
    );
    return random() < 1 / (1 + Math.exp(-logit)) ? 1 : 0;
  });
  return { table: checkedTable(values, columns), labels };
}
