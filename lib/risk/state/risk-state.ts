import type { RiskEvent } from '../features/risk-event';
import { BadModel } from '../errors';
import { BoundedMap, type Faded, raised, type Scale, scaledBy, Tally, worth } from './counts';
import { isRepriced } from './book';
import { addTo, PersonState } from './person';
import { sittingWith } from './sitting-so-far';
import { stepOf } from './step-of';

const DAY = 86_400_000;
/** A person's doings become habits only after this: nobody can teach the system in one sitting. */
const LEARN_AFTER = DAY;
/** Smartsheet billing sheets of utilities call the compatible unit so. */
export const UNIT_CODE = 'CU';
const MOST_OF_UNIT = 40;
/** Raised when what is remembered changes: a state of before is rebuilt from the trail. */
const STATE_VERSION = 3;
const MOST_WAITING = 50_000;
const ACTIVE_MILLISECONDS = 2 * 3_600_000;
const MOST_ACTIVE = 500;

/** What the directory says of a person. */
export interface PersonContext {
  readonly kind: 'person';
  readonly person: string;
  readonly role?: string | null;
  readonly access_level?: number | null;
  readonly last_review_at?: string | null;
  readonly raised_at?: string | null;
  readonly service?: boolean | null;
  readonly leave?: readonly (readonly [from: string, to: string])[] | null;
  readonly valid_from?: string | null;
}

/** What a row is about. */
export interface RowContext {
  readonly kind: 'row';
  readonly sheet_id: string;
  readonly row_id: string;
  readonly unit_code?: string | null;
  readonly quantity?: number | null;
  readonly price?: number | null;
  readonly valid_from?: string | null;
}

/** What a unit of work costs by the book. */
export interface PriceContext {
  readonly kind: 'price';
  readonly unit_code: string;
  readonly price: number;
  readonly valid_from?: string | null;
}

export type ContextLine = PersonContext | RowContext | PriceContext;

/** What a reviewer said of an event. */
export interface Verdict {
  readonly at: number;
  readonly isFinding: boolean;
  readonly person: string | null;
  readonly sheet: string | null;
  readonly workRequest: string | null;
}

/** What is known of a row beside its cells. */
export interface RowState {
  quantity: number | null;
  price: number | null;
  unit: string | null;
  lastAt: number;
  /** When unit, quantity and price were last written; 0 = never. */
  written: { unit: number; quantity: number; price: number };
  /** Times of edits, the newest last, at most 20. */
  edits: number[];
  persons: string[];
  /** By column: the value before the last one. */
  before: Record<string, string | null>;
}

interface WorkRequestState {
  scale: Scale;
  creep: number;
}

interface RoleState {
  columns: Tally;
  /** Money added, by day. */
  added: [day: number, money: number][];
}

/**
 * All that the features remember. It streams: `take` in the order of time gives the same state, byte for byte, as
 * anybody gets who starts from nothing and reads the trail again. Bounded: what was touched longest ago is forgotten.
 */
export class RiskState {
  persons = new BoundedMap<PersonState>(5_000);
  roles = new BoundedMap<RoleState>(100);
  rows = new BoundedMap<RowState>(50_000);
  workRequests = new BoundedMap<WorkRequestState>(20_000);
  /** What everybody does. */
  hours: Faded[] = Array.from({ length: 24 }, () => [0, 0]);
  columns = new Tally(500);
  sheets = new Tally(5_000);
  columnScales = new BoundedMap<Scale>(500);
  rounded: Faded = [0, 0];
  money: Faded = [0, 0];
  /** Rows with the same quantity and price, by sheet and pair. */
  pairs = new BoundedMap<number>(100_000);
  /** Rows by sheet and unit code, the newest last, at most 40. */
  units = new BoundedMap<readonly string[]>(50_000);
  /** When a value was last written to a column of a sheet on another row. */
  values = new BoundedMap<readonly [row: string, at: number]>(50_000);
  /** Who was active in the last two hours, the latest last: in some nights everybody works. */
  active: [person: string, at: number][] = [];
  sheetVerdicts = new BoundedMap<[confirmed: Faded, dismissed: Faded]>(5_000);
  workRequestVerdicts = new BoundedMap<[confirmed: Faded, dismissed: Faded]>(20_000);
  directory = new BoundedMap<PersonContext>(20_000);
  book = new BoundedMap<number>(20_000);
  private waiting: RiskEvent[] = [];

