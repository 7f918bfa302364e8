import type { Now } from '../ports';

/**
 * Rows that are gone, or changed, and nobody can tell by whom: a callback that says it may be on its way. Each waits for
 * it for a while; then it is told without a name. What is in the trail is never changed, so a name has to come before.
 */
export class AwaitedRows {
  private readonly since = new Map<string, number>();

  constructor(
    private readonly now: Now,
    private readonly graceMilliseconds: number,
  ) {}

  get isEmpty(): boolean {
    return this.since.size === 0;
  }

  get hasOverdue(): boolean {
    return [...this.since.keys()].some((rowId) => this.isOverdue(rowId));
  }

  /** It has waited long enough; or there is nothing to wait for. */
  isOverdue(rowId: string): boolean {
    if (this.graceMilliseconds === 0) return true;
    return this.now() - (this.since.get(rowId) ?? this.now()) >= this.graceMilliseconds;
  }

  /** These wait after a compare; all others do no longer. */
  keep(rowIds: readonly string[]): void {
    for (const id of [...this.since.keys()]) if (!rowIds.includes(id)) this.since.delete(id);
    for (const id of rowIds) if (!this.since.has(id)) this.since.set(id, this.now());
  }
}
