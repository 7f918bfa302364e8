import type { Role } from './account';
import { areaOf, isWithDashboard, mayReach, type Area, type RouteRight } from './area';
import { isLoopback, type SecondFactorRule } from '../configuration';
import { hostName, isLocalName, isPlainPath, type RequestFacts } from './request-facts';

/** What a listener serves: everything, or only what may be published on its own. */
export type Scope = 'everything' | 'webhook' | 'dashboard';

/** What is the same for every request of a server. */
export interface Policy {
  /** Practice mode: programs on this machine are not asked who they are. */
  readonly practice: boolean;
  /** The address under which others reach this server, if any. */
  readonly publicUrl: URL | null;
  readonly extraRoutes: readonly RouteRight[];
  /** Where a program with the service key may go, in lower case; each and all below it. Nowhere else. */
  readonly serviceRoutes?: readonly string[];
  /** Who has to sign in with a second factor; left out: who wants to. */
  readonly secondFactor?: SecondFactorRule;
}

export function demandsFactor({ secondFactor = 'optional' }: Policy, role: Role): boolean {
  return secondFactor === 'all' || (secondFactor === 'deciders' && (role === 'manager' || role === 'admin'));
}

export type Refusal = {
  readonly status: number;
  readonly error: string;
  readonly message: string;
  readonly hint: string;
};

const REFUSALS = {
  path: {
    status: 400,
    error: 'path_refused',
    message: 'This address cannot be read without doubt.',
    hint: 'Use the plain form of the path, without //, .., # or backslashes.',
  },
  nothing: {
    status: 404,
    error: 'not_served_here',
    message: 'This port does not serve that.',
    hint: 'Use the main address of this server.',
  },
  host: {
    status: 403,
    error: 'host_refused',
    message: 'Practice mode answers to this machine only.',
    hint: 'Open it as http://localhost, or set SMARTSHEET_ACCESS_TOKEN so that people sign in.',
  },
  origin: {
    status: 403,
    error: 'origin_refused',
    message: 'Another site tried to act in your name.',
    hint: 'Do it from a page of this server. Behind a proxy, set PUBLIC_URL or pass the Host header on.',
  },
  session: {
    status: 401,
    error: 'sign_in_needed',
    message: 'You are not signed in.',
    hint: 'Sign in at /sign-in.',
  },
  factor: {
    status: 403,
    error: 'second_factor_needed',
    message: 'Your account has to have a second factor.',
    hint: 'Set one up under Account; then you go on.',
  },
  right: {
    status: 403,
    error: 'not_allowed',
    message: 'Your account may not do this.',
    hint: 'Ask an admin of this server for another role.',
  },
} as const satisfies Record<string, Refusal>;

export type RefusalName = keyof typeof REFUSALS;

export function refusal(name: RefusalName): Refusal {
  return REFUSALS[name];
}

const ON_WEBHOOK_PORT: readonly string[] = ['POST /webhook', 'GET /health', 'HEAD /health'];
const ON_DASHBOARD_PORT: readonly Area[] = [
  'sign_in_page',
  'sign_in_asset',
  'sign_out',
  'account',
  'start',
  'dashboard',
  'dashboard_worker',
  'dashboard_inside',
];

/** Everything that can be said against a request before it is known who sends it; null when there is nothing. */
export function refusedAtSight(facts: RequestFacts, scope: Scope, policy: Policy): RefusalName | null {
  if (!isPlainPath(facts.url)) return 'path';
  if (!isServed(facts, scope, policy)) return 'nothing';
  // Nothing of these reads a cookie, and Smartsheet sends neither of the headers below.
  if (areaOf(facts) === 'public') return null;
  if (policy.practice && !isExpectedHost(facts, policy)) return 'host';
  if (actsOnSomething(facts) && !isFromOurPages(facts, policy)) return 'origin';
  return null;
}

/**
 * Practice asks nobody who sits at this machine. A proxy makes strangers look as if they did, and one that nobody told to
 * say so cannot be told from a person here: with a public address everybody is asked.
 */
export function isPracticeVisitor(facts: RequestFacts, { practice, publicUrl }: Policy): boolean {
  return practice && publicUrl === null && isLoopback(facts.peer) && isLocalName(facts.host);
}

/** Where somebody goes who still has to set up a second factor. */
const WITHOUT_FACTOR: readonly Area[] = ['account', 'sign_out', 'editor_sign_out', 'dashboard_worker'];

/**
 * What is to be said against a request once it is known who sends it (null: nobody we know).
 * @param lacksFactor  they have to have a second factor, and have none
 */
export function refusedByRight(
  facts: RequestFacts,
  role: Role | null,
  policy: Policy,
  lacksFactor = false,
): RefusalName | null {
  const area = areaOf(facts);
  if (area === 'public' || area === 'sign_in_page' || area === 'sign_in_asset') return null;
  if (role === null) return 'session';
  if (lacksFactor && !WITHOUT_FACTOR.includes(area)) return 'factor';
  return mayReach(role, facts, policy.extraRoutes) ? null : 'right';
}

/** Whether the browser asked for https, so that its cookie can be kept to it. */
export function isSecure(facts: RequestFacts, publicUrl: URL | null): boolean {
  return facts.https || (publicUrl?.protocol === 'https:' && publicUrl.hostname === hostName(facts.host));
}

function isServed(facts: RequestFacts, scope: Scope, { extraRoutes }: Policy): boolean {
  if (scope === 'everything') return true;
  if (scope === 'dashboard') return ON_DASHBOARD_PORT.includes(areaOf(facts)) || isWithDashboard(facts, extraRoutes);
  return !facts.upgrade && ON_WEBHOOK_PORT.includes(`${facts.method} ${facts.path.replace(/(.)\/$/, '$1')}`);
}

function isExpectedHost(facts: RequestFacts, { publicUrl }: Policy): boolean {
  return isLocalName(facts.host) || (publicUrl !== null && hostName(facts.host) === publicUrl.hostname);
}

function actsOnSomething({ method, upgrade }: RequestFacts): boolean {
  return upgrade || !['GET', 'HEAD', 'OPTIONS'].includes(method);
}

/** Browsers say where a request comes from and pages cannot change it. Programs say nothing, and have no cookie to abuse. */
function isFromOurPages(facts: RequestFacts, { publicUrl }: Policy): boolean {
  if (facts.fetchSite === 'same-origin') return true;
  if (facts.origin === null) return facts.fetchSite === null || facts.fetchSite === 'none';
  if (!URL.canParse(facts.origin)) return false;
  const { host } = new URL(facts.origin);
  return host === facts.host || host === facts.forwardedHost || host === publicUrl?.host;
}
