import { z } from 'zod';
import { wire } from '../../lib/define';
import { severity } from '../../lib/event/audit-event';

const markSchema = z.object({
  event_key: z.string(),
  mark: z.enum(['approved', 'false_alarm', 'looking']),
  reason: z.string(),
  by: z.string(),
  marked_at: z.string(),
  /** The same in words, in business time. */
  when: z.string(),
});

const judgementSchema = z.object({
  event_key: z.string(),
  verdict: z.enum(['true', 'false', 'unsure']),
  by: z.string(),
  note: z.string(),
  incident: z.string().nullable(),
  category: z.string().nullable(),
  marked_at: z.string(),
  /** The same in words, in business time. */
  when: z.string(),
});

/** A change as a table shows it: every value in the words that people read, in business time. */
const rowSchema = z.object({
  event_key: z.string(),
  when: z.string(),
  sheet: z.string(),
  work_request: z.string().nullable(),
  what: z.string(),
  old_value: z.string(),
  new_value: z.string(),
  delta: z.string().nullable(),
  person: z.string(),
  severity,
  /** Hundredths; null = not scored. */
  risk: z.number().nullable(),
  violation: z.string().nullable(),
  issue: z.string(),
  suggested_fix: z.string(),
  reasons: z.array(z.string()),
  /** An https address that opens the row, or null. */
  link: z.string().nullable(),
  /** There is something to decide: a violation, a high severity or a high risk. */
  open_to_verdict: z.boolean(),
  mark: markSchema.nullable(),
  /** Whether it was a real problem, as whoever spoke last sees it; null = nobody has said. */
  judgement: judgementSchema.nullable(),
});

const moneySchema = z.object({ text: z.string(), currency: z.string(), amount: z.string(), changes: z.number() });

/** One refused token is a trouble of each of its sheets. */
export const MOST_TROUBLES = 500;

const cardsSchema = z.object({
  /** Of what these cards tell; the same as long as nothing has changed. */
  version: z.string(),
  as_of: z.string(),
  look_at: z.number(),
  looking: z.number(),
  looking_by: z.array(z.object({ name: z.string(), events: z.number() })),
  /** Nothing is open, and nothing is wrong with the watch. */
  well: z.boolean(),
  /**
   * What is wrong with the watch itself, or with the audit sheet (`of_watch` is false): what, and since when. Empty =
   * nothing.
   */
  troubles: z.array(z.object({ title: z.string(), since: z.string(), of_watch: z.boolean() })).max(MOST_TROUBLES),
  /** Those beyond the limit of the list, too. */
  troubles_in_all: z.number(),
  last_problem: z.string().nullable(),
  watching_since: z.string().nullable(),
  last_event: z.string().nullable(),
  events: z.number(),
  events_today: z.number(),
  high_risk_today: z.number(),
  money_at_risk: z.array(moneySchema),
  changes_waiting: z.number(),
  changes_provisional: z.number(),
  dead_letters: z.number(),
  sheets: z.object({ webhook: z.number(), polling: z.number() }),
  /** From the edit; null = no alert yet of one that was made since the watch began. */
  seconds_to_alert: z.number().nullable(),
  /** From the moment that a change was heard of, whatever date its edit bears; null = no alert yet. */
  seconds_from_arrival: z.number().nullable(),
  last_backup: z.string().nullable(),
  /** Events by how they are protected; `anchored` is 0 until an anchor works, `failing` counts anchors that do not. */
  evidence: z.object({ sealed: z.number(), unsealed: z.number(), anchored: z.number(), failing: z.number() }),
  /** What each number of findings a day promises, and how it turned out; empty where no Alert node has one. */
  promises: z.array(
    z.object({
      rule_id: z.string(),
      findings_a_day: z.number(),
      told_today: z.number(),
      held_today: z.number(),
      /** Shares 0..1; null = nothing is promised, or no sitting is known. */
      promised: z.number().nullable(),
      realised: z.number().nullable(),
      sittings: z.number(),
      problems: z.number(),
      shown: z.number(),
    }),
  ),
  /** What the charts cover, in words. */
  period: z.string(),
  time_zone: z.string(),
});

