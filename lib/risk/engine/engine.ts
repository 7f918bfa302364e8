import type { Strangeness } from '../detectors/anomaly-model';
import { BadModel } from '../errors';
import { LogisticModel, type LogisticModelJson } from '../logistic/logistic-model';
import { sigmoid } from '../logistic/likelihood';
import { type Calibration, plattCalibration, UNCALIBRATED } from '../logistic/platt';
import { RiskModel, type RiskJudgement, type RiskModelJson } from '../logistic/risk-model';
import { TailBins } from '../logistic/tail-bins';
import { drawDifferent, seededRandom } from '../seeded-random';
import { checkedTable, rowsOfTable, type Table } from '../table';
import { incidentWeights } from './incident-weights';
import { Kinds, type KindsJson } from './kinds';
import { rankOf } from './rank-of';

/** What an engine is trained on: events in the order of time, as figures. */
export interface TrainingRows {
  readonly features: readonly string[];
  /** Rows by features; NaN is missing. */
  readonly values: Float64Array;
  /** 1 = part of a finding, 0 = harmless or not looked at. */
  readonly labels: ArrayLike<number>;
  /** The incident of each labelled row: an incident counts the same whether it has one event or a hundred. */
  readonly incidents: readonly (string | null)[];
  /** The kind of each labelled row, where a reviewer named it. */
  readonly categories: readonly (string | null)[];
}

export interface EngineOptions {
  readonly seed?: number;
  /** How frequent unknown kinds of findings are beside known ones when events are ranked: 1 with few labels, 0.15 and less with all. */
  readonly anomalyShare?: number;
  /**
   * How many ordinary events teach the risk at most; drawn by chance, each then counts for those that were left out. All
   * labelled ones teach it, and all events teach what is strange.
   */
  readonly mostOrdinary?: number;
}

/** The figures of one event. */
export interface EventWeight {
  /** Calibrated probability of a finding; null when no labels taught one. */
  readonly risk: number | null;
  /** What it is the sigmoid of. */
  readonly logOdds: number | null;
  /** How rare it is among the training events, 0..1. */
  readonly anomaly: number;
  /** What events are ranked by: log-odds and anomaly together; see `rankOf`. */
  readonly rank: number;
}

/** What an engine says of one event. */
export interface RiskReading extends Omit<EventWeight, 'logOdds'> {
  readonly category: string | null;
  readonly judgement: RiskJudgement | null;
  /** Features by how unlikely their value is alone, the unlikeliest first. */
  readonly tails: readonly OddFigure[];
}

/** A figure of an event by how unlikely it is alone. */
export interface OddFigure {
  readonly feature: string;
  /** Of one as far out or farther, among the training events. */
  readonly probability: number;
  readonly side: 'low' | 'high';
  /** Null: not known. */
  readonly value: number | null;
  /** The middle value of training. */
  readonly typical: number;
}

export interface RiskEngineJson {
  readonly kind: 'risk-engine';
  readonly version: typeof VERSION;
  readonly features: readonly string[];
  readonly bins: TailBins['columns'];
  readonly anomaly: KindsJson;
  readonly risk: RiskModelJson | null;
  readonly categories: { readonly names: readonly string[]; readonly model: LogisticModelJson } | null;
  readonly anomalyShare: number;
  readonly prior: number;
}

/** Raised when its figures come to mean something else: a model of before is refused, and trained anew. */
const VERSION = 2;
const ANOMALY_INPUTS = ['anomaly_forest', 'anomaly_neighbours', 'anomaly_tails'] as const;
const L2 = 3;
/** So many odd values are told of one event. */
const TAILS = 5;

/** Features to scores: strangeness without labels, risk with them, the kind of it, and the reasons. */
export class RiskEngine {
  private constructor(
    readonly features: readonly string[],
    private readonly bins: TailBins,
    private readonly anomaly: Kinds,
    private readonly riskModel: RiskModel | null,
    private readonly categories: { readonly names: readonly string[]; readonly model: LogisticModel } | null,
    readonly anomalyShare: number,
    /** The log-odds of a finding in training; 0 where it knows no risk. */
    readonly prior: number,
  ) {}

