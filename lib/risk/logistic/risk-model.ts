import { BadModel, BadNumbers } from '../errors';
import { BinnedDesign } from './binned-design';
import { classesOf } from './labels';
import { minimise } from './lbfgs';
import { type LibraryModel, fromLibraryModel, predictWithLibrary, toLibraryModel } from './library-format';
import { binaryObjective, sigmoid } from './likelihood';
import { type Calibration, plattCalibration, UNCALIBRATED } from './platt';
import { type ColumnBinsJson, TailBins } from './tail-bins';

export interface RiskModelOptions {
  readonly l2?: number;
  readonly rowWeights?: ArrayLike<number>;
}

/** What one feature adds to, or takes from, the log-odds of one event. */
export interface Contribution {
  readonly feature: string;
  /** Against an ordinary event: what it has on average over training. */
  readonly logOdds: number;
  /** The event's value; null when it is missing. */
  readonly value: number | null;
  /** The middle value of training. */
  readonly typical: number;
  /** 0 nothing, 5 decisive: log-odds of 0.1, 0.5, 1, 2 and 4 are the borders. */
  readonly strength: number;
}

export interface RiskJudgement {
  /** The calibrated probability, 0..1. */
  readonly probability: number;
  /** What `probability` is the sigmoid of; the base and all contributions add up to it. */
  readonly logOdds: number;
  readonly base: number;
  /** One for each feature, the largest first. */
  readonly contributions: readonly Contribution[];
}

/** A file that `ml-logistic-regression` loads; the rest is what stands around its weights. */
export interface RiskModelJson extends LibraryModel {
  readonly kind: 'risk-model';
  readonly version: 1;
  readonly features: readonly string[];
  readonly bins: readonly ColumnBinsJson[];
  /** What each feature contributes on average. */
  readonly references: readonly number[];
  readonly calibration: Calibration;
}

const STRENGTH_FROM = [0.1, 0.5, 1, 2, 4] as const;

/**
 * Logistic regression with linear terms and tail bins: as good as boosted trees with full labels on our streams, far
 * better with few, and every point of a score has a name.
 */
export class RiskModel {
  private constructor(
    readonly features: readonly string[],
    private readonly bins: TailBins,
    private readonly weights: Float64Array,
    private readonly references: Float64Array,
    readonly calibration: Calibration,
  ) {}

  /**
   * @param values  rows by features; NaN is missing
   * @param labels  0 harmless or 1 a finding, both present
   * @throws BadLabels, BadNumbers  when there is nothing to learn from them
   */
  static fit(
    features: readonly string[],
    values: Float64Array,
    labels: ArrayLike<number>,
    { l2 = 1, rowWeights }: RiskModelOptions = {},
  ): RiskModel {
    const rows = values.length / features.length;
    checkValues(values, features);
    if (classesOf(labels, rows) !== 2) {
      throw new BadNumbers('A risk model tells two classes apart.', 'Label each row 0 or 1.');
    }
    const bins = TailBins.fit(values, features.length);
    const design = new BinnedDesign(bins, values, rows);
    const { point } = minimise(binaryObjective(design, labels, l2, rowWeights), new Float64Array(bins.width + 1), {
      tolerance: 1e-6,
      mostIterations: 300,
    });
    return new RiskModel(features, bins, point, meanContributions(bins, point, values, rows), UNCALIBRATED);
  }

  /** The same model, calibrated on rows that it was not trained on. */
  calibratedOn(values: Float64Array, labels: ArrayLike<number>, rowWeights?: ArrayLike<number>): RiskModel {
    const rows = values.length / this.features.length;
    const logits = new BinnedDesign(this.bins, values, rows).logits(this.weights);
    return this.with(plattCalibration(logits, labels, rowWeights));
  }

  /** The same model under another calibration. */
  with(calibration: Calibration): RiskModel {
    return new RiskModel(this.features, this.bins, this.weights, this.references, calibration);
  }

  /** The calibrated log-odds of one event; `values` may hold NaN for what is missing, but nothing infinite. */
  logOdds(values: ArrayLike<number>): number {
    this.check(values);
    const { slope } = this.calibration;
    let logOdds = this.base;
    for (let column = 0; column < values.length; column += 1) logOdds += slope * this.added(column, values);
    return logOdds;
  }

