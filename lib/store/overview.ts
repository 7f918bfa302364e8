import type { AuditEvent } from '../event/audit-event';
import type { Patterns, PatternsQuery } from './patterns';
import type { CountedPromise } from './promise';

/** What the dashboard asks of the store, beside the search of the trail. */
export interface DashboardStore {
  /** Aggregates for the overview; `unchanged`, at next to no cost, while the known version still stands. */
  overview(query: OverviewQuery): Promise<OverviewAnswer>;
  /** Events that need a look and have no verdict yet. */
  needsLook(query: NeedsLookQuery): Promise<NeedsLookPage>;
  /**
   * Records what a person says about an event; the last mark of an event counts, all are kept.
   * @throws StoreRefused  BA005 nobody, or without the right; BA006 no such event; BA001 no reason
   */
  mark(mark: NewMark): Promise<Mark>;
  /** The last mark of each event that has one, in no order. */
  marks(eventKeys: readonly string[]): Promise<readonly Mark[]>;
  /**
   * Records whether an event was a real problem. The last word of each reviewer counts, all are kept.
   * @throws StoreRefused  BA005 nobody, without the right, or about one's own change; BA006 no such event; BA001 not a word
   *   that is known
   */
  judge(judgement: NewJudgement): Promise<Judgement>;
  /** The last judgement of each event that has one, in no order. */
  judgements(eventKeys: readonly string[]): Promise<readonly Judgement[]>;
  /** One event of the trail, or null when there is none of this key. */
  event(eventKey: string): Promise<MarkedEvent | null>;
  /** The alerts raised last, and how many there are. */
  alerts(request: { limit: number }): Promise<RaisedAlerts>;
  /**
   * What a person has seen of the alerts, and records it when told.
   * @throws StoreRefused  BA005 nobody, or without a role; BA001 no number of alerts
   */
  seenAlerts(reader: AlertReader): Promise<SeenAlerts>;
  /** What became of sittings, for the promise about findings a day. @param at  the present, an ISO instant */
  promise(at: string): Promise<CountedPromise>;
  /** What is usual, from the rollups. */
  patterns(query: PatternsQuery): Promise<Patterns>;
  /** What is wrong with the watch itself and lasts, the oldest first. */
  watchTroubles(): Promise<readonly LastingTrouble[]>;
  /** How well what is recorded is protected. */
  evidence(): Promise<EvidenceState>;
  /** Callbacks that failed eight times, by their sheet; those with most first. */
  deadBySheet(): Promise<DeadBySheet>;
  /**
   * Puts all of them back to work, by a person who may decide; the trail says who.
   * @throws StoreRefused  BA005 nobody, or without the right
   */
  tryDeadAgain(who: { readonly by: string; readonly role: string }): Promise<TriedAgain>;
}

/** A failure of which people were told, and which is not over: of the watch of one sheet, or of writing the audit sheet. */
export interface LastingTrouble {
  /** `token`, `sheet` and `watch`: nothing is seen of the sheet; `webhook` and `callbacks`: changes are found, only later. */
  readonly kind: string;
  /** `0` is no sheet that is watched: the audit sheet cannot be written, and the watch and the trail are well. */
  readonly sheet_id: string;
  /** A line without a full stop. */
  readonly title: string;
  readonly began_at: string;
}

export interface DeadBySheet {
  readonly total: number;
  readonly sheets: readonly {
    readonly sheet_id: string;
    /** Empty: the sheet was never read. */
    readonly name: string;
    readonly callbacks: number;
    /** When the first of them came. */
    readonly since: string;
    /** Of the last one; empty: nobody knows. */
    readonly why: string;
  }[];
}

export interface TriedAgain {
  /** How many; 0 where somebody else was faster. */
  readonly replayed: number;
  readonly by: string;
}

/** What a person said about an event. `looking` is no verdict: the event stays open, and others see who is at it. */
export type MarkKind = 'approved' | 'false_alarm' | 'looking';

export interface NewMark {
  readonly event_key: string;
  readonly mark: MarkKind;
  /** Why, in a sentence; may be empty for `looking` only. */
  readonly reason: string;
  /** Who, as the caller has verified it; empty = nobody, and the store refuses. */
  readonly by: string;
  /** Their role; only `manager` and `admin` may mark. */
  readonly role: string;
}

export interface Mark {
  readonly event_key: string;
  readonly mark: MarkKind;
  readonly reason: string;
  readonly by: string;
  readonly marked_at: string;
}

/** Whether an event was a real problem, as somebody other than the one who made the change sees it. */
export type JudgementKind = 'true' | 'false' | 'unsure';

export interface NewJudgement {
  readonly event_key: string;
  readonly verdict: JudgementKind;
  readonly note?: string;
  /** A name for what belongs together, such as a ticket. */
  readonly incident?: string;
  /** The kind of problem, as `predicted_category` names them. */
  readonly category?: string;
  /** Who, as the caller has verified it; empty = nobody, and the store refuses. */
  readonly by: string;
  /** Their role; `auditor`, `manager` and `admin` may judge. */
  readonly role: string;
}

export interface Judgement {
  readonly event_key: string;
  readonly verdict: JudgementKind;
  readonly by: string;
  readonly note: string;
  readonly incident: string | null;
  readonly category: string | null;
  readonly marked_at: string;
}

export type MarkedEvent = AuditEvent & { readonly mark: Mark | null };

/** An event, or a notice about the watch itself, of which people were told. */
export interface RaisedAlert {
  readonly event_key: string;
  readonly raised_at: string;
  readonly severity: AuditEvent['severity'];
  readonly notice: { readonly title: string; readonly text: string } | null;
  /** Null where it is a notice. */
  readonly event: AuditEvent | null;
}

