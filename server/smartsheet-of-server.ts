import { BadSetting } from '../lib/errors';
import { thisMachine } from '../lib/runtime/machine';
import { apiBase, createClient, NO_LIMITER, type SmartsheetClient } from '../lib/smartsheet';

type Environment = Readonly<Record<string, string | undefined>>;

/** Somebody waits for the answer: two tries, and no minute of silence. */
const MOST_TRIES = 2;

/**
 * Smartsheet as the server's own pages and commands read it, with the token of the environment.
 * @throws BadSetting  there is none, or the address of the API cannot be used
 */
export function smartsheetOfServer(environment: Environment): SmartsheetClient {
  const token = environment['SMARTSHEET_ACCESS_TOKEN']?.trim() ?? '';
  if (token === '') {
    throw new BadSetting('SMARTSHEET_ACCESS_TOKEN', 'is not set', 'Set it, or run "billing-audit setup".');
  }
  const base = apiBase(environment['SMARTSHEET_API_BASE']?.trim() ?? '');
  return createClient({ ...thisMachine(), token, base, limiter: NO_LIMITER, mostTries: MOST_TRIES });
}
