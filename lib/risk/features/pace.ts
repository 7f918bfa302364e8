import type { Lately } from '../state/person';
import { SCALE_FROM } from '../state/counts';
import { DAY, type Feature, flag, HOUR, MINUTE, type View } from './view';

/** How fast, how many, and how evenly. */
export const pace = {
  events_in_minute: (view) => Math.log1p(within(view, MINUTE).length),
  events_in_five_minutes: (view) => Math.log1p(within(view, 5 * MINUTE).length),
  events_in_hour: (view) => Math.log1p(within(view, HOUR).length),
  events_in_day: (view) => Math.log1p(within(view, DAY).length),
  rows_in_five_minutes: (view) => Math.log1p(distinct(within(view, 5 * MINUTE), ({ row }) => row)),
  sheets_in_hour: (view) => distinct(within(view, HOUR), ({ sheet }) => sheet),
  historical_in_hour: (view) => Math.log1p(within(view, HOUR).filter(({ historical }) => historical).length),
  cleared_in_half_hour: (view) => Math.log1p(within(view, 30 * MINUTE).filter(({ cleared }) => cleared).length),
  busy_day: (view) => {
    const habits = view.person?.habits;
    if (!habits || habits.days[0] < SCALE_FROM) return NaN;
    const [, mean, variance] = habits.days;
    const today = Math.log1p(within(view, DAY).length + 1);
    return Math.max(-10, Math.min(10, (today - mean) / Math.max(0.3, Math.sqrt(variance))));
  },
  gap: ({ event, person }) =>
    person && Number.isFinite(person.lastAt) ? Math.log1p(Math.max(0, event.at - person.lastAt) / 1000) : NaN,
  /** How even the last gaps are: people are not, programs are. 0 even, 1 and more as people work. */
  gap_spread: (view) => {
    const last = within(view, HOUR).slice(-6);
    if (last.length < 4) return NaN;
    const times = [...last.map(({ at }) => at), view.event.at];
    const gaps = times.slice(1).map((at, index) => at - (times[index] as number));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
    return mean === 0 ? 0 : Math.min(5, Math.sqrt(variance) / mean);
  },
  /** Whether it looks like a paste: the same column within three seconds. */
  paste: ({ event, person }) => {
    const last = person?.lately.at(-1);
    return last ? flag(event.at - last.at < 3000 && last.column === event.column && last.row !== event.row) : NaN;
  },
} as const satisfies Readonly<Record<string, Feature>>;

function within({ event, person }: View, milliseconds: number): readonly Lately[] {
  const lately = person?.lately;
  if (!lately) return [];
  let from = lately.length;
  while (from > 0 && (lately[from - 1] as Lately).at > event.at - milliseconds) from -= 1;
  return from === 0 ? lately : lately.slice(from);
}

function distinct(list: readonly Lately[], of: (one: Lately) => string | null): number {
  return new Set(list.map(of)).size;
}
