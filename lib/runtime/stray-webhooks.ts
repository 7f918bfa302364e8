import { messageOf } from '../errors';
import type { Log, Sleep } from '../ports';

/**
 * Takes away webhooks whose sheet no trigger watches any more, as when a trigger is deployed with fewer sheets: else
 * Smartsheet would call for ever, and what it says would wait unseen. Then it closes what people were told of such a sheet,
 * which no watch could end any more. It waits until triggers have stopped coming and going, and does nothing while none
 * runs: a plain stop or restart keeps every webhook.
 */
export class StrayWebhooks {
  private isEnded = false;
  private current = new AbortController();
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly parts: {
      readonly sleep: Sleep;
      readonly log: Log;
      readonly settleSeconds: number;
      /** Sheets that have a webhook of this home. */
      readonly hooked: () => Promise<readonly string[]>;
      readonly watched: () => readonly string[];
      /** Never rejects. */
      readonly remove: (sheetId: string, signal: AbortSignal) => Promise<void>;
      /** Sheets of which people were told of a trouble that lasts. */
      readonly troubled: () => Promise<readonly string[]>;
      /** For certain, nobody watches it any more. */
      readonly isUnwatched: (sheetId: string) => boolean;
      readonly endTroubles: (sheetId: string) => Promise<void>;
    },
  ) {}

  /** A trigger has started or ended: the wait begins anew. */
  restart(): void {
    if (this.isEnded) return;
    this.current.abort();
    this.current = new AbortController();
    this.running = this.run(this.running, this.current.signal);
  }

  async stop(): Promise<void> {
    this.isEnded = true;
    this.current.abort();
    await this.running;
  }

  private async run(before: Promise<void>, signal: AbortSignal): Promise<void> {
    await before;
    await this.parts.sleep(this.parts.settleSeconds * 1000, signal).catch(() => undefined);
    if (signal.aborted) return;
    try {
      await this.removeStrays(signal);
    } catch (failure) {
      this.parts.log.warn(`Webhooks that nobody needs any more could not be looked for: ${messageOf(failure)}`);
    }
    try {
      await this.endStrayTroubles(signal);
    } catch (failure) {
      this.parts.log.warn(`Troubles of sheets that nobody watches any more could not be closed: ${messageOf(failure)}`);
    }
  }

  private async removeStrays(signal: AbortSignal): Promise<void> {
    const { hooked, watched, remove, log } = this.parts;
    for (const sheetId of await hooked()) {
      // Asked anew each time: a removal takes a while.
      const sheetIds = watched();
      if (signal.aborted || sheetIds.length === 0) return;
      if (sheetIds.includes(sheetId)) continue;
      log.info(`No trigger watches sheet ${sheetId} any more: its webhook is taken away.`, { sheet: sheetId });
      await remove(sheetId, signal);
    }
  }

  private async endStrayTroubles(signal: AbortSignal): Promise<void> {
    const { troubled, isUnwatched, endTroubles } = this.parts;
    for (const sheetId of await troubled()) {
      if (signal.aborted) return;
      if (isUnwatched(sheetId)) await endTroubles(sheetId);
    }
  }
}
