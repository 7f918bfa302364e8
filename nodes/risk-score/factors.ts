import Big from 'big.js';
import { type BusinessMoment, dayInWords } from '../../lib/calendar';
import { amountOf, amountText, type AuditEvent, parseAmount } from '../../lib/event';
import { type BillingSettings, holdsMoney } from '../../lib/settings';
import type { PersonFacts } from '../../lib/store/store';

/** All that the factors look at. */
export interface Facts {
  readonly event: AuditEvent;
  /** When the change was made, in business time; null for what nobody did at a time of their choosing. */
  readonly moment: BusinessMoment | null;
  /** Null: no person is known, or it was not a person. */
  readonly person: PersonFacts | null;
  readonly settings: BillingSettings;
}

/** Why a factor applies, as a sentence; `unknown` when its fact is not known; null when it does not apply. */
type Factor = (facts: Facts) => string | typeof UNKNOWN | null;

export const UNKNOWN = Symbol('unknown');

const DAY_MILLISECONDS = 86_400_000;

const outsideBusinessHours: Factor = ({ moment, settings }) =>
  moment && !moment.isInsideHours
    ? `It was made at ${moment.clock} on ${moment.weekday}, outside business hours (${settings.businessHours}).`
    : null;

const weekend: Factor = ({ moment }) => (moment?.isWeekend ? `It was made on a ${moment.weekday}.` : null);

const holiday: Factor = ({ moment }) =>
  moment?.holiday ? `It was made on ${dayInWords(moment.day)}, ${moment.holiday}.` : null;

const lowAccessLevel: Factor = ({ person, settings }) => {
  const level = person?.access_level ?? null;
  if (level === null) return UNKNOWN;
  return level <= settings.lowAccessLevel
    ? `The person's access level is ${level}; up to ${settings.lowAccessLevel} is low.`
    : null;
};

const overdueReview: Factor = ({ event, person, settings }) => {
  const days = daysBefore(event.changed_at, person?.last_review_at);
  if (days === null) return UNKNOWN;
  return days > settings.reviewOverdueDays
    ? `The person's access was last reviewed ${Math.floor(days)} days before, over the ${settings.reviewOverdueDays} that are allowed.`
    : null;
};

const inactiveAccount: Factor = ({ event, person, settings }) => {
  const days = daysBefore(event.changed_at, person?.last_active_at);
  if (days === null) return UNKNOWN;
  return days > settings.inactiveDays
    ? `The account had done nothing for ${Math.floor(days)} days, over the limit of ${settings.inactiveDays}.`
    : null;
};

const lockedWeek: Factor = ({ event }) => {
  if (event.is_historical === null) return isOfRow(event) ? UNKNOWN : null;
  if (!event.is_historical) return null;
  return `The week${event.week_ending === null ? '' : ` ending ${dayInWords(event.week_ending)}`} had closed before this change.`;
};

const largeChange: Factor = ({ event, settings }) => {
  const size = parseAmount(event.delta)?.abs();
  if (size === undefined) return null;
  const column = event.column_name ?? 'The amount';
  const currency = event.column_name === null || holdsMoney(event.column_name) ? event.currency : undefined;
  const share = shareOf(size, event);
  const limits: string[] = [];
  if (size.gt(settings.largeChangeAbove)) limits.push(`above ${amountText(new Big(settings.largeChangeAbove))}`);
  if (share?.gt(settings.largeChangeShare)) limits.push(`above ${percent(new Big(settings.largeChangeShare))}`);
  if (limits.length === 0) return null;
  const ofOld = share === null ? '' : `, ${percent(share)} of what it was`;
  return `${column} changed by ${amountText(size, currency)}${ofOld}: ${limits.join(' and ')}.`;
};

const rapidChanges: Factor = ({ person, settings }) => {
  if (person === null) return UNKNOWN;
  return person.changes_in_window >= settings.rapidChanges
    ? `It was one of ${person.changes_in_window} changes by this person within ${settings.rapidMinutes} min.`
    : null;
};

/** The documented factors by name, in the order in which people read them. */
export const factors = {
  outside_business_hours: outsideBusinessHours,
  weekend,
  holiday,
  low_access_level: lowAccessLevel,
  overdue_review: overdueReview,
  inactive_account: inactiveAccount,
  locked_week: lockedWeek,
  large_change: largeChange,
  rapid_changes: rapidChanges,
} as const satisfies Readonly<Record<string, Factor>>;

export type FactorName = keyof typeof factors;

/** Hundredths for each factor: DESIGN §3. */
export const DOCUMENTED_WEIGHTS: Readonly<Record<FactorName, number>> = {
  outside_business_hours: 30,
  weekend: 20,
  holiday: 25,
  low_access_level: 20,
  overdue_review: 25,
  inactive_account: 40,
  locked_week: 40,
  large_change: 30,
  rapid_changes: 35,
};

function isOfRow({ row_id, kind }: AuditEvent): boolean {
  return row_id !== null && kind !== 'sheet_checked' && !/^(attachment|discussion|comment)_/u.test(kind);
}

function daysBefore(at: string, before: string | null | undefined): number | null {
  if (!before) return null;
  const days = (Date.parse(at) - Date.parse(before)) / DAY_MILLISECONDS;
  return Number.isNaN(days) ? null : days;
}

/** What part of the old value a change is; null where there was nothing, so that no share can be told. */
function shareOf(size: Big, { kind, old_value, delta }: AuditEvent): Big | null {
  if (kind !== 'cell_changed' || delta === null) return null;
  const before = amountOf(old_value);
  return before === null || before.eq(0) ? null : size.div(before.abs());
}

function percent(share: Big): string {
  return `${amountText(share.times(100).round(1))} %`;
}
