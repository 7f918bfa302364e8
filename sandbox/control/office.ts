import { z } from 'zod';
import { ACCESS_LEVELS, COLUMN_TYPES } from '../office/types';
import { bySchema, cellsSchema, idSchema, valueSchema, type Visit } from './visit';
import { ControlRefusal } from '../errors';
import { FIRST_PEOPLE } from '../world';
import type { NewColumn } from '../office/office';
import type { Row } from '../office/types';
import type { Sheet } from '../office/sheet';

/** `POST /sandbox/users {email, name?, token?, admin?}` -> the user, token included. */
export function addUser(visit: Visit): object {
  const body = visit.body(
    z.strictObject({
      email: z.email(),
      name: z.string().min(1).optional(),
      token: z.string().min(1).optional(),
      admin: z.boolean().optional(),
    }),
  );
  const { email, name, token, admin } = body;
  return visit.world.office.people.add({
    email,
    ...(name === undefined ? {} : { name }),
    ...(token === undefined ? {} : { token }),
    ...(admin === undefined ? {} : { admin }),
  });
}

const columnSchema = z.union([
  z
    .string()
    .min(1)
    .transform((title) => ({ title, type: 'TEXT_NUMBER' as const, options: [] as string[] })),
  z.strictObject({
    title: z.string().min(1),
    type: z.enum(COLUMN_TYPES).default('TEXT_NUMBER'),
    options: z.array(z.string()).default([]),
  }),
]);

const newSheetSchema = z.strictObject({
  name: z.string().min(1),
  /** The first column is the primary one. A title alone means TEXT_NUMBER. */
  columns: z.array(columnSchema).min(1),
  rows: z.array(cellsSchema).default([]),
  owner: z.email().default(FIRST_PEOPLE[0].email),
  /** A workspace or a folder. */
  containerId: idSchema.optional(),
  ...bySchema,
});

/** `POST /sandbox/sheets {name, columns, rows?, owner?, containerId?, by?, at?}` -> the sheet with its column and row ids. */
export function addSheet(visit: Visit): object {
  const body = visit.body(newSheetSchema);
  const { office } = visit.world;
  const by = visit.saveBy(body);
  const owner = office.people.add({ email: body.owner });
  const columns = body.columns.map((column, index): NewColumn => ({
    ...column,
    type: index === 0 ? 'TEXT_NUMBER' : column.type,
    primary: index === 0,
    locked: false,
    width: 150,
  }));
  const { containerId } = body;
  if (containerId !== undefined && !office.containers.has(containerId)) {
    throw new ControlRefusal(`There is no container ${containerId}.`, 'POST /sandbox/workspaces makes one.', 404);
  }
  const place = containerId === undefined ? {} : { containerId };
  const sheet = office.createSheet({ name: body.name, columns, ...place }, { ...by, userId: owner.id });
  const rows = office.addRows(
    sheet,
    body.rows.map((cells) => visit.cells(sheet, cells)),
    by,
  );
  return sheetView(sheet, rows);
}

const editSchema = z.strictObject({
  sheetId: idSchema,
  rowId: idSchema.optional(),
  column: z.string().optional(),
  columnId: idSchema.optional(),
  value: valueSchema.optional(),
  cells: cellsSchema.optional(),
  edits: z.array(z.strictObject({ rowId: idSchema, cells: cellsSchema })).optional(),
  changeAgent: z.string().max(512).optional(),
  ...bySchema,
});

/**
 * `POST /sandbox/edit`: one save. Either `{sheetId, rowId, column|columnId, value, by?, at?}`, or `{sheetId, rowId,
 * cells: {title: value}}`, or `{sheetId, edits: [{rowId, cells}]}` for several rows.
 */
export function edit(visit: Visit): object {
  const body = visit.body(editSchema);
  const sheet = visit.sheet(body.sheetId);
  const { changeAgent } = body;
  const by = { ...visit.saveBy(body), ...(changeAgent === undefined ? {} : { changeAgent }) };
  const edits = editsOf(body).map(({ rowId, cells }) => ({ rowId, cells: visit.cells(sheet, cells) }));
  const rows = visit.world.office.updateRows(sheet, edits, by);
  return { sheetId: sheet.id, version: sheet.version, rows: rows.map(rowFacts) };
}

/** `POST /sandbox/rows {sheetId, rows: [{title: value}], by?, at?}`. */
export function addRows(visit: Visit): object {
  const body = visit.body(z.strictObject({ sheetId: idSchema, rows: z.array(cellsSchema).min(1), ...bySchema }));
  const sheet = visit.sheet(body.sheetId);
  const drafts = body.rows.map((cells) => visit.cells(sheet, cells));
  const rows = visit.world.office.addRows(sheet, drafts, visit.saveBy(body));
  return { sheetId: sheet.id, version: sheet.version, rows: rows.map(rowFacts) };
}

