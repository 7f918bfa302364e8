import type { BillingColumn, Plan } from './plan';
import type { CellValue } from '../office/types';

/** A cell change that an audit of the replay must find: no more and no fewer. */
export interface ExpectedChange {
  readonly sheet: string;
  readonly rowKey: string;
  readonly column: BillingColumn;
  readonly old: CellValue;
  readonly new: CellValue;
  /** E-mail address. */
  readonly person: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** The changed cells of a plan, in order of time. A cell whose value stays the same (a price of 0) is none. */
export function expectedChanges(plan: Plan): ExpectedChange[] {
  return plan.operations.flatMap((operation) => {
    if (operation.kind !== 'change') return [];
    const { sheet, rowKey, person, at, before, cells } = operation;
    const columns = ['Quantity', 'Units Total Price'] as const;
    return columns
      .map((column) => ({ sheet, rowKey, column, old: before[column] ?? null, new: cells[column] ?? null, person, at }))
      .filter((change) => change.old !== change.new);
  });
}
