/** Holidays: an ISO country or region, dates with commas, or `none`. */
export type HolidayRule = string;

/**
 * What all nodes share unless a node's own field says otherwise. Each value is complete: defaults are filled in by
 * `completeSettings`, from the environment and then from DESIGN §6.
 */
export interface BillingSettings {
  /** IANA name. */
  readonly timeZone: string;
  /** `HH:MM-HH:MM` in `timeZone`. */
  readonly businessHours: string;
  readonly holidays: HolidayRule;
  /** Hours after the week's Sunday has ended (Monday 00:00 business time) until the week is closed. */
  readonly closesAfterHours: number;
  readonly trackedColumns: readonly string[];
  /** Other spellings of a column title, lower-cased, to the title that the rules use. */
  readonly columnAliases: Readonly<Record<string, string>>;
  /** ISO 4217, by sheet id, `*` for all others. */
  readonly currencies: Readonly<Record<string, string>>;
  /** |delta| above which a historical change is HIGH, and MEDIUM. */
  readonly severityHighAbove: number;
  readonly severityMediumAbove: number;
  /** Large change: |delta| above this, or above this share of the old value. */
  readonly largeChangeAbove: number;
  readonly largeChangeShare: number;
  readonly rapidChanges: number;
  readonly rapidMinutes: number;
  readonly inactiveDays: number;
  readonly reviewOverdueDays: number;
  /** An access level up to and including this is low. */
  readonly lowAccessLevel: number;
}
