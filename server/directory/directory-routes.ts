import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import { BillingAuditError } from '../../lib/errors';
import type { Now } from '../../lib/ports';
import { openHomeAt } from '../../lib/runtime/open-homes';
import type { ListedSheet } from '../../lib/smartsheet';
import type { Store } from '../../lib/store';
import { comparePeople, readPeopleSheet, sheetOfPeople, type PeopleInSheet, type SheetReader } from '../people';
import { arrivalOf, refuseForm, type SignIn, type Visitor } from '../sign-in';
import { Flash } from '../sign-in/flash';
import { pageHeaders, type Message } from '../sign-in/pages';
import { directoryPage, type Preview } from './directory-page';

export interface DirectoryRoutes {
  readonly signIn: SignIn;
  /** Of the store that this server has open. */
  readonly home: string;
  /** @throws BadSetting  nothing is connected */
  readonly smartsheet: () => SheetReader;
  /** IANA name. */
  readonly timeZone: string;
  readonly now: Now;
  readonly onFailure: (failure: unknown) => void;
}

/**
 * `/directory`, for admins; the door has asked. `GET /` shows the people whose changes are judged, `GET /preview` reads a
 * sheet and shows what it would change, `POST /take` takes just that.
 */
export function directoryRoutes(parts: DirectoryRoutes): Router {
  const routes = express.Router();
  const flash = new Flash();
  routes.use((_request, response, next) => {
    response.set(pageHeaders);
    next();
  });
  routes.use(express.urlencoded({ extended: false, limit: '8kb', parameterLimit: 20 }));
  const page =
    (answer: (request: Request, response: Response) => Promise<void>) =>
    (request: Request, response: Response, next: NextFunction): void =>
      void answer(request, response).catch(next);
  routes.get(
    '/',
    page((request, response) => show(parts, flash, request, response, null)),
  );
  routes.get(
    '/preview',
    page((request, response) => show(parts, flash, request, response, textIn(request.query, 'sheet'))),
  );
  routes.post(
    '/take',
    page((request, response) => take(parts, flash, request, response)),
  );
  return routes;
}

async function show(
  parts: DirectoryRoutes,
  flash: Flash,
  request: Request,
  response: Response,
  named: string | null,
): Promise<void> {
  const { signIn, timeZone } = parts;
  const visitor = visitorOf(request);
  const store = storeOf(parts);
  const directory = (await store?.directory().catch((failure: unknown) => noted(parts, failure))) ?? null;
  const [sheets, preview] = await Promise.all([
    sheetsOf(parts),
    store && directory && named !== null ? previewOf(parts, store, visitor, named).catch(asMessage) : null,
  ]);
  const left = flash.take(visitor);
  const trouble = preview !== null && 'tone' in preview ? preview : null;
  response.status(directory ? (trouble ? 422 : 200) : 503).send(
    directoryPage({
      visitor,
      formToken: signIn.formToken(visitor),
      message: trouble ?? left,
      directory,
      sheets,
      preview: preview !== null && !('tone' in preview) ? preview : null,
      chosen: named ?? directory?.source?.sheet_id ?? '',
      timeZone,
    }),
  );
}

async function take(parts: DirectoryRoutes, flash: Flash, request: Request, response: Response): Promise<void> {
  const { signIn } = parts;
  const visitor = visitorOf(request);
  const form = (request.body ?? {}) as Readonly<Record<string, unknown>>;
  if (!signIn.isFormToken(visitor, form['form'])) return refuseForm(signIn, request, response);
  const named = textIn(form, 'sheet');
  const back = `/directory/preview?${new URLSearchParams({ sheet: named }).toString()}`;
  const leave = (message: Message, next: string): void => {
    flash.leave(visitor, message);
    response.redirect(303, next);
  };
  try {
    const store = storeOf(parts);
    if (!store) throw new NotOpenYet();
    const { difference, read, mark } = await previewOf(parts, store, visitor, named);
    if (difference.fingerprint !== textIn(form, 'shown')) throw new SheetChangedMeanwhile();
    const { people } = difference;
    const { sheet } = read;
    const taken = await store.takePeople({ people, by: visitor.name, role: visitor.role, sheet, mark });
    const told = `${taken.added} added, ${taken.changed} changed, ${taken.made_inactive} made inactive`;
    leave({ tone: 'good', text: `The directory was taken from "${sheet.sheet_name}": ${told}.` }, '/directory');
  } catch (thrown) {
    leave(asMessage(thrown), back);
  }
}

/** Reads the sheet, and compares it with what is known now. */
async function previewOf(parts: DirectoryRoutes, store: Store, visitor: Visitor, named: string): Promise<Preview> {
  const [directory, found] = await Promise.all([store.directory(), sheetOfPeople(parts.smartsheet(), named)]);
  const reading = { timeZone: parts.timeZone, now: parts.now() };
  const read: PeopleInSheet = readPeopleSheet(found, directory.people, reading);
  const difference = comparePeople(directory, read.people, { by: visitor.name, sheet: read.sheet });
  return { read, difference, mark: directory.mark };
}

/** What can be chosen; null: Smartsheet did not say, and an id has to do. */
async function sheetsOf({ smartsheet }: DirectoryRoutes): Promise<readonly ListedSheet[] | null> {
  try {
    return await smartsheet().listSheets();
  } catch (thrown) {
    asMessage(thrown);
    return null;
  }
}

function storeOf({ home }: DirectoryRoutes): Store | null {
  return openHomeAt(home)?.inside?.store ?? null;
}

function noted({ onFailure }: DirectoryRoutes, failure: unknown): null {
  onFailure(failure);
  return null;
}

/** What people can do something about is told on the page; anything else is a failure of ours. */
function asMessage(thrown: unknown): Message {
  // By its form: the store that answers may be of the palette's bundle, where the class is another.
  if (!(thrown instanceof Error) || !('hint' in thrown) || typeof thrown.hint !== 'string') throw thrown;
  return { tone: 'bad', text: thrown.message, hint: thrown.hint };
}

/** The palette has the store, and has not opened it. */
class NotOpenYet extends BillingAuditError {
  readonly code = 'not_open_yet';
  readonly hint = 'Wait until the server has started, then try again.';

  constructor() {
    super('The store is not open yet.');
  }
}

class SheetChangedMeanwhile extends BillingAuditError {
  readonly code = 'sheet_changed_meanwhile';
  readonly hint = 'Look at what would change now, then take it.';

  constructor() {
    super('The sheet or the directory has changed since this was shown. Nothing was taken.');
  }
}

function visitorOf(request: Request): Visitor {
  const visitor = arrivalOf(request)?.visitor;
  if (!visitor) throw new Error('This page was reached by nobody.');
  return visitor;
}

function textIn(given: Readonly<Record<string, unknown>>, name: string): string {
  const value = given[name];
  return typeof value === 'string' ? value.slice(0, 200).trim() : '';
}
