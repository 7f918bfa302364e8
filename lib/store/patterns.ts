export interface PatternsQuery {
  readonly now: string;
  /** IANA name: where an hour, a day and a week begin. */
  readonly time_zone: string;
  /** Titles, in small letters, of columns that hold money though their title does not say so. */
  readonly money_columns: readonly string[];
}

/** What one person or sheet did within a time. */
export interface PatternSide {
  readonly changes: number;
  /** Days with a change. */
  readonly days: number;
  /** By hour of the day, business time; hours without a change are left out. */
  readonly hours: Readonly<Record<string, number>>;
  /** Median of the money that changes moved; null: none has an amount. */
  readonly typical: { readonly amount: string; readonly currency: string } | null;
}

export interface PatternSubject {
  readonly key: string;
  /** Empty: nobody knows. */
  readonly name: string;
  /** The 12 weeks before this one; null: nothing. */
  readonly before: PatternSide | null;
  /** This week so far; null: nothing. */
  readonly now: PatternSide | null;
}

/** What is usual, as the store counts it from the rollups: `billing_audit_patterns`. */
export interface Patterns {
  /** Now, or the last change where nothing happened for four weeks. */
  readonly until: string | null;
  /** The Monday that this week began with, YYYY-MM-DD. */
  readonly week: string | null;
  /** Null: there is no change at all. */
  readonly first_change_at: string | null;
  /** weekday: 1 Monday to 7 Sunday; the sum of the 12 weeks before this one. */
  readonly by_hour: readonly { readonly weekday: number; readonly hour: number; readonly changes: number }[];
  /** 26 of them, the last is this one. */
  readonly weeks: readonly { readonly week: string; readonly changes: number; readonly high: number }[];
  /** 12 of them, the last is this one; YYYY-MM. */
  readonly months: readonly { readonly month: string; readonly changes: number; readonly high: number }[];
  /** The twelve most active this week, then before. */
  readonly people: readonly PatternSubject[];
  readonly sheets: readonly PatternSubject[];
}

/** The patterns of a store in which nothing has happened yet. */
export const NO_PATTERNS: Patterns = {
  ...{ until: null, week: null, first_change_at: null },
  ...{ by_hour: [], weeks: [], months: [], people: [], sheets: [] },
};
