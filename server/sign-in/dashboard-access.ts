import type { IncomingMessage } from 'node:http';
import type { NextFunction, Request, Response } from 'express';
import type { Role } from './account';
import { refusal, refusedAtSight, refusedByRight } from './decision';
import { factsOf } from './request-facts';
import { refuseRequest } from './refuse';
import type { SignIn, Visitor } from './sign-in';

/** What the dashboard's own code may know about a client: `socket.data.user`. */
export interface DashboardUser {
  readonly name: string;
  readonly role: Role;
}

/** The parts of a socket.io socket that are used here. */
export interface DashboardSocket {
  readonly request: IncomingMessage;
  readonly data: { user?: DashboardUser };
  onAny(listener: () => void): unknown;
}

/** Dashboard 2.0's `settings.dashboard`. */
export interface DashboardAccess {
  middleware(request: Request, response: Response, next: NextFunction): void;
  ioMiddleware(socket: DashboardSocket, next: (refused?: Error) => void): void;
}

/**
 * The dashboard asks again, although the door has asked: it is the dashboard that tells its flows who acts, so it takes
 * that from the cookie and from nothing that a page sends.
 */
export function dashboardAccess(signIn: SignIn): DashboardAccess {
  return {
    middleware(request, response, next) {
      const facts = { ...factsOf(request), ...pathOf(request.originalUrl) };
      void signIn.visitor(facts).then((visitor) => {
        const refused = refusedByRight(facts, visitor?.role ?? null, signIn.policy, visitor?.lacksFactor);
        if (refused) refuseRequest(request, response, facts, refusal(refused));
        else next();
      }, next);
    },
    // Own middleware replaces the dashboard's check of the origin, so ours has to look at it too.
    ioMiddleware(socket, next) {
      const facts = factsOf(socket.request, true);
      void signIn.visitor(facts).then((visitor) => {
        const refused =
          refusedAtSight(facts, 'everything', signIn.policy) ??
          refusedByRight(facts, visitor?.role ?? null, signIn.policy, visitor?.lacksFactor);
        if (refused || !visitor) return next(new Error(refused ?? 'session'));
        letIn(socket, visitor, signIn);
        next();
      }, next);
    },
  };
}

/** Whatever a person does on the page arrives here; the heartbeat does not, so an empty chair signs itself out. */
function letIn(socket: DashboardSocket, { name, role, session }: Visitor, signIn: SignIn): void {
  socket.data.user = { name, role };
  if (session) socket.onAny(() => void signIn.noteUse(session));
}

function pathOf(url: string): { url: string; path: string } {
  return { url, path: (url.split('?', 1)[0] ?? '/').toLowerCase() };
}
