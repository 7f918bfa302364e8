import { seededRandom, type Table } from '../../lib/risk';

/** How often the tampered column is named. */
export interface Hits {
  readonly rows: number;
  readonly first: number;
  readonly firstThree: number;
}

/** The columns of a row by how odd their values are, the oddest first; three are enough. */
export type Explain = (row: Float64Array) => readonly number[];

/**
 * The injection test of the specification: an ordinary row, in which one column, drawn by chance, is pushed beyond its
 * 1-99 % range by 25 to 75 % of that range; asked is which column did it. Columns without a range cannot be pushed.
 * @param normal  the rows that tampered ones are made from
 */
export function injection(table: Table, normal: readonly number[], rows: number, seed: number, explain: Explain): Hits {
  const random = seededRandom(seed);
  const ranges = Array.from({ length: table.columns }, (_, column) => rangeOf(table, column));
  const pushable = ranges.flatMap(({ low, high }, column) => (high > low ? [column] : []));
  let [first, firstThree] = [0, 0];
  for (let one = 0; one < rows; one += 1) {
    const from = normal[Math.floor(random() * normal.length)] as number;
    const column = pushable[Math.floor(random() * pushable.length)] as number;
    const { low, high } = ranges[column] as { low: number; high: number };
    const push = (0.25 + 0.5 * random()) * (high - low);
    const row = table.values.slice(from * table.columns, (from + 1) * table.columns);
    row[column] = random() < 0.5 ? low - push : high + push;
    const named = explain(row);
    first += named[0] === column ? 1 : 0;
    firstThree += named.slice(0, 3).includes(column) ? 1 : 0;
  }
  return { rows, first: first / rows, firstThree: firstThree / rows };
}

function rangeOf({ rows, columns, values }: Table, column: number): { low: number; high: number } {
  const sorted = Float64Array.from({ length: rows }, (_, row) => values[row * columns + column] as number)
    .filter((value) => Number.isFinite(value))
    .sort();
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? NaN;
  return { low: at(0.01), high: at(0.99) };
}
