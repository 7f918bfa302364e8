import { setTimeout as pause } from 'node:timers/promises';
import { ControlRefusal } from '../errors';
import { Hands } from './hands';
import { messageOf } from '../../lib/errors';
import { OfficeCalendar } from './calendar';
import { PlantedBook, type PlantedIncident } from './planted';
import { planDays, planLive, planPast, type PlanOptions } from './plan';
import type { Planned } from './interleave';
import type { World } from '../world';

/** What a state file keeps of a practice office, beside its sheets. */
export interface PracticeProgress {
  readonly planted: readonly PlantedIncident[];
  readonly plantedInAll: number;
}

const PAST_DAYS = 42;
/** The days that are played while somebody watches; after a longer absence, only these. */
const WATCHED_DAYS = 10;
const DAY = 86_400_000;
/** Saves of past days are spread over at least this many milliseconds each, unless the rate is 0. */
const LEAST_PAUSE = 150;
/** Ids that may have been given after the last saving of a state that did not end well. */
const IDS_SKIPPED = 10_000;

/**
 * A working office on the sandbox's clock: weeks of its past are there at once, its last days are played when it opens,
 * quickly, and then it works on in real time without an end, at any hour. The clock stands until it has caught up.
 */
export class PracticeOffice {
  private state: 'waiting' | 'catching up' | 'live' | 'stopped' = 'waiting';
  private readonly hands: Hands;
  private readonly planted: PlantedBook;
  private readonly ending = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private progressOfDays = { done: 0, total: 0 };

  /** Makes the sheets with their past, or goes on with those of a saved state. */
  constructor(
    private readonly world: World,
    saved: PracticeProgress | null,
  ) {
    this.hands = new Hands(world.office);
    this.planted = new PlantedBook(saved?.planted ?? [], saved?.plantedInAll ?? 0);
    if (this.hands.furnished) this.goOnFromBefore();
    else this.layDownThePast();
  }

  get waits(): boolean {
    return this.state === 'waiting';
  }

  /** What was planted so far, for people who train; and how far the office has come. */
  status(): object {
    return {
      state: this.state,
      now: new Date(this.world.clock.now()).toISOString(),
      ...this.progressOfDays,
      planted: this.planted.all(),
    };
  }

  /** @throws ControlRefusal 409 when it works already */
  start(): object {
    if (!this.waits) {
      throw new ControlRefusal(`The office is ${this.state} already.`, 'It works until the sandbox ends.', 409);
    }
    this.state = 'catching up';
    this.running = this.work();
    return this.status();
  }

  async stop(): Promise<void> {
    this.ending.abort();
    await this.running;
  }

  progress(): PracticeProgress {
    return { planted: this.planted.all(), plantedInAll: this.planted.count };
  }

  private layDownThePast(): void {
    const { clock, settings } = this.world;
    const calendar = new OfficeCalendar(settings.timeZone);
    const watchedFrom = calendar.at(calendar.plusDays(calendar.day(settings.wall()), -WATCHED_DAYS), 0);
    const from = watchedFrom - PAST_DAYS * DAY;
    clock.stand(from);
    this.hands.furnish(from);
    for (const save of planPast(this.planOptions(), from, watchedFrom)) this.hands.carryOut(save.done, save.at);
    clock.stand(watchedFrom);
  }

  /** The days since the last change are still to be played, but no more than there are at the beginning. */
  private goOnFromBefore(): void {
    const { clock, office, settings } = this.world;
    office.ids.resume(office.ids.seed, office.ids.used + IDS_SKIPPED);
    const lastChange = Math.max(0, ...[...office.sheets.values()].map(({ modifiedAt }) => modifiedAt));
    clock.stand(Math.max(lastChange + 1_000, settings.wall() - WATCHED_DAYS * DAY));
  }

  private async work(): Promise<void> {
    const { clock, settings } = this.world;
    try {
      await this.catchUp();
      await clock.advanceTo(settings.wall(), this.after);
      clock.run();
      this.state = 'live';
      settings.log('The practice office has caught up with the present and works on.');
      await this.workOn();
    } catch (thrown) {
      if (!this.ending.signal.aborted) settings.log(`The practice office has stopped working: ${messageOf(thrown)}`);
    }
    this.state = 'stopped';
  }

  /** Plays the past days, spread evenly, so that there is always something to see. */
  private async catchUp(): Promise<void> {
    const { clock, settings } = this.world;
    const from = clock.now();
    const saves = planDays(this.planOptions(), from, settings.wall(), this.planted.count);
    const rate = settings.practiceRate;
    const whole = rate === 0 ? 0 : Math.max((settings.wall() - from) / rate, saves.length * LEAST_PAUSE);
    const began = settings.wall();
    this.progressOfDays = { done: 0, total: saves.length };
    for (const [index, save] of saves.entries()) {
      await this.until(began + (whole * index) / saves.length);
      await clock.advanceTo(save.at, this.after);
      this.carryOut(save, save.at);
      this.progressOfDays = { done: index + 1, total: saves.length };
      await this.after();
    }
  }

  /** Keeps the pauses of the plan, not its times: after a sleep of the machine nothing comes in a rush. */
  private async workOn(): Promise<void> {
    const { clock, settings } = this.world;
    let planned = clock.now();
    for (const save of planLive(this.planOptions(), planned, this.planted.count)) {
      await this.until(settings.wall() + (save.at - planned));
      planned = save.at;
      this.carryOut(save, clock.now());
      await this.after();
    }
  }

  private carryOut({ done, incident }: Planned, at: number): void {
    const deeds = this.hands.carryOut(done, at);
    if (incident !== undefined && deeds.length > 0) this.planted.note(incident, deeds);
  }

  /** @throws an AbortError when the office is to stop */
  private async until(wall: number): Promise<void> {
    const wait = Math.max(0, wall - this.world.settings.wall());
    await pause(wait, undefined, { signal: this.ending.signal });
  }

  private readonly after = (): Promise<void> =>
    this.world.settings.replayInLockstep ? this.world.dispatcher.quiet() : Promise.resolve();

  private planOptions(): PlanOptions {
    return { seed: this.world.office.ids.seed, zone: this.world.settings.timeZone, book: this.hands.read() };
  }
}