  /** Takes what a directory, a sheet or a price book says. */
  learn(line: ContextLine): void {
    if (line.kind === 'person') this.directory.set(line.person, line);
    else if (line.kind === 'price') this.book.set(line.unit_code, line.price);
    else {
      const row = this.row(line.sheet_id, line.row_id);
      this.unpair(line.sheet_id, row);
      row.quantity = line.quantity ?? row.quantity;
      row.price = line.price ?? row.price;
      this.hasUnit(line.sheet_id, line.row_id, row, line.unit_code ?? row.unit);
      this.pair(line.sheet_id, row);
    }
  }

  /** Takes a reviewer's verdict. */
  judge({ at, isFinding, person, sheet, workRequest }: Verdict): void {
    const note = (pair: [Faded, Faded]): [Faded, Faded] =>
      isFinding ? [raised(pair[0], at), pair[1]] : [pair[0], raised(pair[1], at)];
    const none = (): [Faded, Faded] => [
      [0, at],
      [0, at],
    ];
    if (person !== null) {
      const state = this.person(person);
      [state.confirmed, state.dismissed] = note([state.confirmed, state.dismissed]);
    }
    if (sheet !== null) this.sheetVerdicts.set(sheet, note(this.sheetVerdicts.get(sheet) ?? none()));
    if (workRequest !== null) {
      this.workRequestVerdicts.set(workRequest, note(this.workRequestVerdicts.get(workRequest) ?? none()));
    }
  }

  /** Takes one event; its features must have been made before. */
  take(event: RiskEvent): void {
    // What the features of this very event saw: before habits and cells move on.
    const known = event.sheet === null || event.row === null ? undefined : this.rows.get(`${event.sheet}:${event.row}`);
    const step = stepOf(event, this, known, event.person === null ? undefined : this.persons.get(event.person));
    this.learnFrom(event.at);
    const cleared = event.newText === null && event.oldText !== null;
    if (event.person !== null) {
      const person = this.person(event.person);
      const { at, row, sheet, column } = event;
      person.sitting = sittingWith(person.sitting, at, step);
      person.saw({ at, row, sheet, column, historical: event.isHistorical === true, cleared });
      if (event.columnKind === 'price' && event.delta !== null) person.movedMoney(at, event.delta, isRepriced(event));
      this.isActive(event.person, at);
      const role = this.directory.get(event.person)?.role;
      if (role && event.columnKind === 'price' && (event.delta ?? 0) > 0) {
        addTo(this.roleOf(role).added, Math.floor(at / DAY), event.delta as number);
      }
    }
    this.takeRow(event);
    if (event.workRequest !== null && event.delta !== null && event.columnKind === 'price') {
      const state = this.workRequests.take(event.workRequest, () => ({ scale: [0, 0, 0], creep: 0 }));
      state.scale = scaledBy(state.scale, signedLog(event.delta));
      state.creep = Math.max(0, state.creep + 0.2 * signedLog(event.delta) - 0.1);
    }
    this.waiting.push(event);
    if (this.waiting.length > MOST_WAITING) this.intoHabits(this.waiting.shift() as RiskEvent);
  }

  person(name: string): PersonState {
    return this.persons.take(name, () => new PersonState());
  }

