import type { ImportedPlace, ModelStore, TrailLine } from '../../store/models';

const PAGE = 100;

/** The imported changes in the order of their own time, read page by page as they are taken. */
export class ImportedHistory {
  private waiting: readonly TrailLine[] = [];
  private first = 0;
  private place: ImportedPlace | null = null;
  private isRead = false;

  /** @param upto  the position of the trail up to which they were imported; null: all of them */
  constructor(
    private readonly store: Pick<ModelStore, 'importedLines'>,
    private readonly upto: number | null,
  ) {}

  /** The next one, when it is as early as a time or earlier; null: none is. Without a time whichever is next. */
  async takeUpTo(changedAt: string | null): Promise<TrailLine | null> {
    const next = await this.next();
    if (!next || (changedAt !== null && next.changed_at > changedAt)) return null;
    this.first += 1;
    return next;
  }

  private async next(): Promise<TrailLine | undefined> {
    if (this.first >= this.waiting.length && !this.isRead) {
      const { lines, next } = await this.store.importedLines(this.upto, this.place, PAGE);
      [this.waiting, this.first, this.place] = [lines, 0, next];
      this.isRead = next === null;
    }
    return this.waiting[this.first];
  }
}
