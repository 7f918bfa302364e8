import { DateTime } from 'luxon';
import { changesOutside, median, stormWeeks, usualHours } from '../../lib/patterns';
import type { Ports } from '../../lib/ports';
import { holdsMoney } from '../../lib/settings/columns';
import type { BillingSettings } from '../../lib/settings';
import type { Patterns, PatternSide, PatternSubject } from '../../lib/store/patterns';
import type { PatternsShown } from './wires';
import { moneyText, whenText } from './words';

/** Weeks before this one from which on there is a usual to compare with. */
const ENOUGH_WEEKS = 2;
const WEEKS_BEFORE = 12;

/**
 * What is usual, in words: when changes are made, how busy weeks and months were, and what each person and sheet does beside
 * this week.
 * @throws StoreUnavailable, StoreRefused  the page keeps what it shows
 */
export async function patterns({
  store,
  settings,
  now,
}: Pick<Ports, 'store' | 'settings' | 'now'>): Promise<PatternsShown> {
  const asked = new Date(now()).toISOString();
  const found = await store.patterns({
    now: asked,
    time_zone: settings.timeZone,
    money_columns: Object.entries(settings.columnAliases).flatMap(([title, meant]) =>
      holdsMoney(meant) ? [title] : [],
    ),
  });
  const known = weeksKnown(found, settings);
  return {
    has_changes: found.first_change_at !== null,
    has_usual: known >= ENOUGH_WEEKS,
    until: found.until === null || found.until === asked ? null : whenText(found.until, settings),
    time_zone: settings.timeZone,
    by_hour: byHour(found, Math.max(1, Math.min(WEEKS_BEFORE, known))),
    weeks: weeksOf(found),
    months: monthsOf(found),
    notes: notesOf(weeksOf(found)),
    people: found.people.map((each) => subjectOf(each)),
    sheets: found.sheets.map((each) => ({ ...subjectOf(each), name: each.name || `Sheet ${each.key}` })),
  };
}

/** Whole weeks before this one of which anything can be known. */
function weeksKnown({ week, first_change_at }: Patterns, { timeZone }: Pick<BillingSettings, 'timeZone'>): number {
  if (week === null || first_change_at === null) return 0;
  const monday = DateTime.fromISO(week, { zone: timeZone });
  return Math.max(
    0,
    Math.floor(monday.diff(DateTime.fromISO(first_change_at, { zone: timeZone }), 'days').days / 7 + 0.5),
  );
}

/** Seven days of 24 hours: changes in an average week. */
function byHour({ by_hour }: Patterns, weeks: number): number[][] {
  const days = Array.from({ length: 7 }, () => Array.from({ length: 24 }, () => 0));
  for (const { weekday, hour, changes } of by_hour) {
    const day = days[weekday - 1];
    if (day !== undefined) day[hour] = Math.round((10 * changes) / weeks) / 10;
  }
  return days;
}

function weeksOf({ weeks }: Patterns): PatternsShown['weeks'] {
  const storms = stormWeeks(weeks.map(({ changes }) => changes));
  return weeks.map(({ week, changes, high }, index) => {
    const monday = DateTime.fromISO(week, { zone: 'utc' }).setLocale('en-GB');
    const sunday = monday.plus({ days: 6 });
    return {
      label: monday.toFormat('d LLL'),
      title: `${monday.toFormat('d LLL')} to ${sunday.toFormat('d LLL yyyy')}`,
      ...{ changes, high },
      is_now: index === weeks.length - 1,
      // The last day of a month lies in it.
      ends_month: sunday.plus({ days: 1 }).month !== monday.month,
      is_storm: storms[index] ?? false,
    };
  });
}

function monthsOf({ months }: Patterns): PatternsShown['months'] {
  return months.map(({ month, changes, high }, index) => {
    const first = DateTime.fromISO(`${month}-01`, { zone: 'utc' }).setLocale('en-GB');
    const title = first.toFormat('LLLL yyyy');
    return { label: first.toFormat('LLL').slice(0, 3), title, changes, high, is_now: index === months.length - 1 };
  });
}

/** What the weeks tell, in sentences. */
function notesOf(weeks: PatternsShown['weeks']): string[] {
  const whole = weeks.filter(({ is_now, changes }) => !is_now && changes > 0);
  const storms = whole.filter(({ is_storm }) => is_storm);
  const calm = whole.filter(({ is_storm }) => !is_storm);
  const [ends, others] = [calm.filter((each) => each.ends_month), calm.filter((each) => !each.ends_month)];
  const notes: string[] = [];
  if (ends.length >= 2 && others.length >= 4) {
    const times = median(ends.map(({ changes }) => changes)) / median(others.map(({ changes }) => changes));
    const how = Math.abs(times - 1) < 0.1 ? 'about as many changes as' : `${times.toFixed(1)} times the changes of`;
    notes.push(`Weeks in which a month ends have ${how} other weeks.`);
  }
  if (storms.length > 0) {
    const names = storms.map(({ label }) => label).join(', ');
    notes.push(`Unusually busy: the ${storms.length === 1 ? 'week' : 'weeks'} of ${names}.`);
  }
  return notes;
}

function subjectOf({ key, before, now }: PatternSubject): PatternsShown['people'][number] {
  const hours = before === null ? null : usualHours(before.hours);
  return {
    ...{ key, name: key },
    usual_a_day: aDay(before),
    now_a_day: aDay(now),
    changes_now: now?.changes ?? 0,
    hours: hours === null ? null : `${hourText(hours.from)}–${hourText(hours.to)}`,
    usual_amount: amountText(before),
    now_amount: amountText(now),
    remarks: remarksOf(before, now, hours),
  };
}

/** Changes on a day that has any. */
function aDay(side: PatternSide | null): number | null {
  return side === null ? null : Math.round((10 * side.changes) / side.days) / 10;
}

function amountText(side: PatternSide | null): string | null {
  return side?.typical ? moneyText(side.typical.amount, side.typical.currency) : null;
}

function hourText(hour: number): string {
  return `${String(hour).padStart(2, '0')}:00`;
}

const [TIMES_BUSIER, TIMES_LARGER, LEAST_MORE, SHARE_OUTSIDE, LEAST_OUTSIDE] = [2, 3, 10, 0.3, 5];

/** What is unlike before, each in a few words; no finding, and nobody is alerted by it. */
function remarksOf(
  before: PatternSide | null,
  now: PatternSide | null,
  hours: ReturnType<typeof usualHours>,
): string[] {
  if (now === null) return [];
  if (before === null) return ['New in this week'];
  const remarks: string[] = [];
  const [usual, present] = [before.changes / before.days, now.changes / now.days];
  if (present > TIMES_BUSIER * usual && present - usual >= LEAST_MORE) remarks.push('Busier than usual');
  const outside = hours === null ? 0 : changesOutside(now.hours, hours);
  if (outside >= LEAST_OUTSIDE && outside / now.changes >= SHARE_OUTSIDE) remarks.push('At unusual hours');
  const [was, is] = [before.typical, now.typical];
  const comparable = was !== null && is !== null && was.currency === is.currency;
  if (comparable && Number(is.amount) > TIMES_LARGER * Number(was.amount)) remarks.push('Larger amounts than usual');
  return remarks;
}
