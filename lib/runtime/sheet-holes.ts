import { z } from 'zod';
import type { Now } from '../ports';
import type { StoreDriver } from '../store/store';

/** Why changes of a sheet may have gone unseen for a while. */
export type HoleReason = 'not_watched' | 'unreachable' | 'webhook_off' | 'callback_missing';

const foundSchema = z.object({ open: z.array(z.object({ reason: z.string() })) });
const openedSchema = z.object({ is_open: z.boolean() });

/**
 * The holes in the watch of one sheet. One is opened when it is noticed and closed when the sheet has been compared since;
 * then it is a change of its own, which ends in the trail. What is open outlasts a restart.
 */
export class SheetHoles {
  private readonly open = new Set<string>();
  /** Holes that are over, since when, and that are not told yet. */
  private readonly overSince = new Map<string, string>();
  private hasLooked = false;

  constructor(
    private readonly parts: {
      readonly sheetId: string;
      /** Null: nobody keeps a book of how the sheet is watched. */
      readonly driver: Pick<StoreDriver, 'rpc'> | null;
      readonly now: Now;
    },
  ) {}

  has(reason: HoleReason): boolean {
    return this.open.has(reason);
  }

  get hasAny(): boolean {
    return this.open.size > 0;
  }

  /** Looks once, before the first compare, for the time in which nothing watched; and for what was left open then. */
  async find(): Promise<void> {
    if (this.hasLooked) return;
    const { driver, sheetId } = this.parts;
    if (driver) {
      const asked = { sheet_id: sheetId, at: this.at(), why: 'the server or its flow did not run, or was cut off' };
      const { open } = foundSchema.parse(await driver.rpc('billing_audit_find_holes', asked));
      for (const { reason } of open) this.open.add(reason);
    }
    this.hasLooked = true;
  }

  /**
   * @param from  since when, in milliseconds since 1970
   * @returns false when it is none: a callback that was missed has come after all
   */
  async begin(reason: HoleReason, from: number, why: string): Promise<boolean> {
    const { driver, sheetId } = this.parts;
    if (driver && !this.open.has(reason)) {
      const hole = { sheet_id: sheetId, reason, why, from: new Date(from).toISOString() };
      const { is_open } = openedSchema.parse(await driver.rpc('billing_audit_open_hole', hole));
      if (!is_open) return false;
    }
    this.open.add(reason);
    this.overSince.delete(reason);
    return true;
  }

  /**
   * The sheet has been compared, and these are over.
   * @param isWhole  whether all that was found has been recorded: a hole tells how much that was
   * @returns whether one became a change
   */
  async end(reasons: readonly HoleReason[], isWhole: () => Promise<boolean>): Promise<boolean> {
    const { driver, sheetId } = this.parts;
    const over = reasons.filter((reason) => this.open.has(reason));
    for (const reason of over) if (!this.overSince.has(reason)) this.overSince.set(reason, this.at());
    if (over.length === 0 || !(await isWhole())) return false;
    for (const reason of over) {
      const at = this.overSince.get(reason) ?? this.at();
      await driver?.rpc('billing_audit_close_holes', { sheet_id: sheetId, reasons: [reason], at });
      this.open.delete(reason);
      this.overSince.delete(reason);
    }
    return driver !== null;
  }

  private at(): string {
    return new Date(this.parts.now()).toISOString();
  }
}
