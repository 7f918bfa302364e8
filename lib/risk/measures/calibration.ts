/** Mean negative log-likelihood of labels 0 or 1 under probabilities, in natural logarithms. */
export function logLoss(labels: ArrayLike<number>, probabilities: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < labels.length; index += 1) {
    const probability = Math.min(Math.max(probabilities[index] as number, 1e-15), 1 - 1e-15);
    sum -= labels[index] ? Math.log(probability) : Math.log1p(-probability);
  }
  return sum / labels.length;
}

/**
 * Expected calibration error: how far the mean probability in each of `bins` equal intervals is from the share of
 * positives there, weighted by how many fall into it (Guo et al. 2017).
 */
export function calibrationError(labels: ArrayLike<number>, probabilities: ArrayLike<number>, bins = 15): number {
  const counts = Array.from({ length: bins }, () => ({ rows: 0, promised: 0, positives: 0 }));
  for (let index = 0; index < labels.length; index += 1) {
    const probability = probabilities[index] as number;
    const bin = counts[Math.min(bins - 1, Math.floor(probability * bins))];
    if (!bin) continue;
    bin.rows += 1;
    bin.promised += probability;
    bin.positives += labels[index] ? 1 : 0;
  }
  return counts.reduce((sum, { promised, positives }) => sum + Math.abs(promised - positives), 0) / labels.length;
}
