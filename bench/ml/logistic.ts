import LogisticRegression from 'ml-logistic-regression';
import { Matrix } from 'ml-matrix';
import { checkedTable, LogisticModel, logLoss, type Table } from '../../lib/risk';
import { type Scaling, scalingOf } from '../../lib/risk/detectors/scaling';
import { DenseDesign } from '../../lib/risk/logistic/design';
import { minimise } from '../../lib/risk/logistic/lbfgs';
import { binaryObjective, sigmoid } from '../../lib/risk/logistic/likelihood';
import { Draw } from '../scenarios/draw';
import { cpuMilliseconds } from './cpu';

/** 100,000 rows of 20 correlated columns (rho 0.5), a fifth of them positive; and as many again to test on. */
export function measureLogistic(): void {
  const train = drawn(100_000, 20, 1);
  const test = drawn(20_000, 20, 2);
  let model: LogisticModel | undefined;
  const milliseconds = cpuMilliseconds(() => {
    model = LogisticModel.fit(train.table, train.labels);
  });
  if (!model) return;
  const fitted = model;
  const loss = logLoss(test.labels, probabilities(fitted, test.table));
  const best = lossAtOptimum(train, test);
  const classes = fitted.predict(test.table);
  const ours = probabilities(fitted, test.table).map((probability) => (probability >= 0.5 ? 1 : 0));
  const equal = classes.filter((one, row) => one === ours[row]).length;
  console.log(
    `logistic 100,000 x 20: fit ${(milliseconds / 1000).toFixed(2)} s of CPU (goal 0.5), test log-loss ${loss.toFixed(5)}, at the full optimum ${best.toFixed(5)} (goal: within 1e-4: ${Math.abs(loss - best).toExponential(1)});` +
      ` ml-logistic-regression loads the file and predicts ${equal} of ${classes.length} rows equally`,
  );
  printLibraryItself(train, test);
}

/** The library's own trainer at its own step size, for as many steps as fit into a few seconds; it needs 50,000. */
function printLibraryItself(train: Drawn, test: Drawn): void {
  const steps = 10;
  const scaling = scalingOf(train.table);
  const scaled = ({ table }: Drawn): number[][] => {
    const { rows, columns, values } = scaledTable(table, scaling);
    return Array.from({ length: rows }, (_, row) => [...values.subarray(row * columns, (row + 1) * columns), 1]);
  };
  const Library = LogisticRegression as unknown as new (options: { numSteps: number; learningRate: number }) => {
    train(rows: Matrix, labels: Matrix): void;
    classifiers: readonly { testScores(rows: Matrix): number[] }[];
  };
  const library = new Library({ numSteps: steps, learningRate: 5e-4 });
  const rows = new Matrix(scaled(train));
  const milliseconds = cpuMilliseconds(() => library.train(rows, Matrix.columnVector([...train.labels])));
  const chances = library.classifiers[1]?.testScores(new Matrix(scaled(test))).map((notOne) => 1 - notOne) ?? [];
  console.log(
    `ml-logistic-regression's own trainer, ${steps} of its 50,000 steps: ${(milliseconds / 1000).toFixed(1)} s, log-loss ${logLoss(test.labels, chances).toFixed(3)}`,
  );
}

interface Drawn {
  readonly table: Table;
  readonly labels: Uint8Array;
}

function drawn(rows: number, columns: number, seed: number): Drawn {
  const draw = new Draw(seed);
  const weights = Array.from({ length: columns }, (_, column) => Math.cos(column) * 0.9);
  const values = new Float64Array(rows * columns);
  const labels = new Uint8Array(rows);
  for (let row = 0; row < rows; row += 1) {
    const shared = draw.normal();
    let logit = -1.8;
    for (let column = 0; column < columns; column += 1) {
      const value = Math.SQRT1_2 * (shared + draw.normal());
      values[row * columns + column] = value;
      logit += value * (weights[column] as number);
    }
    labels[row] = draw.chance(1 / (1 + Math.exp(-logit))) ? 1 : 0;
  }
  return { table: checkedTable(values, columns), labels };
}

/** The optimum found another way: L-BFGS from zero, until the gradient is flat. */
function lossAtOptimum(train: Drawn, test: Drawn): number {
  const scaling = scalingOf(train.table);
  const objective = binaryObjective(new DenseDesign(scaledTable(train.table, scaling)), train.labels, 1);
  const { point } = minimise(objective, new Float64Array(train.table.columns + 1), { tolerance: 1e-10 });
  const logits = new DenseDesign(scaledTable(test.table, scaling)).logits(point);
  return logLoss(test.labels, Float64Array.from(logits, sigmoid));
}

function scaledTable({ columns, values }: Table, { means, spreads }: Scaling): Table {
  const scaled = values.map(
    (value, place) => (value - (means[place % columns] as number)) / (spreads[place % columns] as number),
  );
  return checkedTable(scaled, columns);
}

function probabilities(model: LogisticModel, table: Table): number[] {
  return Array.from(
    { length: table.rows },
    (_, row) => model.probabilities(table.values, row * table.columns)[1] as number,
  );
}
