import { z } from 'zod';
import { attachmentView } from './attachments';
import { columnView, moment, rowView, sheetLink, wishesOf } from './views';
import { discussionView } from './discussions';
import { displayText } from '../office/values';
import { newColumnOf, newColumnSchema } from './columns';
import { containerOf } from './containers';
import { SmartsheetRefusal } from '../errors';
import { paged } from './paging';
import { success, type Call } from './call';
import type { Response } from '../http/router';
import type { Row } from '../office/types';
import type { Sheet } from '../office/sheet';

/** `GET /sheets`: the sheets this user can see. */
export function listSheets(call: Call): object {
  const { office } = call.world;
  const since = call.moment('modifiedSince');
  const visible = [...office.sheets.values()].filter(
    (sheet) => office.may(call.user.id, sheet, 'VIEWER') && (since === undefined || sheet.modifiedAt >= since),
  );
  const page = paged(call, visible);
  return { ...page, data: page.data.map((sheet) => sheetSummary(call, sheet)) };
}

/** `GET /sheets/{id}`: rows by id, number, page or modification; cells by column (reference §3.1). */
export function getSheet(call: Call): object {
  const sheet = call.sheet();
  if (call.number('ifVersionAfter') === sheet.version) return { version: sheet.version };
  note(call, sheet, 'LOAD');
  const columnIds = call.ids('columnIds');
  const columns = columnIds === undefined ? sheet.columns : sheet.columns.filter(({ id }) => columnIds.includes(id));
  const wishes = wishesOf(call);
  return {
    ...sheetSummary(call, sheet),
    totalRowCount: sheet.rows.length,
    ownerId: sheet.ownerId,
    owner: call.world.office.people.writer(sheet.ownerId).email,
    effectiveAttachmentOptions: ['FILE'],
    ganttEnabled: false,
    dependenciesEnabled: false,
    resourceManagementEnabled: false,
    cellImageUploadEnabled: false,
    userSettings: { criticalPathEnabled: false, displaySummaryTasks: true },
    columns: columns.map((column) => columnView(sheet, column)),
    rows: rowsAskedFor(call, sheet).map((row) => rowView(call, sheet, row, columns, wishes)),
    ...hangingsOf(call, sheet, sheet.id),
  };
}

/** `GET /sheets/{id}` with `Accept: text/csv`: what the cells show, a heading line first. */
export function exportSheet(call: Call): Response {
  const sheet = call.sheet();
  note(call, sheet, 'EXPORT');
  const line = (texts: readonly string[]): string => `${texts.map(quoted).join(',')}\r\n`;
  const rows = sheet.rows.map((row) => line(sheet.columns.map(({ id }) => shownIn(row, id))));
  const body = [line(sheet.columns.map(({ title }) => title)), ...rows].join('');
  return { status: 200, type: 'text/csv; charset=utf-8', body };
}

