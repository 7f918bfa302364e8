/** Everything that makes one made-up company differ from another. Rates are per 26 weeks unless they say otherwise. */
export interface WorldConfig {
  readonly name: string;
  readonly weeks: number;
  /** First Monday of the stream. */
  readonly firstDay: string;
  readonly timeZone: string;
  /** When a week closes, as the product counts it: hours after the week's Sunday has ended. */
  readonly closesAfterHours: number;
  readonly sheets: number;
  readonly unitCodes: number;
  readonly staff: Readonly<Record<Role, number>>;
  readonly dormant: number;
  /** Median of events a day. */
  readonly dailyEvents: Readonly<Record<Role, number>>;
  readonly stormWeeks: readonly number[];
  /** Incidents of each pattern. */
  readonly incidents: Readonly<Record<Pattern, number>>;
  /** Scales how bold fraud is; 1 as specified, below 1 nearer to what is normal. */
  readonly boldness: number;
  /** Chance that a person works outside the sheets that are his. */
  readonly outside: number;
  readonly weekendActivity: number;
}

export type Role = 'foreman' | 'clerk' | 'supervisor' | 'admin' | 'service';

export type Pattern =
  | 'price_after_close'
  | 'off_hours_burst'
  | 'dormant_account'
  | 'salami'
  | 'duplicate_lines'
  | 'round_padding'
  | 'privilege_misuse'
  | 'mass_deletion'
  | 'flip_and_restore'
  | 'quantity_splitting';

/** Noon on Tuesday, as the specification of the streams has it. */
const TUESDAY_NOON = 36;

/** The world of the specification: 42 people, 12 sheets, about 105,000 events and 120 incidents. */
export const firstWorld: WorldConfig = {
  name: 'first',
  weeks: 26,
  firstDay: '2025-01-06',
  timeZone: 'America/Chicago',
  closesAfterHours: TUESDAY_NOON,
  sheets: 12,
  unitCodes: 300,
  staff: { foreman: 24, clerk: 9, supervisor: 3, admin: 2, service: 2 },
  dormant: 2,
  dailyEvents: { foreman: 14, clerk: 55, supervisor: 6, admin: 5, service: 40 },
  stormWeeks: [9, 21],
  incidents: {
    price_after_close: 16,
    off_hours_burst: 16,
    dormant_account: 16,
    salami: 10,
    duplicate_lines: 16,
    round_padding: 16,
    privilege_misuse: 16,
    mass_deletion: 16,
    flip_and_restore: 0,
    quantity_splitting: 0,
  },
  boldness: 1,
  outside: 0.04,
  weekendActivity: 0.06,
};

/** Another company: other rates, roles and intensities, and two kinds of fraud that the first world does not have. */
export const secondWorld: WorldConfig = {
  ...firstWorld,
  name: 'second',
  firstDay: '2025-06-02',
  closesAfterHours: 12,
  sheets: 20,
  unitCodes: 180,
  staff: { foreman: 30, clerk: 6, supervisor: 5, admin: 1, service: 3 },
  dormant: 3,
  dailyEvents: { foreman: 20, clerk: 40, supervisor: 12, admin: 8, service: 25 },
  stormWeeks: [4, 12, 22],
  incidents: {
    price_after_close: 10,
    off_hours_burst: 8,
    dormant_account: 10,
    salami: 8,
    duplicate_lines: 12,
    round_padding: 12,
    privilege_misuse: 12,
    mass_deletion: 8,
    flip_and_restore: 12,
    quantity_splitting: 10,
  },
  boldness: 0.85,
  outside: 0.08,
  weekendActivity: 0.12,
};
