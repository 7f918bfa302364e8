import { type Scaling, scalingOf } from '../detectors/scaling';
import { BadModel } from '../errors';
import { checkedTable, checkRow, type Table } from '../table';
import { DenseDesign } from './design';
import { classesOf } from './labels';
import { minimise } from './lbfgs';
import { type LibraryModel, fromLibraryModel, predictWithLibrary, toLibraryModel } from './library-format';
import { softmaxObjective } from './likelihood';
import { fitBinary } from './newton';

export interface LogisticModelOptions {
  /** Weight of half the squared weights of standardised columns; the bias is not penalised. */
  readonly l2?: number;
  /** How much each row counts. */
  readonly rowWeights?: ArrayLike<number>;
}

/** What `toJSON` gives: a file that `ml-logistic-regression` loads, with what it needs beside it. */
export interface LogisticModelJson extends LibraryModel {
  readonly scaling: Scaling;
}

/**
 * Logistic regression over any number of classes, at its optimum: Newton's method for two, L-BFGS on softmax for more.
 * Columns are standardised inside; there is an intercept. Saved in the form of `ml-logistic-regression`, which predicts
 * with it; that package's own trainer has no intercept and no stopping rule, and diverges on 100,000 rows.
 */
export class LogisticModel {
  private constructor(
    readonly columns: number,
    private readonly scaling: Scaling,
    /** For each class one weight for each standardised column, then the bias. */
    private readonly weightsByClass: readonly Float64Array[],
  ) {}

  get classes(): number {
    return this.weightsByClass.length;
  }

  /**
   * @param labels  one whole number for each row, 0..K-1, each present
   * @throws BadLabels  when they are anything else
   */
  static fit(table: Table, labels: ArrayLike<number>, options: LogisticModelOptions = {}): LogisticModel {
    const classes = classesOf(labels, table.rows);
    const scaling = scalingOf(table);
    const scaled = standardised(table, scaling);
    const { l2 = 1, rowWeights } = options;
    if (classes === 2) {
      const { weights } = fitBinary(scaled, labels, { l2, ...(rowWeights && { rowWeights }) });
      return new LogisticModel(table.columns, scaling, [weights.map((weight) => 0 - weight), weights]);
    }
    const width = table.columns + 1;
    const objective = softmaxObjective(new DenseDesign(scaled), labels, classes, l2, rowWeights);
    const { point } = minimise(objective, new Float64Array(classes * width));
    const weightsByClass = Array.from({ length: classes }, (_, one) => point.slice(one * width, (one + 1) * width));
    return new LogisticModel(table.columns, scaling, weightsByClass);
  }

  /**
   * The probability of each class, adding up to 1.
   * @throws BadNumbers  when the row is too short or holds what is not finite
   */
  probabilities(values: ArrayLike<number>, offset = 0): number[] {
    const row = this.standardisedRow(values, offset);
    const logits = this.weightsByClass.map((weights) =>
      row.reduce((sum, value, at) => sum + value * (weights[at] ?? 0), 0),
    );
    // Two mirrored classes: the log-odds is one class's, not the difference of both.
    const scale = this.classes === 2 ? 0.5 : 1;
    const most = Math.max(...logits) * scale;
    const odds = logits.map((logit) => Math.exp(logit * scale - most));
    const total = odds.reduce((sum, one) => sum + one, 0);
    return odds.map((one) => one / total);
  }

  /** The class of every row, as `ml-logistic-regression` itself predicts it from this model's file. */
  predict({ rows, columns, values }: Table): number[] {
    const standardisedRows = Array.from({ length: rows }, (_, row) => this.standardisedRow(values, row * columns));
    return predictWithLibrary(toLibraryModel(this.weightsByClass), standardisedRows);
  }

  toJSON(): LogisticModelJson {
    return { ...toLibraryModel(this.weightsByClass), scaling: this.scaling };
  }

  /** @throws BadModel  when it is not such a model, or a damaged one */
  static fromJSON(json: LogisticModelJson): LogisticModel {
    const { means, spreads } = json?.scaling ?? {};
    if (!Array.isArray(means) || !Array.isArray(spreads) || means.length === 0 || means.length !== spreads.length) {
      throw new BadModel('logistic model', 'it does not say how its columns were standardised');
    }
    if (!means.every((mean) => Number.isFinite(mean)) || !spreads.every((spread) => spread > 0)) {
      throw new BadModel('logistic model', 'its means and spreads are not numbers');
    }
    return new LogisticModel(means.length, { means, spreads }, fromLibraryModel(json, means.length));
  }

  private standardisedRow(values: ArrayLike<number>, offset: number): number[] {
    checkRow(values, offset, this.columns);
    const { means, spreads } = this.scaling;
    const row = means.map((mean, column) => ((values[offset + column] as number) - mean) / (spreads[column] as number));
    return [...row, 1];
  }
}

function standardised({ columns, values }: Table, { means, spreads }: Scaling): Table {
  const scaled = values.map(
    (value, place) => (value - (means[place % columns] as number)) / (spreads[place % columns] as number),
  );
  return checkedTable(scaled, columns);
}
