import { Matrix } from 'ml-matrix';
import LogisticRegression from 'ml-logistic-regression';
import {
  BadLabels,
  BadModel,
  BadNumbers,
  calibrationError,
  LogisticModel,
  logLoss,
  plattCalibration,
  calibrated,
  tableOf,
} from '../../lib/risk';
import { DenseDesign } from '../../lib/risk/logistic/design';
import { minimise } from '../../lib/risk/logistic/lbfgs';
import { binaryObjective } from '../../lib/risk/logistic/likelihood';
import { fitBinary } from '../../lib/risk/logistic/newton';
import { logisticCloud, normals } from './clouds';

const { table, labels } = logisticCloud(3000, 6, 1);
const rowOf = (index: number): number[] => [...table.values.slice(index * 6, index * 6 + 6)];

describe('a binary fit', () => {
  it('stands where the objective does not fall any more, found by two methods alike', () => {
    const objective = binaryObjective(new DenseDesign(table), labels, 1);
    const { weights } = fitBinary(table, labels, { l2: 1 });
    const byLbfgs = minimise(objective, new Float64Array(7));
    expect(byLbfgs.converged).toBe(true);
    for (const part of objective(weights).gradient) expect(Math.abs(part)).toBeLessThan(1e-4);
    for (const [index, weight] of weights.entries()) expect(weight).toBeCloseTo(byLbfgs.point[index] as number, 4);
  });

  it('has a gradient that agrees with differences of its value', () => {
    const objective = binaryObjective(
      new DenseDesign(table),
      labels,
      2,
      Float64Array.from(labels, (label) => 1 + label),
    );
    const at = Float64Array.from({ length: 7 }, (_, index) => 0.1 * index - 0.3);
    const { gradient } = objective(at);
    for (let index = 0; index < 7; index += 1) {
      const shifted = (by: number): number =>
        objective(at.map((value, place) => (place === index ? value + by : value))).value;
      expect(gradient[index]).toBeCloseTo((shifted(1e-5) - shifted(-1e-5)) / 2e-5, 3);
    }
  });

  it('counts a row twice when its weight is two', () => {
    const few = tableOf([[0], [1], [2], [3], [3]]);
    const once = fitBinary(tableOf([[0], [1], [2], [3]]), [0, 1, 0, 1], { rowWeights: [1, 1, 1, 2] });
    const twice = fitBinary(few, [0, 1, 0, 1, 1]);
    expect(once.weights[0]).toBeCloseTo(twice.weights[0] as number, 9);
  });

  it('stays finite on separable classes', () => {
    const { weights } = fitBinary(tableOf([[-2], [-1], [1], [2]]), [0, 0, 1, 1]);
    expect(weights.every((weight) => Number.isFinite(weight))).toBe(true);
    expect(weights[0]).toBeGreaterThan(0);
  });
});

