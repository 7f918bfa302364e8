import type { Book, Done, Save } from './book';
import type { Incident } from './incident';

/** A moment of a task. The save is made when the moment has come, out of what the book then says; null = nothing to do. */
export interface Moment {
  readonly at: number;
  readonly save: () => Save | null;
  /** What this belongs to, when it was planted. */
  readonly incident?: Incident;
}

/** What somebody does, moment after moment, in order of time. */
export type Task = Iterator<Moment>;

/** A task of the agenda, and when its first moment is at the earliest. */
export interface Appointment {
  readonly at: number;
  readonly begin: () => Task;
}

/** A save of the plan that changes something. */
export interface Planned {
  /** Milliseconds since 1970, each at least a second after the one before: histories know no parts of a second. */
  readonly at: number;
  readonly done: Done;
  readonly incident?: Incident;
}

const LEAST_GAP = 1_000;

interface Underway {
  readonly next: Moment;
  readonly task: Task;
}

/**
 * Lets all tasks of an agenda go on side by side, as people in an office do, and writes each save into the book.
 * @param agenda in order of time; read only as far as time has come, so it may be endless
 */
export function* interleave(agenda: Iterator<Appointment>, book: Book): Generator<Planned> {
  const underway: Underway[] = [];
  let appointment = agenda.next();
  let last = 0;
  for (;;) {
    while (!appointment.done && appointment.value.at <= (underway[0]?.next.at ?? Infinity)) {
      goOn(underway, appointment.value.begin());
      appointment = agenda.next();
    }
    const first = underway.shift();
    if (first === undefined) return;
    const save = first.next.save();
    const done = save === null ? null : book.apply(save);
    if (done !== null) {
      last = Math.max(first.next.at, last + LEAST_GAP);
      yield { at: last, done, ...(first.next.incident === undefined ? {} : { incident: first.next.incident }) };
    }
    goOn(underway, first.task);
  }
}

/** Puts a task in its place among the others: behind those whose next moment is not later. */
function goOn(underway: Underway[], task: Task): void {
  const { value, done } = task.next();
  if (done === true) return;
  const place = underway.findIndex(({ next }) => next.at > value.at);
  underway.splice(place < 0 ? underway.length : place, 0, { next: value, task });
}
