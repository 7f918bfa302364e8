import { ModifiedIndex } from './modified-index';
import type { AccessLevel, Attachment, Column, Discussion, Row } from './types';

export interface SheetFacts {
  readonly id: number;
  readonly name: string;
  readonly ownerId: number;
  readonly containerId?: number;
  readonly createdAt: number;
  readonly columns: readonly Column[];
  readonly version?: number;
  readonly modifiedAt?: number;
}

/** Where new rows go: at the top, at the bottom, or beside a row. */
export type Place =
  { readonly at: 'top' } | { readonly at: 'bottom' } | { readonly at: 'above' | 'below'; readonly rowId: number };

/** One sheet: its columns, its rows in order, and the index that answers `rowsModifiedSince`. */
export class Sheet {
  readonly id: number;
  name: string;
  readonly ownerId: number;
  containerId: number | undefined;
  readonly createdAt: number;
  modifiedAt: number;
  version: number;
  columns: Column[];
  /** Who may do less or more than the office's default, by user id. */
  readonly access = new Map<number, AccessLevel>();
  readonly attachments = new Map<number, Attachment>();
  readonly discussions = new Map<number, Discussion>();
  /** Counts as larger than webhooks support, whatever its size. */
  countsAsTooLarge = false;

  private ordered: Row[] = [];
  private readonly byId = new Map<number, Row>();
  private readonly modified = new ModifiedIndex();

  constructor(facts: SheetFacts) {
    this.id = facts.id;
    this.name = facts.name;
    this.ownerId = facts.ownerId;
    this.containerId = facts.containerId;
    this.createdAt = facts.createdAt;
    this.modifiedAt = facts.modifiedAt ?? facts.createdAt;
    this.version = facts.version ?? 1;
    this.columns = [...facts.columns];
  }

  get rows(): readonly Row[] {
    return this.ordered;
  }

  row(id: number): Row | undefined {
    return this.byId.get(id);
  }

  column(id: number): Column | undefined {
    return this.columns.find((column) => column.id === id);
  }

  /** The discussion that holds a comment. */
  discussionOf(commentId: number): Discussion | undefined {
    return [...this.discussions.values()].find(({ comments }) => comments.some(({ id }) => id === commentId));
  }

  columnTitled(title: string): Column | undefined {
    return this.columns.find((column) => column.title === title);
  }

  /** Rows modified at or after `time`, in the order of the sheet. */
  rowsModifiedSince(time: number): Row[] {
    return [...this.modified.since(time)]
      .flatMap((id) => this.byId.get(id) ?? [])
      .sort((left, right) => left.rowNumber - right.rowNumber);
  }

  insert(rows: readonly Row[], place: Place): void {
    const index = this.indexOf(place);
    this.ordered.splice(index, 0, ...rows);
    for (const row of rows) {
      this.byId.set(row.id, row);
      this.modified.touch(row.id, row.modifiedAt);
    }
    this.renumberFrom(index);
  }

  remove(ids: ReadonlySet<number>): void {
    const first = this.ordered.findIndex((row) => ids.has(row.id));
    if (first < 0) return;
    this.ordered = this.ordered.filter((row) => !ids.has(row.id));
    for (const id of ids) {
      this.byId.delete(id);
      this.modified.forget(id);
    }
    this.dropWhatHangsOn(ids);
    this.renumberFrom(first);
  }

  private dropWhatHangsOn(rowIds: ReadonlySet<number>): void {
    const comments = new Set<number>();
    for (const discussion of this.discussions.values()) {
      if (discussion.parentType !== 'ROW' || !rowIds.has(discussion.parentId)) continue;
      for (const { id } of discussion.comments) comments.add(id);
      this.discussions.delete(discussion.id);
    }
    for (const { id, parentType, parentId } of this.attachments.values()) {
      const gone = parentType === 'ROW' ? rowIds : parentType === 'COMMENT' ? comments : new Set<number>();
      if (gone.has(parentId)) this.attachments.delete(id);
    }
  }

  touch(row: Row, at: number): void {
    this.modified.touch(row.id, at);
  }

  private indexOf(place: Place): number {
    if (place.at === 'top') return 0;
    if (place.at === 'bottom') return this.ordered.length;
    const row = this.byId.get(place.rowId);
    if (row === undefined) return this.ordered.length;
    return place.at === 'above' ? row.rowNumber - 1 : row.rowNumber;
  }

  private renumberFrom(index: number): void {
    for (let place = index; place < this.ordered.length; place += 1) {
      const row = this.ordered[place];
      if (row !== undefined) row.rowNumber = place + 1;
    }
  }
}
