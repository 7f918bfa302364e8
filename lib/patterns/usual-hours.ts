/** Hours of the day in which somebody usually works: `from` to before `to`, 0..23; past midnight where to <= from. */
export interface HoursOfDay {
  readonly from: number;
  readonly to: number;
}

/** So much of what somebody did lies in the usual hours. */
const SHARE = 0.9;
/** With fewer changes nobody knows what is usual. */
const LEAST_CHANGES = 20;

/**
 * The shortest time of the day that holds nine tenths of what somebody did. It may pass midnight, so that a night crew has
 * usual hours like anybody else.
 * @param changes  by hour of the day; hours without a change may be left out
 * @returns null where too little is known, or where it is all day long
 */
export function usualHours(changes: Readonly<Record<string, number>>): HoursOfDay | null {
  const byHour = Array.from({ length: 24 }, (_, hour) => changes[hour] ?? 0);
  const all = byHour.reduce((sum, count) => sum + count, 0);
  if (all < LEAST_CHANGES) return null;
  for (let length = 1; length < 22; length += 1) {
    let best: { from: number; held: number } | null = null;
    for (let from = 0; from < 24; from += 1) {
      const held = within(byHour, from, length);
      if (held >= SHARE * all && held > (best?.held ?? 0)) best = { from, held };
    }
    if (best !== null) return { from: best.from, to: (best.from + length) % 24 };
  }
  return null;
}

/** How many of the changes lie outside of some hours. */
export function changesOutside(changes: Readonly<Record<string, number>>, { from, to }: HoursOfDay): number {
  const length = (to - from + 24) % 24 || 24;
  return Object.entries(changes).reduce(
    (sum, [hour, count]) => ((Number(hour) - from + 24) % 24 < length ? sum : sum + count),
    0,
  );
}

function within(byHour: readonly number[], from: number, length: number): number {
  let held = 0;
  for (let step = 0; step < length; step += 1) held += byHour[(from + step) % 24] ?? 0;
  return held;
}
