import { worth } from '../state/counts';
import { DAY, type Feature, flag, HOUR } from './view';

/** Weeks after which it does not matter any more how many. */
const MOST_WEEKS = 12;
const WEEK = 7 * DAY;

/** When it was done: by the clock, by this person's habits, by what everybody does, and by the billing week. */
export const when = {
  off_hours: ({ event }) => flag(!event.insideHours),
  weekend: ({ event }) => flag(event.weekend),
  holiday: ({ event }) => flag(event.holiday),
  hour_sine: ({ event }) => Math.sin((event.hour / 24) * 2 * Math.PI),
  hour_cosine: ({ event }) => Math.cos((event.hour / 24) * 2 * Math.PI),
  hour_surprise: ({ event, state, person }) => {
    const hour = Math.floor(event.hour);
    const everybody = state.hourShare(hour, event.at);
    const own = person?.habits.hours;
    if (!own) return -Math.log(everybody);
    const sum = own.reduce((total, count) => total + worth(count, event.at), 0);
    // The hours beside it count half: nobody keeps to the minute.
    const near = [0, -1, 1].reduce(
      (total, shift) => total + worth(own[(hour + shift + 24) % 24] ?? [0, 0], event.at) * (shift === 0 ? 0.5 : 0.25),
      0,
    );
    return -Math.log((near + 5 * everybody) / (sum + 5));
  },
  weekday_surprise: ({ event, person }) => {
    const own = person?.habits.weekdays;
    if (!own) return NaN;
    const sum = own.reduce((total, count) => total + worth(count, event.at), 0);
    return -Math.log((worth(own[event.weekday - 1] ?? [0, 0], event.at) + 0.7) / (sum + 4.9));
  },
  /** How many others were active within two hours: nights in which everybody works are storms, not fraud. */
  others_active: ({ event, state }) => {
    const others = state.active.filter(([name, at]) => name !== event.person && event.at - at <= 2 * HOUR);
    return Math.log1p(others.length);
  },
  historical: ({ event }) => flag(event.isHistorical),
  weeks_closed: ({ event }) =>
    event.sinceClose === null ? NaN : Math.max(0, Math.min(MOST_WEEKS, event.sinceClose / WEEK)),
  historical_money: ({ event }) =>
    event.isHistorical === null ? NaN : flag(event.isHistorical && event.columnKind === 'price'),
  historical_rise: ({ event }) => {
    if (event.isHistorical === null) return NaN;
    return event.isHistorical && event.columnKind !== 'other' ? Math.log1p(Math.max(0, event.delta ?? 0)) : 0;
  },
  just_closed: ({ event }) =>
    event.sinceClose === null ? NaN : flag(event.sinceClose >= 0 && event.sinceClose < 2 * DAY),
  historical_habit: ({ event, person }) => {
    const sum = person?.habits.days[0] ? person.habits.columns.sum(event.at) : 0;
    return sum > 0 && person ? worth(person.habits.historical, event.at) / sum : NaN;
  },
} as const satisfies Readonly<Record<string, Feature>>;
