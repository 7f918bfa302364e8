import { atOnce, type Steps } from '../../steps';
import type { RiskEvent } from '../features/risk-event';
import { BadModel } from '../errors';
import { type ContextLine, type PersonContext, rememberBefore, type RowState, type Verdict } from './context';
import { roundness, signedLog } from './figures';
import { BoundedMap, type Faded, pairsOf, raised, type Scale, scaledBy, Tally, worth } from './counts';
import { isRepriced } from './book';
import { NAME_LETTERS, shortened, shortName, shortText, TEXT_LETTERS } from './short';
import { bytesOfEvent, bytesOfPersonContext, bytesOfRow, bytesOfTexts } from './rations';
import { type Ration, rationOf, SAVED_AS_THEY_ARE } from './rations';
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
const STATE_VERSION = 5;
const MOST_WAITING = 50_000;
const MOST_LEAVES = 40;
const ACTIVE_MILLISECONDS = 2 * 3_600_000;
const MOST_ACTIVE = 500;
const EVENTS_OF_A_STEP = 500;

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
 * anybody gets who starts from nothing and reads the trail again. Bounded in entries and bytes (`rations.ts`): what was touched
 * longest ago is forgotten.
 */
export class RiskState {
  readonly persons: BoundedMap<PersonState>;
  readonly roles: BoundedMap<RoleState>;
  readonly rows: BoundedMap<RowState>;
  readonly workRequests: BoundedMap<WorkRequestState>;
  /** What everybody does. */
  hours: Faded[] = Array.from({ length: 24 }, () => [0, 0]);
  readonly columns: Tally;
  readonly sheets: Tally;
  readonly columnScales: BoundedMap<Scale>;
  rounded: Faded = [0, 0];
  money: Faded = [0, 0];
  /** Rows with the same quantity and price, by sheet and pair. */
  readonly pairs: BoundedMap<number>;
  /** Rows by sheet and unit code, the newest last, at most 40. */
  readonly units: BoundedMap<readonly string[]>;
  /** When a value was last written to a column of a sheet on another row. */
  readonly values: BoundedMap<readonly [row: string, at: number]>;
  /** Who was active in the last two hours, the latest last: in some nights everybody works. */
  active: [person: string, at: number][] = [];
  readonly sheetVerdicts: BoundedMap<[confirmed: Faded, dismissed: Faded]>;
  readonly workRequestVerdicts: BoundedMap<[confirmed: Faded, dismissed: Faded]>;
  readonly directory: BoundedMap<PersonContext>;
  readonly book: BoundedMap<number>;
  private waiting: RiskEvent[] = [];
  #waitingBytes = 0;
  readonly #mostWaiting: number;

  /** @param share  of the memory that a state may take (`MOST_STATE_BYTES`): 1, or less */
  constructor(share = 1) {
    const plain = <Value>(part: Ration, most: number): BoundedMap<Value> => new BoundedMap(most, rationOf(part, share));
    this.persons = new BoundedMap(
      5_000,
      rationOf('persons', share, ({ bytes }: PersonState) => bytes),
    );
    this.roles = new BoundedMap(
      100,
      rationOf('roles', share, ({ columns, added }: RoleState) => columns.bytes + 80 * added.length),
    );
    this.rows = new BoundedMap(50_000, rationOf('rows', share, bytesOfRow));
    this.workRequests = plain('workRequests', 20_000);
    this.columns = new Tally(500, rationOf('columns', share));
    this.sheets = new Tally(5_000, rationOf('sheets', share));
    this.columnScales = plain('columns', 500);
    this.pairs = plain('pairs', 100_000);
    this.units = new BoundedMap(50_000, rationOf('units', share, bytesOfTexts));
    this.values = new BoundedMap(
      50_000,
      rationOf('values', share, ([row]: readonly [string, number]) => 2 * row.length),
    );
    this.sheetVerdicts = plain('sheetVerdicts', 5_000);
    this.workRequestVerdicts = plain('workRequestVerdicts', 20_000);
    this.directory = new BoundedMap(20_000, rationOf('directory', share, bytesOfPersonContext));
    this.book = plain('book', 20_000);
    this.#mostWaiting = rationOf('waiting', share).mostBytes;
  }

