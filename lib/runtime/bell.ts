import type { Sleep } from '../ports';

/** Something to wait for that others ring. A ring while nobody waits is kept for the next one. */
export class Bell {
  private rung = false;
  private answer: (() => void) | null = null;

  constructor(private readonly sleep: Sleep) {}

  ring(): void {
    this.rung = true;
    this.answer?.();
  }

  /** Resolves when rung, when `milliseconds` have passed, or when the signal aborts. Never rejects. */
  async wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (!this.rung && !signal.aborted && milliseconds > 0) {
      const awake = new AbortController();
      const stop = (): void => awake.abort();
      signal.addEventListener('abort', stop, { once: true });
      this.answer = stop;
      await this.sleep(milliseconds, awake.signal).catch(() => undefined);
      signal.removeEventListener('abort', stop);
      this.answer = null;
    }
    this.rung = false;
  }
}
