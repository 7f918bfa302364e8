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

/** A workspace, or a folder in one. What states of older versions lack is optional. */
export interface Container {
  readonly id: number;
  readonly kind: 'workspace' | 'folder';
  name: string;
  readonly parentId?: number;
  /** Of a workspace. */
  readonly ownerId?: number;
  readonly createdAt?: number;
  modifiedAt?: number;
}

/** People who are given access together. */
export interface Group {
  readonly id: number;
  name: string;
  description: string;
  readonly ownerId: number;
  readonly createdAt: number;
  modifiedAt: number;
  readonly memberIds: Set<number>;
}

export type AssetType = 'sheet' | 'workspace';

/** The right of one person, or of one group, on a sheet or a workspace. The owner's right is none: it follows from the asset. */
export interface Share {
  readonly id: string;
  readonly assetType: AssetType;
  readonly assetId: number;
  readonly holder: { readonly type: 'USER' | 'GROUP'; readonly id: number };
  accessLevel: AccessLevel;
  readonly createdAt: number;
  modifiedAt: number;
}

export const ATTACHMENT_TYPES = [
  'FILE',
  'LINK',
  'GOOGLE_DRIVE',
  'BOX_COM',
  'DROPBOX',
  'EGNYTE',
  'EVERNOTE',
  'ONEDRIVE',
] as const;
export type AttachmentType = (typeof ATTACHMENT_TYPES)[number];

/** What hangs on a sheet, a row or a comment: a file with its bytes, or a link. */
export interface Attachment {
  readonly id: number;
  readonly name: string;
  readonly type: AttachmentType;
  readonly parentType: 'SHEET' | 'ROW' | 'COMMENT';
  readonly parentId: number;
  readonly createdAt: number;
  readonly createdBy: number;
  /** Of a link. */
  readonly url?: string;
  /** Of a file. `key` is what its address is guessed by, as little as Smartsheet's. */
  readonly file?: { readonly mimeType: string; readonly base64: string; readonly size: number; readonly key: string };
}

export interface Comment {
  readonly id: number;
  text: string;
  readonly createdAt: number;
  readonly createdBy: number;
  modifiedAt: number;
}

/** A conversation on a sheet or a row; oldest comment first, never without one. */
export interface Discussion {
  readonly id: number;
  readonly parentType: 'SHEET' | 'ROW';
  readonly parentId: number;
  comments: Comment[];
}

export type ObjectType = 'sheet' | 'row' | 'column' | 'cell' | 'attachment' | 'discussion' | 'comment';
export type EventType = 'created' | 'updated' | 'deleted' | 'moved';

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
  | { readonly kind: 'row_moved'; readonly rowId: number; readonly toSheetId: number }
  | {
      readonly kind: 'attachment' | 'discussion' | 'comment';
      readonly id: number;
      readonly eventType: EventType;
      /** For reports: what it is called, or which discussion a comment belongs to. */
      readonly about?: string;
    }
  | { readonly kind: 'column'; readonly columnId: number; readonly eventType: EventType }
  | { readonly kind: 'sheet'; readonly eventType: EventType };

/** Where somebody works, as event reports name it. */
export const SOURCES = [
  'WEB_APP',
  'MOBILE_IOS',
  'MOBILE_ANDROID',
  'API_UNDEFINED_APP',
  'API_INTEGRATED_APP',
  'API_ODBC_DRIVER',
] as const;
export type Source = (typeof SOURCES)[number];

/** Who saves, when, in whose name, and from where. */
export interface SaveBy {
  readonly userId: number;
  readonly at: number;
  readonly changeAgent?: string;
  /** Default WEB_APP. */
  readonly source?: Source;
  /** Default the person's usual one. Only reported of WEB_APP. */
  readonly ipAddress?: string;
}

export interface Save extends SaveBy {
  readonly sheetId: number;
  readonly deeds: readonly Deed[];
}
