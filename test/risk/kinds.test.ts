import {
  BadModel,
  FEATURES as ALL,
  RiskEngine,
  type RiskEngineJson,
  seededRandom,
  type TrainingRows,
} from '../../lib/risk';
import { AmountReach } from '../../lib/risk/detectors/amount-reach';
import { normals } from './clouds';

const ORDINARY = 12;
const FLAGS = 10;
const FEATURES = [
  ...['size', 'is_cell'],
  ...Array.from({ length: ORDINARY }, (_, place) => `figure ${place}`),
  ...Array.from({ length: FLAGS }, (_, place) => `flag ${place}`),
];

/** Logarithms of amounts of which each nat more is e times as rare: Pareto's. */
function amounts(count: number, seed: number): Float64Array {
  const random = seededRandom(seed);
  return Float64Array.from({ length: count }, () => 3 - 0.7 * Math.log1p(-random()));
}

/** New rows, whose size is not known, and changed cells: every tenth of these is odd in ten flags, which say the same. */
function month(cells: number, newRows: number, features: readonly string[] = FEATURES): TrainingRows {
  const width = features.length;
  const [normal, sizes] = [normals(4), amounts(cells, 8)];
  const values = new Float64Array((cells + newRows) * width);
  for (let row = 0; row < cells + newRows; row += 1) {
    const isCell = row < cells;
    const figures = Array.from({ length: ORDINARY }, normal);
    values.set([isCell ? (sizes[row] as number) : NaN, isCell ? 1 : 0, ...figures], row * width);
    values.fill(isCell && row % 10 === 0 ? 1 : 0, row * width + 2 + ORDINARY, (row + 1) * width);
  }
  const none = Array.from({ length: cells + newRows }, () => null);
  return { features, values, labels: none.map(() => 0), incidents: none, categories: none };
}

/** A changed cell that is plain in all but its size. */
function cellOf(size: number): number[] {
  return [size, 1, ...Array.from({ length: ORDINARY }, () => 0.3), ...Array.from({ length: FLAGS }, () => 0)];
}

/** The places that an event has among the changed cells of a month. */
function placeOf(event: number[], { features, values }: TrainingRows, engine: RiskEngine): number {
  const width = features.length;
  const anomaly = engine.anomalyOf(event);
  let place = 1;
  for (let from = 0; from < values.length; from += width) {
    const row = values.subarray(from, from + width);
    if (row[1] === 1 && engine.anomalyOf(row) >= anomaly) place += 1;
  }
  return place;
}

const ENORMOUS = 3 + 0.7 * 18;

describe('an enormous amount', () => {
  const rows = month(200, 4000);
  const engine = RiskEngine.fit(rows);

  it('comes first among changed cells, before those that are slightly odd in ten figures', () => {
    expect(placeOf(cellOf(ENORMOUS), rows, engine)).toBe(1);
    expect(placeOf(cellOf(4), rows, engine)).toBeGreaterThan(20);
    const loaded = RiskEngine.fromJSON(JSON.parse(JSON.stringify(engine)) as RiskEngineJson);
    expect(loaded.read(cellOf(ENORMOUS))).toEqual(engine.read(cellOf(ENORMOUS)));
  });

  it('comes the more before others the farther it goes, and is never quite certain', () => {
    const [far, farther, absurd] = [ENORMOUS, ENORMOUS + 2, 700].map((size) => engine.anomalyOf(cellOf(size)));
    expect(farther).toBeGreaterThan(far as number);
    expect(absurd).toBeGreaterThan(farther as number);
    expect(absurd).toBeLessThan(1);
  });

  it('counts as such where the table of figures calls it an amount: others may drift', () => {
    const drifting = month(200, 4000, ['days', ...FEATURES.slice(1)]);
    expect(placeOf(cellOf(ENORMOUS), drifting, RiskEngine.fit(drifting))).toBeGreaterThan(1);
  });
});