  row(sheet: string, row: string): RowState {
    return this.rows.take(`${sheet}:${row}`, () => ({
      quantity: null,
      price: null,
      unit: null,
      lastAt: NaN,
      written: { unit: 0, quantity: 0, price: 0 },
      edits: [],
      persons: [],
      before: {},
    }));
  }

  roleOf(role: string): RoleState {
    return this.roles.take(role, () => ({ columns: new Tally(200), added: [] }));
  }

  /** The share of everybody's events in an hour of the day, 0..1. */
  hourShare(hour: number, at: number): number {
    const sum = this.hours.reduce((total, count) => total + worth(count, at), 0);
    return (worth(this.hours[hour] as Faded, at) + 1) / (sum + 24);
  }

  toJSON(): object {
    return { version: STATE_VERSION, ...this };
  }

  /** @throws BadModel  when it was saved by another version */
  static load(json: Record<string, unknown>): RiskState {
    if (json?.['version'] !== STATE_VERSION)
      throw new BadModel('risk state', `its version is ${String(json?.['version'])}`);
    const saved = json as unknown as RiskState;
    const state = new RiskState();
    const pairsOf = <Value>(map: unknown): [string, Value][] => map as [string, Value][];
    for (const [name, person] of pairsOf<PersonState>(saved.persons)) state.persons.set(name, PersonState.load(person));
    for (const [name, role] of pairsOf<RoleState>(saved.roles)) {
      state.roles.set(name, { columns: new Tally(200).load(role.columns as never), added: role.added });
    }
    for (const [key, row] of pairsOf<RowState>(saved.rows)) state.rows.set(key, { ...row, lastAt: row.lastAt ?? NaN });
    state.columns.load(saved.columns as never);
    state.sheets.load(saved.sheets as never);
    const plain = [
      'workRequests',
      'columnScales',
      'pairs',
      'units',
      'values',
      'sheetVerdicts',
      'workRequestVerdicts',
      'directory',
      'book',
    ] as const;
    for (const name of plain) (state[name] as BoundedMap<unknown>).load(pairsOf(saved[name]));
    const { hours, rounded, money, active, waiting } = saved;
    return Object.assign(state, { hours, rounded, money, active, waiting });
  }

  private isActive(person: string, at: number): void {
    const recent = this.active.filter(([name, when]) => name !== person && when > at - ACTIVE_MILLISECONDS);
    this.active = [...recent, [person, at] as [string, number]].slice(-MOST_ACTIVE);
  }

  private takeRow(event: RiskEvent): void {
    const { sheet, at, person, column } = event;
    if (sheet === null || event.row === null) return;
    const row = this.row(sheet, event.row);
    this.unpair(sheet, row);
    if (event.columnKind === 'quantity') row.quantity = event.newNumber;
    if (event.columnKind === 'price') row.price = event.newNumber;
    if (event.columnKind !== 'other') row.written[event.columnKind] = at;
    if (column === UNIT_CODE) {
      this.hasUnit(sheet, event.row, row, event.newText);
      row.written.unit = at;
    }
    this.pair(sheet, row);
    row.lastAt = at;
    row.edits.push(at);
    if (row.edits.length > 20) row.edits.shift();
    if (person !== null && !row.persons.includes(person)) row.persons = [...row.persons, person].slice(-10);
    if (column === null) return;
    row.before[column] = event.oldText;
    if (event.newText !== null) this.values.set(`${sheet}:${column}:${event.newText}`, [event.row, at]);
  }

  private hasUnit(sheet: string, id: string, row: RowState, unit: string | null): void {
    if (row.unit !== null && row.unit !== unit) {
      const key = `${sheet}:${row.unit}`;
      this.units.set(
        key,
        (this.units.get(key) ?? []).filter((one) => one !== id),
      );
    }
    row.unit = unit;
    if (unit === null) return;
    const key = `${sheet}:${unit}`;
    const others = (this.units.get(key) ?? []).filter((one) => one !== id);
    this.units.set(key, [...others, id].slice(-MOST_OF_UNIT));
  }

