import { BadLabels } from '../errors';

/**
 * How many classes the labels tell apart.
 * @throws BadLabels  when there are not as many as rows, one is not a whole number from 0, a class between is absent, or
 *   there is one class only
 */
export function classesOf(labels: ArrayLike<number>, rows: number): number {
  if (labels.length === 0) throw new BadLabels('There are no labels to learn from.', { rows });
  if (labels.length !== rows) {
    throw new BadLabels(`There are ${labels.length} labels for ${rows} rows.`, { labels: labels.length, rows });
  }
  const counts: number[] = [];
  for (let row = 0; row < rows; row += 1) {
    const label = labels[row] as number;
    if (!Number.isInteger(label) || label < 0 || label > 1000) {
      throw new BadLabels(`The label of row ${row} is ${label}.`, { row, label });
    }
    counts[label] = (counts[label] ?? 0) + 1;
  }
  if (counts.length < 2)
    throw new BadLabels('All rows have the same label, so there is nothing to tell apart.', { rows });
  const absent = Array.from(counts, (count) => count ?? 0).indexOf(0);
  if (absent >= 0) throw new BadLabels(`No row has the label ${absent}, though some have a higher one.`, { absent });
  return counts.length;
}
