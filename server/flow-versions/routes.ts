import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import { BillingAuditError } from '../../lib/errors';
import { arrivalOf, refuseForm, type SignIn, type Visitor } from '../sign-in';
import { Flash } from '../sign-in/flash';
import { pageHeaders } from '../sign-in/pages';
import { differenceOf } from './difference';
import { withShipped, type ShippedFlow } from './shipped-flow';
import { versionsPage } from './versions-page';
import type { FlowNode, VersionShelf } from './version-shelf';

export interface FlowVersionRoutes {
  readonly signIn: SignIn;
  readonly shelf: VersionShelf;
  readonly shipped: ShippedFlow;
  /** IANA name, for times on the page. */
  readonly timeZone: string;
  /** The flows in force; null while Node-RED starts. */
  readonly current: () => Promise<readonly FlowNode[] | null>;
  /** Deploys flows in somebody's name. */
  readonly deploy: (flows: readonly FlowNode[], by: string) => Promise<void>;
}

/** `/flows/versions`, for admins; the door has asked. */
export function flowVersionRoutes(parts: FlowVersionRoutes): Router {
  const { signIn, shelf, shipped } = parts;
  const routes = express.Router();
  const flash = new Flash();
  routes.use((_request, response, next) => {
    response.set(pageHeaders);
    next();
  });
  routes.use(express.urlencoded({ extended: false, limit: '8kb', parameterLimit: 20 }));
  routes.get('/', (request, response, next) => {
    void show(parts, flash, visitorOf(request), response).catch(next);
  });
  routes.use((request, response, next) => checkForm(signIn, request, response, next));
  const acting =
    (act: (request: Request, by: Visitor) => Promise<string>) =>
    (request: Request, response: Response, next: NextFunction): void => {
      const visitor = visitorOf(request);
      void act(request, visitor)
        .then((text) => flash.leave(visitor, { tone: 'good', text }))
        .catch((thrown: unknown) => {
          if (!(thrown instanceof BillingAuditError)) throw thrown;
          flash.leave(visitor, { tone: 'bad', text: thrown.message, hint: thrown.hint });
        })
        .then(() => response.redirect(303, '/flows/versions'))
        .catch(next);
    };
  routes.post(
    '/back',
    acting(async (request, by) => {
      await parts.deploy(shelf.flowsOf(fieldOf(request, 'version')), by.name);
      return 'That version is in force again.';
    }),
  );
  routes.post(
    '/shipped',
    acting(async (request, by) => {
      const own = await parts.current();
      if (!own) throw new NotStarted();
      if (fieldOf(request, 'answer') === 'take') await parts.deploy(withShipped(own, shipped.flows()), by.name);
      shipped.seen();
      return fieldOf(request, 'answer') === 'take' ? 'The shipped flow is in force.' : 'Your flow stays as it is.';
    }),
  );
  return routes;
}

/** Node-RED has not loaded the flows yet. */
class NotStarted extends BillingAuditError {
  readonly code = 'not_started';
  readonly hint = 'Wait a moment, then try again.';

  constructor() {
    super('Node-RED is still starting.');
  }
}

async function show(parts: FlowVersionRoutes, flash: Flash, visitor: Visitor, response: Response): Promise<void> {
  const { signIn, shelf, shipped, timeZone } = parts;
  const own = await parts.current();
  const kept = shelf.list().map((version) => ({ version, flows: shelf.flowsOf(version.id) }));
  const versions = kept.map(({ version, flows }, index) => {
    const before = kept[index + 1];
    return { version, difference: before ? differenceOf(before.flows, flows) : null, isCurrent: index === 0 };
  });
  const offer = own && shipped.offerTo(own);
  const formToken = signIn.formToken(visitor);
  response.send(versionsPage({ visitor, formToken, message: flash.take(visitor), versions, offer, timeZone }));
}

/** As the forms of sign-in: another site cannot know the token. */
function checkForm(signIn: SignIn, request: Request, response: Response, next: NextFunction): void {
  if (request.method === 'POST' && signIn.isFormToken(visitorOf(request), fieldOf(request, 'form'))) return next();
  refuseForm(signIn, request, response);
}

function visitorOf(request: Request): Visitor {
  const visitor = arrivalOf(request)?.visitor;
  if (!visitor) throw new Error('This page was reached by nobody.');
  return visitor;
}

function fieldOf(request: Request, name: string): string {
  const value = (request.body as Record<string, unknown> | undefined)?.[name];
  return typeof value === 'string' ? value : '';
}