  /** What it comes to, counted high; `MOST_STATE_BYTES` at most. */
  get bytes(): number {
    const parts = Object.values(this).filter((part) => part instanceof BoundedMap || part instanceof Tally);
    return parts.reduce((sum, { bytes }) => sum + bytes, this.#waitingBytes);
  }

  /** Takes what a directory, a sheet or a price book says. */
  learn(line: ContextLine): void {
    if (line.kind === 'person') this.knows(line);
    else if (line.kind === 'price') this.book.set(shortened(line.unit_code, TEXT_LETTERS), line.price);
    else {
      const [sheet, id] = [shortened(line.sheet_id, NAME_LETTERS), shortened(line.row_id, NAME_LETTERS)];
      const row = this.row(sheet, id);
      this.unpair(sheet, row);
      row.quantity = line.quantity ?? row.quantity;
      row.price = line.price ?? row.price;
      this.hasUnit(sheet, id, row, shortText(line.unit_code) ?? row.unit);
      this.pair(sheet, row);
      this.rows.settle(`${sheet}:${id}`);
    }
  }

  private knows({ person, role, leave, ...rest }: PersonContext): void {
    const name = shortened(person, NAME_LETTERS);
    const known = { ...rest, ...(role !== undefined && { role: shortName(role) }) };
    this.directory.set(name, { ...known, person: name, ...(leave && { leave: leave.slice(-MOST_LEAVES) }) });
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
      const state = this.person(shortened(person, NAME_LETTERS));
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
        this.roles.settle(role);
      }
    }
    this.takeRow(event);
    if (event.workRequest !== null && event.delta !== null && event.columnKind === 'price') {
      const state = this.workRequests.take(event.workRequest, () => ({ scale: [0, 0, 0], creep: 0 }));
      state.scale = scaledBy(state.scale, signedLog(event.delta));
      state.creep = Math.max(0, state.creep + 0.2 * signedLog(event.delta) - 0.1);
    }
    if (event.person !== null) this.persons.settle(event.person);
    this.waiting.push(event);
    this.#waitingBytes += bytesOfEvent(event);
    while (this.waiting.length > MOST_WAITING || this.#waitingBytes > this.#mostWaiting) this.learnFirst();
  }

  private learnFirst(): void {
    const event = this.waiting.shift() as RiskEvent;
    this.#waitingBytes -= bytesOfEvent(event);
    this.intoHabits(event);
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
      before: [],
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
  static load(json: Record<string, unknown>, share = 1): RiskState {
    return atOnce(RiskState.loading(json, share));
  }

  /** The same in steps. */
  static *loading(json: Record<string, unknown>, share = 1): Steps<RiskState> {
    if (json?.['version'] !== STATE_VERSION)
      throw new BadModel('risk state', `its version is ${String(json?.['version'])}`);
    const saved = json as unknown as RiskState;
    const state = new RiskState(share);
    for (const [name, person] of pairsOf<PersonState>(saved.persons)) {
      state.persons.set(name, PersonState.load(person));
      yield;
    }
    for (const [name, role] of pairsOf<RoleState>(saved.roles)) {
      state.roles.set(name, { columns: new Tally(200).load(role.columns as never), added: role.added });
      yield;
    }
    yield* state.rows.loading(pairsOf(saved.rows), (row) => ({ ...row, lastAt: row.lastAt ?? NaN }));
    state.columns.load(saved.columns as never);
    state.sheets.load(saved.sheets as never);
    for (const name of SAVED_AS_THEY_ARE) yield* (state[name] as BoundedMap<unknown>).loading(pairsOf(saved[name]));
    const { hours, rounded, money, active, waiting } = saved;
    for (const [index, event] of waiting.entries()) {
      state.#waitingBytes += bytesOfEvent(event);
      if (index % EVENTS_OF_A_STEP === 0) yield;
    }
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
    if (column !== null) rememberBefore(row, column, event.oldText);
    this.rows.settle(`${sheet}:${event.row}`);
    if (column !== null && event.newText !== null)
      this.values.set(`${sheet}:${column}:${event.newText}`, [event.row, at]);
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
      this.learnFirst();
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
    if (role && column !== null) {
      this.roleOf(role).columns.add(column, at);
      this.roles.settle(role);
    }
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
    this.persons.settle(event.person);
  }
}
