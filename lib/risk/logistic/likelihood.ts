import type { Design } from './design';
import type { Objective } from './lbfgs';

/** P(1) for a log-odds, without overflow on either side. */
export function sigmoid(logit: number): number {
  if (logit >= 0) return 1 / (1 + Math.exp(-logit));
  const odds = Math.exp(logit);
  return odds / (1 + odds);
}

/** log(1 + e^z) without overflow. */
export function softPlus(logit: number): number {
  return (logit > 0 ? logit : 0) + Math.log1p(Math.exp(-Math.abs(logit)));
}

/**
 * The penalised negative log-likelihood of labels 0 or 1.
 * @param l2          weight of half the squared weights; the bias is not penalised
 * @param rowWeights  how much each row counts; all 1 when left out
 */
export function binaryObjective(
  design: Design,
  labels: ArrayLike<number>,
  l2: number,
  rowWeights?: ArrayLike<number>,
): Objective {
  return (weights) => {
    const logits = design.logits(weights);
    const residuals = new Float64Array(design.rows);
    let value = penalty(weights, 0, design.columns, l2);
    for (let row = 0; row < design.rows; row += 1) {
      const logit = logits[row] as number;
      const label = labels[row] as number;
      const counts = rowWeights ? (rowWeights[row] as number) : 1;
      value += counts * (softPlus(logit) - label * logit);
      residuals[row] = counts * (sigmoid(logit) - label);
    }
    const gradient = design.backProject(residuals);
    for (let column = 0; column < design.columns; column += 1) {
      gradient[column] = (gradient[column] as number) + l2 * (weights[column] as number);
    }
    return { value, gradient };
  };
}

/** The same for `classes` classes at once (softmax); the weights of one class stand after those of the one before. */
export function softmaxObjective(
  design: Design,
  labels: ArrayLike<number>,
  classes: number,
  l2: number,
  rowWeights?: ArrayLike<number>,
): Objective {
  const width = design.columns + 1;
  return (weights) => {
    const logits = Array.from({ length: classes }, (_, one) =>
      design.logits(weights.subarray(one * width, (one + 1) * width)),
    );
    let value = softmaxInPlace(logits, labels, rowWeights);
    const gradient = new Float64Array(weights.length);
    for (const [one, residuals] of logits.entries()) {
      gradient.set(design.backProject(residuals), one * width);
      value += penalty(weights, one * width, design.columns, l2);
      for (let column = 0; column < design.columns; column += 1) {
        const place = one * width + column;
        gradient[place] = (gradient[place] as number) + l2 * (weights[place] as number);
      }
    }
    return { value, gradient };
  };
}

/** Turns logits by class into residuals by class, and gives the negative log-likelihood. */
function softmaxInPlace(
  logits: readonly Float64Array[],
  labels: ArrayLike<number>,
  rowWeights?: ArrayLike<number>,
): number {
  let value = 0;
  const rows = logits[0]?.length ?? 0;
  for (let row = 0; row < rows; row += 1) {
    const counts = rowWeights ? (rowWeights[row] as number) : 1;
    const label = labels[row] as number;
    let most = -Infinity;
    for (const one of logits) most = Math.max(most, one[row] as number);
    let sum = 0;
    for (const one of logits) sum += Math.exp((one[row] as number) - most);
    const total = most + Math.log(sum);
    value += counts * (total - ((logits[label] as Float64Array)[row] as number));
    for (const [index, one] of logits.entries()) {
      one[row] = counts * (Math.exp((one[row] as number) - total) - (index === label ? 1 : 0));
    }
  }
  return value;
}

function penalty(weights: Float64Array, from: number, columns: number, l2: number): number {
  let squares = 0;
  for (let column = from; column < from + columns; column += 1) squares += (weights[column] as number) ** 2;
  return (l2 / 2) * squares;
}
