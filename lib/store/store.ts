import type { AuditEvent } from '../event/audit-event';
import type { Change } from '../event/change';
import type { CallbackEvent } from '../smartsheet/callback-event';
import type { AccessStore } from './access';
import type { DirectoryStore } from './directory';
import type { HangingStore } from './hangings';
import type { JobStore } from './jobs';
import type { Observation, Resolved, UnexplainedRow } from './observation';
import type { DashboardStore } from './overview';

export * from './observation';

/** Who calls: the service itself, or a person by an access token that the store verifies. */
export type Caller = { readonly kind: 'service' } | { readonly kind: 'person'; readonly token: string };

/**
 * The narrow door to storage: `public.billing_audit_<verb>(p jsonb) returns jsonb`, one transaction per call.
 * @throws StoreUnavailable  when the store cannot be reached or is closed; nothing was changed, or the call is safe to repeat
 * @throws StoreRefused  when the function raised an error
 */
export interface StoreDriver {
  rpc(name: `billing_audit_${string}`, p: unknown, caller?: Caller): Promise<unknown>;
  /** Where this driver keeps callbacks before the database has them; without it the function call is what makes them durable. */
  readonly inbox?: CallbackInbox | undefined;
  /**
   * Where this driver has a form for bytes: callbacks into the database in one transaction, all or none; without it they go
   * as JSON. Gives of each whether it was not there yet.
   */
  readonly acceptCallbacks?: ((callbacks: readonly Callback[]) => Promise<readonly boolean[]>) | undefined;
  close(): Promise<void>;
}

/** Callbacks that are durable before the database has them: copies are sorted out when they are drained into it. */
export interface CallbackInbox {
  /**
   * Durable when it resolves.
   * @throws StoreUnavailable  it is not kept
   */
  keep(callback: KeptCallback): Promise<void>;
  /** Calls each time when callbacks have come into the database. @returns what ends it */
  onDrained(listener: () => void): () => void;
  state(): InboxState;
}

export interface KeptCallback extends Callback {
  /** So that it is accepted even if its webhook is forgotten before it is drained. */
  readonly sheet_id: string;
  readonly received_at: string;
}

export interface InboxState {
  /** Durable, and not in the database yet. */
  readonly waiting: number;
  /** Why draining fails at present; null: it does not. */
  readonly trouble: string | null;
  /** Sentences about what a power failure cut short; it was never acknowledged. */
  readonly torn: readonly string[];
  /** Sentences about callbacks that were acknowledged and cannot be read or stored. Their files are put aside. */
  readonly lost: readonly string[];
  /** Files that an earlier start put aside. */
  readonly kept: readonly string[];
}

/**
 * What nodes and the Runtime ask of the store, in their own words. Implemented once over any driver
 * (`lib/store/store-over-driver.ts`).
 */
export interface Store extends DashboardStore, JobStore, AccessStore, HangingStore, DirectoryStore {
  // Webhooks and their callbacks
  saveWebhook(webhook: Webhook): Promise<void>;
  webhooks(): Promise<readonly Webhook[]>;
  forgetWebhook(webhookId: string): Promise<void>;
  /**
   * Durable when it resolves. `isNew` false: it was here already. Null: it is durable in an inbox, and whether it is new
   * shows when it is drained; whoever waits for callbacks is called by the inbox then.
   */
  acceptCallback(callback: Callback): Promise<{ readonly isNew: boolean | null }>;
  /** Callbacks that wait, oldest first, leased to the caller; those of other sheets than `sheetIds` go on waiting. */
  leaseCallbacks(request: {
    limit: number;
    leaseSeconds: number;
    sheetIds?: readonly string[] | 'all';
  }): Promise<readonly LeasedCallback[]>;
  /** Extends the leases of callbacks that are still being worked on; that is no new try. */
  renewCallbacks(request: { ids: readonly string[]; leaseSeconds: number }): Promise<void>;
  /** Puts leased callbacks back as if they had not been handed out: a restart or an outage costs no try. */
  releaseCallbacks(ids: readonly string[]): Promise<void>;
  /** Puts callbacks back, or to the dead letters after the eighth try. */
  failCallbacks(request: { ids: readonly string[]; why: string; retryInSeconds: number }): Promise<void>;
  /** Callbacks that failed eight times, the oldest first. */
  deadCallbacks(request: { limit: number }): Promise<readonly DeadCallback[]>;
  /** Puts dead letters back to work; the trail says who did it. @returns how many */
  replayDead(request: { ids: readonly string[] | 'all'; by: string }): Promise<number>;