  /** @throws BadNumbers  when the event has not the model's features, or an infinite value */
  judge(values: ArrayLike<number>): RiskJudgement {
    this.check(values);
    const { slope } = this.calibration;
    const contributions = this.features.map((feature, column): Contribution => {
      const value = values[column] as number;
      const added = this.added(column, values);
      const { median } = this.bins.columns[column] as ColumnBinsJson;
      return {
        feature,
        logOdds: slope * added,
        value: Number.isNaN(value) ? null : value,
        typical: median,
        strength: strengthOf(slope * added),
      };
    });
    const base = this.base;
    const logOdds = contributions.reduce((sum, one) => sum + one.logOdds, base);
    contributions.sort((left, right) => right.logOdds - left.logOdds);
    return { probability: sigmoid(logOdds), logOdds, base, contributions };
  }

  private check(values: ArrayLike<number>): void {
    if (values.length !== this.features.length) {
      throw new BadNumbers(
        `The model knows ${this.features.length} features, this event has ${values.length}.`,
        'Make the features with the version that the model was trained with.',
      );
    }
    checkValues(values, this.features);
  }

  /** What an ordinary event's log-odds are, calibrated. */
  get base(): number {
    const { slope, offset } = this.calibration;
    return slope * this.references.reduce((sum, one) => sum + one, this.weights[this.bins.width] as number) + offset;
  }

  /** What one feature adds against an ordinary event, uncalibrated. */
  private added(column: number, values: ArrayLike<number>): number {
    const value = values[column] as number;
    return contribution(this.bins, this.weights, column, value) - (this.references[column] as number);
  }

  /** How far one feature can move the log-odds of events that are not far out: two standard deviations, and its bins. */
  reach(column: number): number {
    const { slope } = this.calibration;
    const first = this.bins.firstBin(column);
    const { cuts } = this.bins.columns[column] as ColumnBinsJson;
    const bins = this.weights.subarray(first, first + cuts.length + 1);
    const linear = 2 * Math.abs(this.weights[column] as number);
    return Math.abs(slope) * (linear + Math.max(...bins) - Math.min(...bins));
  }

  /** Whether each event is more likely a finding than not, as `ml-logistic-regression` predicts it, uncalibrated. */
  predictWithLibrary(rows: readonly ArrayLike<number>[]): number[] {
    return predictWithLibrary(
      this.toJSON(),
      rows.map((row) => [...this.bins.expand(row), 1]),
    );
  }

  toJSON(): RiskModelJson {
    return {
      ...toLibraryModel([this.weights.map((weight) => 0 - weight), this.weights]),
      kind: 'risk-model',
      version: 1,
      features: this.features,
      bins: this.bins.columns,
      references: [...this.references],
      calibration: this.calibration,
    };
  }

  /** @throws BadModel  when it was written by another version, or is damaged */
  static fromJSON(json: RiskModelJson): RiskModel {
    if (json?.kind !== 'risk-model' || json.version !== 1) {
      throw new BadModel('risk model', `its kind is ${String(json?.kind)}, version ${String(json?.version)}`);
    }
    const bins = TailBins.fromJSON(json.bins);
    const { features, references, calibration } = json;
    if (features?.length !== bins.columns.length || references?.length !== features.length) {
      throw new BadModel('risk model', 'its features do not fit its bins');
    }
    const figures = [...references, calibration?.slope, calibration?.offset];
    if (!figures.every((figure) => Number.isFinite(figure))) {
      throw new BadModel('risk model', 'its references or its calibration are not numbers');
    }
    const weights = fromLibraryModel(json, bins.width)[1];
    if (!weights || json.numberClasses !== 2) throw new BadModel('risk model', 'it does not tell two classes apart');
    return new RiskModel(features, bins, weights, Float64Array.from(references), calibration);
  }
}

function contribution(bins: TailBins, weights: Float64Array, column: number, value: number): number {
  return bins.linear(column, value) * (weights[column] as number) + (weights[bins.bin(column, value)] as number);
}

function meanContributions(bins: TailBins, weights: Float64Array, values: Float64Array, rows: number): Float64Array {
  const columns = bins.columns.length;
  const means = new Float64Array(columns);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const added = contribution(bins, weights, column, values[row * columns + column] as number);
      means[column] = (means[column] as number) + added / rows;
    }
  }
  return means;
}

function strengthOf(logOdds: number): number {
  const size = Math.abs(logOdds);
  let strength = 0;
  while (strength < STRENGTH_FROM.length && size >= (STRENGTH_FROM[strength] as number)) strength += 1;
  return strength;
}

function checkValues(values: ArrayLike<number>, features: readonly string[]): void {
  for (let place = 0; place < values.length; place += 1) {
    const value = values[place] as number;
    if (value === Infinity || value === -Infinity) {
      const feature = features[place % features.length];
      throw new BadNumbers(`The feature ${feature} is ${value}.`, 'Cap infinite values, or leave them out as NaN.', {
        feature,
        row: Math.floor(place / features.length),
      });
    }
  }
}
