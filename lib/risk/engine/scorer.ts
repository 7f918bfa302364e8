import type { BillingSettings } from '../../settings';
import { BadModel } from '../errors';
import { FEATURES, features } from '../features/features';
import { type EventLine, EventReader } from '../features/risk-event';
import type { ContextLine } from '../state/context';
import type { RiskState } from '../state/risk-state';
import type { RiskEngine, RiskReading } from './engine';
import { RecentRank } from './recent-rank';
import { oddReasonOf, reasonOf, type RiskReason } from './words';

/** What is said of an event with a model. */
export interface ScoredLine {
  /** Calibrated probability, 0..1, six places; null when the model was trained without labels. */
  readonly risk_score: number | null;
  /** Which share of the last 28 days is less strange, 0..1, six places. */
  readonly anomaly_score: number;
  readonly predicted_category: string | null;
  readonly reasons: readonly RiskReason[];
  /** How much of the person's history stands behind it, 0..1: n / (n + 200). */
  readonly confidence: number;
}

/** Events of a person after which its history counts as much as nothing known. */
const HALF_CONFIDENCE = 200;
const REASONS = 5;
/** From this risk on a kind is named: suspicion first, then the kind. */
const SUSPICIOUS = 0.2;
/** Without a risk the odd figures are named of what is stranger than this share of the last 28 days. */
const STRANGE = 0.95;
const UNLIKELY = 0.05;

/** Scores a stream of events in the order of time: features, engine, ranks and reasons. */
export class RiskScorer {
  private readonly reader: EventReader;
  private readonly recent = new RecentRank();

  /** @throws BadModel  the engine was trained on other features than this version makes */
  constructor(
    private readonly engine: RiskEngine,
    private readonly state: RiskState,
    settings: BillingSettings,
  ) {
    const other = FEATURES.find((name, place) => engine.features[place] !== name);
    if (other !== undefined || engine.features.length !== FEATURES.length) {
      throw new BadModel(
        'risk engine',
        `it was trained on ${engine.features.length} features, this version makes ${FEATURES.length}` +
          (other === undefined ? '' : `, among them "${other}" where it has another`),
      );
    }
    this.reader = new EventReader(settings);
  }

  learn(line: ContextLine): void {
    this.state.learn(line);
  }

  /** @throws BadNumbers  when the event has no time that can be read */
  score(line: EventLine): ScoredLine {
    const event = this.reader.read(line);
    const figures = features(event, this.state);
    const confidence = confidenceIn(this.state, event.person);
    this.state.take(event);
    const reading = this.engine.read(figures);
    return { ...wordOf(reading, this.recent.take(event.at, reading.anomaly)), confidence };
  }
}

/** How much history of a person a state holds, 0..1, six places: of n events n / (n + 200). */
export function confidenceIn(state: RiskState, person: string | null): number {
  const known = person === null ? 0 : (state.persons.get(person)?.seen ?? 0);
  return sixPlaces(known / (known + HALF_CONFIDENCE));
}

/**
 * What a reading says to people and programs.
 * @param recentRank  the share of the last 28 days that is less strange
 */
export function wordOf(
  { risk, category, judgement, tails }: RiskReading,
  recentRank: number,
): Omit<ScoredLine, 'confidence'> {
  const odd = recentRank >= STRANGE ? tails.filter(({ probability }) => probability <= UNLIKELY) : [];
  return {
    risk_score: risk === null ? null : sixPlaces(risk),
    anomaly_score: sixPlaces(recentRank),
    predicted_category: risk === null ? null : risk >= SUSPICIOUS ? category : 'routine',
    reasons: judgement
      ? judgement.contributions
          .filter(({ logOdds }) => logOdds > 0)
          .slice(0, REASONS)
          .map(reasonOf)
      : odd.map(oddReasonOf),
  };
}

function sixPlaces(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