describe('the kinds of events', () => {
  const ranksIn = (engine: RiskEngine): number =>
    (JSON.parse(JSON.stringify(engine)) as RiskEngineJson).anomaly.ranks.length;

  it('are compared with their own kind: among thousands of new rows a plain changed cell is plain', () => {
    const engine = RiskEngine.fit(month(200, 4000));
    expect(ranksIn(engine)).toBe(2);
    expect(engine.anomalyOf(cellOf(4))).toBeLessThan(0.8);
  });

  it('are compared with all events while there are few of one, and in one that knows no kinds', () => {
    const thin = RiskEngine.fit(month(99, 4000));
    expect(ranksIn(thin)).toBe(1);
    expect(thin.anomalyOf(cellOf(4))).toBeGreaterThan(0.9);
    expect(ranksIn(RiskEngine.fit(month(4000, 99)))).toBe(1);
    expect(ranksIn(RiskEngine.fit(month(200, 4000, ['size', 'kind', ...FEATURES.slice(2)])))).toBe(1);
  });

  it('fit into what is kept, also where no two figures of an event are alike', () => {
    const normal = normals(6);
    const values = Float64Array.from({ length: 6000 * ALL.length }, normal);
    const column = ALL.indexOf('is_cell');
    for (let row = 0; row < 6000; row += 1) values[row * ALL.length + column] = row % 2;
    const none = Array.from({ length: 6000 }, () => null);
    const engine = RiskEngine.fit({
      features: ALL,
      values,
      labels: none.map(() => 0),
      incidents: none,
      categories: none,
    });
    expect(ranksIn(engine)).toBe(2);
    expect(JSON.stringify(engine).length).toBeLessThan(2 * 1024 * 1024);
  });

  it('are refused where they are not whole', () => {
    const json = JSON.parse(JSON.stringify(RiskEngine.fit(month(200, 400)))) as RiskEngineJson;
    const { anomaly } = json;
    const [first, second] = anomaly.ranks;
    const broken = [
      { ...anomaly, ranks: [first] },
      { ...anomaly, column: null },
      { ...anomaly, column: FEATURES.length },
      { ...anomaly, ranks: [{ ...first, strangest: null }, second] },
      { ...anomaly, ranks: [{ ...first, reaches: [null] }, second] },
      { ...anomaly, ranks: [first, { ...second, reaches: [{ ...second!.reaches[0], column: -1 }] }] },
      { ...anomaly, ranks: [first, { ...second, reaches: [{ column: 0, reach: { kind: 'amount-reach' } }] }] },
      undefined,
    ];
    for (const each of broken) expect(() => RiskEngine.fromJSON({ ...json, anomaly: each } as never)).toThrow(BadModel);
    expect(() => RiskEngine.fromJSON({ ...json, version: 1 } as never)).toThrow(/version 1/u);
  });
});

describe('how far amounts reach', () => {
  const reach = AmountReach.fit(amounts(10_000, 1)) as AmountReach;

  it('says nothing of what an ordinary tail reaches, and counts nats beyond that', () => {
    const fresh = amounts(10_000, 2);
    expect(fresh.filter((size) => reach.nats(size) > 2).length).toBeLessThanOrEqual(3);
    expect(reach.nats(5)).toBe(0);
    expect(reach.nats(NaN)).toBe(0);
    // e^-9.2 is one in ten thousand: of 20 nats some 11 are beyond, less for what the tail is not sure of.
    expect(reach.nats(3 + 0.7 * 20)).toBeGreaterThan(8);
    expect(reach.nats(3 + 0.7 * 20)).toBeLessThan(13);
    expect(AmountReach.fromJSON(reach.toJSON()).nats(17)).toBe(reach.nats(17));
  });

  it('is not blinded by an absurd amount among those that it learns from', () => {
    const sizes = amounts(600, 3);
    sizes.set([ENORMOUS, ENORMOUS], 100);
    expect((AmountReach.fit(sizes) as AmountReach).nats(ENORMOUS)).toBeGreaterThan(2);
  });

  it('is not made steep by a paste of amounts that are nearly alike', () => {
    const sizes = amounts(10_000, 4);
    for (let place = 0; place < 150; place += 1) sizes[place] = 12 + place / 1e4;
    const pasted = AmountReach.fit(sizes) as AmountReach;
    expect(pasted.nats(12.5)).toBeLessThan(6);
  });

  it.each([
    [10_000, 110, 12],
    [10_000, 150, 9],
    [1000, 35, 9],
    [200, 18, 9],
  ])('is not undone by a price among the greatest that was pasted: of %i amounts %i are alike', (count, alike, at) => {
    const sizes = amounts(count, 5);
    sizes.fill(at, 0, alike);
    const pasted = AmountReach.fit(sizes) as AmountReach;
    expect(pasted.nats(at)).toBe(0);
    expect(pasted.nats(25)).toBeGreaterThan(3);
  });

  it('knows nothing of few amounts, nor of a tail that is all alike', () => {
    expect(AmountReach.fit(amounts(49, 1))).toBeNull();
    expect(AmountReach.fit(new Float64Array(1000).fill(5))).toBeNull();
    expect(AmountReach.fit(Float64Array.from({ length: 1000 }, (_, place) => place % 19))).toBeNull();
    expect(AmountReach.fit(new Float64Array(1000).fill(NaN))).toBeNull();
    // Of the 50 that say something it says less than of thousands.
    const few = AmountReach.fit(amounts(50, 1)) as AmountReach;
    expect(few.nats(ENORMOUS)).toBeGreaterThan(0);
    expect(few.nats(30)).toBeLessThan(reach.nats(30));
  });

  it.each([
    [{ version: 2 }],
    [{ count: 3 }],
    [{ common: null }],
    [{ tails: [] }],
    [{ tails: [null] }],
    [{ tails: [{ from: 1, scale: 0, fitted: 5 }] }],
    [{ tails: [{ from: 1, scale: 1, fitted: 0.5 }] }],
  ])('refuses a tail that is none: %j', (damage) => {
    expect(() => AmountReach.fromJSON({ ...reach.toJSON(), ...damage } as never)).toThrow(BadModel);
  });
});