  /**
   * Trains on labelled and unlabelled events. Without a label, or with nothing but labelled ones, there is no risk model:
   * the anomaly stands alone.
   */
  static fit(rows: TrainingRows, options: EngineOptions = {}): RiskEngine {
    const { seed = 0, anomalyShare = 1, mostOrdinary = Infinity } = options;
    const { features, values, labels } = rows;
    const bins = TailBins.fit(values, features.length);
    const filled = filledTable(bins, values);
    const anomaly = Kinds.fit(features, values, filled, seed);
    const isTaught = new Set(Array.from(labels)).size > 1;
    const riskModel = isTaught ? fittedRisk(rows, anomaly, filled, { most: mostOrdinary, seed }) : null;
    return new RiskEngine(
      features,
      bins,
      anomaly,
      riskModel,
      categoriesOf(rows, filled),
      anomalyShare,
      isTaught ? priorOf(rows) : 0,
    );
  }

  /** The same engine with probabilities calibrated on later events, which it was not trained on. */
  calibratedOn(values: Float64Array, labels: ArrayLike<number>): RiskEngine {
    if (!this.riskModel) return this;
    const filled = filledTable(this.bins, values);
    const risk = this.riskModel.calibratedOn(widen(values, this.features.length, this.anomaly, filled), labels);
    return new RiskEngine(this.features, this.bins, this.anomaly, risk, this.categories, this.anomalyShare, this.prior);
  }

  /** The same engine with probabilities calibrated by what it said itself, uncalibrated, of later events. */
  calibratedBy(logOdds: ArrayLike<number>, labels: ArrayLike<number>): RiskEngine {
    const { features, bins, anomaly, categories, anomalyShare, prior } = this;
    const risk = this.riskModel?.with(plattCalibration(logOdds, labels)) ?? null;
    return new RiskEngine(features, bins, anomaly, risk, categories, anomalyShare, prior);
  }

  /** The calibration of its risk; the identity where it knows none. */
  get calibration(): Calibration {
    return this.riskModel?.calibration ?? UNCALIBRATED;
  }

  /** The same engine ranking with another share of the anomaly. */
  withAnomalyShare(share: number): RiskEngine {
    return new RiskEngine(this.features, this.bins, this.anomaly, this.riskModel, this.categories, share, this.prior);
  }

  /** @throws BadNumbers  when the event has not the engine's features, or an infinite value */
  read(values: ArrayLike<number>): RiskReading {
    const filled = this.fill(values);
    const { strangeness, anomaly, tails } = this.anomaly.read(values, filled, TAILS);
    const judgement = this.riskModel?.judge(withStrangeness(values, strangeness)) ?? null;
    return {
      risk: judgement?.probability ?? null,
      anomaly,
      rank: judgement ? this.rankBy(judgement.logOdds, anomaly) : -Math.log1p(-anomaly),
      category: this.categoryOf(filled),
      judgement,
      tails: tails.map(({ column, side, probability }) =>
        this.oddFigure(column, side, probability, values[column] as number),
      ),
    };
  }

  /**
   * The figures of `read` without its words: for who weighs many events and tells of none.
   * @throws BadNumbers  as `read`
   */
  weigh(values: ArrayLike<number>): EventWeight {
    const { strangeness, anomaly } = this.anomaly.score(values, this.fill(values));
    const logOdds = this.riskModel?.logOdds(withStrangeness(values, strangeness)) ?? null;
    return {
      anomaly,
      logOdds,
      risk: logOdds === null ? null : sigmoid(logOdds),
      rank: logOdds === null ? -Math.log1p(-anomaly) : this.rankBy(logOdds, anomaly),
    };
  }

  /** From now on an event costs less: for who asks about many. */
  prepareForMany(): void {
    this.anomaly.prepareForMany();
  }

