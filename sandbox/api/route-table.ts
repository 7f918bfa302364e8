import * as attachments from './attachments';
import * as columns from './columns';
import * as containers from './containers';
import * as discussions from './discussions';
import * as events from './events';
import * as groups from './groups';
import * as moves from './moves';
import * as rows from './rows';
import * as shares from './shares';
import * as sheets from './sheets';
import * as users from './users';
import * as webhooks from './webhooks';
import type { Call } from './call';
import type { Method, Response } from '../http/router';

/** What a request does; a plain object is answered as JSON. */
export type Act = (call: Call) => object | Response | Promise<object>;

export type Route = readonly [method: Method, pattern: string, act: Act];

const SHEET = '/sheets/:sheetId';
const ROW = `${SHEET}/rows/:rowId`;

const SHEETS: readonly Route[] = [
  ['GET', '/sheets', sheets.listSheets],
  ['POST', '/sheets', sheets.createSheet],
  ['POST', '/workspaces/:containerId/sheets', sheets.createSheet],
  ['POST', '/folders/:containerId/sheets', sheets.createSheet],
  ['GET', SHEET, (call) => (isCsv(call) ? sheets.exportSheet(call) : sheets.getSheet(call))],
  ['PUT', SHEET, sheets.updateSheet],
  ['DELETE', SHEET, sheets.deleteSheet],
  ['GET', `${SHEET}/version`, sheets.getVersion],
  ['GET', `${SHEET}/path`, containers.getSheetPath],
  ['POST', `${SHEET}/move`, moves.moveSheet],
  ['POST', `${SHEET}/copy`, moves.copySheet],
  ['GET', `${SHEET}/columns`, columns.listColumns],
  ['POST', `${SHEET}/columns`, columns.addColumns],
  ['GET', `${SHEET}/columns/:columnId`, columns.getColumn],
  ['PUT', `${SHEET}/columns/:columnId`, columns.updateColumn],
  ['DELETE', `${SHEET}/columns/:columnId`, columns.deleteColumn],
];

const ROWS: readonly Route[] = [
  ['POST', `${SHEET}/rows`, rows.addRows],
  ['PUT', `${SHEET}/rows`, rows.updateRows],
  ['DELETE', `${SHEET}/rows`, rows.deleteRows],
  ['POST', `${SHEET}/rows/move`, moves.moveRows],
  ['POST', `${SHEET}/rows/copy`, moves.copyRows],
  ['GET', ROW, rows.getRow],
  ['DELETE', ROW, rows.deleteRow],
  ['GET', `${ROW}/columns/:columnId/history`, rows.getCellHistory],
];

const HANGINGS: readonly Route[] = [
  ['GET', `${SHEET}/attachments`, attachments.listAttachments],
  ['POST', `${SHEET}/attachments`, attachments.addAttachment],
  ['GET', `${SHEET}/attachments/:attachmentId`, attachments.getAttachment],
  ['DELETE', `${SHEET}/attachments/:attachmentId`, attachments.deleteAttachment],
  ['GET', `${ROW}/attachments`, attachments.listAttachments],
  ['POST', `${ROW}/attachments`, attachments.addAttachment],
  ['POST', `${SHEET}/comments/:commentId/attachments`, attachments.addAttachment],
  ['GET', `${SHEET}/discussions`, discussions.listDiscussions],
  ['POST', `${SHEET}/discussions`, discussions.createDiscussion],
  ['GET', `${SHEET}/discussions/:discussionId`, discussions.getDiscussion],
  ['DELETE', `${SHEET}/discussions/:discussionId`, discussions.deleteDiscussion],
  ['POST', `${SHEET}/discussions/:discussionId/comments`, discussions.addComment],
  ['GET', `${ROW}/discussions`, discussions.listDiscussions],
  ['POST', `${ROW}/discussions`, discussions.createDiscussion],
  ['GET', `${SHEET}/comments/:commentId`, discussions.getComment],
  ['PUT', `${SHEET}/comments/:commentId`, discussions.editComment],
  ['DELETE', `${SHEET}/comments/:commentId`, discussions.deleteComment],
];

