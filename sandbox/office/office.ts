import { Access } from './access';
import { ControlRefusal } from '../errors';
import { Ids } from '../ids';
import { sameContent } from './values';
import { People } from './people';
import { Sheet, type Place } from './sheet';
import { ACCESS_LEVELS } from './types';
import type { AccessLevel, CellContent, Column, Container, Deed, Row, Save, SaveBy, Writing } from './types';

export type NewColumn = Omit<Column, 'id'>;

export interface NewSheet {
  readonly name: string;
  readonly columns: readonly NewColumn[];
  readonly containerId?: number;
}

/** Cells by column id; what is not named stays as it is. */
export type Cells = ReadonlyMap<number, CellContent>;

export interface RowEdit {
  readonly rowId: number;
  readonly cells: Cells;
}

/** What happens when a save is done: the webhooks and the state file listen. */
export type SaveListener = (save: Save) => void;

/**
 * The practice office: people, containers and sheets, and the only ways to change them. Every method that changes
 * something is one save: it raises the sheet's version once and tells the listeners once, after all is in place. A save
 * that changes nothing (the same values again) is no save: no version, no event, no history.
 */
export class Office {
  readonly people: People;
  readonly containers = new Map<number, Container>();
  readonly sheets = new Map<number, Sheet>();
  /** Sheets that were deleted and can be had back. */
  readonly bin = new Map<number, Sheet>();
  readonly access: Access;
  private readonly listeners: SaveListener[] = [];

  constructor(readonly ids: Ids) {
    this.people = new People(ids);
    this.access = new Access(ids, this.containers);
  }

  onSave(listener: SaveListener): void {
    this.listeners.push(listener);
  }

  createContainer(kind: Container['kind'], name: string, by: SaveBy, parentId?: number): Container {
    const container: Container = {
      id: this.ids.next(),
      kind,
      name,
      ...(kind === 'workspace' ? { ownerId: by.userId } : {}),
      createdAt: by.at,
      modifiedAt: by.at,
      ...(parentId === undefined ? {} : { parentId }),
    };
    this.containers.set(container.id, container);
    return container;
  }

  /** Deletes a container and all that is in it. @returns everything that is gone, innermost first */
  deleteContainer(container: Container, by: SaveBy): Container[] {
    const inside = [...this.containers.values()].filter(({ parentId }) => parentId === container.id);
    const gone = inside.flatMap((child) => this.deleteContainer(child, by));
    for (const sheet of [...this.sheets.values()]) if (sheet.containerId === container.id) this.deleteSheet(sheet, by);
    this.containers.delete(container.id);
    for (const share of this.access.sharesOf('workspace', container.id)) this.access.shares.delete(share.id);
    return [...gone, container];
  }

  createSheet({ name, columns, containerId }: NewSheet, by: SaveBy): Sheet {
    const sheet = new Sheet({
      id: this.ids.next(),
      name,
      ownerId: by.userId,
      createdAt: by.at,
      columns: columns.map((column) => ({ id: this.ids.next(), ...column })),
      ...(containerId === undefined ? {} : { containerId }),
    });
    this.sheets.set(sheet.id, sheet);
    this.tell(sheet.id, by, [{ kind: 'sheet', eventType: 'created' }]);
    return sheet;
  }

  deleteSheet(sheet: Sheet, by: SaveBy): void {
    this.sheets.delete(sheet.id);
    this.bin.set(sheet.id, sheet);
    this.tell(sheet.id, by, [{ kind: 'sheet', eventType: 'deleted' }]);
  }

  /** Takes a deleted sheet out of the bin; its webhooks come back with it. @returns undefined when it is not there */
  restoreSheet(sheetId: number): Sheet | undefined {
    const sheet = this.bin.get(sheetId);
    if (sheet === undefined) return undefined;
    this.bin.delete(sheetId);
    this.sheets.set(sheetId, sheet);
    this.access.changed();
    return sheet;
  }

  moveSheet(sheet: Sheet, containerId: number): void {
    sheet.containerId = containerId;
    this.access.changed();
  }

  accessOf(userId: number, sheet: Sheet): AccessLevel {
    return this.access.ofSheet(userId, sheet);
  }

  may(userId: number, sheet: Sheet, needed: AccessLevel): boolean {
    return ACCESS_LEVELS.indexOf(this.accessOf(userId, sheet)) >= ACCESS_LEVELS.indexOf(needed);
  }

  addRows(
    sheet: Sheet,
    drafts: readonly Cells[],
    by: SaveBy,
    place: Place = { at: 'bottom' },
    parentId?: number,
  ): Row[] {
    const rows = drafts.map((cells) => this.newRow(sheet, cells, by, parentId));
    if (rows.length === 0) return [];
    sheet.insert(rows, place);
    this.save(
      sheet,
      by,
      rows.map((row) => ({ kind: 'row_created', rowId: row.id, columnIds: [...row.cells.keys()] })),
    );
    return rows;
  }

  /** Writes cells of rows that exist. @returns the edited rows, in the order given */
  updateRows(sheet: Sheet, edits: readonly RowEdit[], by: SaveBy): Row[] {
    const deeds: Deed[] = [];
    const rows = edits.map(({ rowId, cells }) => {
      const row = sheet.row(rowId);
      if (row === undefined)
        throw new ControlRefusal(`Sheet ${sheet.id} has no row ${rowId}.`, 'Read the sheet again.', 404);
      const columnIds = write(row, cells, by);
      if (columnIds.length > 0) deeds.push({ kind: 'cells_updated', rowId, columnIds });
      if (columnIds.length > 0) sheet.touch(row, row.modifiedAt);
      return row;
    });
    if (deeds.length > 0) this.save(sheet, by, deeds);
    return rows;
  }

