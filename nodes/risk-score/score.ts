import { businessMoment } from '../../lib/calendar';
import type { Emit, Params, Weights } from '../../lib/define';
import { BadSetting } from '../../lib/errors';
import type { auditEvent, AuditEvent, Reason } from '../../lib/event';
import type { Ports } from '../../lib/ports';
import { type BillingSettings, completeSettings } from '../../lib/settings';
import type { JudgedByModel } from '../../lib/runtime/models/desk';
import type { PersonFacts } from '../../lib/store/store';
import { DOCUMENTED_WEIGHTS, type FactorName, factors, type Facts, UNKNOWN } from './factors';
import { type riskScoreFields, HIGH_RISK_FROM, weightLabels } from './fields';

type Scored = Emit<{ scored: typeof auditEvent; highRisk: typeof auditEvent }>;

/**
 * Scores one change by the documented factors, and by the model in force where there is one.
 * @returns the event with risk_score in 0..1 and its reasons, on `highRisk` too when at or above the threshold. Without a
 *   model anomaly_score and predicted_category are null; one that was taught no risk leaves the rule points as risk_score.
 * @throws StoreUnavailable  when the person's facts cannot be read; the event is not lost, the caller retries
 * @throws BadSetting        when a field cannot be used
 */
export async function score(
  event: AuditEvent,
  params: Params<typeof riskScoreFields>,
  { store, settings: shared, models }: Pick<Ports, 'store' | 'settings' | 'models'>,
): Promise<Scored> {
  const settings = completeSettings({ node: params, shared });
  const weights = checkedWeights(params.weights);
  const threshold = checkedThreshold(params.highRiskFrom);
  const person = await personOf(event, settings, store);
  const moment = WITHOUT_CHOICE.includes(event.kind) ? null : businessMoment(event.changed_at, settings);
  const points = pointsOf({ event, moment, person, settings }, weights);
  const scored: AuditEvent = { ...event, ...byModel(points, (await models?.judge(event)) ?? null) };
  return (scored.risk_score ?? 0) >= threshold ? { scored, highRisk: scored } : { scored };
}

/** A check of a whole sheet and a gap in the watch have a time, but nobody chose it to change something. */
const WITHOUT_CHOICE: readonly AuditEvent['kind'][] = ['sheet_checked', 'watch_gap'];

type Points = Pick<AuditEvent, 'risk_score' | 'anomaly_score' | 'predicted_category' | 'reasons' | 'unknown_facts'>;

/** The model's word over the rule points, whose reasons stay beside its own. */
function byModel(points: Points, word: JudgedByModel | null): Points & Pick<AuditEvent, 'model_version'> {
  if (!word) return points;
  const { risk_score, anomaly_score, predicted_category, reasons, model_version } = word;
  return {
    ...points,
    ...{ risk_score: risk_score ?? points.risk_score, anomaly_score, predicted_category, model_version },
    reasons: [...points.reasons, ...reasons.map((reason) => ({ ...reason, points: 0 })), ...thinHistory(word)],
  };
}

/** Below this a model knows fewer than 50 changes of the person. */
const SURE_FROM = 0.2;

/** What a model says of whom it hardly knows says little: it is told with it, last, and adds nothing. */
function thinHistory({ confidence }: JudgedByModel): Reason[] {
  if (confidence >= SURE_FROM) return [];
  const because = `Little is known of this person's habits: the model's confidence is ${confidence.toFixed(2)} of 1.`;
  return [{ factor: 'thin_history', points: 0, value: confidence, because }];
}

/** Sums the points of the factors that apply, at most 100; a fact that is unknown adds nothing and is listed. */
export function pointsOf(facts: Facts, weights: Readonly<Record<FactorName, number>>): Points {
  const reasons: Reason[] = [];
  const unknown: string[] = [];
  for (const factor of Object.keys(factors) as FactorName[]) {
    const because = factors[factor](facts);
    if (because === UNKNOWN) unknown.push(factor);
    else if (because !== null && weights[factor] > 0) reasons.push({ factor, points: weights[factor], because });
  }
  const points = Math.min(
    100,
    reasons.reduce((total, reason) => total + reason.points, 0),
  );
  return {
    risk_score: Math.round(points * 10_000) / 1_000_000,
    anomaly_score: null,
    predicted_category: null,
    reasons,
    unknown_facts: unknown,
  };
}

async function personOf(
  { changed_by, changed_by_kind, changed_at }: AuditEvent,
  { rapidMinutes }: BillingSettings,
  store: Ports['store'],
): Promise<PersonFacts | null> {
  const mayBePerson = changed_by_kind === 'person' || changed_by_kind === 'api_client' || changed_by_kind === 'unknown';
  if (changed_by === null || !mayBePerson) return null;
  return store.personFacts({ person: changed_by, at: changed_at, withinMinutes: rapidMinutes });
}

function checkedWeights(given: Weights): Readonly<Record<FactorName, number>> {
  const weights = { ...DOCUMENTED_WEIGHTS };
  for (const factor of Object.keys(weights) as FactorName[]) {
    const points = given[factor];
    if (points === undefined) continue;
    if (!(points >= 0 && points <= 100)) {
      throw new BadSetting(`Points for ${weightLabels[factor]}`, `are ${String(points)}`, 'Give 0 to 100 points.');
    }
    weights[factor] = points;
  }
  return weights;
}

function checkedThreshold(given: number | null): number {
  const threshold = given ?? HIGH_RISK_FROM;
  if (threshold >= 0 && threshold <= 1) return threshold;
  throw new BadSetting('High risk from', `is ${String(given)}`, 'Give a number from 0 to 1.');
}
