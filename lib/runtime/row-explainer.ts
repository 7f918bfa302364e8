import { messageOf } from '../errors';
import type { Log, Random, Sleep } from '../ports';
import { Bell } from './bell';
import { explainSome, type ExplainParts } from './resolution/explain';

/** Rows that another process deferred, or that have waited for too long by now, are looked for this often. */
const IDLE_MILLISECONDS = 60_000;
const LONGEST_RETRY_MILLISECONDS = 60_000;

export interface ExplainerParts extends ExplainParts {
  readonly sleep: Sleep;
  readonly random: Random;
  readonly log: Log;
  /** Changes may wait now. */
  readonly onResolved: () => void;
  /** Nothing waits any more of what did. */
  readonly onDone: () => void;
}

/** Reads, beside the watch of a sheet, the history that its deferred rows wait for. It holds up no callback. */
export class RowExplainer {
  private readonly bell: Bell;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly sheetId: string,
    private readonly parts: ExplainerParts,
    private readonly signal: AbortSignal,
  ) {
    this.bell = new Bell(parts.sleep);
  }

  start(): void {
    this.running = this.run();
  }

  /** Rows have been deferred. */
  ring(): void {
    this.bell.ring();
  }

  /** Resolves when it has ended; the signal ends it. */
  async ended(): Promise<void> {
    await this.running;
  }

  private async run(): Promise<void> {
    let failures = 0;
    let hasWaiting = false;
    while (!this.signal.aborted) {
      try {
        const { rows, changes } = await explainSome(this.sheetId, this.parts);
        if (changes > 0) this.parts.onResolved();
        failures = 0;
        if (rows === 0 && hasWaiting) this.parts.onDone();
        hasWaiting = rows > 0;
        if (rows === 0) await this.bell.wait(IDLE_MILLISECONDS, this.signal);
      } catch (failure) {
        if (this.signal.aborted) return;
        failures += 1;
        const about = { sheet: this.sheetId };
        if (failures === 1) this.parts.log.warn(`Provisional changes wait on: ${messageOf(failure)}`, about);
        const longest = Math.min(LONGEST_RETRY_MILLISECONDS, 1000 * 2 ** Math.min(failures, 10));
        await this.parts.sleep(longest * (0.5 + this.parts.random() / 2), this.signal).catch(() => undefined);
      }
    }
  }
}
