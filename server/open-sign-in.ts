import { join } from 'node:path';
import { messageOf } from '../lib/errors';
import { serviceKey } from '../lib/runtime/home';
import type { Now } from '../lib/ports';
import type { Configuration } from './configuration';
import { RPC_PATH } from './rpc';
import {
  accessLine,
  AccountFile,
  SecondFactorFile,
  SessionFile,
  SignIn,
  type NewPassword,
  type OnAccess,
  type RouteRight,
} from './sign-in';

/** On the first start there is one who may do everything, and one to show the dashboard with. */
const FIRST_PEOPLE = [
  { name: 'admin', role: 'admin' },
  { name: 'viewer', role: 'viewer' },
] as const;

/** Who takes an export home, and sees who signed in; admins may anyway. */
const EXTRA_ROUTES: readonly RouteRight[] = [
  { path: '/export', roles: ['auditor', 'manager'], may: 'read', withDashboard: true },
  { path: '/access', roles: ['auditor', 'manager'], may: 'read', withDashboard: true },
];

/** Where programs of the owner go with the service key: the command line, a Prometheus. */
const SERVICE_ROUTES: readonly string[] = ['/metrics', '/export', RPC_PATH];

/**
 * Opens the accounts and sessions of a home. Practice that is not published needs none, and makes none.
 * @param practice  without a Smartsheet token
 * @throws KeysUnreadable
 */
export async function openSignIn(
  folder: string,
  practice: boolean,
  configuration: Configuration,
  onAccess: OnAccess,
  now: Now = Date.now,
): Promise<{ readonly signIn: SignIn; readonly made: readonly NewPassword[] }> {
  const publicUrl = configuration.publicUrl === null ? null : new URL(configuration.publicUrl);
  const asked = !practice || publicUrl !== null;
  const accountsFile = join(folder, 'keys', 'accounts.json');
  const { accounts, made } = await AccountFile.open(accountsFile, now, asked ? FIRST_PEOPLE : []);
  const sessions = SessionFile.open(join(folder, 'keys', 'sessions.json'), now);
  const { secondFactor } = configuration;
  const policy = { practice, publicUrl, secondFactor, extraRoutes: EXTRA_ROUTES, serviceRoutes: SERVICE_ROUTES };
  const key = serviceKey({ keys: join(folder, 'keys') });
  const factors = new SecondFactorFile(join(folder, 'keys', 'second-factors.json'));
  return { signIn: new SignIn({ accounts, sessions, policy, now, onAccess, factors, serviceKey: key }), made };
}

/** Until the trail takes them: one JSON line each on standard error, beside what people read on standard output. */
export const logAccess: OnAccess = (event) => void process.stderr.write(`${accessLine(event)}\n`);

export function logFailure(failure: unknown): void {
  const stack = failure instanceof Error ? failure.stack : undefined;
  process.stderr.write(`${JSON.stringify({ log: 'failure', message: messageOf(failure), stack })}\n`);
}
