/** A thing to do at a time of the sandbox's clock. */
export interface Timer {
  cancel(): void;
}

interface Waiting {
  readonly time: number;
  readonly order: number;
  readonly fire: () => void;
}

/** What runs after each moment at which timers fired; a replay in lockstep waits here for the callbacks. */
export type AfterMoment = () => Promise<void>;

/**
 * The one clock of a sandbox. Debounce windows, delays and retries wait on it.
 *
 * It *runs* with the wall clock (plus what it was advanced), or it *stands* and moves only by `advanceTo`. It never goes
 * back. Times are milliseconds since 1970-01-01T00:00:00Z.
 */
export class SandboxClock {
  private offset = 0;
  private standingAt: number | undefined;
  private waiting: Waiting[] = [];
  private orders = 0;
  private pump: NodeJS.Timeout | undefined;

  /** @param wall the machine's clock, in milliseconds */
  constructor(private readonly wall: () => number) {}

  now(): number {
    return this.standingAt ?? this.wall() + this.offset;
  }

  get stands(): boolean {
    return this.standingAt !== undefined;
  }

  /** Stops the clock at `time`; from now on only `advanceTo` moves it. */
  stand(time: number): void {
    this.standingAt = time;
    this.arm();
  }

  /** Lets the clock run with the wall clock again, from the time at which it stands. */
  run(): void {
    if (this.standingAt === undefined) return;
    this.offset = this.standingAt - this.wall();
    this.standingAt = undefined;
    this.arm();
  }

  /** Calls `fire` when the clock has reached `time`; never inside this call. */
  at(time: number, fire: () => void): Timer {
    const entry: Waiting = { time, order: this.orders++, fire };
    const place = this.waiting.findIndex((other) => other.time > time);
    this.waiting.splice(place < 0 ? this.waiting.length : place, 0, entry);
    this.arm();
    return { cancel: () => this.forget(entry) };
  }

  /** How the clock is set, for a state file; `set` takes it back. */
  get setting(): { standingAt: number | null; offset: number } {
    return { standingAt: this.standingAt ?? null, offset: this.offset };
  }

  set({ standingAt, offset }: { readonly standingAt: number | null; readonly offset: number }): void {
    this.standingAt = standingAt ?? undefined;
    this.offset = offset;
    this.arm();
  }

  /** The time of the next timer, if one waits. */
  nextTimer(): number | undefined {
    return this.waiting[0]?.time;
  }

  /**
   * Moves the clock to `time` and fires what becomes due, moment by moment, in order.
   * @param time  a time before now is taken as now
   * @param after awaited after each moment at which timers fired
   */
  async advanceTo(time: number, after: AfterMoment = async () => undefined): Promise<void> {
    for (let next = this.nextTimer(); next !== undefined && next <= time; next = this.nextTimer()) {
      this.moveTo(next);
      this.fireDue();
      await after();
    }
    this.moveTo(time);
    this.arm();
  }

  /** Forgets all timers. The clock can still be read. */
  close(): void {
    this.waiting = [];
    this.arm();
  }

  private moveTo(time: number): void {
    if (time <= this.now()) return;
    if (this.standingAt === undefined) this.offset = time - this.wall();
    else this.standingAt = time;
  }

  private fireDue(): void {
    const now = this.now();
    for (let head = this.waiting[0]; head !== undefined && head.time <= now; head = this.waiting[0]) {
      this.waiting.shift();
      head.fire();
    }
  }

  private forget(entry: Waiting): void {
    this.waiting = this.waiting.filter((other) => other !== entry);
    this.arm();
  }

  /** Keeps one wall timer for the next due moment while the clock runs. */
  private arm(): void {
    clearTimeout(this.pump);
    this.pump = undefined;
    const next = this.nextTimer();
    if (this.standingAt !== undefined || next === undefined) return;
    const wait = Math.min(Math.max(0, next - this.now()), 2 ** 31 - 1);
    this.pump = setTimeout(() => {
      this.fireDue();
      this.arm();
    }, wait);
    this.pump.unref();
  }
}