  /** How rare an event is among the training events, 0..1: of `read` that figure alone. */
  anomalyOf(values: ArrayLike<number>): number {
    return this.anomaly.score(values, this.fill(values)).anomaly;
  }

  /** The same engine without what labels taught: it says how strange an event is, and leaves the risk to others. */
  withoutRisk(): RiskEngine {
    return new RiskEngine(this.features, this.bins, this.anomaly, null, null, this.anomalyShare, 0);
  }

  /**
   * The features that can move the risk most, the farthest first; none where
   * labels taught no risk.
   */
  heaviest(most: number): readonly string[] {
    const { riskModel } = this;
    const reach = this.features.map((_, column) => riskModel?.reach(column) ?? 0);
    const columns = riskModel
      ? [...reach.keys()].sort((left, right) => (reach[right] as number) - (reach[left] as number))
      : [];
    return columns.slice(0, most).map((column) => this.features[column] as string);
  }

  /** The mean and the spread of a feature in training, by which its values can be compared with others'. */
  scaleOf(feature: string): { readonly mean: number; readonly spread: number } {
    return this.bins.columns[this.features.indexOf(feature)] ?? { mean: 0, spread: 1 };
  }

  /** The log-odds that all reasons are added to: those of an ordinary event; 0 where it knows no risk. */
  get base(): number {
    return this.riskModel?.base ?? 0;
  }

  /** Whether labels taught it a probability. */
  get knowsRisk(): boolean {
    return this.riskModel !== null;
  }

  private rankBy(logOdds: number, anomaly: number): number {
    return rankOf({ logOdds, prior: this.prior }, anomaly, this.anomalyShare);
  }

  private oddFigure(column: number, side: 'low' | 'high', probability: number, value: number): OddFigure {
    const typical = this.bins.columns[column]?.median ?? 0;
    const known = Number.isFinite(value) ? value : null;
    return { feature: this.features[column] as string, side, probability, value: known, typical };
  }

  toJSON(): RiskEngineJson {
    const { categories } = this;
    return {
      kind: 'risk-engine',
      version: VERSION,
      features: this.features,
      bins: this.bins.columns,
      anomaly: this.anomaly.toJSON(),
      risk: this.riskModel?.toJSON() ?? null,
      categories: categories && { names: categories.names, model: categories.model.toJSON() },
      anomalyShare: this.anomalyShare,
      prior: this.prior,
    };
  }

  /** @throws BadModel  when it was written by another version, or a part is damaged */
  static fromJSON(json: RiskEngineJson): RiskEngine {
    if (json?.kind !== 'risk-engine' || json.version !== VERSION) {
      throw new BadModel('risk engine', `its kind is ${String(json?.kind)}, version ${String(json?.version)}`);
    }
    const bins = TailBins.fromJSON(json.bins);
    const anomaly = Kinds.fromJSON(json.anomaly);
    if (json.features?.length !== bins.columns.length || anomaly.columns !== bins.columns.length) {
      throw new BadModel('risk engine', 'its parts know different numbers of features');
    }
    const categories = json.categories && {
      names: json.categories.names,
      model: LogisticModel.fromJSON(json.categories.model),
    };
    if (categories && categories.names?.length !== categories.model.classes) {
      throw new BadModel('risk engine', 'its kinds have no names');
    }
    if (![json.anomalyShare, json.prior].every(Number.isFinite)) {
      throw new BadModel('risk engine', 'its anomaly share or its prior is not a number');
    }
    const risk = json.risk && RiskModel.fromJSON(json.risk);
    return new RiskEngine(json.features, bins, anomaly, risk, categories, json.anomalyShare, json.prior);
  }

  private fill(values: ArrayLike<number>): Float64Array {
    const filled = new Float64Array(this.features.length);
    for (let column = 0; column < filled.length; column += 1) {
      filled[column] = short(this.bins.linear(column, values[column] as number));
    }
    return filled;
  }

