import { LOOK_ALIKES } from './look-alikes';
import { SCHEMES, type Scheme } from './schemes';
import { sitting } from './habits';
import { staffOf, type Person, type Role } from './staff';
import type { Appointment } from './interleave';
import type { Desk } from './desk';
import type { Plots } from './plots';

/** How often a role sits down on a workday, from when to when (hours after midnight), and how fast it then saves. */
const HABITS: Readonly<Record<Exclude<Role, 'former foreman'>, Habit>> = {
  foreman: { sittings: 1.6, from: 7.2, to: 16.5, pause: 45 },
  clerk: { sittings: 2.5, from: 8.1, to: 17, pause: 35 },
  supervisor: { sittings: 1, from: 9, to: 17, pause: 60 },
  admin: { sittings: 0.3, from: 9, to: 16, pause: 60 },
};
const ON_WEEKENDS = 0.06;

interface Habit {
  readonly sittings: number;
  readonly from: number;
  readonly to: number;
  readonly pause: number;
}

const workers = staffOf('foreman', 'clerk', 'supervisor', 'admin');

/** Every n-th workday has one, in the order of `LOOK_ALIKES`. */
const EVERY = [1, 2, 3, 7, 6] as const;

export interface Period {
  readonly from: number;
  readonly to: number;
  /** 1 = a busy office. */
  readonly density: number;
  /** Null: only everyday work. */
  readonly plots: Plots | null;
}

/** The appointments of days that are over, in order of time. */
export function* agendaOfDays(desk: Desk, { from, to, density, plots }: Period): Generator<Appointment> {
  for (const day of desk.calendar.days(from, to)) {
    const ofDay = [...everydayWork(desk, day, density), ...(plots === null ? [] : plantedOn(desk, day, plots))];
    ofDay.sort((left, right) => left.at - right.at);
    for (const appointment of ofDay) if (appointment.at >= from && appointment.at < to) yield appointment;
  }
}

function everydayWork(desk: Desk, day: string, density: number): Appointment[] {
  const share = density * (desk.calendar.isWorkday(day) ? 1 : ON_WEEKENDS);
  return workers.flatMap((person) => {
    const { sittings, from, to, pause } = habitOf(person);
    const expected = sittings * share;
    const count = Math.floor(expected) + (desk.random.chance(expected % 1) ? 1 : 0);
    return Array.from({ length: count }, () => {
      const at = desk.calendar.at(day, desk.random.between(from, to));
      return { at, begin: () => sitting(desk, { person, at, pause }) };
    });
  });
}

/** The look-alikes of a workday, and on two of three days a fraud; the patterns take turns. */
function plantedOn(desk: Desk, day: string, plots: Plots): Appointment[] {
  const { calendar, random } = desk;
  if (!calendar.isWorkday(day)) return [];
  const number = Math.round(Date.parse(day) / 86_400_000);
  const honest = LOOK_ALIKES.filter((_, index) => number % (EVERY[index] ?? 1) === 0).map((plot) => {
    const at = calendar.at(day, random.between(9, 16.5));
    return { at, begin: () => plots.honest(plot, at) };
  });
  const scheme = SCHEMES[number % SCHEMES.length];
  if (scheme === undefined || number % 3 === 0) return honest;
  return [...honest, fraudOn(desk, day, plots, scheme)];
}

function fraudOn({ calendar, random }: Desk, day: string, plots: Plots, scheme: Scheme): Appointment {
  const difficulty = plots.difficulty();
  const isLate = scheme.when === 'night' && difficulty !== 'hard';
  const at = calendar.at(day, isLate ? random.between(20, 23) : random.between(9.5, 16.5));
  return { at, begin: () => plots.fraud(scheme, at, difficulty) };
}

const FIRST_SITTING = 2;
const FIRST_PLANTED = 45;
/** Seconds between the beginnings of two sittings; with their length, no pause is longer than about 20 s. */
const SITTINGS = [6, 14] as const;
const PLANTED = [80, 170] as const;
const LIVE_PAUSE = 8;
const MOST_LIVE_SAVES = 3;

/** The appointments of an office that is watched: it never closes, and something is planted every two minutes or so. */
export function* agendaLive(desk: Desk, from: number, plots: Plots): Generator<Appointment> {
  const { random } = desk;
  let nextSitting = from + FIRST_SITTING * 1_000;
  let nextPlanted = from + FIRST_PLANTED * 1_000;
  for (;;) {
    if (nextSitting <= nextPlanted) {
      const at = nextSitting;
      const person = random.oneOf(workers.filter(({ role }) => role !== 'admin'));
      yield { at, begin: () => sitting(desk, { person, at, pause: LIVE_PAUSE, mostSaves: MOST_LIVE_SAVES }) };
      nextSitting += random.whole(...SITTINGS) * 1_000;
    } else {
      const at = nextPlanted;
      yield { at, begin: () => plantedNow(desk, at, plots) };
      nextPlanted += random.whole(...PLANTED) * 1_000;
    }
  }
}

/** Chances of the look-alikes, in their order; what is left of 1 is fraud. */
const CHANCES = [0.35, 0.15, 0.08, 0.06, 0.06] as const;

function plantedNow({ random }: Desk, at: number, plots: Plots): ReturnType<Appointment['begin']> {
  let draw = random.fraction();
  for (const [index, plot] of LOOK_ALIKES.entries()) {
    draw -= CHANCES[index] ?? 0;
    if (draw < 0) return plots.honest(plot, at);
  }
  return plots.fraud(random.oneOf(SCHEMES), at, plots.difficulty());
}

function habitOf({ role }: Person): Habit {
  return role === 'former foreman' ? HABITS.foreman : HABITS[role];
}
