import { readReport, type Activity } from '../../access';
import type { Status } from '../../define/node';
import { messageOf } from '../../errors';
import type { Log, Now, Sleep } from '../../ports';
import {
  SmartsheetRefused,
  whyNoEvents,
  type EventPage,
  type EventsFrom,
  type SmartsheetClient,
} from '../../smartsheet';
import type { AccessStore } from '../../store/access';
import { Bell } from '../bell';
import { shortProblem } from '../troubles';
import { matchOrigins } from './match-origins';

export interface ReportReaderParts {
  /** Names it in the store; the same after a restart. */
  readonly reader: string;
  readonly client: Pick<SmartsheetClient, 'events'>;
  readonly store: AccessStore;
  readonly now: Now;
  readonly sleep: Sleep;
  readonly log: Log;
  readonly pollSeconds: number;
  readonly show: (status: Status) => void;
}

const HOUR = 3_600_000;
const PAGE = 1_000;
/** The first look, and the one after a new token. */
const FIRST_LOOK_BACK = 72 * HOUR;
/** Smartsheet tells some events late: changes of this time are matched again when nothing new was told. */
const LATE = 15 * 60_000;
const ALL_OF = 48 * HOUR;
/** A plan does not change from one minute to the next. */
const OFF_SECONDS = 3_600;

const OFF: Readonly<Record<'not_in_plan' | 'not_administrator', Status & { readonly why: string }>> = {
  not_in_plan: {
    state: 'off',
    text: 'this plan has no Event Reporting',
    why: 'This Smartsheet plan has no Event Reporting: sign-ins, shares and addresses in Smartsheet stay unknown.',
  },
  not_administrator: {
    state: 'off',
    text: 'Event Reporting needs a system administrator',
    why: 'Smartsheet shows Event Reporting to the token of a system administrator only (scope READ_EVENTS).',
  },
};

/**
 * Reads Event Reporting of one account, page by page. Where it is stands in the store and moves with what was recorded, so
 * a crash between two pages loses none and records none twice.
 */
export class ReportReader {
  private readonly ending = new AbortController();
  private readonly bell: Bell;
  private running: Promise<void> = Promise.resolve();
  private lastSweep = 0;
  private complaint = '';

  constructor(private readonly parts: ReportReaderParts) {
    this.bell = new Bell(parts.sleep);
  }

  start(): void {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.ending.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.ending.signal.aborted) {
      const wait = await this.look().catch((failure: unknown) => this.failed(failure));
      await this.bell.wait(wait * 1000, this.ending.signal);
    }
  }

  /** @returns seconds until the next look */
  private async look(): Promise<number> {
    const { store, show, pollSeconds, now, reader } = this.parts;
    const known = await store.accessReader(reader);
    const position = known?.position ?? null;
    let from: EventsFrom =
      position === null ? { since: new Date(now() - FIRST_LOOK_BACK).toISOString() } : { position };
    let read = 0;
    let earliest = Infinity;
    for (let more = true; more && !this.ending.signal.aborted;) {
      const page = await this.page(from, known?.read_at ?? null);
      const { events, activity } = await this.record(page);
      read += events;
      for (const { happened_at } of activity) earliest = Math.min(earliest, Date.parse(happened_at));
      // A page that promises more and does not move would be read for ever.
      more = page.more && page.position !== null && !('position' in from && page.position === from.position);
      if (page.position !== null) from = { position: page.position };
    }
    await this.match(earliest);
    this.complaint = '';
    show({ state: 'ok', text: read === 0 ? 'Event Reporting is read' : `${read} new from Smartsheet` });
    return pollSeconds;
  }

  /** A position may be too old for Smartsheet to know; then what is told twice is recorded once. */
  private async page(from: EventsFrom, lastRead: string | null): Promise<EventPage> {
    const { client, log, now } = this.parts;
    try {
      return await client.events(from, PAGE);
    } catch (failure) {
      const isOfPosition = failure instanceof SmartsheetRefused && failure.status === 400 && 'position' in from;
      if (!isOfPosition) throw failure;
      const since = new Date((lastRead === null ? now() - FIRST_LOOK_BACK : Date.parse(lastRead)) - HOUR).toISOString();
      log.warn(
        `Smartsheet did not take the position in Event Reporting (${failure.message}); it is read from ${since} on.`,
      );
      return client.events({ since }, PAGE);
    }
  }

  private async record(page: EventPage): Promise<{ readonly events: number; readonly activity: readonly Activity[] }> {
    const { store, reader, log } = this.parts;
    for (const problem of page.unreadable)
      log.warn(`Event Reporting told of something that cannot be understood: ${problem}`);
    const found = page.events.map(readReport);
    const events = found.flatMap(({ event }) => (event === null ? [] : [event]));
    const activity = found.flatMap((each) => (each.activity === null ? [] : [each.activity]));
    const news = { reader, state: 'ok' as const, why: '', ...(page.position !== null && { position: page.position }) };
    const recorded = await store.recordAccess({ events, activity, reader: news });
    return { events: recorded.filter(({ is_new }) => is_new).length, activity };
  }

  /** What new saves may explain, and what was recorded meanwhile; once an hour all of two days. */
  private async match(earliestSave: number): Promise<void> {
    const { store, now } = this.parts;
    const present = now();
    const isSweep = present - this.lastSweep >= HOUR;
    const from = isSweep ? present - ALL_OF : Math.min(present - LATE, earliestSave - LATE);
    await matchOrigins(store, { from: new Date(from).toISOString(), to: new Date(present + 60_000).toISOString() });
    if (isSweep) this.lastSweep = present;
  }

  private async failed(failure: unknown): Promise<number> {
    if (this.ending.signal.aborted) return 0;
    const { log, show, store, reader, pollSeconds } = this.parts;
    const off = whyNoEvents(failure);
    const status: Status = off ? OFF[off] : { state: 'error', text: shortProblem(failure) };
    const why = off ? OFF[off].why : messageOf(failure);
    show({ state: status.state, text: status.text });
    if (why !== this.complaint) log.warn(`Event Reporting is not read. ${why}`);
    this.complaint = why;
    // The dashboard tells it too; where the store is what is away, it cannot.
    const state = off ? 'off' : 'error';
    await store.recordAccess({ events: [], reader: { reader, state, why } }).catch(() => undefined);
    return off ? OFF_SECONDS : pollSeconds;
  }
}
