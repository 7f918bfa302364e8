import type { Change } from '../event/change';
import type { CallbackEvent } from '../smartsheet/callback-event';

/** A row whose change waits for its cells' history. */
export interface DeferredRow {
  readonly row_id: string;
  /** What hangs on it: those with most have their turn first. */
  readonly stake: number;
  readonly events: readonly CallbackEvent[];
  /** What is recorded if nothing more can be learned; null when the row's values are as they were. */
  readonly net: ObservedRow | null;
}

/** A row that waits no more, if no callback has said anything new of it since that round. */
export interface ExplainedRow {
  readonly row_id: string;
  readonly round: number;
}

export interface UnexplainedRow {
  readonly row_id: string;
  readonly round: number;
  readonly since: string;
  readonly stake: number;
  readonly audit_run_id: string;
  readonly found_by: Change['found_by'];
}

/** One value that a cell held, in order of time; the last is what it holds now. */
export interface Step {
  readonly value: string | null;
  readonly changed_by: string | null;
  readonly changed_by_kind: Change['changed_by_kind'];
  readonly changed_at: string;
  readonly change_agent?: string;
  /** We wrote it: the last known cell follows, and no change is made of it. */
  readonly ours?: boolean;
}

export interface ObservedCell {
  readonly column_id: string;
  /** One step when nothing lies between; several when cell history was read. Equal neighbours are dropped. */
  readonly steps: readonly Step[];
  /** Cell history was wanted and could not be read. */
  readonly intermediate_unknown?: boolean;
}

export interface ObservedRow {
  readonly row_id: string;
  readonly version: number;
  readonly created_at: string | null;
  readonly created_by: string | null;
  readonly modified_at: string | null;
  readonly modified_by: string | null;
  /**
   * Every cell that was read. A cell that is not listed is left as known. On a row never seen before, the first step of
   * each cell is what it was created with; the change `row_added` carries these, each later step is a cell change.
   */
  readonly cells: readonly ObservedCell[];
  readonly sheet_reference: string | null;
  /** We added it: no change is made of that. */
  readonly ours?: boolean;
}

export interface RemovedRow {
  readonly row_id: string;
  readonly action: 'deleted' | 'moved';
  readonly changed_by: string | null;
  readonly changed_by_kind: Change['changed_by_kind'];
  readonly changed_at: string;
  /** We removed it: it is known to be gone, and no change is made of that. */
  readonly ours?: boolean;
}

/** What happened to an attachment, a discussion or a comment. */
export interface ObservedObject {
  readonly type: 'attachment' | 'discussion' | 'comment';
  readonly object_id: string;
  readonly action: 'created' | 'updated' | 'deleted';
  /** Tells one change of it from another, whenever and however often it is heard of. */
  readonly version: number;
  /** Name of the file, first characters of the comment; null when nobody can tell any more. */
  readonly text: string | null;
  /** Null: it hangs on the sheet, or nobody can tell any more. */
  readonly row_id: string | null;
  /** The discussion of a comment, the comment of an attachment; left out: none, or nobody can tell. */
  readonly parent_id?: string | null;
  readonly changed_by: string | null;
  readonly changed_by_kind: Change['changed_by_kind'];
  readonly changed_at: string;
}

/** Who did something to a column, as a callback says. */
export interface ColumnEvent {
  readonly column_id: string;
  readonly changed_by: string | null;
  readonly changed_by_kind: Change['changed_by_kind'];
  readonly changed_at: string;
}

/** What one read of a sheet saw. */
export interface Observation {
  readonly sheet_id: string;
  readonly sheet_name: string;
  /** Column id to title. */
  readonly columns: Readonly<Record<string, string>>;
  /** Column id to type, where Smartsheet told it. */
  readonly column_types?: Readonly<Record<string, string>>;
  readonly column_events?: readonly ColumnEvent[];
  readonly objects?: readonly ObservedObject[];
  readonly deferred?: readonly DeferredRow[];
  /** Since when they wait, by the clock of whoever will ask for how long; default: the store's. */
  readonly deferred_at?: string;
  readonly explained?: readonly ExplainedRow[];
  /** Rows that are gone before they could be explained: their net change is recorded. */
  readonly given_up?: readonly ExplainedRow[];
  /** The sheet's version at the read; null when the read does not cover all up to it. */
  readonly version: number | null;
  readonly rows: readonly ObservedRow[];
  readonly removed: readonly RemovedRow[];
  /** First look at a sheet: last known cells are set, no change is made of them. */
  readonly baseline: boolean;
  readonly audit_run_id: string;
  readonly found_by: Change['found_by'];
  /** Webhook event ids that this observation answers; they become done in the same transaction. */
  readonly callback_ids: readonly string[];
  /** When the read was made: the new `compared_at` if `version` is given. */
  readonly observed_at: string;
}

export interface Resolved {
  /** event_keys of the changes that were inserted. */
  readonly event_keys: readonly string[];
}
