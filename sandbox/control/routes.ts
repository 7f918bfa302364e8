import * as activity from './activity';
import * as deliveries from './deliveries';
import * as hangings from './hangings';
import * as office from './office';
import * as sharing from './sharing';
import { BillingAuditError } from '../../lib/errors';
import { ControlRefusal } from '../errors';
import { json, Router, type Method, type Request, type Response } from '../http/router';
import { loadCsv } from './load';
import { Visit } from './visit';
import type { World } from '../world';

export type ControlAct = (visit: Visit) => object | Promise<object>;

/** The control interface `/sandbox/...`: what a test, a trainer or the CLI does to the practice office. */
export class ControlApi {
  private readonly router = new Router();

  constructor(private readonly world: World) {
    this.on('GET', '/sandbox/state', state)
      .on('POST', '/sandbox/users', office.addUser)
      .on('POST', '/sandbox/sheets', office.addSheet)
      .on('DELETE', '/sandbox/sheets/:sheetId', office.deleteSheet)
      .on('POST', '/sandbox/sheets/:sheetId/access', office.setAccess)
      .on('POST', '/sandbox/edit', office.edit)
      .on('POST', '/sandbox/rows', office.addRows)
      .on('DELETE', '/sandbox/rows', office.deleteRows)
      .on('POST', '/sandbox/rows/move', office.moveRows)
      .on('POST', '/sandbox/sheets/:sheetId/restore', office.restoreSheet)
      .on('POST', '/sandbox/sheets/:sheetId/grid', office.setGrid)
      .on('POST', '/sandbox/load', loadCsv)
      .on('POST', '/sandbox/workspaces', sharing.addContainer)
      .on('POST', '/sandbox/groups', sharing.addGroup)
      .on('POST', '/sandbox/groups/:groupId/members', sharing.changeMembers)
      .on('POST', '/sandbox/shares', sharing.addShare)
      .on('DELETE', '/sandbox/shares/:shareId', sharing.removeShare)
      .on('POST', '/sandbox/attachments', hangings.addAttachment)
      .on('POST', '/sandbox/comments', hangings.addComment)
      .on('POST', '/sandbox/plan', activity.setPlan)
      .on('GET', '/sandbox/activity', activity.listActivity)
      .on('POST', '/sandbox/activity', activity.noteActivity)
      .on('POST', '/sandbox/faults', deliveries.setFaults)
      .on('POST', '/sandbox/clock', deliveries.moveClock)
      .on('POST', '/sandbox/settle', deliveries.settle)
      .on('GET', '/sandbox/webhooks', deliveries.listHooks)
      .on('POST', '/sandbox/webhooks/:webhookId/disable', deliveries.disableHook)
      .on('POST', '/sandbox/webhooks/:webhookId/restore', deliveries.restoreHook);
  }

  on(method: Method, pattern: string, act: ControlAct): this {
    this.router.on(method, pattern, async (request) => json(await act(new Visit(request, this.world))));
    return this;
  }

  async answer(request: Request): Promise<Response> {
    try {
      const found = this.router.find(request.method, request.path);
      if (found.handler !== undefined) return await found.handler({ ...request, parameters: found.parameters });
      const hint =
        found.allowed.length > 0 ? `Use ${found.allowed.join(' or ')}.` : 'docs/sandbox.md lists the requests.';
      throw new ControlRefusal(
        `${request.method} ${request.path} is not there.`,
        hint,
        found.allowed.length > 0 ? 405 : 404,
      );
    } catch (thrown) {
      if (thrown instanceof ControlRefusal) return json({ error: thrown.message, hint: thrown.hint }, thrown.status);
      if (thrown instanceof BillingAuditError) return json({ error: thrown.message, hint: thrown.hint }, 400);
      this.world.settings.log(`Request ${request.method} ${request.path} failed: ${String(thrown)}`);
      return json({ error: String(thrown), hint: 'This is a fault of the sandbox itself.' }, 500);
    }
  }
}

/** `GET /sandbox/state`: the whole office in short. */
function state({ world }: Visit): object {
  const { office: practice, clock, dispatcher, settings, plan } = world;
  return {
    now: new Date(clock.now()).toISOString(),
    clock: clock.stands ? 'stands' : 'runs',
    settings: {
      debounceSeconds: settings.debounceSeconds,
      eventMix: settings.eventMix,
      rateLimits: settings.rateLimits,
    },
    plan: { ...plan, sharing: practice.access.mode },
    users: practice.people.all(),
    groups: [...practice.access.groups.values()].map((group) => ({ ...group, memberIds: [...group.memberIds] })),
    shares: [...practice.access.shares.values()],
    containers: [...practice.containers.values()],
    sheets: [...practice.sheets.values()].map((sheet) => ({
      id: sheet.id,
      name: sheet.name,
      version: sheet.version,
      rows: sheet.rows.length,
      tooLarge: dispatcher.tooLarge(sheet),
      columns: Object.fromEntries(sheet.columns.map(({ id, title }) => [title, id])),
    })),
    webhooks: dispatcher.hooks().map(({ id, sheetId, status, callbackUrl }) => ({ id, sheetId, status, callbackUrl })),
    undelivered: dispatcher.hooks().reduce((sum, { id }) => sum + (dispatcher.line(id)?.undelivered ?? 0), 0),
    faults: dispatcher.faults,
  };
}
