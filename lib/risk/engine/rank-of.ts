import type { RiskJudgement } from '../logistic/risk-model';

/**
 * What events are ranked by. Log-odds below the usual ones count as the usual ones: labels that never taught a kind of
 * fraud say that it is harmless, and must not outweigh that it is strange.
 * @param anomaly  how rare the event is among the training events, 0..1
 */
export function rankOf(
  { logOdds, base }: Pick<RiskJudgement, 'logOdds' | 'base'>,
  anomaly: number,
  share: number,
): number {
  return Math.max(logOdds, base) + share * -Math.log1p(-anomaly);
}
