import { BadLabels, BadModel, BadNumbers, RiskModel, type RiskModelJson } from '../../lib/risk';
import { logisticCloud } from './clouds';

const FEATURES = ['money added', 'weeks closed', 'hour surprise', 'edits in an hour'];
const { table, labels } = logisticCloud(4000, 4, 3);
const model = RiskModel.fit(FEATURES, table.values, labels).calibratedOn(table.values, labels);
const rowOf = (index: number): number[] => [...table.values.slice(index * 4, index * 4 + 4)];
const saved = (): RiskModelJson => JSON.parse(JSON.stringify(model)) as RiskModelJson;

describe('a judgement', () => {
  it('adds up: base and contributions give the log-odds, within 1e-9', () => {
    for (let index = 0; index < 500; index += 1) {
      const { base, contributions, logOdds, probability } = model.judge(rowOf(index));
      const sum = contributions.reduce((total, one) => total + one.logOdds, base);
      expect(Math.abs(sum - logOdds)).toBeLessThan(1e-9);
      expect(probability).toBeCloseTo(1 / (1 + Math.exp(-logOdds)), 12);
    }
  });

  it('names the feature that was tampered with first, with its value and what is typical', () => {
    const values = FEATURES.map(() => 0);
    values[0] = 6;
    const [first] = model.judge(values).contributions;
    expect(first).toMatchObject({ feature: 'money added', value: 6, strength: 5 });
    expect(Math.abs(first!.typical)).toBeLessThan(0.1);
  });

  it('treats what is missing as missing: not as zero, and never as NaN', () => {
    const missing = [NaN, ...rowOf(1).slice(1)];
    const judged = model.judge(missing);
    expect(Number.isFinite(judged.logOdds)).toBe(true);
    expect(judged.contributions.find(({ feature }) => feature === 'money added')?.value).toBeNull();
    const holes = table.values.map((value, place) => (place % 4 === 0 && labels[place / 4] === 1 ? NaN : value));
    const learned = RiskModel.fit(FEATURES, holes, labels);
    expect(learned.judge([NaN, 0, 0, 0]).probability).toBeGreaterThan(learned.judge([0, 0, 0, 0]).probability + 0.3);
  });
});

describe('a saved risk model', () => {
  it('is the same, byte for byte, for the same data, and judges alike after loading', () => {
    const again = RiskModel.fit(FEATURES, table.values, labels).calibratedOn(table.values, labels);
    expect(JSON.stringify(again)).toBe(JSON.stringify(model));
    expect(RiskModel.fromJSON(saved()).judge(rowOf(7))).toEqual(model.judge(rowOf(7)));
  });

  it('is predicted by ml-logistic-regression as by itself, on every row', () => {
    const plain = RiskModel.fit(FEATURES, table.values, labels);
    const rows = Array.from({ length: 1000 }, (_, index) => rowOf(index));
    expect(plain.predictWithLibrary(rows)).toEqual(rows.map((row) => (plain.logOdds(row) >= 0 ? 1 : 0)));
  });

  it.each<[string, (json: RiskModelJson) => unknown]>([
    ['another version', (json) => ({ ...json, version: 2 })],
    ['another kind', (json) => ({ ...json, kind: 'forest' })],
    ['fewer features than bins', (json) => ({ ...json, features: json.features.slice(1) })],
    ['cuts that fall', (json) => ({ ...json, bins: json.bins.map((one) => ({ ...one, cuts: [2, 1] })) })],
    ['a lost calibration', (json) => ({ ...json, calibration: {} })],
    ['lost weights', (json) => ({ ...json, classifiers: json.classifiers.map((one) => ({ ...one, weights: [[1]] })) })],
    ['nothing', () => null],
  ])('is refused with %s', (_, damage) => {
    expect(() => RiskModel.fromJSON(damage(saved()) as RiskModelJson)).toThrow(BadModel);
  });
});

describe('bad input', () => {
  it('is refused: one class, infinite values, another number of features', () => {
    expect(() =>
      RiskModel.fit(
        FEATURES,
        table.values,
        labels.map(() => 0),
      ),
    ).toThrow(BadLabels);
    expect(() => RiskModel.fit(['one'], Float64Array.of(1, Infinity), [0, 1])).toThrow(/feature one is Infinity/u);
    expect(() => model.judge([1, 2])).toThrow(BadNumbers);
    expect(() => model.judge([1, 2, -Infinity, 3])).toThrow(/hour surprise is -Infinity/u);
  });

  it('leaves a constant column without influence', () => {
    const few = RiskModel.fit(['one', 'same'], Float64Array.of(0, 5, 1, 5, 2, 5, 3, 5), [0, 0, 1, 1]);
    const same = few.judge([1, 5]).contributions.find(({ feature }) => feature === 'same');
    expect(Math.abs(same!.logOdds)).toBeLessThan(1e-9);
  });
});
