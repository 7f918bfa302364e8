import type { Change } from '../event/change';
import type { ObservedObject, Resolved } from './observation';
import type { StoreDriver } from './store';

export type HangingList = 'attachments' | 'discussions';

/** How far a list of a sheet was compared. */
export interface KnownList {
  readonly list: HangingList;
  /** The sheet's version up to which it was. */
  readonly version: number;
  /** It was read as a whole once: what is new in it since then is a change. */
  readonly is_known: boolean;
  /** Why it could not be compared the last time; null: it was. */
  readonly problem: string | null;
}

/** An attachment, a discussion or a comment as last known. */
export interface SeenHanging {
  readonly type: ObservedObject['type'];
  readonly object_id: string;
  /** Null: it hangs on the sheet. */
  readonly row_id: string | null;
  /** The discussion of a comment, the comment of an attachment; null: none, or nobody can tell. */
  readonly parent_id: string | null;
  readonly text: string | null;
  readonly modified_at: string | null;
}

export interface KnownHanging extends SeenHanging {
  /** The row that it hung on was deleted or moved. */
  readonly row_is_gone: boolean;
}

export interface KnownHangings {
  readonly lists: readonly KnownList[];
  readonly objects: readonly KnownHanging[];
}

/** What a compare of a sheet's lists found. */
export interface HangingsCompared {
  readonly sheet_id: string;
  readonly sheet_name: string;
  /** These become changes, each with the key that its callback would give it. */
  readonly objects: readonly ObservedObject[];
  /** These are there, and are known from now on. */
  readonly seen: readonly SeenHanging[];
  /** These are not there any more, and no change of their own. */
  readonly gone: readonly Pick<SeenHanging, 'type' | 'object_id'>[];
  /** Those that are done up to a version of the sheet, or could not be read. */
  readonly lists: readonly Omit<KnownList, 'is_known'>[];
  readonly audit_run_id: string;
  readonly found_by: Change['found_by'];
}

/** What hangs on sheets beside their cells, as far as it is compared with what Smartsheet lists. */
export interface HangingStore {
  knownHangings(sheetId: string): Promise<KnownHangings>;
  /** Inserts changes and sets what is known, all or nothing. Doing it again changes nothing. */
  resolveHangings(compared: HangingsCompared): Promise<Resolved>;
}

export function hangingsOver(driver: Pick<StoreDriver, 'rpc'>): HangingStore {
  return {
    knownHangings: async (sheetId) =>
      (await driver.rpc('billing_audit_known_hangings', { sheet_id: sheetId })) as KnownHangings,
    resolveHangings: async (compared) => (await driver.rpc('billing_audit_resolve_hangings', compared)) as Resolved,
  };
}
