import { apiBase, createClient, NO_LIMITER, type Exchange, type SmartsheetClient } from '../../lib/smartsheet';
import { valueOf, type Draft, type Tools } from './step';

/** Somebody waits for the answer: two tries, and no minute of silence. */
const MOST_TRIES = 2;
const LONGEST_MILLISECONDS = 20_000;

export interface Door {
  readonly exchange: Exchange;
  readonly client: SmartsheetClient;
}

/**
 * The way to Smartsheet with the token of the draft.
 * @throws BadSetting  when the API's address cannot be used
 */
export function smartsheetOf(draft: Draft, { http, now, sleep, random }: Tools): Door {
  const exchange: Exchange = {
    http: (request) =>
      http({ ...request, timeoutMilliseconds: Math.min(request.timeoutMilliseconds, LONGEST_MILLISECONDS) }),
    token: valueOf(draft, 'SMARTSHEET_ACCESS_TOKEN'),
    base: apiBase(valueOf(draft, 'SMARTSHEET_API_BASE')),
    limiter: NO_LIMITER,
    now,
    sleep,
    random,
    mostTries: MOST_TRIES,
  };
  return { exchange, client: createClient(exchange) };
}

/** The ids of the sheets that the draft watches. */
export function chosenSheets(draft: Draft): readonly string[] {
  return [...new Set(valueOf(draft, 'SMARTSHEET_SHEETS').split(/[\s,]+/u))].filter((id) => id !== '');
}

export function hasToken(draft: Draft): boolean {
  return valueOf(draft, 'SMARTSHEET_ACCESS_TOKEN') !== '';
}
