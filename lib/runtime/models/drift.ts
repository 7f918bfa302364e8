import { Adwin, FigureDrift, type FigureMove, type RiskEngine, type SeenFigures } from '../../risk';
import type { ModelWord } from './desk';

/** So many figures are named; the rest is a number. */
const NAMED = 3;

/**
 * Watches for a world that has changed: the scores that a model gives, how often they are high, and the means of the figures
 * that carry its weight.
 */
export class DriftWatch {
  private readonly streams = {
    anomaly: new Adwin(),
    strange: new Adwin(),
    risk: new Adwin(),
    alerts: new Adwin(),
  };
  private readonly figures: FigureDrift;
  private scoresDrifted = false;
  private readonly figuresMoved = new Map<string, string>();

  constructor(engine: RiskEngine) {
    this.figures = new FigureDrift(engine);
  }

  /** Takes what the model said of a change. Give it each change once. */
  take({ anomaly_score, risk_score }: Pick<ModelWord, 'anomaly_score' | 'risk_score'>, seen: SeenFigures): void {
    const { anomaly, strange, risk, alerts } = this.streams;
    const cries = [
      anomaly.take(anomaly_score),
      strange.take(anomaly_score >= 0.99 ? 1 : 0),
      risk_score !== null && risk.take(risk_score),
      risk_score !== null && alerts.take(risk_score >= 0.5 ? 1 : 0),
    ];
    this.scoresDrifted ||= cries.some(Boolean);
    for (const { feature, because } of this.figures.take(seen)) this.figuresMoved.set(feature, because);
  }

  /** What has moved since a training made it forget, in words; null: nothing. Whoever asks takes nothing from others. */
  moved(): string | null {
    const figures = [...this.figuresMoved.values()];
    return figures.length > 0 ? wordsFor(figures) : this.scoresDrifted ? 'scores have drifted' : null;
  }

  /** After a training: what has moved until then is learned. */
  forget(): void {
    this.scoresDrifted = false;
    this.figuresMoved.clear();
  }
}

function wordsFor(moved: readonly FigureMove['because'][]): string {
  const more = moved.length > NAMED ? `; and ${moved.length - NAMED} more` : '';
  return `what is usual has moved: ${moved.slice(0, NAMED).join('; ')}${more}`;
}
