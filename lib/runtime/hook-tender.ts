import { BillingAuditError } from '../errors';
import { SmartsheetRefused, SmartsheetUnavailable } from '../smartsheet';
import { calledColumns } from './called-columns';
import type { WatchParts } from './watch-parts';
import { WebhookNotEnabled } from './webhook-keeper';

/** The first wait before a webhook that could not be enabled is tried again, as a multiple of the first retry's. */
const FIRST_WAITS = 15;

/** Sees that the webhook of one sheet is there and enabled; while it cannot be had, tries again later and later. */
export class HookTender {
  /** Null: there is none that works. */
  webhookId: string | null = null;
  /** As Smartsheet last said; null: nobody could say yet. */
  status: string | null = null;
  /** When it is looked at next. */
  dueAt = 0;
  /** The columns whose changes it tells; empty: all. */
  columnIds: readonly string[] = [];
  private failures = 0;
  private workedAt: number | null = null;

  constructor(
    private readonly hook: {
      readonly sheetId: string;
      readonly callbackUrl: string;
      readonly columns: readonly string[];
    },
    private readonly parts: WatchParts,
  ) {}

  /**
   * @returns `made` after it was enabled: what changed before that has no callback; `unreadable`: it is off because its
   *   owner has lost the sheet, and the sheet indeed cannot be read, which is another trouble than that of a webhook
   * @throws what concerns more than the webhook: nobody answers, or the token is refused
   */
  async tend(): Promise<'made' | 'works' | 'failed' | 'unreadable'> {
    const { keeper, client, now, timing, troubles, holes } = this.parts;
    try {
      const isNew = this.webhookId === null;
      if (this.webhookId === null) {
        const { sheetId, columns } = this.hook;
        this.columnIds = await calledColumns(client, sheetId, columns, this.parts.log);
        this.webhookId = await keeper.ensure(client, { ...this.hook, columnIds: this.columnIds });
      }
      if (!isNew && this.webhookId !== null) await keeper.check(client, this.hook.sheetId, this.webhookId);
      if (!holes.has('callback_missing')) troubles.well('webhook');
      this.failures = 0;
      this.status = 'ENABLED';
      this.workedAt = now();
      this.dueAt = now() + timing.sweepSeconds * 1000;
      return isNew ? 'made' : 'works';
    } catch (failure) {
      if (!(failure instanceof BillingAuditError) || failure instanceof SmartsheetUnavailable) throw failure;
      if (failure instanceof SmartsheetRefused && failure.isAboutToken) throw failure;
      return this.failed(failure);
    }
  }

  private async failed(failure: BillingAuditError): Promise<'failed' | 'unreadable'> {
    const { log, now, troubles, holes } = this.parts;
    // One that was switched off is enabled again at once; if that fails too, later.
    this.dueAt = this.webhookId === null ? now() + this.wait(failure) : now();
    this.webhookId = null;
    this.status = failure instanceof WebhookNotEnabled ? failure.status : null;
    log.error(`${failure.message} ${failure.hint}`, { ...failure.context, sheet: this.hook.sheetId });
    const isUnreadable = this.status === 'DISABLED_SCOPE_INACCESSIBLE' && !(await this.isReadable());
    if (!isUnreadable) await troubles.failed('webhook', failure);
    // Until it works for the first time there is nothing to miss.
    const reason = isUnreadable ? 'unreachable' : 'webhook_off';
    if (this.workedAt !== null) await holes.begin(reason, this.workedAt, failure.message.replace(/\.$/, ''));
    return isUnreadable ? 'unreadable' : 'failed';
  }

  private async isReadable(): Promise<boolean> {
    try {
      await this.parts.client.sheetVersion(this.hook.sheetId);
      return true;
    } catch (refusal) {
      if (refusal instanceof SmartsheetRefused && !refusal.isAboutToken) return false;
      throw refusal;
    }
  }

  /** Where a person has to do something first, asking often would not help. */
  private wait(failure: BillingAuditError): number {
    const { timing } = this.parts;
    this.failures += 1;
    const needsPerson = failure instanceof WebhookNotEnabled && failure.needsPerson;
    const later = timing.firstRetrySeconds * FIRST_WAITS * 2 ** Math.min(this.failures - 1, 16);
    return (needsPerson ? timing.sweepSeconds : Math.min(timing.sweepSeconds, later)) * 1000;
  }
}
