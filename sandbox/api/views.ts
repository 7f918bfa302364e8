import { displayText } from '../office/values';
import { linkBase } from '../plan';
import type { Call } from './call';
import type { CellContent, Column, Row, Writing } from '../office/types';
import type { Sheet } from '../office/sheet';

/** What a read asks for beside the plain values. */
export interface ViewWishes {
  readonly columnType: boolean;
  readonly objectValue: boolean;
  readonly rowPermalink: boolean;
  readonly writerInfo: boolean;
  readonly onlyFilledCells: boolean;
  readonly numericDates: boolean;
}

export function wishesOf(call: Call): ViewWishes {
  return {
    columnType: call.includes('columnType'),
    objectValue: call.includes('objectValue'),
    rowPermalink: call.includes('rowPermalink'),
    writerInfo: call.includes('writerInfo'),
    onlyFilledCells: call.list('exclude')?.includes('nonexistentCells') ?? false,
    numericDates: call.flag('numericDates'),
  };
}

/** REST times are whole seconds in UTC, or epoch milliseconds with `numericDates=true`. */
export function moment(time: number, numeric: boolean): string | number {
  return numeric ? time : `${new Date(time).toISOString().slice(0, 19)}Z`;
}

export function sheetLink(call: Call, sheet: Sheet): string {
  return `${linkBase(call.world.plan, call.world.address)}/sheets/${sheet.id}`;
}

export function columnView(sheet: Sheet, column: Column): object {
  return {
    id: column.id,
    version: 0,
    index: sheet.columns.indexOf(column),
    title: column.title,
    type: column.type,
    ...(column.primary ? { primary: true } : {}),
    ...(column.systemColumnType === undefined ? {} : { systemColumnType: column.systemColumnType }),
    ...(column.options.length === 0 ? {} : { options: column.options }),
    ...(column.locked ? { locked: true, lockedForUser: false } : {}),
    validation: false,
    width: column.width,
  };
}

export function rowView(call: Call, sheet: Sheet, row: Row, columns: readonly Column[], wishes: ViewWishes): object {
  const { people } = call.world.office;
  const above = sheet.rows[row.rowNumber - 2];
  return {
    id: row.id,
    rowNumber: row.rowNumber,
    ...(row.parentId === undefined ? {} : { parentId: row.parentId }),
    ...(above === undefined ? {} : { siblingId: above.id }),
    version: row.version,
    expanded: true,
    ...(wishes.rowPermalink ? { permalink: `${sheetLink(call, sheet)}?rowId=${row.id}` } : {}),
    createdAt: moment(row.createdAt, wishes.numericDates),
    modifiedAt: moment(row.modifiedAt, wishes.numericDates),
    ...(wishes.writerInfo
      ? { createdBy: writerView(people.writer(row.createdBy)), modifiedBy: writerView(people.writer(row.modifiedBy)) }
      : {}),
    cells: columns.flatMap((column) => cellOfRow(call, row, column, wishes) ?? []),
  };
}

/** A cell as reads and histories show it; an empty one has no value. */
export function cellView(column: Column, writing: Writing | undefined, wishes: ViewWishes): Record<string, unknown> {
  const content: CellContent = writing ?? { value: null };
  const isText = typeof content.value !== 'boolean';
  return {
    columnId: column.id,
    ...(wishes.columnType ? { columnType: column.type } : {}),
    ...(content.value === null
      ? {}
      : { value: content.value, ...(isText ? { displayValue: displayText(content) } : {}) }),
    ...(wishes.objectValue && content.objectValue !== undefined ? { objectValue: content.objectValue } : {}),
    ...(content.hyperlink === undefined ? {} : { hyperlink: content.hyperlink }),
  };
}

export function writerView({ name, email }: { readonly name: string; readonly email: string }): object {
  return { name, email };
}

function cellOfRow(call: Call, row: Row, column: Column, wishes: ViewWishes): object | null {
  const system = systemValue(call, row, column, wishes);
  if (system !== undefined) return { columnId: column.id, value: system, displayValue: String(system) };
  const writing = row.cells.get(column.id)?.at(-1);
  if (wishes.onlyFilledCells && (writing === undefined || writing.value === null)) return null;
  return cellView(column, writing, wishes);
}

/** System columns are not stored: their cells follow from the row. */
function systemValue(call: Call, row: Row, column: Column, wishes: ViewWishes): string | number | undefined {
  const { people } = call.world.office;
  switch (column.systemColumnType) {
    case 'CREATED_BY':
      return people.writer(row.createdBy).email;
    case 'MODIFIED_BY':
      return people.writer(row.modifiedBy).email;
    case 'CREATED_DATE':
      return moment(row.createdAt, wishes.numericDates);
    case 'MODIFIED_DATE':
      return moment(row.modifiedAt, wishes.numericDates);
    case 'AUTO_NUMBER':
      return String(row.rowNumber);
    case undefined:
      return undefined;
  }
}