  private pair(sheet: string, { quantity, price }: RowState): void {
    if (quantity === null || price === null || price === 0) return;
    const key = `${sheet}:${quantity}:${price}`;
    this.pairs.set(key, (this.pairs.get(key) ?? 0) + 1);
  }

  private unpair(sheet: string, { quantity, price }: RowState): void {
    if (quantity === null || price === null || price === 0) return;
    const key = `${sheet}:${quantity}:${price}`;
    this.pairs.set(key, Math.max(0, (this.pairs.get(key) ?? 0) - 1));
  }

  private learnFrom(now: number): void {
    while (this.waiting[0] !== undefined && this.waiting[0].at <= now - LEARN_AFTER) {
      this.intoHabits(this.waiting.shift() as RiskEvent);
    }
  }

  /** An event that is a day old counts as what its person, role and everybody are used to. */
  private intoHabits(event: RiskEvent): void {
    const { at, column, sheet, workRequest, delta } = event;
    const hour = Math.floor(event.hour);
    this.hours[hour] = raised(this.hours[hour] as Faded, at);
    if (column !== null) this.columns.add(column, at);
    if (sheet !== null) this.sheets.add(sheet, at);
    const change = delta === null || column === null ? null : signedLog(delta);
    if (change !== null && column !== null) {
      this.columnScales.set(column, scaledBy(this.columnScales.get(column) ?? [0, 0, 0], change));
    }
    const isMoney = event.columnKind !== 'other' && event.newNumber !== null;
    if (isMoney) this.money = raised(this.money, at);
    if (isMoney && roundness(event) > 0) this.rounded = raised(this.rounded, at);
    if (event.person === null) return;
    const role = this.directory.get(event.person)?.role;
    if (role && column !== null) this.roleOf(role).columns.add(column, at);
    const habits = this.person(event.person).habits;
    habits.hours[hour] = raised(habits.hours[hour] as Faded, at);
    habits.weekdays[event.weekday - 1] = raised(habits.weekdays[event.weekday - 1] as Faded, at);
    if (column !== null) habits.columns.add(column, at);
    if (sheet !== null) habits.sheets.add(sheet, at);
    if (workRequest !== null) habits.workRequests.add(workRequest, at);
    if (change !== null && column !== null) {
      habits.scales.set(column, scaledBy(habits.scales.get(column) ?? [0, 0, 0], change));
    }
    if (event.isHistorical) habits.historical = raised(habits.historical, at);
    if (isMoney) habits.money = raised(habits.money, at);
    if (isMoney && roundness(event) > 0) habits.rounded = raised(habits.rounded, at);
    const day = Math.floor(at / DAY);
    if (habits.day[0] === day) habits.day[1] += 1;
    else {
      if (habits.day[1] > 0) habits.days = scaledBy(habits.days, Math.log1p(habits.day[1]));
      habits.day = [day, 1];
    }
  }
}

/** log(1 + |x|) with the sign of x: money spans five orders of magnitude, and falls as well as rises. */
export function signedLog(value: number): number {
  return Math.sign(value) * Math.log1p(Math.abs(value));
}

const ROUND_STEPS = { price: [500, 100, 50], quantity: [50, 10, 5], other: [] } as const;

/** 3 for a new multiple of 500 (quantities 50), 2 of 100 (10), 1 of 50 (5), 0 for none or when it was one before. */
export function roundness({ columnKind, oldNumber, newNumber }: RiskEvent): number {
  if (newNumber === null || newNumber === 0) return 0;
  const steps = ROUND_STEPS[columnKind];
  const index = steps.findIndex((step) => newNumber % step === 0);
  if (index < 0) return 0;
  const wasRound = oldNumber !== null && oldNumber !== 0 && oldNumber % (steps[index] as number) === 0;
  return wasRound ? 0 : steps.length - index;
}
