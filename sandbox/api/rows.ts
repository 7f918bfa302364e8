import { z } from 'zod';
import { cellToWrite, contentToWrite, type CellToWrite } from '../office/values';
import { cellView, columnView, moment, rowView, wishesOf, writerView } from './views';
import { hangingsOf } from './sheets';
import { notFound, SmartsheetRefusal } from '../errors';
import { paged } from './paging';
import { success, type Call } from './call';
import type { Cells, RowEdit } from '../office/office';
import type { CellContent } from '../office/types';
import type { Place, Sheet } from '../office/sheet';

const MOST_ROWS = 500;

const rowToAdd = z.looseObject({
  toTop: z.boolean().optional(),
  toBottom: z.boolean().optional(),
  above: z.boolean().optional(),
  siblingId: z.int().optional(),
  parentId: z.int().optional(),
  cells: z.array(cellToWrite).optional(),
});
const rowToUpdate = z.looseObject({ id: z.int(), cells: z.array(cellToWrite).optional() });

/** `GET /sheets/{s}/rows/{r}`. */
export function getRow(call: Call): object {
  const sheet = call.sheet();
  const row = call.row(sheet);
  const view = { ...rowView(call, sheet, row, sheet.columns, wishesOf(call)), ...hangingsOf(call, sheet, row.id) };
  const columns = call.includes('columns') ? { columns: sheet.columns.map((column) => columnView(sheet, column)) } : {};
  return { ...view, sheetId: sheet.id, accessLevel: call.world.office.accessOf(call.user.id, sheet), ...columns };
}

/** `POST /sheets/{s}/rows`: one row or up to 500, all in the same kind of place. All of them or none are saved. */
export function addRows(call: Call): object {
  const sheet = call.sheet('EDITOR');
  const isSeveral = Array.isArray(call.json());
  const rows = oneOrSeveral(call, rowToAdd);
  const place = placeOf(sheet, rows);
  const parentId = rows[0]?.parentId;
  const drafts = rows.map((row) => cellsOf(call, sheet, row.cells ?? []));
  const added = call.world.office.addRows(sheet, drafts, call.by, place, parentId);
  const result = added.map((row) => rowView(call, sheet, row, sheet.columns, wishesOf(call)));
  return success({ result: isSeveral ? result : result[0], version: sheet.version });
}

/** `PUT /sheets/{s}/rows`. With `allowPartialSuccess=true` the good rows are saved and the others listed. */
export function updateRows(call: Call): object {
  const sheet = call.sheet('EDITOR');
  const isSeveral = Array.isArray(call.json());
  const failedItems: object[] = [];
  const edits = oneOrSeveral(call, rowToUpdate).flatMap((row, index): RowEdit[] => {
    try {
      if (sheet.row(row.id) === undefined) throw notFound();
      return [{ rowId: row.id, cells: cellsOf(call, sheet, row.cells ?? []) }];
    } catch (thrown) {
      if (!(thrown instanceof SmartsheetRefusal) || !call.flag('allowPartialSuccess')) throw thrown;
      const { errorCode, message } = thrown;
      failedItems.push({ index, rowId: row.id, error: { errorCode, message, refId: `sandbox-${index}` } });
      return [];
    }
  });
  const rows = call.world.office.updateRows(sheet, edits, call.by);
  const views = rows.map((row) => rowView(call, sheet, row, sheet.columns, wishesOf(call)));
  const result = { result: isSeveral ? views : views[0], version: sheet.version };
  if (failedItems.length > 0) return { message: 'PARTIAL_SUCCESS', resultCode: 3, ...result, failedItems };
  return success(result);
}

/** `DELETE /sheets/{s}/rows?ids=1,2[&ignoreRowsNotFound=true]`. */
export function deleteRows(call: Call): object {
  const sheet = call.sheet('EDITOR');
  const ids = call.ids('ids');
  if (ids === undefined || ids.length === 0)
    throw new SmartsheetRefusal(400, 1012, 'Required parameter(s) are missing: ids.');
  if (!call.flag('ignoreRowsNotFound') && ids.some((id) => sheet.row(id) === undefined)) throw notFound();
  const gone = call.world.office.deleteRows(sheet, ids, call.by);
  return success({ result: gone, version: sheet.version });
}

export function deleteRow(call: Call): object {
  const sheet = call.sheet('EDITOR');
  const gone = call.world.office.deleteRows(sheet, [call.row(sheet).id], call.by);
  return success({ result: gone, version: sheet.version });
}

/** `GET /sheets/{s}/rows/{r}/columns/{c}/history`: newest first. */
export function getCellHistory(call: Call): object {
  const sheet = call.sheet();
  const row = call.row(sheet);
  const column = call.column(sheet);
  const wishes = wishesOf(call);
  const newestFirst = [...(row.cells.get(column.id) ?? [])].sort((left, right) => left.at - right.at).reverse();
  const known = call.world.dispatcher.faults.forgetHistory ? newestFirst.slice(0, 1) : newestFirst;
  const page = paged(call, known);
  return {
    ...page,
    data: page.data.map((writing) => ({
      ...cellView(column, writing, wishes),
      modifiedAt: moment(writing.at, wishes.numericDates),
      modifiedBy: writerView(call.world.office.people.writer(writing.by)),
    })),
  };
}

function oneOrSeveral<Schema extends z.ZodType>(call: Call, schema: Schema): z.output<Schema>[] {
  const body = call.json();
  if (!Array.isArray(body)) return [call.body(schema)];
  if (body.length > MOST_ROWS) {
    throw new SmartsheetRefusal(
      400,
      1031,
      `The value of the attribute rows is invalid: at most ${MOST_ROWS} in one request.`,
    );
  }
  return call.body(z.array(schema));
}

/** The cells of one row, checked. @throws SmartsheetRefusal 1036, 1037, 1039, 1042, 1046, 1148 */
function cellsOf(call: Call, sheet: Sheet, cells: readonly CellToWrite[]): Cells {
  const contents = new Map<number, CellContent>();
  for (const cell of cells) {
    const column = sheet.column(cell.columnId);
    if (column === undefined) throw new SmartsheetRefusal(400, 1036, `The columnId ${cell.columnId} is invalid.`);
    if (contents.has(column.id))
      throw new SmartsheetRefusal(400, 1037, `The column ${column.id} is included more than once in a row.`);
    if (column.locked && !call.world.office.may(call.user.id, sheet, 'ADMIN')) {
      throw new SmartsheetRefusal(403, 1039, `The column ${column.id} is locked.`);
    }
    contents.set(column.id, contentToWrite(column, cell));
  }
  return contents;
}

/** Every row of one request must use the same location (1123). */
function placeOf(sheet: Sheet, rows: readonly z.infer<typeof rowToAdd>[]): Place {
  const places = new Set(
    rows.map(({ toTop, toBottom, above, siblingId, parentId }) =>
      JSON.stringify([toTop, toBottom, above, siblingId, parentId]),
    ),
  );
  if (places.size > 1) throw new SmartsheetRefusal(400, 1123, 'Rows must use the same location specifier.');
  const { toTop, above, siblingId, parentId } = rows[0] ?? {};
  const anchor = siblingId ?? parentId;
  if (anchor !== undefined && sheet.row(anchor) === undefined) throw notFound();
  if (anchor !== undefined) return { at: above === true ? 'above' : 'below', rowId: anchor };
  return toTop === true ? { at: 'top' } : { at: 'bottom' };
}
