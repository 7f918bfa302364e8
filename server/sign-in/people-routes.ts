import express, { type Request, type Router } from 'express';
import { BillingAuditError } from '../../lib/errors';
import type { PersonChange, RightsChange } from './access-event';
import { canonicalName, isRole, type Role } from './account';
import { OwnAccount, OwnFactor, OwnPassword, PersonUnknown } from './account-errors';
import type { Flash } from './flash';
import { arrived, field, visitorOf } from './page-request';
import type { Message } from './pages/page';
import { peoplePage } from './pages/people-page';
import type { SignIn } from './sign-in';

interface PeopleRoutes {
  readonly signIn: SignIn;
  readonly flash: Flash;
}

/** What an admin does to a person: changes the account and says how it went. */
type Act = (name: string, request: Request) => Promise<Done>;

interface Done {
  /** Null: it was so already. */
  readonly change: PersonChange | null;
  /** Where it changes what the account may do. */
  readonly rights?: RightsChange;
  readonly message: Message;
}

/** The admins' page: who may sign in, and as what. */
export function peopleRoutes({ signIn, flash }: PeopleRoutes): Router {
  const routes = express.Router();
  routes.get('/', (request, response, next) => {
    const visitor = visitorOf(request);
    const typed = typeof request.query['name'] === 'string' ? request.query['name'].slice(0, 64) : '';
    void signIn.accounts.list().then((accounts) => {
      const people = [...accounts]
        .sort((one, other) => one.name.localeCompare(other.name))
        .map((account) => ({
          account,
          lastUsedAt: signIn.sessions.of(account.name)[0]?.lastUsedAt ?? null,
          hasSecondFactor: (signIn.factors?.of(account) ?? null) !== null,
        }));
      const formToken = signIn.formToken(visitor);
      response.send(peoplePage({ visitor, people, formToken, message: flash.take(visitor), typed, now: signIn.now() }));
    }, next);
  });
  for (const [path, act] of Object.entries(acts(signIn))) {
    routes.post(path, (request, response, next) => {
      const visitor = visitorOf(request);
      const name = canonicalName(field(request, 'name'));
      void act(name, request)
        .then(({ change, rights, message }) => {
          if (change) signIn.personChanged(visitor, name, change, arrived(request).facts, rights);
          flash.leave(visitor, message);
          response.redirect(303, '/people');
        })
        .catch((thrown: unknown) => {
          if (!(thrown instanceof BillingAuditError)) return next(thrown);
          flash.leave(visitor, { tone: 'bad', text: thrown.message, hint: thrown.hint });
          const typed = path === '/add' ? `?name=${encodeURIComponent(name.slice(0, 64))}` : '';
          response.redirect(303, `/people${typed}`);
        });
    });
  }
  return routes;
}

function acts(signIn: SignIn): Readonly<Record<string, Act>> {
  const { accounts } = signIn;
  return {
    '/second-factor': removeFactor(signIn),
    '/add': async (name, request) => {
      const role = roleIn(request);
      const value = await accounts.add(name, role);
      const text = `${name} can sign in now, as ${role}.`;
      const rights = { before: null, after: role };
      return {
        change: 'added',
        rights,
        message: { tone: 'good', text, secret: { label: `Password of ${name}`, value } },
      };
    },
    '/password': async (name, request) => {
      if (name === visitorOf(request).name) throw new OwnPassword();
      const value = await accounts.resetPassword(name);
      const text = `${name} has a new password and has been signed out.`;
      return {
        change: 'password_reset',
        message: { tone: 'good', text, secret: { label: `Password of ${name}`, value } },
      };
    },
    '/role': async (name, request) => {
      const role = roleIn(request);
      const noun = `${role === 'admin' || role === 'auditor' ? 'an' : 'a'} ${role}`;
      const before = await accounts.find(name);
      if (before?.role === role) {
        return { change: null, message: { tone: 'good', text: `${name} is ${noun} already.` } };
      }
      await accounts.setRole(name, role);
      // Sessions end with it, so that no open page goes on with the old rights.
      const text = `${name} is ${noun} now, and signs in again.`;
      const may = (each: Role | undefined): Role | null => (before?.disabled ? null : (each ?? null));
      const rights = { before: may(before?.role), after: may(role) };
      return { change: `role_${role}`, rights, message: { tone: 'good', text } };
    },
    '/disable': async (name, request) => {
      if (name === visitorOf(request).name) throw new OwnAccount();
      const before = (await accounts.find(name))?.role ?? null;
      await accounts.setDisabled(name, true);
      return {
        change: 'disabled',
        rights: { before, after: null },
        message: { tone: 'good', text: `${name} cannot sign in any more.` },
      };
    },
    '/enable': async (name) => {
      const before = await accounts.find(name);
      await accounts.setDisabled(name, false);
      const role = before?.role ?? null;
      const rights = { before: before?.disabled ? null : role, after: role };
      return { change: 'enabled', rights, message: { tone: 'good', text: `${name} can sign in again.` } };
    },
  };
}

/** For whoever lost phone and recovery codes. */
function removeFactor({ accounts, factors }: SignIn): Act {
  return async (name, request) => {
    if (name === visitorOf(request).name) throw new OwnFactor();
    if (!(await accounts.find(name))) throw new PersonUnknown();
    if (!factors?.remove(name)) {
      return { change: null, message: { tone: 'good', text: `${name} has no second factor.` } };
    }
    const text = `${name} has no second factor any more, and has been signed out.`;
    return { change: 'second_factor_reset', message: { tone: 'good', text } };
  };
}

/** @throws PersonUnknown  for a role that no form of ours offers */
function roleIn(request: Request): Role {
  const role = field(request, 'role');
  if (!isRole(role)) throw new PersonUnknown();
  return role;
}
