import { setImmediate, setTimeout } from 'node:timers/promises';
import { ControlRefusal } from '../errors';
import { expectedChanges, type ExpectedChange } from './expected';
import { BILLING_COLUMNS, type BillingCells, type Operation, type Plan } from './plan';
import type { CellContent } from '../office/types';
import type { Sheet } from '../office/sheet';
import type { World } from '../world';

export interface Pace {
  /** Virtual seconds for each real one; 0 = as fast as possible. */
  readonly rate: number;
  /** Wait before each step until the callbacks that are due were answered. */
  readonly lockstep: boolean;
}

/** How far a replay has come; what a state file keeps of it. */
export interface ReplayProgress {
  readonly done: number;
  readonly sheetIds: readonly number[];
  /** Ids of the added rows, in the order of the plan. */
  readonly rowIds: readonly number[];
}

const BEFORE_THE_FIRST = 60_000;
const PACE_STEP_MILLISECONDS = 20;

/** Plays a plan into the office on the sandbox's clock, which stands from the preparation until the replay is done. */
export class Replay {
  private state: 'waiting' | 'running' | 'stopped' | 'done' = 'waiting';
  private done = 0;
  private readonly sheets = new Map<string, Sheet>();
  private readonly rowIds = new Map<string, number>();
  private readonly people = new Map<string, number>();
  private ending: Promise<void> = Promise.resolve();

  /** Makes the people and the empty sheets, or finds those of a replay that was interrupted. */
  constructor(
    private readonly world: World,
    private readonly plan: Plan,
    private readonly pace: Pace,
    progress?: ReplayProgress,
  ) {
    for (const email of plan.people) this.people.set(email, world.office.people.add({ email }).id);
    if (progress === undefined) this.prepare();
    else this.restore(progress);
  }

  /** True until it was started. */
  get waits(): boolean {
    return this.state === 'waiting';
  }

  status(): object {
    const { clock, dispatcher } = this.world;
    const undelivered = dispatcher.hooks().reduce((sum, { id }) => sum + (dispatcher.line(id)?.undelivered ?? 0), 0);
    const total = this.plan.operations.length;
    return { state: this.state, done: this.done, total, at: new Date(clock.now()).toISOString(), undelivered };
  }

  /** @throws ControlRefusal 409 when it runs or is done */
  start(): object {
    if (this.state !== 'waiting') {
      throw new ControlRefusal(
        `The replay is ${this.state} already.`,
        'A replay runs once; start a new sandbox for another.',
        409,
      );
    }
    this.state = 'running';
    this.ending = this.run();
    return this.status();
  }

  /** Stops after the present step. */
  async stop(): Promise<void> {
    if (this.state === 'running') this.state = 'stopped';
    await this.ending;
  }

  progress(): ReplayProgress {
    return {
      done: this.done,
      sheetIds: [...this.sheets.values()].map(({ id }) => id),
      rowIds: [...this.rowIds.values()],
    };
  }

  /** What an audit must find, with the ids of sheets, rows and columns; a row that is not there yet has the id null. */
  expected(): object {
    return { changes: expectedChanges(this.plan).map((change) => this.withIds(change)) };
  }

  private prepare(): void {
    const { office, clock, settings } = this.world;
    const start = (this.plan.operations[0]?.at ?? settings.wall()) - BEFORE_THE_FIRST;
    clock.stand(start);
    const owner = office.people.all()[0]?.id ?? 0;
    for (const name of this.plan.sheets) {
      const columns = BILLING_COLUMNS.map((column, index) => ({
        ...column,
        primary: index === 0,
        options: [],
        locked: false,
        width: 150,
      }));
      this.sheets.set(name, office.createSheet({ name, columns }, { userId: owner, at: start }));
    }
  }

  private restore(progress: ReplayProgress): void {
    this.plan.sheets.forEach((name, index) => {
      const sheet = this.world.office.sheets.get(progress.sheetIds[index] ?? 0);
      if (sheet !== undefined) this.sheets.set(name, sheet);
    });
    const keys = this.plan.operations.flatMap((operation) =>
      operation.kind === 'add' ? operation.rows.map(({ key }) => key) : [],
    );
    progress.rowIds.forEach((id, index) => this.rowIds.set(keys[index] ?? '', id));
    this.done = progress.done;
    if (this.done >= this.plan.operations.length) this.state = 'done';
  }

  private async run(): Promise<void> {
    const { clock, dispatcher, settings } = this.world;
    const after = () => (this.pace.lockstep ? dispatcher.quiet() : Promise.resolve());
    const began = { real: settings.wall(), virtual: clock.now() };
    for (let next = this.plan.operations[this.done]; next !== undefined; next = this.plan.operations[this.done]) {
      await this.waitFor(next.at, began, after);
      if (this.state !== 'running') return;
      await clock.advanceTo(next.at, after);
      this.apply(next);
      this.done += 1;
      await after();
      await setImmediate();
    }
    await clock.advanceTo(clock.now() + settings.debounceSeconds * 1_000, after);
    clock.run();
    this.state = 'done';
    settings.log('The replay is done; the clock runs on from its last moment.');
  }

  /** Lets real time pass as the rate asks, moving the clock along so that windows end when they should. */
  private async waitFor(
    at: number,
    began: { real: number; virtual: number },
    after: () => Promise<void>,
  ): Promise<void> {
    if (this.pace.rate === 0) return;
    const allowed = () => began.virtual + (this.world.settings.wall() - began.real) * this.pace.rate;
    while (this.state === 'running' && allowed() < at) {
      await setTimeout(PACE_STEP_MILLISECONDS);
      await this.world.clock.advanceTo(Math.min(allowed(), at), after);
    }
  }

  private apply(operation: Operation): void {
    const sheet = this.sheets.get(operation.sheet);
    if (sheet === undefined) return;
    const by = { userId: this.people.get(operation.person) ?? 0, at: operation.at };
    if (operation.kind === 'add') {
      const drafts = operation.rows.map(({ cells }) => contentsOf(sheet, cells));
      const rows = this.world.office.addRows(sheet, drafts, by);
      operation.rows.forEach(({ key }, index) => this.rowIds.set(key, rows[index]?.id ?? 0));
      return;
    }
    const rowId = this.rowIds.get(operation.rowKey);
    if (rowId === undefined || sheet.row(rowId) === undefined) return;
    this.world.office.updateRows(sheet, [{ rowId, cells: contentsOf(sheet, operation.cells) }], by);
  }

  private withIds(change: ExpectedChange): object {
    const sheet = this.sheets.get(change.sheet);
    return {
      ...change,
      at: new Date(change.at).toISOString(),
      sheetId: sheet?.id ?? null,
      rowId: this.rowIds.get(change.rowKey) ?? null,
      columnId: sheet?.columnTitled(change.column)?.id ?? null,
    };
  }
}

function contentsOf(sheet: Sheet, cells: BillingCells): Map<number, CellContent> {
  return new Map(
    sheet.columns.flatMap(({ id, title, type }): [number, CellContent][] => {
      const value = cells[title as keyof BillingCells];
      if (value === undefined) return [];
      return [[id, type === 'CONTACT_LIST' && typeof value === 'string' ? { value, displayValue: value } : { value }]];
    }),
  );
}
