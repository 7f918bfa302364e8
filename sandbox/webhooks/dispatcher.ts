import { challenge } from './challenge';
import { eventsOf, type EventMix, type RowMoves } from '../office/events';
import { Line, type LineParts, type LineSettings } from './line';
import { noFaults } from './faults';
import { Postman } from './postman';
import { statusCallback } from './callback-body';
import { wantedBy, withoutTwins } from './interest';
import type { Office } from '../office/office';
import type { Save } from '../office/types';
import type { SandboxClock } from '../clock';
import type { Sheet } from '../office/sheet';
import type { Webhook, WebhookStatus } from './types';

/** A sheet larger than this loses its hooks (reference §2.10). */
const GRID = { rows: 20_000, columns: 400, cells: 500_000 } as const;

/** All hooks, their states, and the way of an event from a save to a receiver. */
export class Dispatcher {
  readonly faults = noFaults();
  readonly postman = new Postman();
  private readonly lines = new Map<number, Line>();
  /** Hooks that were made inaccessible by hand: only a hand brings them back. */
  private readonly lostByHand = new Set<number>();
  private resting: (() => void)[] = [];

  constructor(
    private readonly clock: SandboxClock,
    private readonly office: Office,
    private readonly settings: LineSettings & { readonly eventMix: EventMix; readonly rowMoves: () => RowMoves },
  ) {
    office.onSave((save) => this.saved(save));
    office.access.onChange(() => this.compareAccess());
  }

  hooks(): Webhook[] {
    return [...this.lines.values()].map(({ hook }) => hook);
  }

  line(webhookId: number): Line | undefined {
    return this.lines.get(webhookId);
  }

  add(hook: Webhook): Line {
    const line = new Line(hook, this.parts());
    this.lines.set(hook.id, line);
    return line;
  }

  /** Puts back a saved hook. One that is lost although its owner can see the sheet was lost by hand. */
  restore(hook: Webhook): Line {
    if (hook.status === 'DISABLED_SCOPE_INACCESSIBLE' && this.ownerCanSee(hook)) this.lostByHand.add(hook.id);
    return this.add(hook);
  }

  remove(hook: Webhook): void {
    this.lines.get(hook.id)?.drop();
    this.lines.delete(hook.id);
  }

  /** Challenges the receiver and sets the status by its answer. */
  async verify(hook: Webhook): Promise<void> {
    const failure = await challenge(hook, this.postman, this.settings.challengeTimeoutMilliseconds);
    if (failure === null) this.setStatus(hook, 'ENABLED');
    else this.setStatus(hook, 'DISABLED_VERIFICATION_FAILED', failure);
    hook.sinceChallenge = 0;
  }

  /** Moves a hook to another status. What it had not been told yet is lost when it is disabled. */
  setStatus(hook: Webhook, status: WebhookStatus, why?: string): void {
    if (status !== 'ENABLED') this.lines.get(hook.id)?.drop();
    hook.status = status;
    hook.disabledDetails = status === 'ENABLED' ? undefined : why;
    hook.modifiedAt = this.clock.now();
  }

  /** Takes the sheet away from a hook's owner, or gives it back, and tells the receiver (reference §2.11). */
  setAccessible(hook: Webhook, accessible: boolean): void {
    if (accessible === (hook.status !== 'DISABLED_SCOPE_INACCESSIBLE')) return;
    if (!accessible && hook.status !== 'ENABLED') return;
    const status = accessible ? 'ENABLED' : 'DISABLED_SCOPE_INACCESSIBLE';
    this.setStatus(hook, status, 'The owner of the webhook has no access to the sheet.');
    this.lines.get(hook.id)?.enqueue(statusCallback(hook, status, this.clock.now()));
  }

  /** The same by hand, whatever the owner's rights are. */
  setAccessibleByHand(hook: Webhook, accessible: boolean): void {
    this.setAccessible(hook, accessible);
    if (accessible) this.lostByHand.delete(hook.id);
    else this.lostByHand.add(hook.id);
  }

  /** Takes a sheet's webhooks away while it counts as larger than they support. Their owners may enable them again after. */
  setTooLarge(sheet: Sheet, tooLarge: boolean): void {
    sheet.countsAsTooLarge = tooLarge;
    if (this.tooLarge(sheet)) this.disableAsTooLarge(this.enabledHooks(sheet.id));
  }

  /** Resolves when no callback is on its way. Callbacks that wait for the clock do not count. */
  async quiet(): Promise<void> {
    while ([...this.lines.values()].some((line) => line.busy)) {
      await new Promise<void>((resolve) => this.resting.push(resolve));
    }
  }

  /** Ends all windows now and goes on, retries included, until nothing is undelivered. Moves the clock if it must. */
  async settle(): Promise<void> {
    for (;;) {
      for (const line of this.lines.values()) line.closeWindow();
      await this.quiet();
      for (const line of this.lines.values()) line.releaseHeld();
      await this.quiet();
      if ([...this.lines.values()].every((line) => line.undelivered === 0)) return;
      const next = this.clock.nextTimer();
      if (next === undefined) return;
      await this.clock.advanceTo(next, () => this.quiet());
    }
  }

  close(): void {
    for (const line of this.lines.values()) line.drop();
    this.postman.close();
  }

  /** True when a sheet has outgrown webhooks. */
  tooLarge(sheet: Sheet): boolean {
    if (sheet.countsAsTooLarge) return true;
    const { rows, columns } = { rows: sheet.rows.length, columns: sheet.columns.length };
    return rows > GRID.rows || columns > GRID.columns || rows * columns > GRID.cells;
  }

  private saved(save: Save): void {
    const enabled = this.enabledHooks(save.sheetId);
    if (enabled.length === 0) return;
    const sheet = this.office.sheets.get(save.sheetId);
    if (sheet === undefined) return enabled.forEach((hook) => this.setAccessible(hook, false));
    if (this.tooLarge(sheet)) return this.disableAsTooLarge(enabled);
    const events = eventsOf(save, this.settings.eventMix, this.settings.rowMoves());
    for (const hook of withoutTwins(enabled)) {
      const wanted = wantedBy(hook, events);
      if (wanted.length > 0) this.lines.get(hook.id)?.gather(wanted);
    }
  }

  /** Rights have changed: hooks whose owner cannot see the sheet any more are lost, those whose owner can again come back. */
  private compareAccess(): void {
    for (const hook of this.hooks()) {
      if (!this.lostByHand.has(hook.id)) this.setAccessible(hook, this.ownerCanSee(hook));
    }
  }

  private ownerCanSee({ sheetId, ownerId }: Webhook): boolean {
    const sheet = this.office.sheets.get(sheetId);
    return sheet !== undefined && this.office.may(ownerId, sheet, 'VIEWER');
  }

  private enabledHooks(sheetId: number): Webhook[] {
    return this.hooks().filter((hook) => hook.sheetId === sheetId && hook.status === 'ENABLED');
  }

  /** Nobody is told (reference §2.11). */
  private disableAsTooLarge(hooks: readonly Webhook[]): void {
    const why = 'The sheet is larger than webhooks support.';
    for (const hook of hooks) this.setStatus(hook, 'DISABLED_EXCEEDED_GRID_LIMITS', why);
  }

  private parts(): LineParts {
    return {
      clock: this.clock,
      postman: this.postman,
      faults: this.faults,
      settings: this.settings,
      disable: (hook, status, why) => this.setStatus(hook, status, why),
      rested: () => {
        const resting = this.resting;
        this.resting = [];
        for (const resolve of resting) resolve();
      },
    };
  }
}