function shownIn(row: Row, columnId: number): string {
  const writing = row.cells.get(columnId)?.at(-1);
  return writing === undefined ? '' : displayText(writing);
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** What hangs on a sheet itself, or on one of its rows, when `include` asks for it. */
export function hangingsOf(call: Call, sheet: Sheet, parentId: number): object {
  const attachments = [...sheet.attachments.values()].filter((each) => each.parentId === parentId);
  const discussions = [...sheet.discussions.values()].filter((each) => each.parentId === parentId);
  return {
    ...(call.includes('attachments') ? { attachments: attachments.map((each) => attachmentView(call, each)) } : {}),
    ...(call.includes('discussions')
      ? { discussions: discussions.map((each) => discussionView(call, sheet, each, false)) }
      : {}),
  };
}

/** `GET /sheets/{id}/version`. */
export function getVersion(call: Call): object {
  return { version: call.sheet().version };
}

const newSheetSchema = z.object({
  name: z.string().min(1).max(50),
  columns: z.array(newColumnSchema).min(1).max(400),
});

/** `POST /sheets`, `/workspaces/{id}/sheets`, `/folders/{id}/sheets`: a sheet from scratch. */
export function createSheet(call: Call): object {
  const { name, columns } = call.body(newSheetSchema);
  if (columns.filter(({ primary }) => primary === true).length !== 1) {
    throw new SmartsheetRefusal(400, 1055, 'A sheet needs exactly one primary column, of type TEXT_NUMBER.');
  }
  if (new Set(columns.map(({ title }) => title)).size < columns.length) {
    throw new SmartsheetRefusal(400, 1057, 'Column titles must be unique.');
  }
  const isPlaced = call.request.parameters['containerId'] !== undefined;
  const place = isPlaced ? { containerId: containerOf(call, undefined, 'EDITOR_SHARE').id } : {};
  const sheet = call.world.office.createSheet({ name, columns: columns.map(newColumnOf), ...place }, call.by);
  const view = { ...sheetSummary(call, sheet), columns: sheet.columns.map((column) => columnView(sheet, column)) };
  return success({ result: view, version: sheet.version });
}

/** `PUT /sheets/{id}`: another name. */
export function updateSheet(call: Call): object {
  const sheet = call.sheet('ADMIN');
  const { name } = call.body(z.object({ name: z.string().min(1).max(50) }));
  call.world.office.renameSheet(sheet, name, call.by);
  return success({ result: sheetSummary(call, sheet), version: sheet.version });
}

/** `DELETE /sheets/{id}`. Its webhooks become inaccessible. */
export function deleteSheet(call: Call): object {
  call.world.office.deleteSheet(call.sheet('OWNER'), call.by);
  return success();
}

/** A sheet without columns and rows. */
export function sheetSummary(call: Call, sheet: Sheet): object {
  const workspace = call.world.office.access.workspaceOf(sheet.containerId);
  const numeric = call.flag('numericDates');
  return {
    id: sheet.id,
    name: sheet.name,
    version: sheet.version,
    accessLevel: call.world.office.accessOf(call.user.id, sheet),
    permalink: sheetLink(call, sheet),
    createdAt: moment(sheet.createdAt, numeric),
    modifiedAt: moment(sheet.modifiedAt, numeric),
    ...(workspace === undefined ? {} : { workspace: { id: workspace.id, name: workspace.name } }),
  };
}

function note(call: Call, sheet: Sheet, action: string): void {
  const report = { objectType: 'SHEET', action, objectId: sheet.id, sheetId: sheet.id };
  call.world.activity.note({ ...report, details: { sheetName: sheet.name } }, call.by);
}

/** Only the rows asked for are looked at: by id, by number, by modification, and then by page. */
function rowsAskedFor(call: Call, sheet: Sheet): readonly Row[] {
  const rows = chosenRows(call, sheet);
  const pageSize = call.number('pageSize');
  const page = call.number('page');
  if (pageSize === undefined && page === undefined) return rows;
  return paged(call, rows).data;
}

function chosenRows(call: Call, sheet: Sheet): readonly Row[] {
  const ids = call.ids('rowIds');
  const numbers = call.ids('rowNumbers');
  const since = call.moment('rowsModifiedSince');
  if (ids === undefined && numbers === undefined) {
    return since === undefined ? sheet.rows : sheet.rowsModifiedSince(wholeSecond(since));
  }
  const byId = ids?.flatMap((id) => sheet.row(id) ?? []) ?? [];
  const byNumber = numbers?.flatMap((number) => sheet.rows[number - 1] ?? []) ?? [];
  const chosen = [...new Set([...byId, ...byNumber])].sort((left, right) => left.rowNumber - right.rowNumber);
  return since === undefined ? chosen : chosen.filter((row) => row.modifiedAt >= wholeSecond(since));
}

/** `modifiedAt` is shown in whole seconds, so that what was shown must find its row again. */
function wholeSecond(time: number): number {
  return Math.floor(time / 1_000) * 1_000;
}