export interface RaisedAlerts {
  /** All that were ever raised. */
  readonly total: number;
  /** Of them, those that nobody has answered. */
  readonly unread: number;
  /** The newest first. */
  readonly alerts: readonly RaisedAlert[];
}

/** Who looks, as the caller has verified it; empty = nobody, and the store refuses. */
export interface AlertReader {
  readonly by: string;
  readonly role: string;
  /** How many alerts the page showed; left out, nothing is recorded. */
  readonly seen?: number;
}

/** How many of all alerts a person has seen; those above are unread. */
export interface SeenAlerts {
  readonly by: string;
  readonly seen: number;
  readonly total: number;
}

export interface NeedsLookQuery {
  /** Risk from which an event needs a look; 0.4 at least. */
  readonly risk_from: number;
  readonly order?: 'newest' | 'money_at_risk';
  /** 1..100, default 20. */
  readonly limit?: number;
  /** From the page before. */
  readonly after?: string;
}

export interface NeedsLookPage {
  readonly events: readonly MarkedEvent[];
  readonly next: string | null;
}

export interface OverviewQuery {
  readonly now: string;
  /** How far back the charts reach, 1..400. */
  readonly days: number;
  /** IANA name: which day is today, and where an hour begins. */
  readonly time_zone: string;
  readonly risk_from: number;
  /** The version that is shown already. */
  readonly known?: string;
}

/** `unchanged`: what is shown under the known version still stands. */
export type OverviewAnswer =
  { readonly version: string; readonly unchanged: true } | ({ readonly unchanged: false } & Overview);

export interface Overview {
  readonly version: string;
  readonly as_of: string;
  readonly days: number;
  /** Where the charts end: now, or the last change where nothing happened in the last `days`. */
  readonly until: string;
  readonly cards: OverviewCards;
  readonly unit: 'hour' | 'day';
  /** Every place of the time axis, empty ones too; 400 at most. */
  readonly timeline: readonly TimelinePlace[];
  /** Ten places; tenth 7 holds risks from 0.7 to below 0.8, the last one includes 1. */
  readonly histogram: readonly { readonly tenth: number; readonly changes: number }[];
  /** Changes of the time that have no risk score. */
  readonly unscored: number;
  /** The twenty most active; null = nobody knows who. */
  readonly people: readonly { readonly person: string | null; readonly changes: number; readonly needs_look: number }[];
  readonly sheets: readonly OverviewSheet[];
}

export interface TimelinePlace {
  /** In words, in business time. */
  readonly at: string;
  readonly low: number;
  readonly medium: number;
  readonly high: number;
}

export interface OverviewCards {
  /** Need a look, and nobody has said anything. */
  readonly look_at: number;
  /** Somebody is at them. */
  readonly looking: number;
  readonly looking_by: readonly { readonly name: string; readonly events: number }[];
  /** Sum of |delta| x max(risk, 0.05) of violations and of what needs a look, without a verdict; exact, two places. */
  readonly money_at_risk: readonly { readonly currency: string; readonly amount: string; readonly changes: number }[];
  readonly events: number;
  /** Stored since midnight, business time. */
  readonly events_today: number;
  readonly high_risk_today: number;
  /** On their way to the trail. */
  readonly changes_waiting: number;
  /** Rows whose changes wait for their cells' history. */
  readonly changes_provisional: number;
  readonly dead_letters: number;
  /** When the last event that needed a look, or a gap in the watch, was stored. */
  readonly last_problem_at: string | null;
  readonly watching_since: string | null;
  readonly last_event_at: string | null;
  /** From the edit to the moment its alert was raised; of the 500 alerts raised last. Null = none yet. */
  readonly median_seconds_to_alert: number | null;
  readonly last_backup_at: string | null;
}

/** Events by how they are protected (docs/evidence.md). */
export interface EvidenceState {
  /** Under a signed checkpoint. */
  readonly sealed: number;
  /** Younger than the last seal. */
  readonly unsealed: number;
  /** Covered by an anchor outside the store that works; 0 = evidence is not anchored. */
  readonly anchored: number;
  /** How many anchors did not take the last checkpoint. */
  readonly failing: number;
}

export const NO_EVIDENCE: EvidenceState = { sealed: 0, unsealed: 0, anchored: 0, failing: 0 };

export interface OverviewSheet {
  readonly sheet_id: string;
  readonly name: string;
  readonly changes: number;
  readonly watched_by: 'webhook' | 'polling';
  readonly compared_at: string | null;
  readonly last_change_at: string | null;
}

/** The overview of a store in which nothing has happened yet. */
export function emptyOverview({ now, days }: Pick<OverviewQuery, 'now' | 'days'>): OverviewAnswer {
  return {
    version: 'empty',
    unchanged: false,
    as_of: now,
    days,
    until: now,
    cards: {
      look_at: 0,
      looking: 0,
      looking_by: [],
      money_at_risk: [],
      events: 0,
      events_today: 0,
      high_risk_today: 0,
      changes_waiting: 0,
      changes_provisional: 0,
      dead_letters: 0,
      last_problem_at: null,
      watching_since: null,
      last_event_at: null,
      median_seconds_to_alert: null,
      last_backup_at: null,
    },
    unit: 'hour',
    timeline: [],
    histogram: Array.from({ length: 10 }, (_, tenth) => ({ tenth, changes: 0 })),
    unscored: 0,
    people: [],
    sheets: [],
  };
}
