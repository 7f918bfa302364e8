import { FEATURES, FigureDrift, type FigureMove, RiskEngine } from '../../lib/risk';
import { DriftWatch } from '../../lib/runtime/models/drift';
import { normals } from './clouds';

const MINUTE = 60_000;
const ROWS = 500;
const column = (feature: (typeof FEATURES)[number]): number => FEATURES.indexOf(feature);

/** Figures that are normal each; `size` as log(1 + dollars) of some 150. */
function figuresOf(normal: () => number, over: Readonly<Record<string, number>> = {}): Float64Array {
  const figures = Float64Array.from(FEATURES, () => normal());
  figures[column('size')] = 5 + (figures[column('size')] as number);
  for (const [feature, by] of Object.entries(over)) {
    const place = column(feature as (typeof FEATURES)[number]);
    figures[place] = (figures[place] as number) + by;
  }
  return figures;
}

/** An engine to which the size against habit, and the days a person is known, tell findings from the rest. */
function engineOf(isTaught: boolean): RiskEngine {
  const normal = normals(3);
  const values = new Float64Array(ROWS * FEATURES.length);
  const labels: number[] = [];
  for (let row = 0; row < ROWS; row += 1) {
    const isFinding = isTaught && row % 25 === 0;
    labels.push(isFinding ? 1 : 0);
    values.set(figuresOf(normal, isFinding ? { off_habit: 4, days_known: 4 } : {}), row * FEATURES.length);
  }
  const incidents = labels.map((label, row) => (label ? `i${row}` : null));
  return RiskEngine.fit({ features: FEATURES, values, labels, incidents, categories: labels.map(() => null) });
}

const taught = engineOf(true);

/** So many sittings, one after another, by nine people; in each so many changes that are alike, as in a paste. */
function sittings(
  drift: FigureDrift,
  count: number,
  {
    seed,
    over = {},
    changes = 5,
    from = 0,
  }: { seed: number; over?: Record<string, number>; changes?: number; from?: number },
): FigureMove[] {
  const normal = normals(seed);
  return Array.from({ length: count }, (_, place) => {
    const figures = figuresOf(normal, over);
    const person = `p${place % 9}`;
    return Array.from({ length: changes }, (_, change) =>
      drift.take({ person, at: ((from + place) * 40 + change) * MINUTE, figures }),
    ).flat();
  }).flat();
}

describe('the drift of figures', () => {
  it('watches a bounded number: habits, and what carries the weight of the model; not what grows by itself', () => {
    const { features } = new FigureDrift(taught);
    expect(features).toHaveLength(16);
    expect(features).toEqual(
      expect.arrayContaining(['size', 'off_hours', 'historical', 'events_in_hour', 'off_habit']),
    );
    expect(taught.heaviest(2).toSorted()).toEqual(['days_known', 'off_habit']);
    expect(features).not.toContain('days_known');
    expect(new FigureDrift(engineOf(false)).features).toEqual(['size', 'off_hours', 'historical', 'events_in_hour']);
  });

  it('says from what to what the usual amount of an edit has moved', () => {
    const drift = new FigureDrift(taught);
    expect(sittings(drift, 400, { seed: 1 })).toEqual([]);
    const moves = sittings(drift, 200, { seed: 2, over: { size: 2 }, from: 400 });
    expect(new Set(moves.map(({ feature }) => feature))).toEqual(new Set(['size']));
    const [, before, now] = /^Size of the change from ([\d,]+) to ([\d,]+)$/u.exec(moves[0]?.because ?? '') ?? [];
    const numbers = [before, now].map((text) => Number(text?.replaceAll(',', '')));
    expect(numbers[0]).toBeGreaterThan(100);
    expect(numbers[0]).toBeLessThan(220);
    expect(numbers[1]).toBeGreaterThan(400);
  });

  it('hardly ever cries where nothing changes, though sixteen figures are watched and pastes repeat theirs', () => {
    let cries = 0;
    for (let seed = 10; seed < 24; seed += 1) {
      cries += sittings(new FigureDrift(taught), 600, { seed, changes: seed % 2 ? 1 : 30 }).length;
    }
    expect(cries).toBeLessThanOrEqual(1);
  });

  it('holds no more open sittings than a thousand, and passes over what is missing', () => {
    const drift = new FigureDrift(taught);
    const figures = new Float64Array(FEATURES.length).fill(NaN);
    for (let person = 0; person < 3000; person += 1) {
      expect(drift.take({ person: `p${person}`, at: 0, figures })).toEqual([]);
    }
    const open = (drift as unknown as { readonly open: ReadonlyMap<string, unknown> }).open;
    expect(open.size).toBeLessThanOrEqual(1000);
    expect(drift.take({ person: null, at: -5 * MINUTE, figures })).toEqual([]);
  });
});

describe('the watch over a model', () => {
  const steady = { anomaly_score: 0.5, risk_score: 0.1 };
  const feed = (watch: DriftWatch, count: number, size: number, from: number): void => {
    const normal = normals(from);
    for (let place = from; place < from + count; place += 1) {
      watch.take(steady, { person: 'ana', at: place * 40 * MINUTE, figures: figuresOf(normal, { size }) });
    }
  };

  it('tells figures that moved, by name, until they are learned, and nothing while all is as it was', () => {
    const watch = new DriftWatch(taught);
    feed(watch, 400, 0, 1);
    expect(watch.moved()).toBeNull();
    feed(watch, 200, 2, 401);
    expect(watch.moved()).toMatch(/^what is usual has moved: Size of the change from [\d,]+ to [\d,]+$/u);
    // Whoever asks takes nothing from another who asks.
    expect(watch.moved()).not.toBeNull();
    watch.forget();
    expect(watch.moved()).toBeNull();
  });

  it('tells scores that drift, as before', () => {
    const watch = new DriftWatch(taught);
    const normal = normals(5);
    for (let place = 0; place < 600; place += 1) {
      const risk_score = place < 400 ? 0.1 : 0.6;
      watch.take({ anomaly_score: 0.5, risk_score }, { person: 'ana', at: place, figures: figuresOf(normal) });
    }
    expect(watch.moved()).toBe('scores have drifted');
  });
});
