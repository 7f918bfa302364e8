import {
  apiBase,
  createClient,
  createLimiter,
  isLoopback,
  SMARTSHEET_LIMITS,
  type Exchange,
  type Limiter,
  type SmartsheetClient,
} from '../../../lib/smartsheet';
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
 * Opens Smartsheet for one run of a node. All runs of this process that use one credential share its budget.
 * @throws BadSetting  when the credential's address is none
 */
export async function openSmartsheet(context: Context): Promise<SmartsheetAccess> {
  const credential = await context.getCredentials(SMARTSHEET_CREDENTIAL);
  const base = apiBase(String(credential['base'] ?? ''));
  const machine = machineOf(context);
  const http = httpWith(context, SMARTSHEET_CREDENTIAL);
  const exchange: Exchange = { ...machine, http, token: '', base, limiter: limiterOf(context, base) };
  return { client: createClient(exchange), exchange, base };
}

/** By credential and address. Only for speed: what is asked too fast in spite of it is asked again. */
const limiters = new Map<string, Limiter>();

function limiterOf(context: Context, base: string): Limiter {
  const { id, name } = context.getNode().credentials?.[SMARTSHEET_CREDENTIAL] ?? {};
  const key = `${id ?? name ?? ''} ${base}`;
  const limits = isLoopback(new URL(base)) ? null : SMARTSHEET_LIMITS;
  const limiter = limiters.get(key) ?? createLimiter(limits, machineOf(context));
  limiters.set(key, limiter);
  return limiter;
}
