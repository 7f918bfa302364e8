import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import * as columns from './columns';
import * as rows from './rows';
import * as sheets from './sheets';
import * as users from './users';
import * as webhooks from './webhooks';
import { Call, success } from './call';
import { json, Router, type Request, type Response } from '../http/router';
import { RateLimits } from './rate-limit';
import { SmartsheetRefusal } from '../errors';
import type { User } from '../office/types';
import type { World } from '../world';

type Act = (call: Call) => object | Promise<object>;

/** The API under `/2.0`: who asks, may they ask now, what do they ask, and Smartsheet's shape for every refusal. */
export class SmartsheetApi {
  private readonly router = new Router();
  private readonly limits = new RateLimits();

  constructor(private readonly world: World) {
    this.sheetRoutes();
    this.rowRoutes();
    this.otherRoutes();
  }

  /** @param request its path is without `/2.0` */
  async answer(request: Request): Promise<Response> {
    try {
      const found = this.router.find(request.method, request.path);
      if (found.handler !== undefined) return await found.handler({ ...request, parameters: found.parameters });
      if (found.allowed.length > 0) throw new SmartsheetRefusal(405, 1006, `${request.method} is not supported here.`);
      throw new SmartsheetRefusal(404, 1006, 'Not Found');
    } catch (thrown) {
      if (thrown instanceof SmartsheetRefusal) return refused(thrown);
      this.world.settings.log(`Request ${request.method} ${request.path} failed: ${String(thrown)}`);
      return refused(new SmartsheetRefusal(500, 4000, 'An unexpected error occurred.'));
    }
  }

  private on(method: 'GET' | 'POST' | 'PUT' | 'DELETE', pattern: string, act: Act): void {
    const isHistory = pattern.endsWith('/history');
    this.router.on(method, pattern, async (request) => {
      const { user, token } = this.caller(request);
      this.failAsAsked(request);
      if (this.world.settings.rateLimits) {
        this.limits.charge(token, isHistory, this.world.settings.wall() + this.world.movedByHand);
      }
      return json(await act(new Call(request, user, this.world)));
    });
  }

  private sheetRoutes(): void {
    this.on('GET', '/sheets', sheets.listSheets);
    this.on('POST', '/sheets', sheets.createSheet);
    this.on('POST', '/workspaces/:containerId/sheets', sheets.createSheet);
    this.on('POST', '/folders/:containerId/sheets', sheets.createSheet);
    this.on('GET', '/sheets/:sheetId', sheets.getSheet);
    this.on('PUT', '/sheets/:sheetId', sheets.updateSheet);
    this.on('DELETE', '/sheets/:sheetId', sheets.deleteSheet);
    this.on('GET', '/sheets/:sheetId/version', sheets.getVersion);
    this.on('GET', '/sheets/:sheetId/columns', columns.listColumns);
    this.on('POST', '/sheets/:sheetId/columns', columns.addColumns);
    this.on('GET', '/sheets/:sheetId/columns/:columnId', columns.getColumn);
    this.on('PUT', '/sheets/:sheetId/columns/:columnId', columns.updateColumn);
    this.on('DELETE', '/sheets/:sheetId/columns/:columnId', columns.deleteColumn);
  }

  private rowRoutes(): void {
    this.on('POST', '/sheets/:sheetId/rows', rows.addRows);
    this.on('PUT', '/sheets/:sheetId/rows', rows.updateRows);
    this.on('DELETE', '/sheets/:sheetId/rows', rows.deleteRows);
    this.on('GET', '/sheets/:sheetId/rows/:rowId', rows.getRow);
    this.on('DELETE', '/sheets/:sheetId/rows/:rowId', rows.deleteRow);
    this.on('GET', '/sheets/:sheetId/rows/:rowId/columns/:columnId/history', rows.getCellHistory);
  }

  private otherRoutes(): void {
    this.on('GET', '/users', users.listUsers);
    this.on('GET', '/users/me', users.getMe);
    this.on('GET', '/users/:userId', users.getUser);
    this.on('GET', '/workspaces', users.listWorkspaces);
    this.on('POST', '/workspaces', (call) => createContainer(call, 'workspace'));
    this.on('POST', '/workspaces/:containerId/folders', (call) => createContainer(call, 'folder'));
    this.on('POST', '/folders/:containerId/folders', (call) => createContainer(call, 'folder'));
    this.on('POST', '/webhooks', webhooks.createWebhook);
    this.on('GET', '/webhooks', webhooks.listWebhooks);
    this.on('GET', '/webhooks/:webhookId', webhooks.getWebhook);
    this.on('PUT', '/webhooks/:webhookId', webhooks.updateWebhook);
    this.on('DELETE', '/webhooks/:webhookId', webhooks.deleteWebhook);
    this.on('POST', '/webhooks/:webhookId/resetsharedsecret', webhooks.resetSharedSecret);
  }

  /** Whose token it is; with `Assume-User` an administrator acts as somebody else. */
  private caller(request: Request): { user: User; token: string } {
    const header = request.headers['authorization'];
    if (header === undefined) throw new SmartsheetRefusal(401, 1001, 'An Access Token is required.');
    const token = /^Bearer\s+(.+)$/i.exec(header)?.[1] ?? '';
    const { people } = this.world.office;
    const owner = people.withToken(token);
    if (owner === undefined) throw new SmartsheetRefusal(401, 1002, 'Your Access Token is invalid.');
    const assumed = request.headers['assume-user'];
    if (assumed === undefined) return { user: owner, token };
    const user = people.withEmail(decoded(assumed));
    if (user === undefined || !owner.admin || (user.admin && user !== owner)) {
      throw new SmartsheetRefusal(401, 1030, `The user ${assumed} cannot be assumed.`);
    }
    return { user, token };
  }

  private failAsAsked(request: Request): void {
    const { faults } = this.world.dispatcher;
    const ask = faults.failNext;
    if (ask === null || !request.path.startsWith(ask.path ?? '/')) return;
    ask.count -= 1;
    if (ask.count <= 0) faults.failNext = null;
    throw new SmartsheetRefusal(ask.status, ask.errorCode, `The sandbox was asked to fail with ${ask.errorCode}.`);
  }
}

function createContainer(call: Call, kind: 'workspace' | 'folder'): object {
  const { name } = call.body(z.looseObject({ name: z.string().min(1) }));
  const parentId = kind === 'folder' ? users.containerOf(call) : undefined;
  const container = call.world.office.createContainer(kind, name, parentId);
  return success({ result: { id: container.id, name, accessLevel: 'OWNER', permalink: call.world.address } });
}

function refused({ status, errorCode, message, detail }: SmartsheetRefusal): Response {
  const body = { errorCode, message, refId: randomUUID().slice(0, 12), ...(detail === undefined ? {} : { detail }) };
  return json(body, status);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
