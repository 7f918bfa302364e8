import type { AuditEvent } from '../../event';
import type { Status, Stop } from '../../define';
import type { Asker, MovedBy, RollBack, StoredModel } from '../../store/models';

/** What a model says of an event. Six places. */
export interface ModelWord {
  /** Calibrated probability of a finding, 0..1; null when no labels taught one. */
  readonly risk_score: number | null;
  /** Which share of the last 28 days is less strange, 0..1. */
  readonly anomaly_score: number;
  readonly predicted_category: string | null;
  readonly reasons: readonly ModelReason[];
  /** How much of the person's history stands behind it, 0..1: of n changes n / (n + 200). */
  readonly confidence: number;
}

export interface ModelReason {
  readonly factor: string;
  readonly log_odds: number;
  readonly strength: number;
  readonly value: number | null;
  readonly typical: number;
  readonly because: string;
}

/** What a model says of an event, and which model it was. */
export interface JudgedByModel extends ModelWord {
  /** The hash of its description. */
  readonly model_version: string;
}

export interface TrainOrder {
  readonly seed: number;
  /** The newest so many events are learned from. */
  readonly most: number;
  /** A model that passes its gates is put in force at once; false: it waits for an administrator. */
  readonly promote: boolean;
  /** Who asked, in words. */
  readonly by: string;
}

/** A model, and why this version cannot use it though it is in force: then rule points stand alone. */
export interface ListedModel extends StoredModel {
  readonly problem?: string;
}

/** What a training came to. */
export interface TrainingReport extends StoredModel {
  /** False: the same data gave the same model, which is kept already. */
  readonly is_new: boolean;
  readonly seconds: number;
}

/** When a model is trained without being asked. */
export interface TrainingPlan extends TrainOrder {
  /** Days since the last training; 0: never for its age. */
  readonly everyDays: number;
  /** Verdicts since the last training; 0: never for them. */
  readonly afterLabels: number;
  readonly onDrift: boolean;
}

/** Where models are trained, asked and moved. */
export interface ModelDesk {
  /** Null: no model is in force, it cannot be used, or it says nothing about events of this kind. */
  judge(event: AuditEvent): Promise<JudgedByModel | null>;
  /**
   * Trains, compares, and keeps the result. Who asks while a training is under way gets that one's report.
   * @param asker  a person, who must be an administrator; left out: a program, or a flow of its own accord
   * @throws TrainingFailed  there is too little to learn from
   * @throws StoreRefused    BA005 the person is no administrator
   */
  train(order: TrainOrder, asker?: Asker): Promise<TrainingReport>;
  models(limit: number): Promise<readonly ListedModel[]>;
  /**
   * What comes to be in force is told with its problem, where this version cannot use it; the store gives no text before.
   * @throws StoreRefused  BA005, BA006
   */
  promote(moved: MovedBy & { readonly version: number }): Promise<ListedModel>;
  /** @throws StoreRefused  BA005, BA006, BA017 */
  rollBack(moved: RollBack): Promise<{ readonly before: number; readonly model: ListedModel | null }>;
  /** Trains by a plan until it is stopped. */
  attend(plan: TrainingPlan, told: { trained(report: TrainingReport): void; show(status: Status): void }): Stop;
}