  private categoryOf(filled: Float64Array): string | null {
    if (!this.categories) return null;
    const probabilities = this.categories.model.probabilities(filled);
    const best = probabilities.indexOf(Math.max(...probabilities));
    return (probabilities[best] as number) >= 0.5 ? (this.categories.names[best] as string) : 'other';
  }
}

/** What the risk model looks at: the features, and behind them what the three detectors say. */
function withStrangeness(values: ArrayLike<number>, { forest, lesinn, ecod }: Strangeness): Float64Array {
  const widened = new Float64Array(values.length + ANOMALY_INPUTS.length);
  widened.set(values);
  widened.set([forest, lesinn, ecod], values.length);
  return widened;
}

/** Standardised, clipped, and 0 where a value is missing: what the detectors can measure distances in. */
function filledTable(bins: TailBins, values: Float64Array): Table {
  const columns = bins.columns.length;
  return checkedTable(
    values.map((value, place) => short(bins.linear(place % columns, value))),
    columns,
  );
}

/** Four places of a standard deviation: what is saved is shorter, and nothing else changes. */
function short(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}

/** The log-odds of a finding among events. */
function priorOf({ labels }: TrainingRows): number {
  const findings = Array.from(labels).filter(Boolean).length;
  return Math.log(findings / (labels.length - findings));
}

/** The risk model over all labelled rows, and over the ordinary ones or a part of them. */
function fittedRisk(
  rows: TrainingRows,
  anomaly: Kinds,
  filled: Table,
  { most, seed }: { readonly most: number; readonly seed: number },
): RiskModel {
  const { features, values, labels } = rows;
  const width = features.length;
  const names = [...features, ...ANOMALY_INPUTS];
  const weights = incidentWeights(rows);
  const ordinary = [...weights.keys()].filter((row) => !labels[row]);
  if (ordinary.length <= most) {
    return RiskModel.fit(names, widen(values, width, anomaly, filled), labels, { l2: L2, rowWeights: weights });
  }
  const drawn = new Set(drawDifferent(ordinary.length, most, seededRandom(seed + 2)).map((place) => ordinary[place]));
  const kept = [...weights.keys()].filter((row) => labels[row] || drawn.has(row));
  const part = new Float64Array(kept.length * width);
  for (const [place, row] of kept.entries()) part.set(values.subarray(row * width, (row + 1) * width), place * width);
  const rowWeights = kept.map((row) => (labels[row] ? (weights[row] as number) : ordinary.length / most));
  const keptLabels = kept.map((row) => labels[row] as number);
  const widened = widen(part, width, anomaly, rowsOfTable(filled, kept));
  return RiskModel.fit(names, widened, keptLabels, { l2: L2, rowWeights });
}

/** Each row with what the three detectors say of it. */
function widen(values: Float64Array, columns: number, anomaly: Kinds, filled: Table): Float64Array {
  const width = columns + ANOMALY_INPUTS.length;
  const widened = new Float64Array(filled.rows * width);
  for (let row = 0; row < filled.rows; row += 1) {
    const figures = values.subarray(row * columns, (row + 1) * columns);
    widened.set(figures, row * width);
    const { strangeness } = anomaly.score(figures, filled.values.subarray(row * columns, (row + 1) * columns));
    const { forest, lesinn, ecod } = strangeness;
    widened.set([forest, lesinn, ecod], row * width + columns);
  }
  return widened;
}

function categoriesOf(
  { categories, labels }: TrainingRows,
  filled: Table,
): { names: readonly string[]; model: LogisticModel } | null {
  const rows = [...categories.keys()].filter((row) => labels[row] && categories[row] !== null);
  const names = [...new Set(rows.map((row) => categories[row] as string))].sort();
  if (names.length < 2) return null;
  const kinds = rows.map((row) => names.indexOf(categories[row] as string));
  return { names, model: LogisticModel.fit(rowsOfTable(filled, rows), kinds, { l2: 1 }) };
}
