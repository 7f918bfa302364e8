import { StoreRefused } from './store-errors';
import type { StoreDriver } from './store';

/** A gate that a model was asked to pass before it might take the champion's place. */
export interface ModelGate {
  readonly name: string;
  readonly passed: boolean;
  /** For people: what was compared, and how it came out. */
  readonly because: string;
}

/** What a model learned from. */
export interface ModelData {
  /** Of all figures and labels: equal for equal data. */
  readonly sha256: string;
  /** Times of the first and the last event. */
  readonly from: string;
  readonly to: string;
  readonly events: number;
  /** Events that reviewers called a finding, and the incidents they belong to. */
  readonly labelled: number;
  readonly incidents: number;
  /** Events of the history that was imported, among all of them; models of before it was read do not say. */
  readonly imported?: number;
}

/** Figures by name; null where there was nothing to measure by. */
export type ModelMetrics = Readonly<Record<string, number | null>>;

/** A model without its body. Times are ISO 8601, UTC. */
export interface StoredModel {
  readonly version: number;
  /** Of its description: the `model_version` of the events that it scored. */
  readonly hash: string;
  readonly data: ModelData;
  readonly seed: number;
  readonly metrics: ModelMetrics;
  readonly gates: readonly ModelGate[];
  readonly status: 'challenger' | 'champion' | 'retired' | 'refused';
  /** Whether its body is still there: it can be put in force. */
  readonly is_kept: boolean;
  readonly bytes: number;
  readonly body_sha256: string;
  readonly trained_by: string;
  readonly created_at: string;
  readonly promoted_at: string | null;
  readonly promoted_by: string | null;
  readonly retired_at: string | null;
}

export interface NewModel extends Pick<StoredModel, 'data' | 'seed' | 'metrics' | 'gates'> {
  /** Canonical JSON; its SHA-256 becomes the hash. */
  readonly description: string;
  /** The model as JSON text, 2 MB at most. */
  readonly body: string;
  readonly status: 'champion' | 'challenger' | 'refused';
  readonly by: string;
  /** A sentence for the trail, where it is not put in force. */
  readonly reason?: string;
}

export interface Champion {
  readonly model: StoredModel | null;
  /** Null: there is no champion, or the caller has it already. */
  readonly body: string | null;
}

/** Who asks, as a sign-in says, or whoever vouches for them; the store refuses all but administrators. */
export interface Asker {
  readonly by: string;
  readonly role: string;
}

export interface MovedBy extends Asker {
  readonly reason: string;
}

export interface RollBack extends MovedBy {
  readonly version?: number;
}

/** A change, a word of the directory, a verdict or an erasure, as a training reads it. */
export interface TrailLine {
  readonly position: number;
  readonly event_key: string;
  readonly kind: string;
  readonly sheet_id: string;
  readonly row_id: string | null;
  readonly work_request: string | null;
  readonly column_name: string | null;
  readonly old_value: string | null;
  readonly new_value: string | null;
  readonly delta: string | null;
  /** In lower case. */
  readonly changed_by: string | null;
  readonly changed_at: string;
  readonly week_ending: string | null;
  readonly is_historical: boolean | null;
  /** Rule points over 100, whether a model spoke or not; null where nobody knows them. */
  readonly rule_score: number | null;
  /** Of `row_added`: what stood in its cells, by title. */
  readonly values?: Readonly<Record<string, string | null>> | null;
  /** Of `person_saved`: who. Of `event_marked` and `event_judged`: the key of the event. */
  readonly about?: string | null;
  /** Of `event_marked` and `event_judged`: whose change it was. */
  readonly subject?: string | null;
  /** Of `event_marked` and `event_judged`: whether the reviewer made that change. */
  readonly is_own?: boolean;
}

export interface TrailLines {
  readonly lines: readonly TrailLine[];
  /** The position to go on from; null at the end. */
  readonly next: number | null;
  /** Up to here nothing can come any more. */
  readonly settled: number;
  /** Positions of imported changes on the way; `importedLines` gives them. */
  readonly imported: readonly number[];
}

/** Where a reading of imported changes stands. */
export interface ImportedPlace {
  readonly changed_at: string;
  readonly position: number;
}

