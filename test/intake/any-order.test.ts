import fc from 'fast-check';
import type { CallbackEvent } from '../../lib/smartsheet';
import { secretBox, storeOver, type EmbeddedStoreDriver, type Store } from '../../lib/store';
import { buildStoreWorker, newFolder, openTestStore, removeFolder } from '../support/store';
import { at, PaperSheet } from './paper-sheet';
import { randomFrom } from './support';

/**
 * Callbacks of a thousand events, in any order, doubled, merged and late, while the sheet goes on changing, over the real
 * store: what is recorded afterwards, and what is known of the cells, is what really happened.
 * `ANY_ORDER_RUNS=10000` for the long form, `ANY_ORDER_SEED` to repeat one.
 */
const RUNS = Number(process.env['ANY_ORDER_RUNS'] ?? 12);
const SEED = Number(process.env['ANY_ORDER_SEED'] ?? Date.now() % 2 ** 31);
const EVENTS = 1000;
const PEOPLE = ['clerk@example.com', 'foreman@example.com', 'manager@example.com'];
const COLUMNS = ['11', '12', '13'];
const ROWS = Array.from({ length: 40 }, (_, index) => String(100 + index));
/** Callbacks are looked at after so many saves, all that have come by then together. */
const SAVES_PER_LOOK = 25;

const folder = newFolder();
let driver: EmbeddedStoreDriver;
let store: Store;
let sheets = 0;

beforeAll(async () => {
  driver = await openTestStore(folder, buildStoreWorker());
  store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
}, 120_000);

afterAll(async () => {
  await driver.close();
  removeFolder(folder);
}, 120_000);

/** When the callback of each save is looked at, in looks after the save; a second time where there are two. */
const delays = fc.array(fc.array(fc.nat({ max: 8 }), { minLength: 1, maxLength: 3 }), { minLength: 60, maxLength: 60 });
const schedules = fc.record({ delays, shuffle: fc.nat(), afternoon: fc.nat({ max: 1000 }) });
type Schedule = typeof schedules extends fc.Arbitrary<infer Value> ? Value : never;

/** What really happened: event_key to what the trail has to say, and the cells at the end. */
interface Truth {
  readonly trail: Map<string, string>;
  readonly cells: Map<string, string>;
}

/** A made-up afternoon on a paper sheet: one save after another, each with its events. */
class Afternoon {
  readonly truth: Truth = { trail: new Map(), cells: new Map() };
  private readonly revisions = new Map<string, number>();
  private readonly rows = [...ROWS];
  private readonly untouched = ROWS.slice(30);
  private readonly below: (below: number) => number;
  events = 0;
  private second = 0;

  constructor(
    private readonly sheet: PaperSheet,
    readonly sheetId: string,
    seed: number,
  ) {
    this.below = randomFrom(seed);
  }

  save(): readonly CallbackEvent[] {
    this.second += 1 + this.below(3);
    const by = PEOPLE[this.below(PEOPLE.length)]!;
    const events = this.deed(this.below(100), by);
    this.events += events.length;
    return events;
  }

  private deed(kind: number, by: string): readonly CallbackEvent[] {
    if (kind === 0) return this.add(by);
    if (kind === 1 && this.untouched.length > 0) return this.remove(by);
    if (kind < 5) return this.say(by);
    return this.edit(by);
  }

  private edit(by: string): readonly CallbackEvent[] {
    const row = this.rows[this.below(30)]!;
    const cells: Record<string, string> = {};
    for (const column of COLUMNS) if (this.below(2) === 0) cells[column] = this.other(row, column);
    if (Object.keys(cells).length === 0) cells['11'] = this.other(row, '11');
    for (const [column, value] of Object.entries(cells)) {
      const cell = `${row}:${column}`;
      const revision = (this.revisions.get(cell) ?? 0) + 1;
      this.revisions.set(cell, revision);
      this.tell(`${cell}:${revision}`, 'cell_changed', this.truth.cells.get(cell) ?? null, value, by);
      this.truth.cells.set(cell, value);
    }
    return this.sheet.save(this.second, by, cells, [row]);
  }

  /** A value that the cell does not hold; it may have held it before. */
  private other(row: string, column: string): string {
    const value = String(this.below(6));
    return value === this.truth.cells.get(`${row}:${column}`) ? `${value}0` : value;
  }

