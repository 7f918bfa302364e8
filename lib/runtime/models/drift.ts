import { Adwin } from '../../risk';
import type { ModelWord } from './desk';

/** Watches what a model says for a world that has changed: the scores themselves, and how often they are high. */
export class DriftWatch {
  private readonly streams = {
    anomaly: new Adwin(),
    strange: new Adwin(),
    risk: new Adwin(),
    alerts: new Adwin(),
  };
  private drifted = false;

  take({ anomaly_score, risk_score }: ModelWord): void {
    const { anomaly, strange, risk, alerts } = this.streams;
    const cries = [
      anomaly.take(anomaly_score),
      strange.take(anomaly_score >= 0.99 ? 1 : 0),
      risk_score !== null && risk.take(risk_score),
      risk_score !== null && alerts.take(risk_score >= 0.5 ? 1 : 0),
    ];
    this.drifted ||= cries.some(Boolean);
  }

  /** Whether it has cried since it was asked the last time. */
  asked(): boolean {
    const drifted = this.drifted;
    this.drifted = false;
    return drifted;
  }
}