  // Sheets and their last known cells
  sheet(sheetId: string): Promise<KnownSheet | null>;
  /** Last known cells of rows; rows never seen are left out. */
  knownRows(sheetId: string, rowIds: readonly string[] | 'all'): Promise<readonly KnownRow[]>;
  /** Compares, sets the last known cells, raises revisions, inserts changes, ends the callbacks: all or nothing. */
  resolve(observation: Observation): Promise<Resolved>;
  /** Rows whose change waits for history; those that wait longest beyond half an hour first, then those with most at stake. */
  unexplained(request: { sheetId: string; limit: number; lateBefore?: string }): Promise<readonly UnexplainedRow[]>;

  // Changes on their way to the trail
  /** Leased to the caller: those handed out least often first, and of these the oldest, so that none starves another. */
  leaseChanges(request: {
    sheetIds: readonly string[] | 'all';
    limit: number;
    leaseSeconds: number;
  }): Promise<readonly Change[]>;
  /** Gives back what was leased and not recorded, as if it had not been handed out. */
  releaseChanges(eventKeys: readonly string[]): Promise<void>;

  // The trail
  /** Appends and marks the changes done. Repeating an event_key appends nothing. Callers at the same time share one commit. */
  append(events: readonly AuditEvent[]): Promise<readonly Appended[]>;
  recent(request: { limit: number }): Promise<readonly AuditEvent[]>;
  search(query: TrailQuery): Promise<TrailPage>;

  // What was in force
  /** Keeps what a hash stands for, from its first use on; repeating it changes nothing. @returns the SHA-256 of each text */
  keepInForce(texts: readonly TextInForce[]): Promise<readonly string[]>;
  /** What `rules_hash`, `model_version`, `flow_version` stand for; hashes that are not known are left out. */
  inForce(hashes: readonly string[]): Promise<readonly KeptInForce[]>;

  // Facts for the rules
  approvals(request: { sheetId: string; at: string }): Promise<readonly Approval[]>;
  /**
   * Saves an approval, and marks the unapproved historical events that it covers as approved afterwards: all or nothing.
   * @throws StoreRefused  BA003 the approver is among the people; BA004 it ends before it begins
   */
  approve(approval: NewApproval): Promise<Approval>;
  personFacts(request: { person: string; at: string; withinMinutes: number }): Promise<PersonFacts>;
  savePeople(people: readonly Person[]): Promise<void>;

  /** Counts for status lines, health and metrics. */
  counts(): Promise<StoreCounts>;
}

export interface Webhook {
  readonly webhook_id: string;
  readonly sheet_id: string;
  readonly callback_url: string;
  readonly shared_secret: string;
  readonly previous_secret: string | null;
  /** The previous secret is accepted until then; without it, it is not any more. */
  readonly previous_until?: string | null;
  readonly status: string;
}

export interface Callback {
  readonly webhook_id: string;
  readonly nonce: string;
  /** The signed bytes; of an oversize one their beginning. */
  readonly body: Uint8Array;
  readonly sheet_id?: string;
  readonly received_at?: string;
  /** Which secret of the webhook signed it. */
  readonly matched_secret?: 'current' | 'previous';
  /** False: oversize. Absent = true. */
  readonly complete?: boolean;
  /** Of all the signed bytes, in hex; of an oversize one. */
  readonly body_sha256?: string;
}

export interface LeasedCallback {
  readonly id: string;
  readonly webhook_id: string;
  readonly nonce: string;
  readonly sheet_id: string;
  readonly body: Uint8Array;
  /** False: only the beginning of the body was kept, and the sheet must be compared instead. Absent = true. */
  readonly complete?: boolean;
  readonly received_at: string;
  readonly attempts: number;
}

export interface DeadCallback {
  readonly id: string;
  readonly sheet_id: string;
  readonly webhook_id: string;
  readonly nonce: string;
  readonly attempts: number;
  readonly received_at: string;
  readonly dead_since: string;
  /** Why the last try failed. */
  readonly why: string | null;
}

export interface KnownSheet {
  readonly sheet_id: string;
  readonly name: string;
  /** Version up to which every change has been resolved. */
  readonly version: number;
  /** Column id to title, as last seen. */
  readonly columns: Readonly<Record<string, string>>;
  readonly row_count: number;
  /** When the sheet was last compared as a whole, or read by `rowsModifiedSince`. */
  readonly compared_at: string | null;
}

export interface KnownRow {
  readonly row_id: string;
  readonly version: number;
  readonly modified_at: string | null;
  /** Column id to value. */
  readonly cells: Readonly<Record<string, string | null>>;
  /** The row was never seen before, and all that is known of it waits for its history. */
  readonly is_new?: boolean;
  /** What callbacks said of the row while it waits for its history. */
  readonly unexplained?: { readonly round: number; readonly events: readonly CallbackEvent[] };
}

/** Rules, a flow or the description of a model, as the exact text whose SHA-256 an event bears. */
export interface TextInForce {
  readonly kind: 'rules' | 'flow' | 'model';
  readonly text: string;
}