describe('a logistic model', () => {
  it('saves a file that ml-logistic-regression loads, with equal classes on every row', () => {
    const model = LogisticModel.fit(table, labels);
    const json = JSON.parse(JSON.stringify(model)) as ReturnType<LogisticModel['toJSON']>;
    const { means, spreads } = json.scaling;
    const rows = Array.from({ length: table.rows }, (_, index) => [
      ...rowOf(index).map((value, column) => (value - (means[column] as number)) / (spreads[column] as number)),
      1,
    ]);
    const classes = LogisticRegression.load(json).predict(new Matrix(rows));
    const ours = rows.map((_, index) => ((model.probabilities(rowOf(index))[1] as number) >= 0.5 ? 1 : 0));
    expect(classes).toEqual(ours);
    expect(model.predict(table)).toEqual(ours);
  });

  it('tells three classes apart, with probabilities that add up to 1', () => {
    const normal = normals(4);
    const truth = Array.from({ length: 600 }, (_, index) => index % 3);
    const rows = truth.map((one) => [normal() + 3 * one, normal() - 2 * one]);
    const model = LogisticModel.fit(tableOf(rows), truth);
    const classes = model.predict(tableOf(rows));
    const right = classes.filter((one, index) => one === truth[index]).length / 600;
    expect(right).toBeGreaterThan(0.9);
    for (const [index, row] of rows.entries()) {
      const probabilities = model.probabilities(row);
      expect(probabilities.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 12);
      expect(probabilities.indexOf(Math.max(...probabilities))).toBe(classes[index]);
    }
  });

  it('gives the same file for the same data, and the same probabilities after loading', () => {
    const model = LogisticModel.fit(table, labels);
    expect(JSON.stringify(LogisticModel.fit(table, labels))).toBe(JSON.stringify(model));
    const loaded = LogisticModel.fromJSON(JSON.parse(JSON.stringify(model)) as ReturnType<LogisticModel['toJSON']>);
    expect(loaded.probabilities(rowOf(5))).toEqual(model.probabilities(rowOf(5)));
  });

  it.each([
    ['no labels', [], /no labels/u],
    ['too few', [0, 1], /2 labels for 4 rows/u],
    ['one class', [0, 0, 0, 0], /same label/u],
    ['classes 1 and 2', [1, 2, 1, 2], /No row has the label 0/u],
    ['a gap', [0, 2, 0, 2], /No row has the label 1/u],
    ['a fraction', [0, 1, 0.5, 1], /label of row 2 is 0\.5/u],
    ['NaN', [0, NaN, 0, 1], /label of row 1 is NaN/u],
  ])('refuses %s', (_, bad, message) => {
    const four = tableOf([[0], [1], [2], [3]]);
    expect(() => LogisticModel.fit(four, bad)).toThrow(BadLabels);
    expect(() => LogisticModel.fit(four, bad)).toThrow(message);
  });

  it('refuses a damaged file, and a row that it cannot judge', () => {
    const model = LogisticModel.fit(table, labels);
    const json = JSON.parse(JSON.stringify(model)) as ReturnType<LogisticModel['toJSON']>;
    expect(() => LogisticModel.fromJSON({ ...json, name: 'Other' as never })).toThrow(BadModel);
    expect(() => LogisticModel.fromJSON({ ...json, classifiers: json.classifiers.slice(1) })).toThrow(BadModel);
    expect(() => LogisticModel.fromJSON({ ...json, scaling: { means: [], spreads: [] } })).toThrow(BadModel);
    const [first, second] = json.classifiers;
    const broken = [{ ...first!, weights: [[NaN, 0, 0, 0, 0, 0, 0]] }, second!];
    expect(() => LogisticModel.fromJSON({ ...json, classifiers: broken })).toThrow(/class 0 has not 6 finite weights/u);
    expect(() => model.probabilities([1, 2, NaN, 4, 5, 6])).toThrow(BadNumbers);
  });
});

describe("Platt's calibration", () => {
  it('makes over-confident log-odds honest', () => {
    const { weights } = fitBinary(table, labels);
    const fresh = logisticCloud(6000, 6, 77);
    const confident = new DenseDesign(fresh.table).logits(weights).map((logit) => 3 * logit);
    const raw = Float64Array.from(confident, (logit) => calibrated({ slope: 1, offset: 0 }, logit));
    const calibration = plattCalibration(confident, fresh.labels);
    const honest = Float64Array.from(confident, (logit) => calibrated(calibration, logit));
    expect(calibrationError(fresh.labels, raw)).toBeGreaterThan(0.05);
    expect(calibrationError(fresh.labels, honest)).toBeLessThan(0.02);
    expect(logLoss(fresh.labels, honest)).toBeLessThan(logLoss(fresh.labels, raw));
    expect(calibration.slope).toBeCloseTo(1 / 3, 1);
  });

  it('leaves alone what it cannot calibrate', () => {
    expect(plattCalibration([1, 2, 3], [1, 1, 1])).toEqual({ slope: 1, offset: 0 });
  });
});
