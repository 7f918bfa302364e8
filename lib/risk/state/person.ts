import type { SittingSoFar } from './sitting-so-far';
import { BoundedMap, type Faded, type Scale, Tally } from './counts';

const DAY = 86_400_000;
const MOST_RECENT = 500;
const LAST_PRICE_EDITS = 30;
const MONEY_DAYS = 28;

/** One event of the last day, as far as velocity needs it. */
export interface Lately {
  readonly at: number;
  readonly row: string | null;
  readonly sheet: string | null;
  readonly column: string | null;
  readonly historical: boolean;
  readonly cleared: boolean;
}

/** Bytes of what has one size, counted high: hours and weekdays above all. */
const HABITS_BYTES = 4_000;
const PERSON_BYTES = 2_000;
const LATELY_BYTES = 120;
const DAY_BYTES = 80;

function bytesOfLately({ row, sheet, column }: Lately): number {
  return LATELY_BYTES + 2 * ((row?.length ?? 0) + (sheet?.length ?? 0) + (column?.length ?? 0));
}

/** What a person is used to. Filled a day late: nobody teaches it to look away from what he is doing now. */
export class Habits {
  hours: Faded[] = Array.from({ length: 24 }, () => [0, 0]);
  weekdays: Faded[] = Array.from({ length: 7 }, () => [0, 0]);
  columns = new Tally(200);
  sheets = new Tally(500);
  workRequests = new Tally(500);
  /** By column: how much its figures usually change, as signed logarithms. */
  scales = new BoundedMap<Scale>(100);
  historical: Faded = [0, 0];
  rounded: Faded = [0, 0];
  money: Faded = [0, 0];
  /** Events a day, and the day that is being counted. */
  days: Scale = [0, 0, 0];
  day: [day: number, events: number] = [0, 0];

  get bytes(): number {
    const { columns, sheets, workRequests, scales } = this;
    return HABITS_BYTES + columns.bytes + sheets.bytes + workRequests.bytes + scales.bytes;
  }

  toJSON(): object {
    return { ...this };
  }

  static load(json: Habits): Habits {
    const habits = Object.assign(new Habits(), json);
    habits.columns = new Tally(200).load(json.columns as never);
    habits.sheets = new Tally(500).load(json.sheets as never);
    habits.workRequests = new Tally(500).load(json.workRequests as never);
    habits.scales = new BoundedMap<Scale>(100).load(json.scales as never);
    return habits;
  }
}

/** What a person has done, up to the last event. */
export class PersonState {
  firstAt = NaN;
  lastAt = NaN;
  /** Events in all: what stands behind a word on this person. */
  seen = 0;
  habits = new Habits();
  lately: Lately[] = [];
  #latelyBytes = 0;
  /** Money added, by day. */
  added: [day: number, money: number][] = [];
  /** Whether each of the last changes of a standing price was a rise: to fill one in is none. */
  rises: (0 | 1)[] = [];
  /** Small rises and small falls of standing prices, by day. */
  small: [day: number, count: number][] = [];
  smallFalls: [day: number, count: number][] = [];
  /** Money added to standing prices, by day, less what was taken from them. */
  gained: [day: number, money: number][] = [];
  sitting: SittingSoFar | null = null;
  /** Sum of price deviations above what is usual, never below 0 (Page 1954). */
  creep = 0;
  confirmed: Faded = [0, 0];
  dismissed: Faded = [0, 0];

  saw(event: Lately): void {
    if (Number.isNaN(this.firstAt)) this.firstAt = event.at;
    this.seen += 1;
    this.lastAt = Number.isNaN(this.lastAt) ? event.at : Math.max(this.lastAt, event.at);
    this.lately.push(event);
    this.#latelyBytes += bytesOfLately(event);
    const from = this.lastAt - DAY;
    // Where the clock ran back all of it may be too old, the newest included.
    const isOver = (first: Lately | undefined): boolean =>
      first !== undefined && (this.lately.length > MOST_RECENT || first.at < from);
    while (isOver(this.lately[0])) this.#latelyBytes -= bytesOfLately(this.lately.shift() as Lately);
  }

  /** @param repriced  a price stood there before, and stands there now */
  movedMoney(at: number, delta: number, repriced: boolean): void {
    const day = Math.floor(at / DAY);
    if (delta > 0) addTo(this.added, day, delta);
    if (!repriced) return;
    addTo(this.gained, day, delta);
    if (Math.abs(delta) <= SMALL_RISE) addTo(delta > 0 ? this.small : this.smallFalls, day, 1);
    this.rises.push(delta > 0 ? 1 : 0);
    if (this.rises.length > LAST_PRICE_EDITS) this.rises.shift();
    const slack = 0.5;
    this.creep = Math.max(0, this.creep + Math.sign(delta) * Math.log1p(Math.abs(delta)) * 0.2 - slack * 0.2);
  }

  /** Money added in the `days` before `at`. */
  addedIn(days: number, at: number): number {
    return sumFrom(this.added, Math.floor(at / DAY) - days);
  }

  smallRisesIn(days: number, at: number): number {
    return sumFrom(this.small, Math.floor(at / DAY) - days);
  }

  smallFallsIn(days: number, at: number): number {
    return sumFrom(this.smallFalls, Math.floor(at / DAY) - days);
  }

  gainedIn(days: number, at: number): number {
    return sumFrom(this.gained, Math.floor(at / DAY) - days);
  }

  /** What it comes to at most; `lately` by the names that stand in it. */
  get bytes(): number {
    const lists = this.added.length + this.small.length + this.smallFalls.length + this.gained.length;
    return PERSON_BYTES + this.habits.bytes + this.#latelyBytes + DAY_BYTES * lists;
  }

  toJSON(): object {
    return { ...this };
  }

  static load(json: PersonState): PersonState {
    // JSON has no NaN: null is "never".
    const never = (value: number | null): number => value ?? NaN;
    const loaded = Object.assign(new PersonState(), json);
    loaded.firstAt = never(json.firstAt);
    loaded.lastAt = never(json.lastAt);
    loaded.habits = Habits.load(json.habits);
    loaded.#latelyBytes = loaded.lately.reduce((sum, one) => sum + bytesOfLately(one), 0);
    return loaded;
  }
}

/** A rise up to this many units of money is small: many of them are worth a look. */
export const SMALL_RISE = 40;

export function sumFrom(list: readonly (readonly [number, number])[], day: number): number {
  return list.reduce((sum, [on, value]) => (on > day ? sum + value : sum), 0);
}

export function addTo(list: [day: number, value: number][], day: number, value: number): void {
  const found = list.find(([on]) => on === day);
  if (found) found[1] += value;
  else list.push([day, value]);
  while ((list[0] as [number, number])[0] < day - MONEY_DAYS) list.shift();
}
