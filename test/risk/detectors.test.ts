import {
  AnomalyModel,
  BadModel,
  BadNumbers,
  Ecod,
  EmpiricalDistribution,
  IsolationForest,
  LeSiNN,
  tableOf,
} from '../../lib/risk';
import { cloudWithStranger, normals } from './clouds';

const table = cloudWithStranger(600, 5, 6);
const again = <T>(json: T): T => JSON.parse(JSON.stringify(json)) as T;
const row = (index: number): number => index * table.columns;

describe.each([
  ['isolation forest', () => IsolationForest.fit(table, { seed: 7 }), (json: never) => IsolationForest.fromJSON(json)],
  ['LeSiNN', () => LeSiNN.fit(table, { seed: 7 }), (json: never) => LeSiNN.fromJSON(json)],
  ['ECOD', () => Ecod.fit(table), (json: never) => Ecod.fromJSON(json)],
] as const)('%s', (_, fit, load) => {
  it('finds the one that stands apart stranger than every other', () => {
    const model = fit();
    const stranger = model.score(table.values, row(0));
    for (let index = 1; index < table.rows; index += 1)
      expect(model.score(table.values, row(index))).toBeLessThan(stranger);
  });

  it('is the same, byte for byte, for the same data and seed', () => {
    expect(JSON.stringify(fit())).toBe(JSON.stringify(fit()));
  });

  it('scores the same after it was saved and loaded', () => {
    const model = fit();
    const loaded = load(again(model.toJSON()) as never);
    for (let index = 0; index < 50; index += 1) {
      expect(loaded.score(table.values, row(index))).toBe(model.score(table.values, row(index)));
    }
  });

  it('refuses a row that is too short or not finite, and says where', () => {
    const model = fit();
    expect(() => model.score([1, 2])).toThrow(/knows 5 columns, this row has 2/u);
    expect(() => model.score([0, 0, NaN, 0, 0])).toThrow(/column 2 is NaN/u);
    expect(() => model.score([0, 0, 0, Infinity, 0])).toThrow(BadNumbers);
  });

  it('refuses a file of another version, of another kind, or cut off', () => {
    const json = again(fit().toJSON()) as unknown as Record<string, unknown>;
    expect(() => load({ ...json, version: 2 } as never)).toThrow(BadModel);
    expect(() => load({ ...json, kind: 'another' } as never)).toThrow(BadModel);
    for (const [name, part] of Object.entries(json).filter(([, value]) => Array.isArray(value))) {
      expect(() => load({ ...json, [name]: (part as unknown[]).slice(1) } as never)).toThrow(BadModel);
    }
    expect(() => load(null as never)).toThrow(BadModel);
  });
});

describe('a table', () => {
  it('is refused when empty, ragged or not finite, with the place', () => {
    expect(() => tableOf([])).toThrow(/nothing to learn from/u);
    expect(() => tableOf([[1, 2], [3]])).toThrow(/Row 1 has 1 values, the first row has 2/u);
    expect(() =>
      tableOf([
        [1, 2],
        [3, NaN],
      ]),
    ).toThrow(/row 1, column 1 is NaN/u);
    expect(() => tableOf([[1, -Infinity]])).toThrow(/row 0, column 1 is -Infinity/u);
  });
});

describe('thin data', () => {
  it.each([
    ['one row', tableOf([[1, 2, 3]])],
    ['constant columns', tableOf(Array.from({ length: 40 }, () => [5, 5]))],
  ])('gives ordinary, finite scores for %s', (_, thin) => {
    const model = AnomalyModel.fit(thin);
    for (const score of Object.values(model.score(thin.values))) expect(Number.isFinite(score)).toBe(true);
    expect(IsolationForest.fit(thin).score(thin.values)).toBeCloseTo(0.5, 5);
  });

  it('passes over constant columns: they neither help nor harm', () => {
    const normal = normals(3);
    const rows = Array.from({ length: 300 }, (_, index) => [index === 0 ? 9 : normal(), 1, 1, 1]);
    const narrow = IsolationForest.fit(tableOf(rows.map(([value]) => [value as number])), { seed: 1 });
    const wide = IsolationForest.fit(tableOf(rows), { seed: 1 });
    expect(wide.score([9, 1, 1, 1])).toBeCloseTo(narrow.score([9]), 1);
  });
});

describe('LeSiNN on its training rows', () => {
  it('does not take a row for its own neighbour', () => {
    const few = tableOf([[0], [1], [5]]);
    // With a sample of all three: the mean distance is that to the nearest other row, in standard deviations.
    const spread = Math.sqrt(14 / 3);
    const scores = LeSiNN.fit(few, { size: 3, samples: 4 }).trainingScores(few);
    expect(scores[0]).toBeCloseTo(1 / spread, 2);
    expect(scores[1]).toBeCloseTo(1 / spread, 2);
    expect(scores[2]).toBeCloseTo(4 / spread, 2);
  });

  it.each([3, 40])('says the same to the last bit when it rules points out by bounds, with %d columns', (columns) => {
    const wide = cloudWithStranger(400, columns, 6);
    const plain = LeSiNN.fit(wide, { seed: 3 });
    const scores = Array.from({ length: wide.rows }, (_, at) => plain.score(wide.values, at * columns));
    const prepared = LeSiNN.fit(wide, { seed: 3 });
    prepared.prepareForMany();
    expect(scores.map((_, at) => prepared.score(wide.values, at * columns))).toEqual(scores);
  });
});

