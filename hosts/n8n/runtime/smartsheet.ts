import {
  apiBase,
  createClient,
  createLimiter,
  isLoopback,
  SMARTSHEET_LIMITS,
  type Exchange,
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
 * Opens Smartsheet for one run of a node. Each run has a budget of its own; n8n keeps nothing between runs.
 * @throws BadSetting  when the credential's address is none
 */
export async function openSmartsheet(context: Context): Promise<SmartsheetAccess> {
  const credential = await context.getCredentials(SMARTSHEET_CREDENTIAL);
  const base = apiBase(String(credential['base'] ?? ''));
  const machine = machineOf(context);
  const limits = isLoopback(new URL(base)) ? null : SMARTSHEET_LIMITS;
  const http = httpWith(context, SMARTSHEET_CREDENTIAL);
  const exchange: Exchange = { ...machine, http, token: '', base, limiter: createLimiter(limits, machine) };
  return { client: createClient(exchange), exchange, base };
}
