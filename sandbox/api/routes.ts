import { randomUUID } from 'node:crypto';
import { Call } from './call';
import { json, Router, type Request, type Response } from '../http/router';
import { meets, troubledAnswer } from './trouble';
import { RateLimits, type Kind } from './rate-limit';
import { ROUTES, type Route } from './route-table';
import { SmartsheetRefusal } from '../errors';
import type { Trouble } from '../webhooks/faults';
import type { User } from '../office/types';
import type { World } from '../world';

/** The API under `/2.0`: who asks, may they ask now, what do they ask, and Smartsheet's shape for every refusal. */
export class SmartsheetApi {
  private readonly router = new Router();
  private readonly limits = new RateLimits();

  constructor(private readonly world: World) {
    for (const route of ROUTES) this.on(route);
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

  private on([method, pattern, act]: Route): void {
    const kind = kindOf(method, pattern);
    this.router.on(method, pattern, async (request) => {
      const { user, token } = this.caller(request);
      const trouble = this.takeTrouble(request);
      if (trouble !== null && trouble.afterDoing !== true) return troubledAnswer(trouble);
      if (this.world.settings.rateLimits) {
        this.limits.charge(token, kind, this.world.settings.wall() + this.world.movedByHand);
      }
      const answer = await act(new Call(request, user, this.world));
      if (trouble !== null) return troubledAnswer(trouble);
      return isResponse(answer) ? answer : json(answer);
    });
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

  /** Uses up one of what was asked for requests like this one. */
  private takeTrouble(request: Request): Trouble | null {
    const { faults } = this.world.dispatcher;
    const ask = faults.failNext;
    if (ask === null || !meets(ask, request)) return null;
    ask.count -= 1;
    if (ask.count <= 0) faults.failNext = null;
    return ask;
  }
}

function kindOf(method: string, pattern: string): Kind {
  if (pattern.endsWith('/history')) return 'history';
  return method === 'POST' && pattern.endsWith('/attachments') ? 'attachment' : 'plain';
}

function isResponse(answer: object): answer is Response {
  return 'status' in answer && 'type' in answer && 'body' in answer;
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
