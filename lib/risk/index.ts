export {
  AnomalyModel,
  type AnomalyModelJson,
  type AnomalyModelOptions,
  type Strangeness,
} from './detectors/anomaly-model';
export { Ecod, type EcodJson, type Tail } from './detectors/ecod';
export { EmpiricalDistribution, type EmpiricalDistributionJson } from './detectors/empirical-distribution';
export { IsolationForest, type IsolationForestJson, type IsolationForestOptions } from './detectors/isolation-forest';
export { LeSiNN, type LeSiNNJson, type LeSiNNOptions } from './detectors/lesinn';
export { BadLabels, BadModel, BadNumbers } from './errors';
export { calibrationError, logLoss } from './measures/calibration';
export { areaUnderCurve, averagePrecision } from './measures/ranking';
export { seededRandom } from './seeded-random';
export { checkedTable, type Table, tableOf } from './table';
export { LogisticModel, type LogisticModelJson, type LogisticModelOptions } from './logistic/logistic-model';
export { type Calibration, calibrated, plattCalibration } from './logistic/platt';
export { Adwin } from './promotion/adwin';
export { FigureDrift, type FigureMove, type SeenFigures } from './promotion/figure-drift';
export {
  type Contribution,
  RiskModel,
  type RiskJudgement,
  type RiskModelJson,
  type RiskModelOptions,
} from './logistic/risk-model';
export { CALIBRATION_DAYS, PromiseKeeper } from './sittings/promise';
export { IDLE_MINUTES, type ScoredMoment, type Sitting, SittingBook } from './sittings/sittings';
export { type FeatureName, FEATURES, features } from './features/features';
export { type EventLine, EventReader, type RiskEvent } from './features/risk-event';
export { type OddFigure, RiskEngine, type RiskEngineJson, type RiskReading, type TrainingRows } from './engine/engine';
export { MOST_STATE_BYTES } from './state/rations';
export type { ContextLine, Verdict } from './state/context';
export { RiskState } from './state/risk-state';
export { rankOf } from './engine/rank-of';
export { RecentEvents } from './engine/recent-events';
export { RecentRank, stepOfRank } from './engine/recent-rank';
export { confidenceIn, RiskScorer, type ScoredLine, wordOf } from './engine/scorer';
export { reasonOf, type RiskReason } from './engine/words';
export { type Comparison, decide, type Decision, type Gate, type Judged } from './promotion/gates';
export { type FoldLine, isJudged, TrailFold } from './learning/fold';
export { sittingNames } from './learning/incidents';
export { type Label, labelsOf, type ReviewedEvent } from './learning/labels';
export { FEWEST_EVENTS, learn, type Learned, type LearnRequest } from './learning/learn';
export { type LearnedEvent, Lesson } from './learning/lesson';
