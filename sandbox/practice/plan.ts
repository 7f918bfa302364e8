import { agendaLive, agendaOfDays } from './agenda';
import { interleave, type Planned } from './interleave';
import { OfficeCalendar } from './calendar';
import { Plots } from './plots';
import { Random } from './random';
import type { Book } from './book';

export interface PlanOptions {
  readonly seed: number;
  /** IANA name. */
  readonly zone: string;
  /** The rows at the beginning; the plan writes what it plans into it. */
  readonly book: Book;
}

/** How busy the weeks are that were over before anybody watched. */
const PAST_DENSITY = 0.35;

/** What the office did weeks ago: everyday work only. The same for the same seed, book and times. */
export function planPast(options: PlanOptions, from: number, to: number): Planned[] {
  const desk = deskFor(options, from, false);
  return upTo(to, interleave(agendaOfDays(desk, { from, to, density: PAST_DENSITY, plots: null }), options.book));
}

/**
 * What the office did in the days before now, planted things included.
 * @param used how many incidents were numbered before
 */
export function planDays(options: PlanOptions, from: number, to: number, used: number): Planned[] {
  const desk = deskFor(options, from, false);
  const plots = new Plots(desk, used);
  return upTo(to, interleave(agendaOfDays(desk, { from, to, density: 1, plots }), options.book));
}

/** What the office does from now on, without an end; ask for the next save when it is due. */
export function planLive(options: PlanOptions, from: number, used: number): Generator<Planned> {
  const desk = deskFor(options, from, true);
  return interleave(agendaLive(desk, from, new Plots(desk, used)), options.book);
}

function deskFor({ seed, zone, book }: PlanOptions, from: number, live: boolean) {
  return { book, live, calendar: new OfficeCalendar(zone), random: new Random(seed * 31 + Math.floor(from / 1_000)) };
}

/** Saves are written into the book as they are taken, so none later than `to` may be. */
function upTo(to: number, saves: Iterable<Planned>): Planned[] {
  const taken: Planned[] = [];
  for (const save of saves) {
    taken.push(save);
    if (save.at >= to) break;
  }
  return taken.map((save) => (save.at > to ? { ...save, at: to } : save));
}
