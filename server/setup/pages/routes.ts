import express, { type NextFunction, type Request, type RequestHandler, type Response, type Router } from 'express';
import { BillingAuditError } from '../../../lib/errors';
import { arrivalOf, refuseForm, type SignIn, type Visitor } from '../../sign-in';
import { pageHeaders } from '../../sign-in/pages';
import { lookForFirstChange } from '../first-change';
import { plannedChanges, presentDraft, saveSetup, STEPS, type SetupPlace } from '../setup';
import type { Answers, Question, Step, Tools } from '../step';
import { wayOut } from '../way-out';
import { answersIn } from './form';
import { nextOf, reviewPage, savedMessage, setupStyle, stepPage, watchPage, type Frame } from './pages';
import { Visits, type Visit } from './visits';

export interface SetupRoutes {
  readonly signIn: SignIn;
  readonly place: SetupPlace;
  readonly tools: Tools;
  /** Somebody has written settings; the names of the variables. */
  readonly onSaved: (by: string, changed: readonly string[]) => void;
}

const LOOK_EVERY_SECONDS = 3;

/** `/setup`, for admins; the door has asked. The same steps as in the terminal. */
export function setupRoutes(parts: SetupRoutes): Router {
  const visits = new Visits();
  const routes = express.Router();
  routes.get('/style.css', (_request, response) => {
    response.set({ 'Cache-Control': 'max-age=300', 'X-Content-Type-Options': 'nosniff' }).type('css').send(setupStyle);
  });
  routes.use((_request, response, next) => {
    response.set(pageHeaders);
    next();
  });
  routes.use(express.urlencoded({ extended: false, limit: '64kb', parameterLimit: 1000 }));
  routes.use((request, response, next) => checkForm(parts.signIn, request, response, next));
  routes.get('/', (_request, response) => response.redirect(303, `/setup/${STEPS[0]?.name ?? 'review'}`));
  for (const step of STEPS) {
    routes.get(
      `/${step.name}`,
      guarded(parts, visits, (visit, seen) => showStep(parts, step, visit, seen)),
    );
    routes.post(
      `/${step.name}`,
      guarded(parts, visits, (visit, seen) => takeStep(parts, step, visit, seen)),
    );
  }
  routes.get(
    '/review',
    guarded(parts, visits, (visit, seen) => showReview(parts, visit, seen)),
  );
  routes.post(
    '/review',
    guarded(parts, visits, (visit, seen) => save(parts, visits, visit, seen)),
  );
  routes.get(
    '/first-change',
    guarded(parts, visits, (visit, seen) => showWatch(parts, visit, seen)),
  );
  return routes;
}

/** A request with who sent it. */
interface Seen {
  readonly request: Request;
  readonly response: Response;
  readonly visitor: Visitor;
}

type Act = (visit: Visit, seen: Seen) => Promise<void> | void;

/** What is known to go wrong is told on the page itself: a damaged .env, a flow that cannot be read. */
function guarded(parts: SetupRoutes, visits: Visits, act: Act): RequestHandler {
  return (request, response, next) => {
    const visitor = visitorOf(request);
    Promise.resolve()
      .then(() =>
        act(
          visits.of(visitor, () => presentDraft(parts.place)),
          { request, response, visitor },
        ),
      )
      .catch((thrown: unknown) => {
        if (!(thrown instanceof BillingAuditError)) return next(thrown);
        const [step] = STEPS;
        if (!step) return next(thrown);
        const message = { tone: 'bad', text: thrown.message, hint: wayOut(thrown) } as const;
        const frame: Frame = { visitor, formToken: parts.signIn.formToken(visitor), message, findings: [] };
        response.status(409).send(stepPage({ ...frame, step, questions: null, skipped: null, typed: {}, find: '' }));
      });
  };
}

/** What is said once is taken from the visit. */
function frameOf({ signIn }: SetupRoutes, visit: Visit, visitor: Visitor): Frame {
  const { message, findings } = visit;
  visit.message = null;
  visit.findings = [];
  return { visitor, formToken: signIn.formToken(visitor), message, findings };
}

