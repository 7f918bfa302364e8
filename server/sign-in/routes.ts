import type { RequestListener } from 'node:http';
import express, { type NextFunction, type Request, type Response } from 'express';
import { BillingAuditError } from '../../lib/errors';
import { accountRoutes } from './account-routes';
import { secondFactorRoutes } from './second-factor-routes';
import { answerFailure } from './answer-failure';
import { cookieGone, cookieWith } from './cookie';
import { isSecure } from './decision';
import { Flash } from './flash';
import { arrived, field, refuseForm } from './page-request';
import { pageHeaders, type Message } from './pages/page';
import { practicePage } from './pages/practice-page';
import { codePage } from './pages/code-page';
import { signInPage } from './pages/sign-in-page';
import { style } from './pages/style';
import { peopleRoutes } from './people-routes';
import { isPlainPath, type RequestFacts } from './request-facts';
import type { SignIn } from './sign-in';

export interface PagesOptions {
  readonly signIn: SignIn;
  /** IANA name; times on the pages are shown in it. */
  readonly timeZone: string;
  /** Where people go who did not come for a certain page. */
  readonly landing: string;
  /** A failure of ours; it has been answered with 500. */
  readonly onFailure: (failure: unknown) => void;
}

/** The pages of this folder, for the front door, which has checked origin, session and role before. */
export function signInPages({ signIn, timeZone, landing, onFailure }: PagesOptions): RequestListener {
  const pages = express().disable('x-powered-by').disable('etag');
  const flash = new Flash();
  pages.get('/sign-in/style.css', (_request, response) => {
    response.set({ 'Cache-Control': 'max-age=300', 'X-Content-Type-Options': 'nosniff' }).type('css').send(style);
  });
  pages.get('/dashboard/sw.js', (_request, response) => {
    response.set('Cache-Control', 'no-store').type('js').send(emptyWorker);
  });
  pages.use((_request, response, next) => {
    response.set(pageHeaders);
    next();
  });
  pages.use(express.urlencoded({ extended: false, limit: '8kb', parameterLimit: 20 }));
  pages.get('/', (_request, response) => response.redirect(303, landing));
  pages.get('/sign-in', (request, response) => {
    const { visitor } = arrived(request);
    const next = localPath(request.query['next'], landing);
    if (visitor) return response.redirect(303, next);
    response.status(401).send(signInPage({ name: '', next, message: null }));
  });
  pages.post('/sign-in', (request, response, next) => void takeSignIn(signIn, request, response, landing).catch(next));
  pages.post(['/sign-out', '/admin/auth/revoke'], (request, response) => takeSignOut(signIn, request, response));
  pages.get('/sign-out', (_request, response) => response.redirect(303, '/account'));
  pages.use(['/account', '/people'], (request, response, next) => {
    // Without accounts there is nothing to show, and nobody to make them for.
    if (arrived(request).visitor?.session || signIn.policy.publicUrl) return next();
    response.send(practicePage());
  });
  pages.use(checkForm(signIn));
  pages.use('/account/second-factor', secondFactorRoutes({ signIn, flash }));
  pages.use('/account', accountRoutes({ signIn, flash, timeZone }));
  pages.use('/people', peopleRoutes({ signIn, flash }));
  pages.use((_request, response) => void response.status(404).json({ error: 'not_found', hint: 'Go to /account.' }));
  pages.use(answerFailure(onFailure));
  return pages;
}

/**
 * In the place of the dashboard's own service worker, which would show the dashboard out of the browser's cache to
 * people whose session is over, and never the sign-in. This one keeps nothing, and throws away what the other has kept.
 */
const emptyWorker = `self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) =>
  event.waitUntil(caches.keys().then((names) => Promise.all(names.map((name) => caches.delete(name))))));
`;

/** Only paths of this server: a link must not be able to send people elsewhere after they have signed in. */
export function localPath(given: unknown, otherwise: string): string {
  if (typeof given !== 'string' || !isPlainPath(given)) return otherwise;
  const path = given.split('?', 1)[0];
  return path === '/' || path === '/sign-in' || path === '/sign-out' ? otherwise : given;
}

/** Both steps come here: the second has the ticket of the first, and no name. */
async function takeSignIn(signIn: SignIn, request: Request, response: Response, landing: string): Promise<void> {
  const { facts } = arrived(request);
  const name = field(request, 'name').slice(0, 64);
  const next = localPath(field(request, 'next'), landing);
  const ticket = field(request, 'ticket').slice(0, 64);
  const answer = (status: number, message: Message, ticketAgain = ''): void =>
    void response
      .status(status)
      .send(ticketAgain ? codePage({ ticket: ticketAgain, next, message }) : signInPage({ name, next, message }));
  let result;
  try {
    result = ticket
      ? await signIn.showCode(ticket, field(request, 'code').slice(0, 64), facts)
      : await signIn.signIn(name, field(request, 'password').slice(0, 200), facts);
  } catch (thrown) {
    if (!(thrown instanceof BillingAuditError)) throw thrown;
    response.set('Retry-After', '5');
    return answer(503, { tone: 'bad', text: thrown.message, hint: thrown.hint });
  }
  switch (result.kind) {
    case 'in':
      response.append('Set-Cookie', cookieWith(result.token, secure(signIn, facts)));
      return response.redirect(303, next);
    case 'code_needed':
      // Not signed in yet: as the page of the first step.
      response.status(401).send(codePage({ ticket: result.ticket, next, message: null }));
      return;
    case 'over':
      return answer(401, { tone: 'bad', text: 'This took too long, or too many tries.', hint: 'Begin again.' });
    case 'wait': {
      response.set('Retry-After', String(Math.ceil(result.milliseconds / 1000)));
      const text = `Too many wrong tries. Wait ${inWords(result.milliseconds)}, then try again.`;
      return answer(429, { tone: 'bad', text, hint: 'Nothing you type is looked at before.' }, ticket);
    }
    case 'wrong':
      return ticket ? answer(401, WRONG_CODE, ticket) : answer(401, WRONG_PASSWORD);
  }
}

const WRONG_PASSWORD: Message = {
  tone: 'bad',
  text: 'Name and password do not belong together.',
  hint: 'Check both and try again.',
};
const WRONG_CODE: Message = {
  tone: 'bad',
  text: 'This code is not right, or was used before.',
  hint: 'Wait for the next one in your app. If it never fits, check the clock of your phone.',
};

/** Ends the session. No form token is asked: the worst a forger could reach is that somebody has to sign in again. */
function takeSignOut(signIn: SignIn, request: Request, response: Response): void {
  const { facts, visitor } = arrived(request);
  if (visitor?.session) signIn.sessions.end(visitor.session, 'signed_out');
  response.append('Set-Cookie', cookieGone(secure(signIn, facts)));
  // The editor signs out by script and wants to be told where to go.
  if (facts.path.startsWith('/admin')) response.json({ redirect: '/sign-in' });
  else response.redirect(303, '/sign-in');
}

function secure(signIn: SignIn, facts: RequestFacts): boolean {
  return isSecure(facts, signIn.policy.publicUrl);
}

function checkForm(signIn: SignIn) {
  return (request: Request, response: Response, next: NextFunction): void => {
    if (request.method !== 'POST') return next();
    const { visitor } = arrived(request);
    if (visitor && signIn.isFormToken(visitor, field(request, 'form'))) return next();
    refuseForm(signIn, request, response);
  };
}

function inWords(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  return seconds < 90 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;
}
