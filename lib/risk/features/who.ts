import { DAY, daysSince, type Feature, flag, type View } from './view';

const LOW_ACCESS_LEVEL = 2;
const RAISED_DAYS = 14;
/** Shorter pauses are weekends. */
const PAUSE_DAYS = 3;
const LONG_PAUSE_DAYS = 30;
/** A review that is a year late is as late as can be. */
const LONG_OVERDUE_DAYS = 365;
/** After this nobody is new any more. */
const KNOWN_DAYS = 60;

/** Who it was: rights, reviews, pauses; and whether this person has been here before. */
export const who = {
  access_level: ({ directory }) => directory?.access_level ?? NaN,
  low_access: ({ directory }) => {
    const level = directory?.access_level ?? null;
    return level === null ? NaN : flag(level <= LOW_ACCESS_LEVEL);
  },
  /** Capped: else whoever is overdue is so for longer than anybody was in training, and each event odd by that alone. */
  review_days: ({ event, directory }) => Math.min(LONG_OVERDUE_DAYS, daysSince(event.at, directory?.last_review_at)),
  idle_days: (view) => {
    const days = pauseBefore(view);
    if (Number.isNaN(days)) return NaN;
    return days > PAUSE_DAYS ? Math.log1p(days) : 0;
  },
  idle_then_money: (view) => {
    const days = pauseBefore(view);
    if (Number.isNaN(days)) return NaN;
    return view.event.columnKind !== 'other' && days > LONG_PAUSE_DAYS ? Math.log1p(days) : 0;
  },
  rights_raised: ({ event, directory }) => {
    const days = daysSince(event.at, directory?.raised_at);
    return directory ? flag(days >= 0 && days <= RAISED_DAYS) : NaN;
  },
  service_account: ({ directory }) => flag(directory?.service ?? (directory ? false : null)),
  on_leave: ({ event, directory }) => {
    if (!directory?.leave) return NaN;
    return flag(directory.leave.some(([from, to]) => event.at >= Date.parse(from) && event.at <= Date.parse(to) + DAY));
  },
  /** Capped: else everybody is known for longer than anybody was in training, and each event odd by that alone. */
  days_known: ({ event, person }) =>
    person && Number.isFinite(person.firstAt)
      ? Math.log1p(Math.max(0, Math.min(KNOWN_DAYS, (event.at - person.firstAt) / DAY)))
      : NaN,
  first_on_sheet: ({ event, person }) =>
    event.sheet === null || !person ? NaN : flag(!person.habits.sheets.has(event.sheet)),
  first_on_work_request: ({ event, person }) =>
    event.workRequest === null || !person ? NaN : flag(!person.habits.workRequests.has(event.workRequest)),
  first_in_column: ({ event, person }) =>
    event.column === null || !person ? NaN : flag(!person.habits.columns.has(event.column)),
  column_surprise: ({ event, state, person }) => {
    if (event.column === null || !person) return NaN;
    return person.habits.columns.surprise(event.column, event.at, state.columns.share(event.column, event.at));
  },
  column_surprise_for_role: ({ event, state, directory }) => {
    const role = directory?.role ? state.roles.get(directory.role) : undefined;
    if (event.column === null || !role) return NaN;
    return role.columns.surprise(event.column, event.at, state.columns.share(event.column, event.at));
  },
  sheet_surprise: ({ event, state, person }) => {
    if (event.sheet === null || !person) return NaN;
    return person.habits.sheets.surprise(event.sheet, event.at, state.sheets.share(event.sheet, event.at));
  },
} as const satisfies Readonly<Record<string, Feature>>;

/** Days since the last change of this person; of somebody in the directory who never made one, since they are in it. */
function pauseBefore({ event, person, directory }: View): number {
  if (person && !Number.isNaN(person.lastAt)) return (event.at - person.lastAt) / DAY;
  return Math.max(0, daysSince(event.at, directory?.valid_from));
}
