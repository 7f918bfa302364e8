import { seededRandom, type Table } from '../../lib/risk';

/** How often the tampered column is named. */
export interface Hits {
  readonly rows: number;
  readonly first: number;
  readonly firstThree: number;
  /** The same by how rare the pushed value is in its column, the rarest first. */
  readonly byRarity: readonly { readonly upTo: number; readonly rows: number; readonly first: number }[];
}

/** The columns of a row by how odd their values are, the oddest first; three are enough. */
export type Explain = (row: Float64Array) => readonly number[];

/** Shares of a column's values that lie as far out as the pushed one: borders of what is told apart. */
const RARITIES = [0, 0.0005, 0.002, 1] as const;

/**
 * The injection test of the specification: an ordinary row, in which one column, drawn by chance, is pushed beyond its
 * 1-99 % range by 25 to 75 % of that range; asked is which column did it. Columns without a range cannot be pushed.
 * Where a column has a long tail a value so pushed is still not rare, and other figures of the row may well be rarer.
 * @param normal  the rows that tampered ones are made from
 */
export function injection(table: Table, normal: readonly number[], rows: number, seed: number, explain: Explain): Hits {
  const random = seededRandom(seed);
  const ranges = Array.from({ length: table.columns }, (_, column) => rangeOf(table, column));
  const pushable = ranges.flatMap(({ low, high }, column) => (high > low ? [column] : []));
  const told = Array.from({ length: rows }, () => {
    const from = normal[Math.floor(random() * normal.length)] as number;
    const column = pushable[Math.floor(random() * pushable.length)] as number;
    const { low, high, sorted } = ranges[column] as Range;
    const push = (0.25 + 0.5 * random()) * (high - low);
    const row = table.values.slice(from * table.columns, (from + 1) * table.columns);
    row[column] = random() < 0.5 ? low - push : high + push;
    const named = explain(row);
    const rarity = shareAsFar(sorted, row[column], low);
    return { rarity, first: named[0] === column, firstThree: named.slice(0, 3).includes(column) };
  });
  const share = (hits: readonly boolean[]): number => hits.filter(Boolean).length / hits.length;
  return {
    rows,
    first: share(told.map(({ first }) => first)),
    firstThree: share(told.map(({ firstThree }) => firstThree)),
    byRarity: RARITIES.map((upTo, place) => {
      const over = place === 0 ? -1 : (RARITIES[place - 1] as number);
      const part = told.filter(({ rarity }) => rarity > over && rarity <= upTo);
      return { upTo, rows: part.length, first: share(part.map(({ first }) => first)) };
    }),
  };
}

interface Range {
  readonly low: number;
  readonly high: number;
  readonly sorted: Float64Array;
}

function rangeOf({ rows, columns, values }: Table, column: number): Range {
  const sorted = Float64Array.from({ length: rows }, (_, row) => values[row * columns + column] as number)
    .filter((value) => Number.isFinite(value))
    .sort();
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? NaN;
  return { low: at(0.01), high: at(0.99), sorted };
}

/** The share of values as far out as a pushed one, on its side. */
function shareAsFar(sorted: Float64Array, value: number, low: number): number {
  const asFar = sorted.filter((one) => (value < low ? one <= value : one >= value)).length;
  return asFar / sorted.length;
}
