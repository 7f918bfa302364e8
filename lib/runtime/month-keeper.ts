import { messageOf } from '../errors';
import type { Log, Sleep } from '../ports';
import type { StoreDriver } from '../store/store';
import { Bell } from './bell';
import type { OpenStore } from './open-store';
import { DEFAULT_TIMING, type Timing } from './timing';

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
  private hasLooked: () => void = () => undefined;
  private failure: string | null = null;

  constructor(private readonly parts: MonthParts) {
    this.bell = new Bell(parts.sleep);
  }

  /**
   * Resolves when it has looked once, or has tried for so long: what is recorded first after months of standstill should find
   * its month, since one that the rest has begun is made no more.
   */
  async start(patienceSeconds = 10): Promise<void> {
    const looked = new Promise<void>((resolve) => (this.hasLooked = resolve));
    this.running = this.run();
    const patience = new AbortController();
    await Promise.race([looked, this.parts.sleep(patienceSeconds * 1000, patience.signal).catch(() => undefined)]);
    patience.abort();
  }

  /** Whether it failed when it looked last. */
  get isFailing(): boolean {
    return this.failure !== null;
  }

  async stop(): Promise<void> {
    this.ending.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.ending.signal.aborted) {
      const failure = await this.look().catch(messageOf);
      if (failure !== null && failure !== this.failure) {
        this.parts.log.warn(
          `The partitions of the months to come could not be made, and will be tried again: ${failure}`,
        );
      }
      this.failure = failure;
      this.hasLooked();
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

/** A store whose months are kept for as long as it is open. It has looked at them when this resolves. */
export async function withMonths(
  opened: OpenStore,
  { log, timing }: { readonly log: Log; readonly timing?: Partial<Timing> },
  { sleep }: { readonly sleep: Sleep },
): Promise<OpenStore> {
  if (!opened.driver) return opened;
  const { monthSeconds } = { ...DEFAULT_TIMING, ...timing };
  const keeper = new MonthKeeper({ driver: opened.driver, sleep, log, monthSeconds });
  await keeper.start();
  return {
    ...opened,
    monthsFail: () => keeper.isFailing,
    close: async () => {
      await keeper.stop();
      await opened.close();
    },
  };
}