/** `DELETE /sandbox/rows {sheetId, rowIds, by?, at?}`. */
export function deleteRows(visit: Visit): object {
  const body = visit.body(z.strictObject({ sheetId: idSchema, rowIds: z.array(idSchema).min(1), ...bySchema }));
  const sheet = visit.sheet(body.sheetId);
  const gone = visit.world.office.deleteRows(sheet, body.rowIds, visit.saveBy(body));
  return { sheetId: sheet.id, version: sheet.version, rowIds: gone };
}

/** `POST /sandbox/rows/move {sheetId, rowIds, toSheetId, by?, at?}`. */
export function moveRows(visit: Visit): object {
  const body = visit.body(
    z.strictObject({ sheetId: idSchema, rowIds: z.array(idSchema).min(1), toSheetId: idSchema, ...bySchema }),
  );
  const from = visit.sheet(body.sheetId);
  const to = visit.sheet(body.toSheetId);
  if (from === to) throw new ControlRefusal('Both are the same sheet.', 'Name another sheet in toSheetId.');
  for (const id of body.rowIds) visit.row(from, id);
  const rows = visit.world.office.moveRows(from, to, body.rowIds, visit.saveBy(body));
  return {
    sheetId: from.id,
    toSheetId: to.id,
    rows: rows.map((row, index) => ({ from: body.rowIds[index], to: row.id })),
  };
}

/** `DELETE /sandbox/sheets/:sheetId`: into the bin. */
export function deleteSheet(visit: Visit): object {
  const sheet = visit.sheet(visit.id('sheetId'));
  visit.world.office.deleteSheet(sheet, { userId: sheet.ownerId, at: visit.world.clock.now() });
  return { sheetId: sheet.id };
}

/** `POST /sandbox/sheets/:sheetId/restore`: out of the bin; its webhooks come back, and their receivers are told. */
export function restoreSheet(visit: Visit): object {
  const sheet = visit.world.office.restoreSheet(visit.id('sheetId'));
  if (sheet === undefined) throw new ControlRefusal('There is no such sheet in the bin.', 'Delete it first.', 404);
  return sheetView(sheet, sheet.rows);
}

/** `POST /sandbox/sheets/:sheetId/grid {tooLarge}`: larger than webhooks support, whatever its size; or not any more. */
export function setGrid(visit: Visit): object {
  const sheet = visit.sheet(visit.id('sheetId'));
  const { tooLarge } = visit.body(z.strictObject({ tooLarge: z.boolean() }));
  visit.world.dispatcher.setTooLarge(sheet, tooLarge);
  return { sheetId: sheet.id, tooLarge: visit.world.dispatcher.tooLarge(sheet) };
}

/** `POST /sandbox/sheets/:sheetId/access {user, level}`: NONE takes the sheet away, and its owner's webhooks with it. */
export function setAccess(visit: Visit): object {
  const body = visit.body(z.strictObject({ user: z.email(), level: z.enum(ACCESS_LEVELS) }));
  const sheet = visit.sheet(visit.id('sheetId'));
  const user = visit.world.office.people.withEmail(body.user);
  if (user === undefined)
    throw new ControlRefusal(`Nobody has the address ${body.user}.`, 'POST /sandbox/users adds a person.', 404);
  sheet.access.set(user.id, body.level);
  visit.world.office.access.changed();
  return { sheetId: sheet.id, user: user.email, level: body.level };
}

/** A sheet with the ids that a caller needs to go on. */
export function sheetView(sheet: Sheet, rows: readonly Row[]): object {
  return {
    id: sheet.id,
    name: sheet.name,
    version: sheet.version,
    columns: Object.fromEntries(sheet.columns.map(({ id, title }) => [title, id])),
    rows: rows.map(rowFacts),
  };
}

function rowFacts({ id, rowNumber, version }: Row): object {
  return { id, rowNumber, version };
}

function editsOf(body: z.infer<typeof editSchema>): { rowId: number; cells: z.infer<typeof cellsSchema> }[] {
  if (body.edits !== undefined) return body.edits;
  const hint = 'Give rowId with column and value, or rowId with cells, or edits.';
  if (body.rowId === undefined) throw new ControlRefusal('The edit names no row.', hint);
  if (body.cells !== undefined) return [{ rowId: body.rowId, cells: body.cells }];
  const column = body.column ?? (body.columnId === undefined ? undefined : String(body.columnId));
  if (column === undefined || body.value === undefined)
    throw new ControlRefusal('The edit names no cell or no value.', hint);
  return [{ rowId: body.rowId, cells: { [column]: body.value } }];
}
