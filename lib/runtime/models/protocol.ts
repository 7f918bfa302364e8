import type { LearnedModel } from './learned-model';
import type { BillingSettings } from '../../settings';
import type { Feedback, TrailLine } from '../../store/models';

/** The model in force, as it goes to the thread. */
export interface ModelText {
  readonly hash: string;
  readonly body: string;
}

/** What the thread is asked, one after the other: begin, pages of the trail, and an end. Each is answered. */
export type ToThread =
  | {
      /** To keep the state: reading goes on from what is kept, where that fits. */
      readonly type: 'begin-state';
      readonly settings: BillingSettings;
      readonly stateFile: string;
      /** By which model events rank among the last 28 days; null: none is in force. */
      readonly model: ModelText | null;
      /** True: from the beginning, whatever is kept. */
      readonly anew: boolean;
    }
  | {
      /** To train, which always reads from the beginning. */
      readonly type: 'begin-lesson';
      readonly settings: BillingSettings;
      /** The newest so many events are learned from. */
      readonly most: number;
    }
  | { readonly type: 'lines'; readonly lines: readonly TrailLine[] }
  /** The state stands at this position of the trail: it is written. */
  | { readonly type: 'keep'; readonly position: number; readonly ahead: string | null }
  | {
      readonly type: 'learn';
      readonly feedback: readonly Feedback[];
      /** The body of the model in force; null: none. */
      readonly champion: string | null;
      readonly seed: number;
      /** Milliseconds since 1970. */
      readonly now: number;
    };

export type FromThread =
  | {
      readonly type: 'begun';
      /** The position to read the trail from. */
      readonly after: number;
      /** The time up to which imported history was taken beyond all changes of the trail; null: none was. */
      readonly ahead: string | null;
      /** Why what was kept could not be read; null: it could, or there was none. */
      readonly damaged: string | null;
    }
  | { readonly type: 'taken'; readonly learned: number }
  | { readonly type: 'kept' }
  | { readonly type: 'learned'; readonly model: LearnedModel }
  | {
      readonly type: 'failed';
      readonly code: string;
      readonly message: string;
      readonly hint: string;
    };
