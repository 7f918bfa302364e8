import { BillingAuditError, messageOf } from '../errors';
import type { Log, Sleep } from '../ports';

interface FollowerParts {
  readonly workspaceIds: readonly string[];
  readonly list: (workspaceId: string, signal: AbortSignal) => Promise<readonly string[]>;
  /** All sheets that are in the workspaces now. */
  readonly onListed: (sheetIds: readonly string[]) => Promise<void>;
  readonly onFailed: (failure: unknown) => void;
  readonly sleep: Sleep;
  readonly log: Log;
  readonly seconds: number;
}

/**
 * Keeps a subscription to all sheets of some workspaces: looks from time to time which there are. What cannot be listed
 * changes nothing: sheets that are watched go on being watched.
 */
export class WorkspaceFollower {
  private readonly ending = new AbortController();
  private running: Promise<void> = Promise.resolve();
  /** Whether the sheets have been listed at least once; until then nobody knows which webhooks are still needed. */
  hasListed = false;

  constructor(private readonly parts: FollowerParts) {}

  start(): void {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.ending.abort(new Error('The watch has ended.'));
    await this.running;
  }

  private async run(): Promise<void> {
    const { sleep, seconds } = this.parts;
    let complaint: string | null = null;
    while (!this.ending.signal.aborted) {
      complaint = await this.look(complaint);
      const wait = this.hasListed ? seconds : Math.min(seconds, 15);
      await sleep(wait * 1000, this.ending.signal).catch(() => undefined);
    }
  }

  /** @returns what went wrong, said once while it lasts */
  private async look(complaint: string | null): Promise<string | null> {
    const { workspaceIds, list, onListed, onFailed, log } = this.parts;
    try {
      const listed: string[] = [];
      for (const id of workspaceIds) listed.push(...(await list(id, this.ending.signal)));
      if (this.ending.signal.aborted) return complaint;
      await onListed(listed);
      this.hasListed = true;
      return null;
    } catch (failure) {
      if (this.ending.signal.aborted) return complaint;
      onFailed(failure);
      const message = messageOf(failure);
      const hint = failure instanceof BillingAuditError ? ` ${failure.hint}` : '';
      if (message !== complaint) log.error(`Sheets of a workspace cannot be listed: ${message}${hint}`);
      return message;
    }
  }
}