async function showStep(
  parts: SetupRoutes,
  step: Step,
  visit: Visit,
  { request, response, visitor }: Seen,
): Promise<void> {
  const skipped = step.skip?.(visit.draft) ?? null;
  let questions: readonly Question[] | null = null;
  if (skipped === null) {
    try {
      questions = await step.questions(visit.draft, parts.tools);
    } catch (thrown) {
      tellOf(visit, thrown);
    }
  }
  const { typed } = visit;
  visit.typed = {};
  const given = request.query['find'];
  const find = typeof given === 'string' ? given.slice(0, 100) : '';
  response.send(stepPage({ ...frameOf(parts, visit, visitor), step, questions, skipped, typed, find }));
}

async function takeStep(parts: SetupRoutes, step: Step, visit: Visit, { request, response }: Seen): Promise<void> {
  const body = (request.body ?? {}) as Readonly<Record<string, unknown>>;
  const answers = answersIn(body);
  try {
    const { draft, findings } = await step.check(answers, visit.draft, parts.tools);
    Object.assign(visit, { draft, findings, typed: {} });
    response.redirect(303, `/setup/${nextOf(step.name)}`);
  } catch (thrown) {
    tellOf(visit, thrown);
    visit.typed = withoutSecrets(answers, body);
    response.redirect(303, `/setup/${step.name}`);
  }
}

/** @throws what is no failure that people can do something about */
function tellOf(visit: Visit, thrown: unknown): void {
  if (!(thrown instanceof BillingAuditError)) throw thrown;
  visit.message = { tone: 'bad', text: thrown.message, hint: wayOut(thrown) };
}

function withoutSecrets(answers: Answers, body: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const asked = [body['asked']].flat().map(String);
  return Object.fromEntries(
    Object.entries(answers).flatMap(([name, text]) =>
      typeof text === 'string' && !asked.includes(`secret:${name}`) ? [[name, text]] : [],
    ),
  );
}

function showReview(parts: SetupRoutes, visit: Visit, { response, visitor }: Seen): void {
  const planned = plannedChanges(visit.before, visit.draft);
  response.send(reviewPage({ ...frameOf(parts, visit, visitor), planned, file: parts.place.envPath }));
}

function save(parts: SetupRoutes, visits: Visits, visit: Visit, { request, response, visitor }: Seen): void {
  const { place, onSaved } = parts;
  if ((request.body as Readonly<Record<string, unknown>>)['act'] === 'forget') {
    visits.end(visitor);
    return response.redirect(303, '/setup');
  }
  try {
    const saved = saveSetup(place, visit.before, visit.draft);
    onSaved(visitor.name, saved.changed);
    visits.end(visitor);
    visits.of(visitor, () => presentDraft(place)).message = savedMessage(saved);
    response.redirect(303, '/setup/first-change');
  } catch (thrown) {
    tellOf(visit, thrown);
    response.redirect(303, '/setup/review');
  }
}

async function showWatch(parts: SetupRoutes, visit: Visit, { response, visitor }: Seen): Promise<void> {
  const { practice } = parts.signIn.policy;
  const progress = await lookForFirstChange(visit.draft, parts.tools.http, visit.watchedFrom);
  visit.watchedFrom ??= progress.recorded;
  // In practice there is nothing to wait for: the changes that come are not of a real sheet.
  if (!practice && progress.state !== 'seen') response.set('Refresh', String(LOOK_EVERY_SECONDS));
  // Said until the page is left: it is loaded again and again.
  const { message } = visit;
  response.send(watchPage({ ...frameOf(parts, visit, visitor), progress, practice }));
  visit.message = message;
}

/** As the forms of sign-in: another site cannot know the token. */
function checkForm(signIn: SignIn, request: Request, response: Response, next: NextFunction): void {
  if (request.method !== 'POST') return next();
  const given = (request.body as Readonly<Record<string, unknown>> | undefined)?.['form'];
  if (signIn.isFormToken(visitorOf(request), given)) return next();
  refuseForm(signIn, request, response);
}

function visitorOf(request: Request): Visitor {
  const visitor = arrivalOf(request)?.visitor;
  if (!visitor) throw new Error('This page was reached by nobody.');
  return visitor;
}
