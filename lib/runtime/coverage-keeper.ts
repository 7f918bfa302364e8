import { messageOf } from '../errors';
import type { Log, Now, Sleep } from '../ports';
import type { StoreDriver } from '../store/store';
import { Bell } from './bell';

/** How a sheet is watched at this moment; null: it cannot be watched now, and the log says why. */
export type WatchedHow = 'webhook' | 'polling' | null;

export interface CoverageParts {
  readonly driver: Pick<StoreDriver, 'rpc'>;
  readonly now: Now;
  readonly sleep: Sleep;
  readonly log: Log;
  /** Every sheet that a node asks to watch. */
  readonly watched: () => readonly { readonly sheetId: string; readonly how: WatchedHow }[];
  /** Business time, as an IANA name; asked for each time, since settings come with the nodes. */
  readonly timeZone: () => string;
  /** Seconds between two signs of life. */
  readonly beatSeconds: number;
}

/** A sheet's compares since the last sign of life. */
interface Compares {
  count: number;
  version: number | null;
}

/**
 * Keeps book of how sheets are watched, and puts one entry for each sheet and day that is over into the trail. It has no
 * state worth keeping: what is owed is in the store, so days of downtime are recorded when it starts again.
 */
export class CoverageKeeper {
  private readonly ending = new AbortController();
  private readonly bell: Bell;
  private readonly compares = new Map<string, Compares>();
  private readonly runningSince: string;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly parts: CoverageParts) {
    this.bell = new Bell(parts.sleep);
    this.runningSince = new Date(parts.now()).toISOString();
  }

  start(): void {
    this.running = this.run();
  }

  /** The version of a sheet was compared with the last known one. */
  compared(sheetId: string, version: number): void {
    const compares = this.compares.get(sheetId) ?? { count: 0, version: null };
    this.compares.set(sheetId, { count: compares.count + 1, version });
    if (compares.count === 0) this.bell.ring();
  }

  /** Says a last time how things stand, and ends. */
  async stop(): Promise<void> {
    this.ending.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    let complaint: string | null = null;
    while (!this.ending.signal.aborted) {
      await this.bell.wait(this.parts.beatSeconds * 1000, this.ending.signal);
      const failure = await this.beat().catch(messageOf);
      if (failure !== null && failure !== complaint) {
        this.parts.log.error(`How sheets are watched could not be recorded: ${failure}`);
      }
      complaint = failure;
    }
  }

  private async beat(): Promise<null> {
    const { driver, now, watched, timeZone } = this.parts;
    const about = { at: new Date(now()).toISOString(), time_zone: timeZone() };
    const taken = new Map(this.compares);
    this.compares.clear();
    const sheets = watched().map(({ sheetId, how }) => {
      const { count = 0, version = null } = taken.get(sheetId) ?? {};
      return { sheet_id: sheetId, how, compares: count, version };
    });
    try {
      await driver.rpc('billing_audit_watch_seen', { ...about, running_since: this.runningSince, sheets });
    } catch (failure) {
      for (const [sheetId, one] of taken) this.keepFor(sheetId, one);
      throw failure;
    }
    for (let more = true; more && !this.ending.signal.aborted;) {
      ({ more } = (await driver.rpc('billing_audit_record_coverage', about)) as { more: boolean });
    }
    return null;
  }

  /** Not told yet: it goes with the next sign of life. */
  private keepFor(sheetId: string, { count, version }: Compares): void {
    const since = this.compares.get(sheetId);
    this.compares.set(sheetId, { count: count + (since?.count ?? 0), version: since?.version ?? version });
  }
}
