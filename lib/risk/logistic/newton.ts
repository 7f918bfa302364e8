import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import { rowsOfTable, type Table } from '../table';
import { DenseDesign } from './design';
import { sigmoid, softPlus } from './likelihood';

export interface BinaryFitOptions {
  /** Weight of half the squared weights; the bias is not penalised. */
  readonly l2?: number;
  readonly rowWeights?: ArrayLike<number>;
  readonly start?: Float64Array;
}

export interface BinaryFit {
  /** One weight for each column, then the bias. */
  readonly weights: Float64Array;
  readonly iterations: number;
}

const MOST_ITERATIONS = 50;
/** It has converged when a step promises less than this share of the objective. */
const TOLERANCE = 1e-10;
/** Above so many rows the first steps are made on a part of them. */
const MANY_ROWS = 20_000;
const FEW_ROWS = 5_000;

/**
 * Binary logistic regression by Newton's method (iteratively reweighted least squares): quadratic convergence, so a
 * handful of passes; for tables of up to some 150 columns, as each pass costs rows times columns squared.
 */
export function fitBinary(table: Table, labels: ArrayLike<number>, options: BinaryFitOptions = {}): BinaryFit {
  const { l2 = 1, rowWeights } = options;
  let weights = options.start ?? startOf(table, labels, options);
  let value = objectiveAt(table, labels, weights, l2, rowWeights);
  for (let iteration = 1; iteration <= MOST_ITERATIONS; iteration += 1) {
    const { gradient, curvature } = slopeAndCurvature(table, labels, weights, l2, rowWeights);
    const step = solve(curvature, gradient);
    const promised = step.reduce((sum, part, index) => sum + part * (gradient[index] as number), 0);
    let length = 1;
    let next = weights.map((weight, index) => weight + (step[index] as number));
    let reached = objectiveAt(table, labels, next, l2, rowWeights);
    while (reached > value - 1e-4 * length * promised && length > 1e-8) {
      length /= 2;
      next = weights.map((weight, index) => weight + length * (step[index] as number));
      reached = objectiveAt(table, labels, next, l2, rowWeights);
    }
    if (reached <= value) [weights, value] = [next, reached];
    if (promised / 2 <= TOLERANCE * Math.max(1, value)) return { weights, iterations: iteration };
  }
  return { weights, iterations: MOST_ITERATIONS };
}

/** Zeros, or for many rows the optimum of a part of them: the first steps are the crude ones, and as good there. */
function startOf(table: Table, labels: ArrayLike<number>, { l2 = 1, rowWeights }: BinaryFitOptions): Float64Array {
  const { rows, columns } = table;
  if (rows <= MANY_ROWS) return new Float64Array(columns + 1);
  const stride = Math.floor(rows / FEW_ROWS);
  const part = Array.from({ length: Math.floor(rows / stride) }, (_, row) => row * stride);
  const every = (list: ArrayLike<number>): Float64Array => Float64Array.from(part, (row) => list[row] as number);
  const weightsOfRows = rowWeights ? { rowWeights: every(rowWeights) } : {};
  return fitBinary(rowsOfTable(table, part), every(labels), { l2, ...weightsOfRows }).weights;
}

function objectiveAt(
  table: Table,
  labels: ArrayLike<number>,
  weights: Float64Array,
  l2: number,
  rowWeights?: ArrayLike<number>,
): number {
  const logits = new DenseDesign(table).logits(weights);
  let value = 0;
  for (let row = 0; row < table.rows; row += 1) {
    const logit = logits[row] as number;
    value += (rowWeights ? (rowWeights[row] as number) : 1) * (softPlus(logit) - (labels[row] as number) * logit);
  }
  for (let column = 0; column < table.columns; column += 1) value += (l2 / 2) * (weights[column] as number) ** 2;
  return value;
}

/** The gradient of the log-likelihood (uphill), and the lower triangle of its negative second derivatives. */
function slopeAndCurvature(
  table: Table,
  labels: ArrayLike<number>,
  weights: Float64Array,
  l2: number,
  rowWeights?: ArrayLike<number>,
): { gradient: Float64Array; curvature: Float64Array } {
  const { rows, columns, values } = table;
  const width = columns + 1;
  const logits = new DenseDesign(table).logits(weights);
  const gradient = new Float64Array(width);
  const curvature = new Float64Array(width * width);
  const row = new Float64Array(width).fill(1);
  for (let index = 0; index < rows; index += 1) {
    const probability = sigmoid(logits[index] as number);
    const counts = rowWeights ? (rowWeights[index] as number) : 1;
    const residual = counts * ((labels[index] as number) - probability);
    const spread = counts * probability * (1 - probability);
    row.set(values.subarray(index * columns, index * columns + columns));
    for (let column = 0; column < width; column += 1) {
      const value = row[column] as number;
      gradient[column] = (gradient[column] as number) + residual * value;
      const weighted = spread * value;
      for (let other = 0, place = column * width; other <= column; other += 1, place += 1) {
        curvature[place] = (curvature[place] as number) + weighted * (row[other] as number);
      }
    }
  }
  for (let column = 0; column < columns; column += 1) {
    gradient[column] = (gradient[column] as number) - l2 * (weights[column] as number);
    curvature[column * width + column] = (curvature[column * width + column] as number) + l2;
  }
  return { gradient, curvature };
}

function solve(lowerTriangle: Float64Array, right: Float64Array): Float64Array {
  const width = right.length;
  const matrix = Matrix.zeros(width, width);
  for (let row = 0; row < width; row += 1) {
    for (let column = 0; column <= row; column += 1) {
      const value = lowerTriangle[row * width + column] as number;
      matrix.set(row, column, value);
      matrix.set(column, row, value);
    }
    // Columns that say the same twice leave the matrix singular where nothing is penalised.
    matrix.set(row, row, matrix.get(row, row) * (1 + 1e-12) + 1e-10);
  }
  return Float64Array.from(new CholeskyDecomposition(matrix).solve(Matrix.columnVector([...right])).to1DArray());
}
