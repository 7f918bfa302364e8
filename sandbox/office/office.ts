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
  private readonly listeners: SaveListener[] = [];

  constructor(readonly ids: Ids) {
    this.people = new People(ids);
  }

  onSave(listener: SaveListener): void {
    this.listeners.push(listener);
  }

  createContainer(kind: Container['kind'], name: string, parentId?: number): Container {
    const container: Container = { id: this.ids.next(), kind, name, ...(parentId === undefined ? {} : { parentId }) };
    this.containers.set(container.id, container);
    return container;
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
    this.tell(sheet.id, by, []);
    return sheet;
  }

  deleteSheet(sheet: Sheet, by: SaveBy): void {
    this.sheets.delete(sheet.id);
    this.tell(sheet.id, by, [{ kind: 'sheet', eventType: 'deleted' }]);
  }

  /** What a user may do with a sheet. Everybody of the office is an ADMIN of every sheet unless told otherwise. */
  accessOf(userId: number, sheet: Sheet): AccessLevel {
    return sheet.access.get(userId) ?? (userId === sheet.ownerId ? 'OWNER' : 'ADMIN');
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
    this.saved(
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
    if (deeds.length > 0) this.saved(sheet, by, deeds);
    return rows;
  }

  /** Deletes rows and what is indented below them. @returns the ids that are gone */
  deleteRows(sheet: Sheet, rowIds: readonly number[], by: SaveBy): number[] {
    const gone = new Set(rowIds.filter((id) => sheet.row(id) !== undefined));
    for (const row of sheet.rows) if (row.parentId !== undefined && gone.has(row.parentId)) gone.add(row.id);
    if (gone.size === 0) return [];
    sheet.remove(gone);
    this.saved(
      sheet,
      by,
      [...gone].map((rowId) => ({ kind: 'row_deleted', rowId })),
    );
    return [...gone];
  }

  addColumns(sheet: Sheet, columns: readonly NewColumn[], index: number, by: SaveBy): Column[] {
    const added = columns.map((column) => ({ id: this.ids.next(), ...column }));
    sheet.columns.splice(index, 0, ...added);
    this.saved(
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
    this.saved(sheet, by, [{ kind: 'column', columnId: column.id, eventType: 'updated' }]);
  }

  deleteColumn(sheet: Sheet, column: Column, by: SaveBy): void {
    sheet.columns = sheet.columns.filter((other) => other !== column);
    for (const row of sheet.rows) row.cells.delete(column.id);
    this.saved(sheet, by, [{ kind: 'column', columnId: column.id, eventType: 'deleted' }]);
  }

  renameSheet(sheet: Sheet, name: string, by: SaveBy): void {
    sheet.name = name;
    this.saved(sheet, by, [{ kind: 'sheet', eventType: 'updated' }]);
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

  private saved(sheet: Sheet, by: SaveBy, deeds: readonly Deed[]): void {
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
