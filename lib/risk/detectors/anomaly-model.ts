import { BadModel } from '../errors';
import type { Table } from '../table';
import { Ecod, type EcodJson, type Tail } from './ecod';
import { EmpiricalDistribution, type EmpiricalDistributionJson } from './empirical-distribution';
import { IsolationForest, type IsolationForestJson } from './isolation-forest';
import { LeSiNN, type LeSiNNJson } from './lesinn';

export interface AnomalyModelOptions {
  readonly seed?: number;
  readonly trees?: number;
  /** Of LeSiNN. */
  readonly samples?: number;
  /** How many points of each column's distribution are kept; fewer make a smaller file. */
  readonly knots?: number;
  /** Of LeSiNN: no column's spread is taken for smaller. */
  readonly leastSpread?: number;
}

export interface AnomalyModelJson {
  readonly kind: 'anomaly-model';
  readonly version: 1;
  readonly forest: IsolationForestJson;
  readonly lesinn: LeSiNNJson;
  readonly ecod: EcodJson;
  readonly ranks: {
    readonly forest: EmpiricalDistributionJson;
    readonly lesinn: EmpiricalDistributionJson;
    readonly ecod: EmpiricalDistributionJson;
  };
}

/** What each detector says of one row: -log(1 - rank) among the training rows, so 2.3 is "the strangest tenth". */
export interface Strangeness {
  readonly forest: number;
  readonly lesinn: number;
  readonly ecod: number;
  /** All three together: what is published as anomaly score, after it was ranked against recent events. */
  readonly combined: number;
}

/** Half a vote: it looks at the columns that the forest cuts already, one by one. */
const ECOD_SHARE = 0.5;

/** What all three have together: a sum as great as so many nats of each. */
export const VOTES = 2 + ECOD_SHARE;

/** Enough trees that two seeds agree on the strangest rows. */
const TREES = 200;

/**
 * Forest, nearest neighbours and tails on the same columns. Ranks make the three comparable; the sum of -log(1 - rank)
 * (Fisher's way of joining p-values) asks that a row be strange for one of them, and more when for several.
 */
export class AnomalyModel {
  private constructor(
    readonly forest: IsolationForest,
    readonly lesinn: LeSiNN,
    readonly ecod: Ecod,
    private readonly ranks: Readonly<Record<'forest' | 'lesinn' | 'ecod', EmpiricalDistribution>>,
  ) {}

  static fit(table: Table, options: AnomalyModelOptions = {}): AnomalyModel {
    return AnomalyModel.fitted(table, options).model;
  }

  /** The model, and what it says of the very rows that it was fitted on; no row is its own neighbour. */
  static fitted(
    table: Table,
    { seed = 0, trees = TREES, samples, knots, leastSpread = 0 }: AnomalyModelOptions = {},
  ): { readonly model: AnomalyModel; readonly scores: readonly Strangeness[] } {
    const { rows, columns, values } = table;
    const forest = IsolationForest.fit(table, { trees, seed });
    const lesinn = LeSiNN.fit(table, { seed, leastSpread, ...(samples !== undefined && { samples }) });
    const ecod = Ecod.fit(table, knots);
    const ofRows = (score: (row: number) => number): Float64Array =>
      Float64Array.from({ length: rows }, (_, row) => score(row));
    const raw = {
      forest: ofRows((row) => forest.score(values, row * columns)),
      lesinn: lesinn.trainingScores(table),
      ecod: ofRows((row) => ecod.score(values, row * columns)),
    };
    const model = new AnomalyModel(forest, lesinn, ecod, {
      forest: EmpiricalDistribution.fit(raw.forest),
      lesinn: EmpiricalDistribution.fit(raw.lesinn),
      ecod: EmpiricalDistribution.fit(raw.ecod),
    });
    const scores = Array.from(raw.forest, (score, row) =>
      model.joined(score, raw.lesinn[row] as number, raw.ecod[row] as number),
    );
    return { model, scores };
  }

  get columns(): number {
    return this.forest.columns;
  }

  /**
   * How strange one row is.
   * @throws BadNumbers  when the row is too short or holds what is not finite
   */
  score(values: ArrayLike<number>, offset = 0): Strangeness {
    return this.joined(
      this.forest.score(values, offset),
      this.lesinn.score(values, offset),
      this.ecod.score(values, offset),
    );
  }

  /**
   * The same with the values of the row that are odd by themselves, the oddest first.
   * @param most  how many of these
   */
  read(
    values: ArrayLike<number>,
    most: number,
  ): { readonly strangeness: Strangeness; readonly tails: readonly Tail[] } {
    const { score, tails } = this.ecod.read(values, 0, most);
    return { strangeness: this.joined(this.forest.score(values, 0), this.lesinn.score(values, 0), score), tails };
  }

  /** The same for the rows of the table that it was fitted on; no row is its own neighbour. */
  trainingScores(table: Table): Strangeness[] {
    const distances = this.lesinn.trainingScores(table);
    const { columns, values } = table;
    return Array.from(distances, (distance, row) =>
      this.joined(this.forest.score(values, row * columns), distance, this.ecod.score(values, row * columns)),
    );
  }

  toJSON(): AnomalyModelJson {
    const { forest, lesinn, ecod, ranks } = this;
    return {
      kind: 'anomaly-model',
      version: 1,
      forest: forest.toJSON(),
      lesinn: lesinn.toJSON(),
      ecod: ecod.toJSON(),
      ranks: { forest: ranks.forest.toJSON(), lesinn: ranks.lesinn.toJSON(), ecod: ranks.ecod.toJSON() },
    };
  }

  /** @throws BadModel  when one of its parts is of another version, damaged, or does not fit the others */
  static fromJSON(json: AnomalyModelJson): AnomalyModel {
    if (json?.kind !== 'anomaly-model' || json.version !== 1) {
      throw new BadModel('anomaly model', `its kind is ${String(json?.kind)}, version ${String(json?.version)}`);
    }
    const [forest, lesinn] = [IsolationForest.fromJSON(json.forest), LeSiNN.fromJSON(json.lesinn)];
    const ecod = Ecod.fromJSON(json.ecod);
    if (forest.columns !== lesinn.columns || forest.columns !== ecod.columns) {
      throw new BadModel('anomaly model', 'its parts know different numbers of columns');
    }
    return new AnomalyModel(forest, lesinn, ecod, {
      forest: EmpiricalDistribution.fromJSON(json.ranks?.forest),
      lesinn: EmpiricalDistribution.fromJSON(json.ranks?.lesinn),
      ecod: EmpiricalDistribution.fromJSON(json.ranks?.ecod),
    });
  }

  private joined(forestScore: number, distance: number, tailSum: number): Strangeness {
    const forest = -Math.log1p(-this.ranks.forest.rank(forestScore));
    const lesinn = -Math.log1p(-this.ranks.lesinn.rank(distance));
    const ecod = -Math.log1p(-this.ranks.ecod.rank(tailSum));
    return { forest, lesinn, ecod, combined: forest + lesinn + ECOD_SHARE * ecod };
  }
}