  private add(by: string): readonly CallbackEvent[] {
    const id = String(1000 + this.second);
    this.rows.unshift(id);
    this.truth.cells.set(`${id}:12`, '7');
    this.tell(`row:${id}:added:1`, 'row_added', null, null, by);
    return this.sheet.addRow(this.second, by, id, { '12': '7' });
  }

  /** Of a row that was edited before and whose callback comes after its end, nobody can tell any more. */
  private remove(by: string): readonly CallbackEvent[] {
    const id = this.untouched.pop()!;
    this.rows.splice(this.rows.indexOf(id), 1);
    this.tell(`row:${id}:deleted:1`, 'row_deleted', null, null, by);
    return this.sheet.deleteRow(this.second, by, id);
  }

  private say(by: string): readonly CallbackEvent[] {
    const id = String(5000 + this.second);
    this.tell(`comment:${id}:created:1`, 'comment_created', null, `words of ${id}`, by);
    const about = { objectType: 'comment', eventType: 'created', id, rowId: null, columnId: null };
    return [{ ...about, userId: by, at: at(this.second), changeAgent: null }];
  }

  private tell(key: string, kind: string, before: string | null, after: string | null, by: string): void {
    this.truth.trail.set(`${this.sheetId}:${key}`, JSON.stringify([kind, before, after, by, at(this.second)]));
  }
}

/** Lives through an afternoon with callbacks as the schedule has them. */
async function live({ delays: late, shuffle, afternoon: seed }: Schedule): Promise<Afternoon> {
  const sheetId = String(10_000 + (sheets += 1));
  const sheet = new PaperSheet(ROWS, COLUMNS, { isNamed: true, store, sheetId });
  await store.resolve(sheet.baseline());
  const afternoon = new Afternoon(sheet, sheetId, seed);
  const onTheirWay = new Map<number, (readonly CallbackEvent[])[]>();
  const below = randomFrom(shuffle);
  let saves = 0;
  const look = async (turn: number): Promise<void> => {
    const come = [...(onTheirWay.get(turn) ?? [])];
    onTheirWay.delete(turn);
    const shuffled: CallbackEvent[] = [];
    while (come.length > 0) shuffled.push(...come.splice(below(come.length), 1)[0]!);
    if (shuffled.length > 0) await store.resolve(await sheet.observe(shuffled));
  };
  for (; afternoon.events < EVENTS; saves += 1) {
    const events = afternoon.save();
    const turn = Math.floor(saves / SAVES_PER_LOOK);
    for (const delay of late[saves % late.length]!) {
      onTheirWay.set(turn + delay, [...(onTheirWay.get(turn + delay) ?? []), events]);
    }
    if (saves % SAVES_PER_LOOK === SAVES_PER_LOOK - 1) await look(turn);
  }
  for (const turn of [...onTheirWay.keys()].sort((left, right) => left - right)) await look(turn);
  return afternoon;
}

async function recorded(sheetId: string): Promise<Truth> {
  const trail = new Map<string, string>();
  for (;;) {
    const changes = await store.leaseChanges({ sheetIds: [sheetId], limit: 5000, leaseSeconds: 6000 });
    if (changes.length === 0) break;
    for (const one of changes) {
      const said = [one.kind, one.old_value, one.new_value, one.changed_by, one.changed_at];
      trail.set(one.event_key, JSON.stringify(said));
    }
  }
  const cells = new Map<string, string>();
  for (const { row_id, cells: known } of await store.knownRows(sheetId, 'all'))
    for (const [column, value] of Object.entries(known)) if (value !== null) cells.set(`${row_id}:${column}`, value);
  return { trail, cells };
}

const sorted = (map: Map<string, string>): string[] => [...map].map(([key, value]) => `${key} ${value}`).sort();

it(
  'any order, doubling, merging and delay of the callbacks of a thousand events ends in the same state',
  async () => {
    let runs = 0;
    try {
      await fc.assert(
        fc.asyncProperty(schedules, async (schedule) => {
          const { sheetId, truth } = await live(schedule);
          const found = await recorded(sheetId);
          runs += 1;
          expect(sorted(found.trail)).toEqual(sorted(truth.trail));
          expect(sorted(found.cells)).toEqual(sorted(truth.cells));
        }),
        { numRuns: RUNS, seed: SEED, endOnFailure: true },
      );
    } finally {
      process.stdout.write(`${JSON.stringify({ case: 'any order', seed: SEED, runs, events: EVENTS })}\n`);
    }
  },
  Math.max(180_000, RUNS * 20_000),
);