const ACCESS: readonly Route[] = [
  ['GET', '/users', users.listUsers],
  ['GET', '/users/me', users.getMe],
  ['GET', '/users/:userId', users.getUser],
  ['GET', '/groups', groups.listGroups],
  ['POST', '/groups', groups.createGroup],
  ['GET', '/groups/:groupId', groups.getGroup],
  ['PUT', '/groups/:groupId', groups.updateGroup],
  ['DELETE', '/groups/:groupId', groups.deleteGroup],
  ['POST', '/groups/:groupId/members', groups.addMembers],
  ['DELETE', '/groups/:groupId/members/:userId', groups.removeMember],
  ['GET', '/shares', shares.listShares],
  ['POST', '/shares', shares.addShares],
  ['GET', '/shares/:shareId', shares.getShare],
  ['PATCH', '/shares/:shareId', shares.updateShare],
  ['DELETE', '/shares/:shareId', shares.deleteShare],
  ['GET', '/events', events.getEvents],
  ['POST', '/filteredEvents', events.filterEvents],
];

const CONTAINERS: readonly Route[] = [
  ['GET', '/workspaces', containers.listWorkspaces],
  ['POST', '/workspaces', (call) => containers.createContainer(call, 'workspace')],
  ['POST', '/workspaces/:containerId/folders', (call) => containers.createContainer(call, 'folder')],
  ['POST', '/folders/:containerId/folders', (call) => containers.createContainer(call, 'folder')],
  ['GET', '/folders/:containerId/path', containers.getFolderPath],
  ...(['workspace', 'folder'] as const).flatMap((kind): Route[] => [
    ['PUT', `/${kind}s/:containerId`, (call) => containers.renameContainer(call, kind)],
    ['DELETE', `/${kind}s/:containerId`, (call) => containers.deleteContainer(call, kind)],
    ['GET', `/${kind}s/:containerId/metadata`, (call) => containers.getMetadata(call, kind)],
    ['GET', `/${kind}s/:containerId/children`, (call) => containers.listChildren(call, kind)],
  ]),
];

/** What there was until 3 June 2026. */
const SUNSET: readonly Route[] = [
  ...['workspaces', 'folders'].flatMap((place): Route[] => [
    ['GET', `/${place}/:id`, containers.sunset],
    ['GET', `/${place}/:id/folders`, containers.sunset],
  ]),
  ...['sheets', 'workspaces', 'reports', 'sights'].flatMap((asset): Route[] => [
    ['GET', `/${asset}/:id/shares`, containers.sunset],
    ['POST', `/${asset}/:id/shares`, containers.sunset],
    ...(['GET', 'PUT', 'DELETE'] as const).map((method): Route => [
      method,
      `/${asset}/:id/shares/:shareId`,
      containers.sunset,
    ]),
  ]),
];

const WEBHOOKS: readonly Route[] = [
  ['POST', '/webhooks', webhooks.createWebhook],
  ['GET', '/webhooks', webhooks.listWebhooks],
  ['GET', '/webhooks/:webhookId', webhooks.getWebhook],
  ['PUT', '/webhooks/:webhookId', webhooks.updateWebhook],
  ['DELETE', '/webhooks/:webhookId', webhooks.deleteWebhook],
  ['POST', '/webhooks/:webhookId/resetsharedsecret', webhooks.resetSharedSecret],
];

/** Every path of the API that the sandbox knows. */
export const ROUTES: readonly Route[] = [
  ...SHEETS,
  ...ROWS,
  ...HANGINGS,
  ...ACCESS,
  ...CONTAINERS,
  ...SUNSET,
  ...WEBHOOKS,
];

function isCsv(call: Call): boolean {
  return (call.request.headers['accept'] ?? '').startsWith('text/csv');
}
