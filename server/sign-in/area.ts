import type { Role } from './account';
import type { RequestFacts } from './request-facts';

/** The parts of the server that differ in who may reach them. */
export type Area =
  | 'public'
  | 'sign_in_page'
  | 'sign_in_asset'
  | 'sign_out'
  | 'account'
  | 'people'
  | 'start'
  | 'dashboard'
  | 'dashboard_worker'
  | 'dashboard_inside'
  | 'editor_sign_out'
  | 'editor'
  | 'resources'
  | 'other';

/** A route of ours that others than admins may use, for example an export for auditors. */
export interface RouteRight {
  /** In lower case; the route itself and all below it. */
  readonly path: string;
  readonly roles: readonly Role[];
  /** `read`: GET and HEAD only. */
  readonly may: 'read' | 'read and write';
  /** Served on the port for the dashboard alone too. */
  readonly withDashboard?: true;
}

const SIGN_IN_METHODS: readonly string[] = ['GET', 'HEAD', 'POST'];
const EVERYBODY: readonly Role[] = ['viewer', 'auditor', 'manager', 'admin'];

/** Where a request goes. What is unknown is `other`, which only admins may use. */
export function areaOf({ path, method }: Pick<RequestFacts, 'path' | 'method'>): Area {
  const at = (place: string): boolean => path === place || path === `${place}/`;
  const below = (place: string): boolean => path === place || path.startsWith(`${place}/`);
  if (at('/webhook') || at('/health')) return 'public';
  if (at('/sign-in') && SIGN_IN_METHODS.includes(method)) return 'sign_in_page';
  if (path === '/sign-in/style.css') return 'sign_in_asset';
  if (at('/sign-out')) return 'sign_out';
  if (below('/account')) return 'account';
  if (below('/people')) return 'people';
  if (path === '/') return 'start';
  if (path.startsWith('/dashboard/_debug')) return 'dashboard_inside';
  if (path === '/dashboard/sw.js') return 'dashboard_worker';
  if (below('/dashboard')) return 'dashboard';
  if (at('/admin/auth/revoke') && method === 'POST') return 'editor_sign_out';
  if (below('/admin')) return 'editor';
  if (below('/resources')) return 'resources';
  return 'other';
}

/** The whole table of rights. The database and the pages ask again for what people do inside these areas. */
export function mayReach(role: Role, facts: RequestFacts, extra: readonly RouteRight[]): boolean {
  const reads = facts.method === 'GET' || facts.method === 'HEAD' || facts.method === 'OPTIONS';
  switch (areaOf(facts)) {
    case 'public':
    case 'sign_in_page':
    case 'sign_in_asset':
    case 'sign_out':
    case 'editor_sign_out':
    case 'account':
    case 'start':
    case 'dashboard':
    case 'dashboard_worker':
      return EVERYBODY.includes(role);
    case 'resources':
      return reads;
    case 'editor':
      return role === 'admin' || (role === 'auditor' && reads);
    case 'people':
    case 'dashboard_inside':
      return role === 'admin';
    case 'other':
      return role === 'admin' || extra.some((right) => grants(right, role, facts.path, reads));
  }
}

/** Whether a route of ours goes with the dashboard. */
export function isWithDashboard({ path }: Pick<RequestFacts, 'path'>, extra: readonly RouteRight[]): boolean {
  return extra.some((right) => right.withDashboard === true && isAt(right, path));
}

function isAt(right: RouteRight, path: string): boolean {
  return path === right.path || path.startsWith(`${right.path}/`);
}

function grants(right: RouteRight, role: Role, path: string, reads: boolean): boolean {
  return isAt(right, path) && right.roles.includes(role) && (reads || right.may === 'read and write');
}
