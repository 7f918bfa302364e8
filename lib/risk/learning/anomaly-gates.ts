import type { RiskEngine } from '../engine/engine';

export interface AnomalyGate {
  readonly name: 'figures' | 'steady' | 'size' | 'risk';
  readonly passed: boolean;
  /** For people: what was looked at, and how it came out. */
  readonly because: string;
}

const MOST_BYTES = 2 * 1024 * 1024;
/**
 * What ranks among the strangest hundredth of training may be so much of the newest events. What is published ranks against
 * the last 28 days, so that a world in motion is borne; but what calls most of it strange tells nothing apart.
 */
const STEADY = [0.0005, 0.5] as const;

/**
 * What a model is asked that says how strange an event is, and knows no risk: there are no labels to compare it by, so it
 * must be whole, small enough to be kept, and find the newest events neither all strange nor none.
 */
export function anomalyGates(engine: RiskEngine, anomalies: Float64Array): readonly AnomalyGate[] {
  const bytes = Buffer.byteLength(JSON.stringify(engine));
  const wrong = anomalies.filter((score) => !(score >= 0 && score <= 1)).length;
  const strange = anomalies.filter((score) => score >= 0.99).length / Math.max(1, anomalies.length);
  return [
    {
      name: 'figures',
      passed: wrong === 0,
      because: `Of ${anomalies.length} newest events ${wrong} have no score between 0 and 1; none may.`,
    },
    {
      name: 'steady',
      passed: anomalies.length < 2 / STEADY[0] ? strange <= STEADY[1] : strange >= STEADY[0] && strange <= STEADY[1],
      because: `${percent(strange)} of the newest events rank among the strangest hundredth; up to ${percent(STEADY[1])} is steady.`,
    },
    {
      name: 'size',
      passed: bytes <= MOST_BYTES,
      because: `The model has ${Math.ceil(bytes / 1024)} kB; ${MOST_BYTES / 1024} are kept at most.`,
    },
  ];
}

function percent(share: number): string {
  return `${Math.round(share * 1e4) / 100} %`;
}
