import type { Status } from '../define/node';
import type { Log, Now, Random, Sleep } from '../ports';
import type { Store } from '../store/store';
import type { ExplainParts } from './resolution/explain';
import type { Sources } from './resolution/resolver';
import type { GlancePace } from './glance-pace';
import type { SheetHoles } from './sheet-holes';
import type { SheetTroubles } from './sheet-troubles';
import type { Timing } from './timing';
import type { WebhookKeeper } from './webhook-keeper';

export interface WatchTarget {
  readonly sheetId: string;
  /** Null: watched by polling. */
  readonly callbackUrl: string | null;
  readonly pollSeconds: number;
  /** With a webhook: the version is looked at between its callbacks, too. */
  readonly quick: boolean;
  /** Titles of the columns that the webhook calls for; empty: all. Changes of others are found by comparing. */
  readonly columns: readonly string[];
}

export interface WatchParts extends Sources {
  readonly store: Store;
  readonly keeper: WebhookKeeper;
  readonly now: Now;
  readonly sleep: Sleep;
  readonly random: Random;
  readonly log: Log;
  readonly timing: Timing;
  /** How often versions are looked at between callbacks. */
  readonly pace: GlancePace;
  /** Tells people of what goes wrong with the watch, and of its end. */
  readonly troubles: SheetTroubles;
  /** When the sheet was not watched, or callbacks did not come. */
  readonly holes: SheetHoles;
  readonly historyInTurn: ExplainParts['historyInTurn'];
  /** Changes may wait now. */
  readonly onResolved: () => void;
  /** Callbacks that need not be held any more: done, given back, or dead. */
  readonly onReleased: (callbackIds: readonly string[]) => void;
  readonly onStatus: (status: Status) => void;
  /** The sheet's version was compared with the last known one. */
  readonly onCompared?: (version: number) => void;
}

/** How the watch of a sheet goes; times in milliseconds since 1970, null: none since the start. */
export interface WatchFacts {
  /** The webhook's status as Smartsheet last said; null: the sheet is to be watched without one. */
  readonly webhook: string | null;
  readonly lastCallbackAt: number | null;
  readonly lastCompareAt: number | null;
}
