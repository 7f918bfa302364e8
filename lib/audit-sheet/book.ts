import { z } from 'zod';
import { auditEventSchema, type AuditEvent } from '../event';
import type { StoreDriver } from '../store/store';
import type { ColumnIds } from './columns';
import { WritingTaken } from './errors';
import type { FoundRow } from './match';

const sheetSchema = z.object({ sheet_id: z.string(), name: z.string(), columns: z.record(z.string(), z.string()) });
const leasedSchema = z.object({
  held: z.boolean(),
  sheet: sheetSchema.nullable(),
  rows: z.array(
    // Null: of a form that this program does not know.
    z.object({ event_key: z.string(), event: auditEventSchema.nullable().catch(null) }),
  ),
  waiting: z.number(),
});
const heldSchema = z.object({ held: z.boolean() });

export type KnownAuditSheet = z.infer<typeof sheetSchema>;
export type LeasedRows = z.infer<typeof leasedSchema>;

export interface SavedAuditSheet {
  readonly sheetId: string;
  readonly name: string;
  readonly columns: ColumnIds;
  /** Why the sheet before is not written any more. */
  readonly whyEnded?: 'full' | 'gone' | 'another';
  readonly events: readonly AuditEvent[];
}

/** What writing to the audit sheet asks of the store. One transaction per call. */
export class AuditSheetBook {
  constructor(
    private readonly driver: Pick<StoreDriver, 'rpc'>,
    private readonly worker: string,
    private readonly at: () => string,
  ) {}

  async switch(on: boolean): Promise<void> {
    await this.driver.rpc('billing_audit_switch_audit_sheet', { on });
  }

  async lease(
    limit: number,
    { seconds, sole }: { readonly seconds: number; readonly sole: boolean },
  ): Promise<LeasedRows> {
    const p = { worker: this.worker, seconds, limit, sole, at: this.at() };
    return leasedSchema.parse(await this.driver.rpc('billing_audit_lease_audit_rows', p));
  }

  /** @throws WritingTaken */
  async mark(sheetId: string, found: readonly FoundRow[]): Promise<void> {
    if (found.length === 0) return;
    const rows = found.map(({ eventKey, rowId, state }) => ({ event_key: eventKey, row_id: rowId, state }));
    const p = { worker: this.worker, sheet_id: sheetId, rows, at: this.at() };
    this.mustHold(await this.driver.rpc('billing_audit_mark_audit_rows', p));
  }

  async release(): Promise<void> {
    await this.driver.rpc('billing_audit_release_audit_rows', { worker: this.worker });
  }

  /** @throws WritingTaken */
  async saveSheet({ sheetId, name, columns, whyEnded, events }: SavedAuditSheet): Promise<void> {
    const p = {
      worker: this.worker,
      sheet_id: sheetId,
      name,
      columns,
      events,
      why_ended: whyEnded ?? null,
      at: this.at(),
    };
    this.mustHold(await this.driver.rpc('billing_audit_save_audit_sheet', p));
  }

  /** Every sheet that was ever written to. */
  async sheetIds(): Promise<readonly string[]> {
    const answer = await this.driver.rpc('billing_audit_audit_sheets', {});
    return z.object({ sheet_ids: z.array(z.string()) }).parse(answer).sheet_ids;
  }

  async troubleBegins(trouble: {
    readonly sheetId: string;
    readonly title: string;
    readonly text: string;
  }): Promise<void> {
    const at = this.at();
    const { sheetId, title, text } = trouble;
    const p = { kind: 'sheet', sheet_id: sheetId, severity: 'HIGH', title, text, began_at: at, at };
    await this.driver.rpc('billing_audit_begin_watch_trouble', p);
  }

  async troubleEnds(sheetId: string, title: string, text: string): Promise<void> {
    const p = { kind: 'sheet', sheet_id: sheetId, title, text, at: this.at() };
    await this.driver.rpc('billing_audit_end_watch_trouble', p);
  }

  private mustHold(answer: unknown): void {
    if (!heldSchema.parse(answer).held) throw new WritingTaken();
  }
}