export interface KeptInForce extends TextInForce {
  readonly hash: string;
  readonly first_used_at: string;
}

export interface Appended {
  readonly event_key: string;
  readonly stream: string;
  readonly seq: number;
  /** When it was stored: the event's `timestamp`, also where it was archived; null where that was before the store kept it. */
  readonly timestamp: string | null;
  /** False when the key was in the trail already. */
  readonly is_new: boolean;
}

/** Every given field must match. Text fields match whole, `text` matches a part of any text field. */
export interface TrailQuery {
  readonly from?: string;
  readonly to?: string;
  readonly sheet_id?: string;
  readonly row_id?: string;
  readonly work_request?: string;
  readonly column_name?: string;
  readonly changed_by?: string;
  readonly violation_type?: string;
  readonly severity?: string;
  /** Without it all kinds but `coverage`, which is no change. */
  readonly kind?: string;
  readonly is_historical?: boolean;
  readonly risk_from?: number;
  readonly event_key?: string;
  readonly week_ending?: string;
  readonly audit_run_id?: string;
  readonly predicted_category?: string;
  readonly changed_by_kind?: string;
  readonly approval_id?: string;
  readonly rules_hash?: string;
  readonly currency?: string;
  /** When it was stored; `recorded_to` is exclusive, as `to` is. */
  readonly recorded_from?: string;
  readonly recorded_to?: string;
  readonly old_value?: string;
  readonly new_value?: string;
  readonly ip_address?: string;
  readonly session_id?: string;
  readonly text?: string;
  readonly order?: 'newest' | 'delta' | 'money_at_risk';
  readonly limit?: number;
  /** From the page before. */
  readonly after?: string;
}

/** May be short, even empty, and have a `next`: one call looks at so many events at most. The end is where `next` is null. */
export interface TrailPage {
  readonly events: readonly AuditEvent[];
  readonly next: string | null;
  /**
   * Months that are archived and may hold more of what was asked for: told with the last page, and with each page of an
   * order other than the newest first, or where a beginning in time was asked for.
   */
  readonly archived?: readonly ArchivedMonth[];
}

/** A month whose events left the database. */
export interface ArchivedMonth {
  /** Like 2026-01: of recording, in UTC. */
  readonly month: string;
  readonly file: string;
  readonly sha256: string;
  readonly events: number;
}

export interface NewApproval {
  readonly sheet_id: string;
  /** Empty = all. */
  readonly row_ids: readonly string[];
  readonly work_requests: readonly string[];
  readonly columns: readonly string[];
  readonly people: readonly string[];
  readonly from: string;
  readonly to: string;
  readonly reason: string;
  readonly ticket: string | null;
  readonly approver: string;
  /** What the approver may do, as a sign-in says, or whoever vouches for them; the store refuses all but these two. */
  readonly role: 'manager' | 'admin';
  /**
   * Other spellings of column titles, in lower case, to the title of the rules (`BillingSettings.columnAliases`): by them
   * events that are in the trail already are found. Not kept with the approval.
   */
  readonly column_aliases?: Readonly<Record<string, string>>;
}

export interface Approval extends Omit<NewApproval, 'role'> {
  readonly id: string;
}

export interface Person {
  readonly email: string;
  readonly name: string | null;
  readonly role: string | null;
  /** 1..10. */
  readonly access_level: number | null;
  readonly supervisor: string | null;
  readonly department: string | null;
  readonly last_review_at: string | null;
  readonly active: boolean;
}

/** Null = nobody knows; it adds nothing to a score and is listed as unknown. */
export interface PersonFacts {
  readonly access_level: number | null;
  readonly last_review_at: string | null;
  /** The person's last change before `at`, or what the directory says, whichever is later. */
  readonly last_active_at: string | null;
  /** Changes of this person in the window that ends at `at`, this one included. */
  readonly changes_in_window: number;
}

export interface StoreCounts {
  readonly callbacks_waiting: number;
  readonly callbacks_dead: number;
  readonly changes_waiting: number;
  readonly changes_leased: number;
  /** Rows whose changes are provisional: they wait for their cells' history before they are recorded. */
  readonly changes_provisional: number;
  /**
   * Changes that were handed out eight times or more and are still not recorded. They are tried on, behind all others,
   * and are counted among those that wait or are leased too.
   */
  readonly changes_dead: number;
  /** What happened to sheets. */
  readonly events: number;
  /** All of the trail: sign-ins, what people did here and days of coverage with it, and what was archived. */
  readonly events_in_all: number;
  /** Events of months not archived that lie in no partition of a month, up to 100,000; null = the store has no months. */
  readonly events_in_rest: number | null;
  /** When the oldest of these was recorded. */
  readonly in_rest_since: string | null;
  /** Since when the oldest callback or change waits that has not ended. */
  readonly oldest_waiting_at: string | null;
}
