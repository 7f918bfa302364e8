import { checkedTable, FEATURES, IsolationForest } from '../../lib/risk';
import type { FeatureName } from '../../lib/risk';
import type { Prepared } from './prepare';

/** The additive weights of the system that this product replaces, capped at 1, with the specification's cut-offs. */
export function oldWeights({ values, events }: Prepared): Float64Array {
  const width = FEATURES.length;
  const at = (row: number, name: FeatureName): number => values[row * width + FEATURES.indexOf(name)] as number;
  return Float64Array.from(events, (event, row) => {
    const delta = Math.abs(Number(event.delta ?? 0));
    const old = Math.abs(Number(event.old_value ?? 0));
    const isLarge = delta > 1000 || (event.delta !== null && old > 0 && delta / old > 0.5);
    const points = [
      [at(row, 'off_hours') > 0, 0.3],
      [at(row, 'weekend') > 0, 0.2],
      [at(row, 'holiday') > 0, 0.25],
      [at(row, 'access_level') <= 1, 0.2],
      [at(row, 'review_days') > 90, 0.25],
      [at(row, 'idle_days') > Math.log1p(30), 0.4],
      [event.is_historical === true, 0.4],
      [isLarge, 0.3],
      [at(row, 'events_in_five_minutes') >= Math.log1p(10), 0.35],
    ] as const;
    return Math.min(
      1,
      points.reduce((sum, [applies, weight]) => sum + (applies ? weight : 0), 0),
    );
  });
}

/** An isolation forest on eight raw columns, as the old system's unused model had them. */
export function plainForest({ values, events, at }: Prepared): Float64Array {
  const width = FEATURES.length;
  const columns = [...new Set(events.map(({ column_name }) => column_name))];
  const place = (name: FeatureName): number => FEATURES.indexOf(name);
  const finite = (value: number | undefined): number => (value !== undefined && Number.isFinite(value) ? value : 0);
  const raw = new Float64Array(events.length * 8);
  events.forEach((event, row) => {
    const figure = (name: FeatureName): number => finite(values[row * width + place(name)]);
    const time = new Date(at[row] as number);
    raw.set(
      [
        time.getUTCHours(),
        time.getUTCDay(),
        Number(event.delta ?? 0),
        columns.indexOf(event.column_name),
        figure('access_level'),
        event.is_historical ? 1 : 0,
        figure('idle_days'),
        figure('events_in_five_minutes'),
      ],
      row * 8,
    );
  });
  const forest = IsolationForest.fit(checkedTable(raw, 8), { seed: 0 });
  return Float64Array.from(events, (_, row) => forest.score(raw, row * 8));
}
