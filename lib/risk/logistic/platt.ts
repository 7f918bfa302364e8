import { checkedTable } from '../table';
import { sigmoid } from './likelihood';
import { fitBinary } from './newton';

/** Turns a log-odds into a calibrated one: `slope * logit + offset`. */
export interface Calibration {
  readonly slope: number;
  readonly offset: number;
}

export const UNCALIBRATED: Calibration = { slope: 1, offset: 0 };

/**
 * Platt's calibration (1999), with the targets that he gives against over-confidence: (positives + 1) / (positives + 2)
 * for 1 and 1 / (negatives + 2) for 0.
 * @param logits  log-odds of rows that the model was *not* trained on
 * @returns the identity when one of the two classes is absent there: nothing can be said then
 */
export function plattCalibration(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  rowWeights?: ArrayLike<number>,
): Calibration {
  let positives = 0;
  for (let row = 0; row < labels.length; row += 1) positives += labels[row] ? 1 : 0;
  const negatives = labels.length - positives;
  if (positives === 0 || negatives === 0) return UNCALIBRATED;
  const targets = Float64Array.from(labels, (label) =>
    label ? (positives + 1) / (positives + 2) : 1 / (negatives + 2),
  );
  const table = checkedTable(Float64Array.from(logits), 1);
  const { weights } = fitBinary(table, targets, {
    l2: 1e-6,
    start: Float64Array.of(1, 0),
    ...(rowWeights && { rowWeights }),
  });
  return { slope: weights[0] as number, offset: weights[1] as number };
}

/** The probability that a calibrated model gives. */
export function calibrated({ slope, offset }: Calibration, logit: number): number {
  return sigmoid(slope * logit + offset);
}
