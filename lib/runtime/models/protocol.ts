import type { LearnedModel } from './learned-model';
import type { BillingSettings } from '../../settings';
import type { Feedback, TrailLines } from '../../store/models';

/** What the thread is asked, one after the other: begin, pages of the trail, and an end. Each is answered. */
export type ToThread =
  | {
      readonly type: 'begin';
      readonly settings: BillingSettings;
      /** Where the state is kept. */
      readonly stateFile: string;
      /** True: go on from the state that is kept there. False: from the beginning, which a training needs. */
      readonly fromState: boolean;
      /** The newest so many events are learned from; 0: nothing is learned, the state is kept. */
      readonly most: number;
    }
  | { readonly type: 'page'; readonly page: TrailLines }
  | { readonly type: 'keep' }
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
  /** The position to read the trail from. */
  | { readonly type: 'begun'; readonly after: number }
  | { readonly type: 'taken'; readonly learned: number }
  | { readonly type: 'kept'; readonly position: number }
  | { readonly type: 'learned'; readonly model: LearnedModel }
  | {
      readonly type: 'failed';
      readonly code: string;
      readonly message: string;
      readonly hint: string;
    };
