import { createSharedLimiter } from '../../../lib/runtime/shared-budget';
import {
  apiBase,
  createClient,
  createLimiter,
  isLoopback,
  NO_LIMITER,
  SMARTSHEET_LIMITS,
  type Exchange,
  type Limiter,
  type SmartsheetClient,
} from '../../../lib/smartsheet';
import type { StoreDriver } from '../../../lib/store/store';
import { SMARTSHEET_CREDENTIAL } from '../names';
import type { Context } from './context';
import { httpWith } from './http';
import { machineOf } from './machine';

/** Smartsheet by the node's credential; n8n adds the token itself. */
export interface SmartsheetAccess {
  readonly client: SmartsheetClient;
  readonly exchange: Exchange;
  /** The API's address, with a slash at its end. */
  readonly base: string;
}

/**
 * Opens Smartsheet for one run of a node. All runs that use one token share its budget, in this process and in all others
 * that stand on the same store: Smartsheet counts by token.
 * @param driver  the store that keeps the book of budgets; null: somebody waits in front of a form, and nothing is kept
 * @throws BadSetting  when the credential's address is none
 */
export async function openSmartsheet(context: Context, driver: Driver | null): Promise<SmartsheetAccess> {
  const credential = await context.getCredentials(SMARTSHEET_CREDENTIAL);
  const base = apiBase(String(credential['base'] ?? ''));
  const machine = machineOf(context);
  const http = httpWith(context, SMARTSHEET_CREDENTIAL);
  const account = { base, token: String(credential['token'] ?? '') };
  const limiter = driver === null ? NO_LIMITER : limiterOf(context, account, driver);
  const exchange: Exchange = { ...machine, http, token: '', base, limiter };
  return { client: createClient(exchange), exchange, base };
}

type Driver = Pick<StoreDriver, 'rpc'>;

interface Budget {
  readonly limiter: Limiter;
  /** The store as the latest run reaches it: what n8n lends to a run is not meant to outlive it. */
  driver: Driver;
}

/** By address and token, which stay in memory. */
const budgets = new Map<string, Budget>();

function limiterOf(
  context: Context,
  account: { readonly base: string; readonly token: string },
  driver: Driver,
): Limiter {
  const key = `${account.base} ${account.token}`;
  const present = budgets.get(key);
  if (present) {
    present.driver = driver;
    return present.limiter;
  }
  const machine = machineOf(context);
  const limits = isLoopback(new URL(account.base)) ? null : SMARTSHEET_LIMITS;
  const own = createLimiter(limits, machine);
  const latest: Driver = { rpc: (name, p) => (budgets.get(key)?.driver ?? driver).rpc(name, p) };
  const limiter = limits === null ? own : createSharedLimiter({ ...machine, driver: latest, account, limits, own });
  budgets.set(key, { limiter, driver });
  return limiter;
}