export interface ImportedLines {
  readonly lines: readonly TrailLine[];
  /** Null at the end. */
  readonly next: ImportedPlace | null;
}

/** What a reviewer said of an event. */
export interface Feedback {
  readonly event_key: string;
  readonly verdict: 'true' | 'false' | 'unsure';
  readonly reviewer: string;
  /** Whose change it was, where that is known. */
  readonly subject: string | null;
  readonly marked_at: string;
  /** Events of one incident share it. */
  readonly incident: string | null;
  readonly category: string | null;
}

/** Models, and what they learn from. */
export interface ModelStore {
  /** The same description again is the same model: nothing is stored then. */
  putModel(model: NewModel): Promise<{ readonly model: StoredModel; readonly isNew: boolean }>;
  /** @throws StoreRefused  BA005 not an administrator */
  allowTraining(asker: Asker): Promise<void>;
  /** The model in force; without its body where `known` is its hash. */
  champion(known: string | null): Promise<Champion>;
  models(limit: number): Promise<readonly StoredModel[]>;
  /** @throws StoreRefused  BA005 not an administrator; BA006 no such model, or no longer kept */
  promoteModel(moved: MovedBy & { readonly version: number }): Promise<StoredModel>;
  /**
   * The model in force before is in force again; null: none is. `version`: the model that is to be taken back; without it,
   * whichever is in force.
   * @throws StoreRefused  BA005 not an administrator; BA006 none is in force; BA017 another is in force by now
   */
  rollBackModel(moved: RollBack): Promise<{ readonly before: number; readonly model: StoredModel | null }>;
  /** The trail in the order of storing, from behind a position on; 0 is its beginning. */
  trailLines(after: number, limit: number): Promise<TrailLines>;
  /** Imported changes up to a position of the trail (null: all), in the order of their own time, from behind a place on. */
  importedLines(upto: number | null, after: ImportedPlace | null, limit: number): Promise<ImportedLines>;
  /** Every verdict, in no order; none where the store does not keep any. */
  labels(): Promise<readonly Feedback[]>;
}

/** PostgreSQL's code for a function that is not there. */
const NO_SUCH_FUNCTION = '42883';

/** Verdicts asked for at once: as many as the store gives. */
const MOST_FEEDBACK = 1000;

/** @param feedbackPage  how many verdicts are asked for at once */
export function modelsOver(driver: Pick<StoreDriver, 'rpc'>, feedbackPage = MOST_FEEDBACK): ModelStore {
  // What the functions give is made by our own SQL, and its shapes are held by the tests of each function.
  const ask = async <Answer>(name: `billing_audit_${string}`, p: unknown): Promise<Answer> =>
    (await driver.rpc(name, p)) as Answer;
  return {
    async putModel(given) {
      const { model, is_new } = await ask<{ model: StoredModel; is_new: boolean }>('billing_audit_put_model', given);
      return { model, isNew: is_new };
    },
    async allowTraining(asker) {
      await ask('billing_audit_allow_training', asker);
    },
    champion: (known) => ask<Champion>('billing_audit_champion_model', { known }),
    async models(limit) {
      return (await ask<{ models: StoredModel[] }>('billing_audit_models', { limit })).models;
    },
    async promoteModel(moved) {
      return (await ask<{ model: StoredModel }>('billing_audit_promote_model', moved)).model;
    },
    rollBackModel: (moved) => ask('billing_audit_roll_back_model', moved),
    trailLines: (after, limit) => ask<TrailLines>('billing_audit_trail_lines', { after, limit }),
    importedLines: (upto, after, limit) => ask<ImportedLines>('billing_audit_imported_lines', { upto, after, limit }),
    async labels() {
      try {
        const all: Feedback[] = [];
        for (let after: string | null | undefined; after !== null;) {
          const page: { feedback: Feedback[]; next: string | null } = await ask('billing_audit_list_feedback', {
            limit: feedbackPage,
            ...(after !== undefined && { after }),
          });
          all.push(...page.feedback);
          after = page.next;
        }
        return all;
      } catch (thrown) {
        if (thrown instanceof StoreRefused && thrown.sqlstate === NO_SUCH_FUNCTION) return [];
        throw thrown;
      }
    },
  };
}
