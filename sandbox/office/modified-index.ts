/** One touch of a row. The list of them is kept in order of time, so that "since" is a binary search. */
interface Touch {
  readonly at: number;
  readonly rowId: number;
}

/** Answers "which rows were modified since?" without looking at every row. */
export class ModifiedIndex {
  private touches: Touch[] = [];
  private readonly latest = new Map<number, number>();

  /** Notes that a row was modified. A time before the latest one is allowed (practice edits in the past). */
  touch(rowId: number, at: number): void {
    const last = this.touches.at(-1);
    if (last === undefined || last.at <= at) this.touches.push({ at, rowId });
    else this.touches.splice(this.firstFrom(at + 1), 0, { at, rowId });
    this.latest.set(rowId, Math.max(at, this.latest.get(rowId) ?? at));
    if (this.touches.length > 2 * this.latest.size + 1_000) this.compact();
  }

  forget(rowId: number): void {
    this.latest.delete(rowId);
  }

  /** Ids of the rows whose last modification is at or after `time`, each once. */
  since(time: number): Set<number> {
    const found = new Set<number>();
    for (let index = this.firstFrom(time); index < this.touches.length; index += 1) {
      const rowId = this.touches[index]?.rowId;
      if (rowId !== undefined && this.latest.has(rowId)) found.add(rowId);
    }
    return found;
  }

  /** The place of the first touch at or after `time`. */
  private firstFrom(time: number): number {
    let low = 0;
    let high = this.touches.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.touches[middle]?.at ?? Infinity) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private compact(): void {
    this.touches = this.touches.filter(({ at, rowId }) => this.latest.get(rowId) === at);
  }
}
