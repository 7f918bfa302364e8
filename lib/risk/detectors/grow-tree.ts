import type { Random } from '../seeded-random';
import { drawDifferent } from '../seeded-random';
import { rowsOfTable, type Table } from '../table';

/** Where trees are written, node by node. */
export interface TreeSpace {
  used: number;
  readonly features: Int16Array;
  readonly children: Int32Array;
  readonly splits: Float64Array;
}

/**
 * Grows one isolation tree on `size` rows drawn without replacement, and writes it at `space.used`.
 * @param deepest       the depth at which nodes are not cut any more
 * @param averageDepth  what is added to a leaf's depth for the rows left in it
 */
export function growTree(
  table: Table,
  size: number,
  deepest: number,
  random: Random,
  space: TreeSpace,
  averageDepth: (count: number) => number,
): void {
  const { columns } = table;
  // Copied together, so that growing stays in the processor's cache.
  const drawn = rowsOfTable(table, drawDifferent(table.rows, size, random)).values;
  const order = Int32Array.from({ length: size }, (_, index) => index);
  const columnOrder = Int32Array.from({ length: columns }, (_, index) => index);
  const waiting: [node: number, from: number, to: number, depth: number][] = [[space.used, 0, size, 0]];
  space.used += 1;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [node, from, to, depth] = next;
    const cut =
      depth >= deepest || to - from <= 1 ? null : chooseCut(drawn, columns, order, from, to, columnOrder, random);
    if (cut === null) {
      space.features[node] = -1;
      space.splits[node] = shortened(depth + averageDepth(to - from));
      continue;
    }
    const middle = partition(drawn, columns, order, from, to, cut);
    const left = space.used;
    space.used += 2;
    space.features[node] = cut.column;
    space.splits[node] = cut.at;
    space.children[node] = left - node;
    waiting.push([left, from, middle, depth + 1], [left + 1, middle, to, depth + 1]);
  }
}

interface Cut {
  readonly column: number;
  readonly at: number;
}

/** A column drawn from those that vary here, and a place drawn between its ends; null when none varies. */
function chooseCut(
  drawn: Float64Array,
  columns: number,
  order: Int32Array,
  from: number,
  to: number,
  columnOrder: Int32Array,
  random: Random,
): Cut | null {
  for (let tried = 0; tried < columns; tried += 1) {
    const pick = tried + Math.floor(random() * (columns - tried));
    const column = columnOrder[pick] as number;
    columnOrder[pick] = columnOrder[tried] as number;
    columnOrder[tried] = column;
    let low = Infinity;
    let high = -Infinity;
    for (let index = from; index < to; index += 1) {
      const value = drawn[(order[index] as number) * columns + column] as number;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    if (high <= low) continue;
    const drawnAt = low + random() * (high - low);
    const short = shortened(drawnAt);
    // Rounding can land beyond an end, which would leave nothing on one side.
    const at = short >= low && short < high ? short : drawnAt;
    return { column, at: at < high ? at : low };
  }
  return null;
}

/** Puts the rows at or below the cut first, and tells where the others begin. */
function partition(
  drawn: Float64Array,
  columns: number,
  order: Int32Array,
  from: number,
  to: number,
  { column, at }: Cut,
): number {
  let left = from;
  let right = to - 1;
  while (left <= right) {
    const row = order[left] as number;
    if ((drawn[row * columns + column] as number) <= at) left += 1;
    else {
      order[left] = order[right] as number;
      order[right] = row;
      right -= 1;
    }
  }
  return left;
}

/** Six significant digits: a saved forest is half as long, and cuts as well. */
function shortened(value: number): number {
  return Number(value.toPrecision(6));
}