describe('LeSiNN on a standardised table whose gaps were filled', () => {
  it('lets a column that is hardly ever known not outweigh the others', () => {
    const normal = normals(4);
    // The second column is known for one row in fifty; elsewhere it was filled with its mean, 0.
    const filled = tableOf(Array.from({ length: 1000 }, (_, index) => [normal(), index % 50 === 0 ? normal() : 0]));
    const plain = LeSiNN.fit(filled);
    expect(plain.score([0, 2])).toBeGreaterThan(plain.score([6, 0]));
    const model = LeSiNN.fit(filled, { leastSpread: 1 });
    expect(model.score([0, 2])).toBeLessThan(model.score([6, 0]));
    const loaded = LeSiNN.fromJSON(again(model.toJSON()));
    expect(loaded.score([0, 2])).toBe(model.score([0, 2]));
  });
});

describe('a distribution', () => {
  it('counts what lies at or below and at or above a value', () => {
    const distribution = EmpiricalDistribution.fit(Float64Array.of(1, 2, 2, 4));
    expect([0, 1, 2, 4, 9].map((value) => distribution.atMost(value))).toEqual([0, 0.25, 0.75, 1, 1]);
    expect([0, 1, 2, 4, 9].map((value) => distribution.atLeast(value))).toEqual([1, 1, 0.75, 0.25, 0]);
    expect(distribution.quantile(0.5)).toBe(2);
  });

  it('keeps the tails exact when it thins the middle', () => {
    const numbers = Float64Array.from({ length: 20_000 }, normals(5));
    const distribution = EmpiricalDistribution.fit(numbers);
    const sorted = numbers.slice().sort();
    expect(distribution.toJSON().knots.length).toBeLessThanOrEqual(1024);
    for (const index of [0, 3, 127, 19_900, 19_999]) {
      expect(distribution.atMost(sorted[index] as number)).toBe((index + 1) / 20_000);
    }
    for (let index = 0; index < 20_000; index += 97) {
      expect(Math.abs(distribution.atMost(sorted[index] as number) - (index + 1) / 20_000)).toBeLessThan(0.002);
    }
  });
});

describe('the tails of ECOD', () => {
  it('name the value that was tampered with first', () => {
    const model = Ecod.fit(table);
    const normal = normals(11);
    let named = 0;
    for (let trial = 0; trial < 500; trial += 1) {
      const values = Array.from({ length: 5 }, normal).map((value) => Math.max(-2, Math.min(2, value)));
      const column = trial % 5;
      values[column] = trial % 2 === 0 ? 4.5 : -4.5;
      const [first] = model.tails(values);
      if (first?.column === column && first.side === (trial % 2 === 0 ? 'high' : 'low')) named += 1;
    }
    expect(named / 500).toBeGreaterThanOrEqual(0.99);
  });

  it('name of several values that were never reached the one first that goes farthest beyond', () => {
    const model = Ecod.fit(tableOf(Array.from({ length: 200 }, (_, index) => [index / 100, index, index % 2])));
    const read = (values: readonly number[]): number[] => model.read(values, 0, 3).tails.map(({ column }) => column);
    // Ranges of 2, 199 and 1: beyond by a half of it, by a tenth, and not at all.
    expect(read([3, 219, 1])).toEqual([0, 1, 2]);
    expect(read([2.1, 319, 1])).toEqual([1, 0, 2]);
    expect(read([-1, 219, 1])).toEqual([0, 1, 2]);
    // What was reached once stays behind what never was, however little.
    expect(read([1.99, 100, 1.001])).toEqual([2, 0, 1]);
  });
});

describe('the anomaly model', () => {
  it('says how rare a row is among those it was trained on', () => {
    const model = AnomalyModel.fit(table, { seed: 3 });
    const scores = model.trainingScores(table);
    // The strangest of 600: -log of 1 - rank, rank (599.5 + 0.5) / 601.
    expect(scores[0]?.forest).toBeCloseTo(Math.log(601), 9);
    const median = scores.map(({ forest }) => forest).sort((a, b) => a - b)[300] as number;
    expect(median).toBeCloseTo(Math.LN2, 1);
    const loaded = AnomalyModel.fromJSON(again(model.toJSON()));
    expect(loaded.score(table.values, row(9))).toEqual(model.score(table.values, row(9)));
  });
});