export const cards = wire('dashboard-cards', cardsSchema);
export const timeline = wire(
  'chart-rows',
  z.array(z.object({ at: z.string(), Low: z.number(), Medium: z.number(), High: z.number() })).max(500),
);
export const histogram = wire('chart-rows', z.array(z.object({ risk: z.string(), Changes: z.number() })).max(500));
export const people = wire(
  'chart-rows',
  z.array(z.object({ person: z.string(), changes: z.number(), needs_look: z.number() })).max(500),
);
export const sheets = wire(
  'chart-rows',
  z
    .array(
      z.object({
        sheet_id: z.string(),
        name: z.string(),
        changes: z.number(),
        watched_by: z.enum(['webhook', 'polling']),
        last_change: z.string().nullable(),
        compared: z.string().nullable(),
        /** Since when nothing is seen of it; null = it is watched. */
        unseen_since: z.string().nullable(),
      }),
    )
    .max(500),
);

/** A page of a table, and how to ask for the next. */
const pageSchema = z.object({
  rows: z.array(rowSchema),
  next: z.string().nullable(),
  /** The `after` that this page was asked with; null = the first page. */
  after: z.string().nullable(),
  order: z.string(),
  /** Where one event was asked for: its key. No row = there is none of this key, or it is archived. */
  event: z.string().optional(),
  /** Sentences about archived months that may hold more. */
  archived: z.array(z.string()).optional(),
});
export const page = wire('event-page', pageSchema);
export const marked = wire('mark', markSchema);
export const judged = wire('judgement', judgementSchema);

const periodSchema = z.object({
  label: z.string(),
  title: z.string(),
  changes: z.number(),
  high: z.number(),
  /** It is not over yet. */
  is_now: z.boolean(),
});

/** What a person or a sheet does usually, beside this week. */
const subjectSchema = z.object({
  key: z.string(),
  name: z.string(),
  /** Changes on a day that has any; null: nothing in that time. */
  usual_a_day: z.number().nullable(),
  now_a_day: z.number().nullable(),
  changes_now: z.number(),
  hours: z.string().nullable(),
  usual_amount: z.string().nullable(),
  now_amount: z.string().nullable(),
  remarks: z.array(z.string()),
});

const patternsSchema = z.object({
  has_changes: z.boolean(),
  /** Two weeks and more lie before this one, so there is a usual to compare with. */
  has_usual: z.boolean(),
  /** Where this ends, in words, when that is not now. */
  until: z.string().nullable(),
  time_zone: z.string(),
  /** Monday to Sunday, 24 hours each: changes in an average week. */
  by_hour: z.array(z.array(z.number())),
  weeks: z.array(periodSchema.extend({ ends_month: z.boolean(), is_storm: z.boolean() })).max(60),
  months: z.array(periodSchema).max(60),
  notes: z.array(z.string()),
  people: z.array(subjectSchema).max(50),
  sheets: z.array(subjectSchema).max(50),
});
export const patternsShown = wire('patterns', patternsSchema);

/** An alert as the list behind the bell shows it, in words. */
const alertSchema = z.object({
  event_key: z.string(),
  when: z.string(),
  severity,
  title: z.string(),
  text: z.string(),
  /** False for what is no change of a sheet: there is no row to show. */
  is_event: z.boolean(),
  judgement: judgementSchema.nullable(),
});
/** `unanswered` counts for those whom no sign-in knows; who is known compares `total` with what they have seen. */
export const alerts = wire(
  'alerts',
  z.object({ total: z.number(), unanswered: z.number(), latest: z.array(alertSchema).max(100) }),
);
export const seen = wire('alerts-seen-by', z.object({ by: z.string(), seen: z.number(), total: z.number() }));

/** Callbacks that failed eight times, as the page shows them; `replayed` after somebody put them back to work. */
const deadSchema = z.object({
  total: z.number(),
  sheets: z.array(z.object({ sheet: z.string(), callbacks: z.number(), since: z.string(), why: z.string() })).max(100),
  replayed: z.object({ by: z.string(), callbacks: z.number() }).optional(),
});
export const dead = wire('dead-letters', deadSchema);

export type DeadLetters = z.infer<typeof deadSchema>;
export type AlertRow = z.infer<typeof alertSchema>;
export type Cards = z.infer<typeof cardsSchema>;
export type PatternsShown = z.infer<typeof patternsSchema>;
export type Row = z.infer<typeof rowSchema>;
export type Page = z.infer<typeof pageSchema>;