  /** Deletes rows and what is indented below them. @returns the ids that are gone */
  deleteRows(sheet: Sheet, rowIds: readonly number[], by: SaveBy): number[] {
    const gone = new Set(rowIds.filter((id) => sheet.row(id) !== undefined));
    for (const row of sheet.rows) if (row.parentId !== undefined && gone.has(row.parentId)) gone.add(row.id);
    if (gone.size === 0) return [];
    sheet.remove(gone);
    this.save(
      sheet,
      by,
      [...gone].map((rowId) => ({ kind: 'row_deleted', rowId })),
    );
    return [...gone];
  }

  /**
   * Moves rows, with their histories left behind, to the end of another sheet; cells go to the column of the same title.
   * @returns the new row for each that went, in the order given
   */
  moveRows(from: Sheet, to: Sheet, rowIds: readonly number[], by: SaveBy): Row[] {
    const copies = this.copyRows(from, to, rowIds, by);
    from.remove(new Set(rowIds));
    this.save(
      from,
      by,
      rowIds.map((rowId) => ({ kind: 'row_moved', rowId, toSheetId: to.id })),
    );
    return copies;
  }

  copyRows(from: Sheet, to: Sheet, rowIds: readonly number[], by: SaveBy): Row[] {
    const drafts = rowIds.map((id): Cells => {
      const present = [...(from.row(id)?.cells ?? [])];
      const carried = present.flatMap(([columnId, writings]): [number, CellContent][] => {
        const target = to.columnTitled(from.column(columnId)?.title ?? '');
        const last = writings.at(-1);
        if (target === undefined || last === undefined) return [];
        const { at: _at, by: _by, ...content } = last;
        return [[target.id, content]];
      });
      return new Map(carried);
    });
    return this.addRows(to, drafts, by);
  }

  addColumns(sheet: Sheet, columns: readonly NewColumn[], index: number, by: SaveBy): Column[] {
    const added = columns.map((column) => ({ id: this.ids.next(), ...column }));
    sheet.columns.splice(index, 0, ...added);
    this.save(
      sheet,
      by,
      added.map(({ id }) => ({ kind: 'column', columnId: id, eventType: 'created' })),
    );
    return added;
  }

  updateColumn(
    sheet: Sheet,
    column: Column,
    change: Partial<Pick<Column, 'title' | 'type' | 'options' | 'width' | 'locked'>>,
    by: SaveBy,
  ): void {
    Object.assign(column, change);
    this.save(sheet, by, [{ kind: 'column', columnId: column.id, eventType: 'updated' }]);
  }

  deleteColumn(sheet: Sheet, column: Column, by: SaveBy): void {
    sheet.columns = sheet.columns.filter((other) => other !== column);
    for (const row of sheet.rows) row.cells.delete(column.id);
    this.save(sheet, by, [{ kind: 'column', columnId: column.id, eventType: 'deleted' }]);
  }

  renameSheet(sheet: Sheet, name: string, by: SaveBy): void {
    sheet.name = name;
    this.save(sheet, by, [{ kind: 'sheet', eventType: 'updated' }]);
  }

  private newRow(sheet: Sheet, cells: Cells, by: SaveBy, parentId: number | undefined): Row {
    const filled = [...cells].filter(([, content]) => content.value !== null);
    return {
      id: this.ids.next(),
      sheetId: sheet.id,
      rowNumber: 0,
      version: 1,
      createdAt: by.at,
      createdBy: by.userId,
      modifiedAt: by.at,
      modifiedBy: by.userId,
      cells: new Map(filled.map(([columnId, content]) => [columnId, [writing(content, by)]])),
      ...(parentId === undefined ? {} : { parentId }),
    };
  }

  /** Ends a save: raises the version, tells the listeners. For what lies beside rows and columns; those have their methods. */
  save(sheet: Sheet, by: SaveBy, deeds: readonly Deed[]): void {
    sheet.version += 1;
    sheet.modifiedAt = Math.max(sheet.modifiedAt, by.at);
    this.tell(sheet.id, by, deeds);
  }

  private tell(sheetId: number, by: SaveBy, deeds: readonly Deed[]): void {
    for (const listener of this.listeners) listener({ ...by, sheetId, deeds });
  }
}

/** Appends to the history of each cell that gets another value. @returns the columns that changed */
function write(row: Row, cells: Cells, by: SaveBy): number[] {
  const changed: number[] = [];
  for (const [columnId, content] of cells) {
    const history = row.cells.get(columnId);
    const present = history?.at(-1);
    if (sameContent(present ?? { value: null }, content)) continue;
    if (history === undefined) row.cells.set(columnId, [writing(content, by)]);
    else history.push(writing(content, by));
    changed.push(columnId);
  }
  if (changed.length === 0) return changed;
  row.version += changed.length;
  row.modifiedAt = Math.max(row.modifiedAt, by.at);
  row.modifiedBy = by.userId;
  return changed;
}

function writing(content: CellContent, by: SaveBy): Writing {
  return { ...content, at: by.at, by: by.userId };
}
