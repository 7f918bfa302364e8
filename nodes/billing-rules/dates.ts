import { businessDay, type Day, dayInWords, parseDay } from '../../lib/calendar';
import { isEmpty, type Severity } from '../../lib/event';
import { SNAPSHOT_DATE } from '../../lib/settings';
import type { Rules } from './rules';

export type DateProblemCode = 'DATE_TOO_OLD' | 'DATE_TOO_FUTURE' | 'FUTURE_SNAPSHOT' | 'UNPARSEABLE_DATE';

/** A date that cannot be right. */
export interface DateProblem {
  readonly code: DateProblemCode;
  readonly column: string;
  readonly severity: Severity;
  /** A sentence: what is wrong. */
  readonly issue: string;
  /** A sentence: what to do. */
  readonly fix: string;
}

/**
 * Checks one date.
 * @param column  canonical title
 * @param value   the cell; empty is no problem of this kind
 * @param at      the instant that counts as the present: when the change was made
 */
export function dateProblem(
  column: string,
  value: string | null | undefined,
  at: string,
  rules: Rules,
): DateProblem | null {
  if (isEmpty(value)) return null;
  const { timeZone } = rules.settings;
  const day = parseDay(value, timeZone);
  const today = businessDay(at, timeZone);
  const code = problemCode(column, day, today, rules);
  return code && { code, column, ...DESCRIBED[code](column, shown(value), day, rules) };
}

function problemCode(column: string, day: Day | null, today: Day, rules: Rules): DateProblemCode | null {
  if (day === null) return 'UNPARSEABLE_DATE';
  const yearsAhead = Number(day.slice(0, 4)) - Number(today.slice(0, 4));
  if (-yearsAhead > rules.dateYearsBack) return 'DATE_TOO_OLD';
  if (yearsAhead > rules.dateYearsAhead) return 'DATE_TOO_FUTURE';
  return column === SNAPSHOT_DATE && day > today ? 'FUTURE_SNAPSHOT' : null;
}

type Described = Pick<DateProblem, 'severity' | 'issue' | 'fix'>;

const DESCRIBED: Readonly<
  Record<DateProblemCode, (column: string, text: string, day: Day | null, rules: Rules) => Described>
> = {
  DATE_TOO_OLD: (column, _text, day, { dateYearsBack }) => ({
    severity: 'MEDIUM',
    issue: `${column} is ${inWords(day)}, more than ${dateYearsBack} years back (DATE_TOO_OLD).`,
    fix: `Correct the year in ${column}.`,
  }),
  DATE_TOO_FUTURE: (column, _text, day, { dateYearsAhead }) => ({
    severity: 'HIGH',
    issue: `${column} is ${inWords(day)}, more than ${dateYearsAhead} years ahead (DATE_TOO_FUTURE).`,
    fix: `Correct the year in ${column}.`,
  }),
  FUTURE_SNAPSHOT: (column, _text, day) => ({
    severity: 'HIGH',
    issue: `${column} is ${inWords(day)}, a day that had not come yet (FUTURE_SNAPSHOT).`,
    fix: `Put the day of the snapshot into ${column}.`,
  }),
  UNPARSEABLE_DATE: (column, text) => ({
    severity: 'HIGH',
    issue: `${column} holds "${text}", which is not a date (UNPARSEABLE_DATE).`,
    fix: `Type a date such as 2026-01-31 into ${column}.`,
  }),
};

function inWords(day: Day | null): string {
  return day === null ? 'unknown' : dayInWords(day);
}

function shown(value: string | null | undefined): string {
  const text = value ?? '';
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
