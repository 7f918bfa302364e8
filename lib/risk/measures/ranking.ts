/** Places of scores from the smallest to the largest. */
function inOrder(scores: ArrayLike<number>): Uint32Array {
  return Uint32Array.from({ length: scores.length }, (_, index) => index).sort(
    (left, right) => (scores[left] as number) - (scores[right] as number),
  );
}

/**
 * Area under the ROC curve: how often a positive scores above a negative; ties count half (Mann and Whitney 1947).
 * NaN when one of the two is absent: there is nothing to compare.
 */
export function areaUnderCurve(labels: ArrayLike<number>, scores: ArrayLike<number>): number {
  const order = inOrder(scores);
  let rankSum = 0;
  let positives = 0;
  for (let from = 0, to = 0; from < order.length; from = to) {
    while (to < order.length && scores[order[to] as number] === scores[order[from] as number]) to += 1;
    for (let index = from; index < to; index += 1) {
      if (!labels[order[index] as number]) continue;
      rankSum += (from + to + 1) / 2;
      positives += 1;
    }
  }
  const negatives = order.length - positives;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** Average precision, as scikit-learn computes it: precision at each threshold, weighted by the recall it adds. */
export function averagePrecision(labels: ArrayLike<number>, scores: ArrayLike<number>): number {
  const order = inOrder(scores).reverse();
  const positives = order.reduce((sum, index) => sum + (labels[index] ? 1 : 0), 0);
  let [found, average, recall] = [0, 0, 0];
  for (let from = 0, to = 0; from < order.length; from = to) {
    while (to < order.length && scores[order[to] as number] === scores[order[from] as number]) {
      found += labels[order[to] as number] ? 1 : 0;
      to += 1;
    }
    average += (found / positives - recall) * (found / to);
    recall = found / positives;
  }
  return average;
}
