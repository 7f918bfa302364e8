import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import { BillingAuditError } from '../../lib/errors';
import type { Account } from './account';
import type { Flash } from './flash';
import { arrived, field, visitorOf } from './page-request';
import { accountPage } from './pages/account-page';
import type { SignIn } from './sign-in';

interface AccountRoutes {
  readonly signIn: SignIn;
  readonly flash: Flash;
  readonly timeZone: string;
}

/** One's own page: where one is signed in, and one's password. */
export function accountRoutes(context: AccountRoutes): Router {
  const { signIn, flash, timeZone } = context;
  const routes = express.Router();
  routes.get('/', (request, response, next) => {
    const visitor = visitorOf(request);
    const show = (account: Account | null): unknown =>
      response.send(
        accountPage({
          factor: account && signIn.factors ? signIn.factors.of(account) : null,
          visitor,
          sessions: signIn.sessions.of(visitor.name),
          formToken: signIn.formToken(visitor),
          message: flash.take(visitor),
          now: signIn.now(),
          timeZone,
          scope: arrived(request).scope,
        }),
      );
    void signIn.accounts.find(visitor.name).then(show).catch(next);
  });
  routes.post('/end', (request, response) => {
    const visitor = visitorOf(request);
    // Looked for among one's own only: a foreign id ends nothing.
    const session = signIn.sessions.of(visitor.name).find(({ id }) => id === field(request, 'session'));
    if (session) signIn.sessions.end(session, session.id === visitor.session?.id ? 'signed_out' : 'ended_by_person');
    flash.leave(visitor, { tone: 'good', text: session ? 'The session has ended.' : 'That session had ended before.' });
    response.redirect(303, '/account');
  });
  routes.post('/password', (request, response, next) => void changePassword(context, request, response, next));
  return routes;
}

async function changePassword(
  { signIn, flash }: AccountRoutes,
  request: Request,
  response: Response,
  next: NextFunction,
): Promise<void> {
  const visitor = visitorOf(request);
  try {
    if (field(request, 'chosen') !== field(request, 'again')) {
      flash.leave(visitor, { tone: 'bad', text: 'The two new passwords differ.', hint: 'Type the same one twice.' });
    } else {
      const { facts } = arrived(request);
      const wait = await signIn.changePassword(visitor, field(request, 'current'), field(request, 'chosen'), facts);
      flash.leave(
        visitor,
        wait > 0
          ? { tone: 'bad', text: 'Too many wrong tries.', hint: `Wait ${Math.ceil(wait / 1000)} seconds.` }
          : { tone: 'good', text: 'Your password has been changed.', hint: 'Your other sessions have ended.' },
      );
    }
  } catch (thrown) {
    if (!(thrown instanceof BillingAuditError)) return next(thrown);
    flash.leave(visitor, { tone: 'bad', text: thrown.message, hint: thrown.hint });
  }
  response.redirect(303, '/account');
}
