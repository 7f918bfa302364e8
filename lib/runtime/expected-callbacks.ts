import type { Now } from '../ports';
import type { Observation, ObservedRow } from '../store/store';

/** Rows whose change was found by comparing; the webhook has to tell of each too, or it does not work. */
export class ExpectedCallbacks {
  private readonly since = new Map<string, number>();
  /** Nobody knows yet whether a person changed these. */
  private readonly suspected = new Set<string>();

  constructor(
    private readonly now: Now,
    private readonly patienceMilliseconds: number,
  ) {}

  expect(rowIds: readonly string[]): void {
    for (const id of rowIds) if (!this.since.has(id)) this.since.set(id, this.now());
  }

  /** These are expected once it is known that a person changed them, unless they are told before. */
  suspect(rowIds: readonly string[]): void {
    for (const id of rowIds) this.suspected.add(id);
  }

  /** A person did change these. */
  confirm(rowIds: readonly string[]): void {
    this.expect(rowIds.filter((id) => this.suspected.delete(id)));
  }

  /** A callback named these. */
  told(rowIds: readonly string[]): void {
    for (const id of rowIds) {
      this.since.delete(id);
      this.suspected.delete(id);
    }
  }

  forget(): void {
    this.suspected.clear();
    this.since.clear();
  }

  /** Since when a callback is missing, in milliseconds since 1970; null: none is. */
  get missingSince(): number | null {
    const first = Math.min(...this.since.values());
    return this.now() - first >= this.patienceMilliseconds ? first : null;
  }

  /** When one may be missing; `Infinity`: none is expected. */
  get dueAt(): number {
    return Math.min(...this.since.values()) + this.patienceMilliseconds;
  }
}

/**
 * Rows of which a cell was written by somebody: Smartsheet calls for these, and not for what a formula made of them.
 * @param columnIds  the columns that are called for; empty: all
 */
export function rowsSomebodyChanged({ rows }: Observation, columnIds: readonly string[]): readonly string[] {
  const isCalledFor = (columnId: string): boolean => columnIds.length === 0 || columnIds.includes(columnId);
  const isWritten = ({ cells }: ObservedRow): boolean =>
    cells.some(
      ({ column_id, steps }) =>
        isCalledFor(column_id) && steps.some(({ changed_by_kind }) => changed_by_kind !== 'unknown'),
    );
  return rows.filter(isWritten).map(({ row_id }) => row_id);
}
