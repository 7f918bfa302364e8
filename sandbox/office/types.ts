/** What the practice office is made of. Ids are numbers below 2^53, times are milliseconds since 1970. */

export type CellValue = string | number | boolean | null;

/** What one cell holds. An empty cell has the value null. */
export interface CellContent {
  readonly value: CellValue;
  readonly displayValue?: string;
  readonly objectValue?: unknown;
  readonly hyperlink?: unknown;
}

/** A value as somebody saved it. The last writing of a cell is what it holds; all of them are its history. */
export interface Writing extends CellContent {
  readonly at: number;
  readonly by: number;
}

export interface Row {
  readonly id: number;
  readonly sheetId: number;
  /** From 1; kept right by the sheet. */
  rowNumber: number;
  /** 1 when made; rises by one for each cell that a save gave a new value. */
  version: number;
  readonly createdAt: number;
  readonly createdBy: number;
  modifiedAt: number;
  modifiedBy: number;
  readonly parentId?: number;
  /** By column id; oldest writing first, never empty. */
  readonly cells: Map<number, Writing[]>;
}

export const COLUMN_TYPES = [
  'TEXT_NUMBER',
  'CHECKBOX',
  'DATE',
  'ABSTRACT_DATETIME',
  'DATETIME',
  'CONTACT_LIST',
  'MULTI_CONTACT_LIST',
  'PICKLIST',
  'MULTI_PICKLIST',
] as const;
export type ColumnType = (typeof COLUMN_TYPES)[number];

export const SYSTEM_COLUMN_TYPES = [
  'AUTO_NUMBER',
  'CREATED_BY',
  'CREATED_DATE',
  'MODIFIED_BY',
  'MODIFIED_DATE',
] as const;
export type SystemColumnType = (typeof SYSTEM_COLUMN_TYPES)[number];

export interface Column {
  readonly id: number;
  title: string;
  type: ColumnType;
  readonly primary: boolean;
  readonly systemColumnType?: SystemColumnType;
  options: readonly string[];
  locked: boolean;
  width: number;
}

export const ACCESS_LEVELS = ['NONE', 'VIEWER', 'COMMENTER', 'EDITOR', 'EDITOR_SHARE', 'ADMIN', 'OWNER'] as const;
export type AccessLevel = (typeof ACCESS_LEVELS)[number];

export interface User {
  readonly id: number;
  readonly email: string;
  readonly name: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly admin: boolean;
  readonly token: string;
  readonly status: 'ACTIVE' | 'DEACTIVATED';
}

/** A workspace, or a folder in one. */
export interface Container {
  readonly id: number;
  readonly kind: 'workspace' | 'folder';
  readonly name: string;
  readonly parentId?: number;
}

export type ObjectType = 'sheet' | 'row' | 'column' | 'cell';
export type EventType = 'created' | 'updated' | 'deleted';

/** One item of a callback, and what column-scoped hooks need to know about it. */
export interface SheetEvent {
  readonly objectType: ObjectType;
  readonly eventType: EventType;
  readonly id?: number;
  readonly rowId?: number;
  readonly columnId?: number;
  readonly userId: number;
  readonly at: number;
  readonly changeAgent?: string;
  /** Columns that the event is about; undefined = all of them. Not sent. */
  readonly touches?: readonly number[];
}

/** What a save did, before the event mix decides which events tell of it. */
export type Deed =
  | { readonly kind: 'row_created'; readonly rowId: number; readonly columnIds: readonly number[] }
  | { readonly kind: 'cells_updated'; readonly rowId: number; readonly columnIds: readonly number[] }
  | { readonly kind: 'row_deleted'; readonly rowId: number }
  | { readonly kind: 'column'; readonly columnId: number; readonly eventType: EventType }
  | { readonly kind: 'sheet'; readonly eventType: EventType };

/** Who saves, when, and in whose name. */
export interface SaveBy {
  readonly userId: number;
  readonly at: number;
  readonly changeAgent?: string;
}

export interface Save extends SaveBy {
  readonly sheetId: number;
  readonly deeds: readonly Deed[];
}
