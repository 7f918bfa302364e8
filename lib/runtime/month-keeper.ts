import { messageOf } from '../errors';
import type { Log, Sleep } from '../ports';
import type { StoreDriver } from '../store/store';
import { Bell } from './bell';

export interface MonthParts {
  readonly driver: Pick<StoreDriver, 'rpc'>;
  readonly sleep: Sleep;
  readonly log: Log;
  /** Seconds between two looks. */
  readonly monthSeconds: number;
}

/**
 * Has the store make the partitions of the months to come, where it keeps the trail by month. Nothing is lost when that
 * fails: events of a month without a partition lie in the rest, and it is tried again.
 */
export class MonthKeeper {
  private readonly ending = new AbortController();
  private readonly bell: Bell;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly parts: MonthParts) {
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
    let complaint: string | null = null;
    while (!this.ending.signal.aborted) {
      const failure = await this.look().catch(messageOf);
      if (failure !== null && failure !== complaint) {
        this.parts.log.warn(
          `The partitions of the months to come could not be made, and will be tried again: ${failure}`,
        );
      }
      complaint = failure;
      await this.bell.wait(this.parts.monthSeconds * 1000, this.ending.signal);
    }
  }

  private async look(): Promise<null> {
    const { made } = (await this.parts.driver.rpc('billing_audit_make_months', {})) as {
      readonly made: readonly string[];
    };
    if (made.length > 0) this.parts.log.info(`The trail has partitions for ${made.join(', ')}.`);
    return null;
  }
}
