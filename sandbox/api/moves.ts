import { z } from 'zod';
import { notFound, SmartsheetRefusal } from '../errors';
import { sheetSummary } from './sheets';
import { success, type Call } from './call';
import type { Sheet } from '../office/sheet';

const rowsSchema = z.looseObject({
  rowIds: z.array(z.int()).min(1).max(500),
  to: z.looseObject({ sheetId: z.int() }),
});

/** `POST /sheets/{s}/rows/move {rowIds, to: {sheetId}}[?ignoreRowsNotFound=true]`. Histories stay behind (reference §3.3). */
export function moveRows(call: Call): object {
  return carryRows(call, 'move');
}

/** `POST /sheets/{s}/rows/copy`. */
export function copyRows(call: Call): object {
  return carryRows(call, 'copy');
}

const destinationSchema = z.looseObject({
  destinationType: z.enum(['workspace', 'folder']),
  destinationId: z.int(),
  newName: z.string().min(1).max(50).optional(),
});

/** `POST /sheets/{s}/move {destinationType, destinationId}`: its own shares go with it. */
export function moveSheet(call: Call): object {
  const sheet = call.sheet('ADMIN');
  const { destinationId } = destination(call);
  call.world.office.moveSheet(sheet, destinationId);
  note(call, sheet, 'MOVE', {});
  return success({ result: sheetSummary(call, sheet) });
}

/** `POST /sheets/{s}/copy {destinationType, destinationId, newName}[?include=data]`: new ids, no history, no webhook. */
export function copySheet(call: Call): object {
  const sheet = call.sheet();
  const { destinationId, newName } = destination(call);
  const { office } = call.world;
  const columns = sheet.columns.map(({ id: _id, ...column }) => column);
  const copy = office.createSheet({ name: newName ?? sheet.name, columns, containerId: destinationId }, call.by);
  if (call.includes('data') || call.includes('all')) {
    office.copyRows(
      sheet,
      copy,
      sheet.rows.map(({ id }) => id),
      call.by,
    );
  }
  note(call, sheet, 'SAVE_AS_NEW', { newSheetId: copy.id });
  return success({ result: sheetSummary(call, copy) });
}

function carryRows(call: Call, how: 'move' | 'copy'): object {
  const from = call.sheet(how === 'move' ? 'EDITOR' : 'VIEWER');
  const { rowIds, to } = call.body(rowsSchema);
  const target = call.world.office.sheets.get(to.sheetId);
  if (target === undefined || !call.world.office.may(call.user.id, target, 'VIEWER')) throw notFound();
  if (!call.world.office.may(call.user.id, target, 'EDITOR')) {
    throw new SmartsheetRefusal(403, 1004, 'You are not authorized to perform this action.');
  }
  if (target === from)
    throw new SmartsheetRefusal(400, 1031, 'The value of the attribute to.sheetId is invalid: the same sheet.');
  const present = [...new Set(rowIds)].filter((id) => from.row(id) !== undefined);
  if (present.length < rowIds.length && !call.flag('ignoreRowsNotFound')) throw notFound();
  const { office } = call.world;
  const rows =
    how === 'move' ? office.moveRows(from, target, present, call.by) : office.copyRows(from, target, present, call.by);
  if (how === 'copy') note(call, from, 'COPY_ROW', { destinationSheetId: target.id });
  return {
    destinationSheetId: target.id,
    rowMappings: rows.map((row, index) => ({ from: present[index], to: row.id })),
  };
}

function destination(call: Call): { destinationId: number; newName: string | undefined } {
  const { destinationType, destinationId, newName } = call.body(destinationSchema);
  const container = call.world.office.containers.get(destinationId);
  if (container?.kind !== destinationType) throw notFound();
  return { destinationId, newName };
}

function note(call: Call, sheet: Sheet, action: string, details: object): void {
  const report = { objectType: 'SHEET', action, objectId: sheet.id, sheetId: sheet.id };
  call.world.activity.note({ ...report, details: { sheetName: sheet.name, ...details } }, call.by);
}
