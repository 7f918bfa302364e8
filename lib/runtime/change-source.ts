import type { Change } from '../event/change';
import type { Status, Stop } from '../define/node';
import type { BillingSettings } from '../settings';

/** What a trigger wants to hear of. */
export interface WatchRequest {
  readonly sheetIds: readonly string[];
  readonly smartsheet: { readonly token: string; readonly base: string };
  /** Null: sheets are watched by version polling. */
  readonly publicUrl: string | null;
  readonly pollSeconds: number;
  /** With a webhook: the version is looked at between its callbacks, too. Default false. */
  readonly quick?: boolean;
  /** All sheets in these, new ones too, as well as those named. Default: none. */
  readonly workspaceIds?: readonly string[];
  /** Titles of the columns that webhooks call for; default: all. Changes of other columns are found by comparing. */
  readonly columns?: readonly string[];
  /** Those in force for the node, by which scarce readings go to what is worth most; default: those without any. */
  readonly settings?: BillingSettings;
}

/**
 * Hands out resolved changes, each leased for 60 s and handed out again until it is in the trail.
 * Several subscriptions may name the same sheet: the webhook is shared, and every subscriber gets every change.
 */
export interface ChangeSource {
  /**
   * Begins to watch. Outages and refusals do not end it: they are shown, logged and tried again.
   * @returns what ends it; `removed` takes the sheet's webhook away when nobody else watches the sheet
   * @throws BadSetting  when the request cannot work as it stands
   */
  subscribe(
    request: WatchRequest,
    deliver: (changes: readonly Change[]) => void,
    show: (status: Status) => void,
  ): Promise<Stop>;
}
