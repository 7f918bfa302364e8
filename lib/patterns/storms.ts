/** A week of fewer changes is no storm, however quiet the others were. */
const LEAST_CHANGES = 20;
const TIMES_THE_MEDIAN = 1.5;
/** So many robust standard deviations above the median (1.4826 x the median distance from it). */
const DEVIATIONS = 4;

/**
 * Which weeks were unusually busy: storm work, a price book that changed, a migration. Robust: one storm does not hide another.
 * @param changes  of each week, in any order; weeks without a change are left out of what is usual
 * @returns for each week whether it was a storm; none while fewer than six weeks are known
 */
export function stormWeeks(changes: readonly number[]): boolean[] {
  const busy = changes.filter((count) => count > 0);
  if (busy.length < 6) return changes.map(() => false);
  const usual = median(busy);
  const spread = 1.4826 * median(busy.map((count) => Math.abs(count - usual)));
  const from = Math.max(usual + DEVIATIONS * spread, TIMES_THE_MEDIAN * usual, LEAST_CHANGES);
  return changes.map((count) => count > from);
}

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((left, right) => left - right);
  const middle = sorted.length / 2;
  const [low = 0, high = 0] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
}
