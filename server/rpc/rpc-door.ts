import express, { type Request, type Response, type Router } from 'express';
import { BillingAuditError, messageOf } from '../../lib/errors';
import type { Now } from '../../lib/ports';
import { openHomeAt } from '../../lib/runtime/open-homes';
import type { StoreRefused } from '../../lib/store';
import { arrivalOf, type Arrival } from '../sign-in';
import { CALLS_A_MINUTE, CallRate } from './call-rate';
import { noFunction, notPermitted, RpcProblem, statusOf, wrongKey } from './problem';
import { readBody } from './read-body';
import { readHead, readParameter } from './read-call';

/** Where the functions are, as on Supabase. */
export const RPC_PATH = '/rest/v1/rpc';
const LARGEST_CALL = 8 * 1024 * 1024;

export interface RpcDoorOptions {
  /** The home whose store this server has open. */
  readonly home: string;
  readonly now: Now;
  /** A failure of ours; it has been answered. */
  readonly onFailure: (failure: unknown) => void;
  readonly callsAMinute?: number;
  /** Bytes of a body. */
  readonly largestCall?: number;
}

export interface RpcDoor {
  readonly routes: Router;
  /** Answers since the start, by HTTP status. */
  answers(): Readonly<Record<string, number>>;
}

/**
 * `POST /rest/v1/rpc/<function>` as PostgREST 12 answers it, over the store that this server has open: `{"p": {...}}` in,
 * the function's value out. For programs of the owner, with the service key; a person's session is refused. Nothing is
 * called by GET: its parameters would stand in the logs of every proxy, and none of our functions is declared stable.
 */
export function rpcDoor(options: RpcDoorOptions): RpcDoor {
  const answers: Record<string, number> = {};
  const rate = new CallRate(options.callsAMinute ?? CALLS_A_MINUTE);
  const routes = express.Router();
  routes.use((request, response) => {
    response.once('finish', () => (answers[response.statusCode] = (answers[response.statusCode] ?? 0) + 1));
    response.set('Cache-Control', 'no-store');
    answer(options, rate, request, response).catch((thrown: unknown) => {
      send(response, problemOf(thrown, placeOf(request).name, options.onFailure));
    });
  });
  return { routes, answers: () => ({ ...answers }) };
}

async function answer(options: RpcDoorOptions, rate: CallRate, request: Request, response: Response): Promise<void> {
  const { name: asSent, query } = placeOf(request);
  const caller = callerOf(arrivalOf(request), asSent);
  slowDown(rate.take(caller, options.now()));
  if (asSent === '' || asSent.includes('/')) throw noPath();
  if (request.method === 'OPTIONS') return void response.set('Allow', 'OPTIONS, POST').status(200).end();
  const { name, answerType } = readHead({
    method: request.method,
    name: asSent,
    query,
    header: (header) => request.get(header),
  });
  const driver = openHomeAt(options.home)?.inside?.driver;
  if (!driver) throw unavailable('The store is not open.', 'Wait until /health says ok.');
  const p = readParameter(await readBody(request, options.largestCall ?? LARGEST_CALL), name);
  const text = JSON.stringify((await driver.rpc(name, p)) ?? null);
  response.set({ 'Content-Type': `${answerType}; charset=utf-8`, 'Content-Range': '0-0/*' }).end(text);
}

/**
 * Who calls, for the count of calls.
 * @throws RpcProblem  for everybody but programs with the key, and practice on this machine, where nobody is asked
 */
function callerOf(arrival: Arrival | null, name: string): string {
  const { visitor = null, facts } = arrival ?? {};
  if (visitor?.service) return `service ${facts?.address}`;
  if (facts?.bearer ?? facts?.apikey) throw wrongKey();
  if (visitor === null) throw notPermitted(name, 401);
  if (visitor.session !== null) throw notPermitted(name, 403);
  return `practice ${facts?.address}`;
}

function slowDown(seconds: number): void {
  if (seconds === 0) return;
  throw new RpcProblem({
    status: 429,
    code: 'PT429',
    message: 'Too many calls in a minute.',
    hint: `Call again in ${seconds} s. Several events, rows or questions fit into one call.`,
    headers: { 'Retry-After': String(seconds) },
  });
}

function problemOf(thrown: unknown, name: string, onFailure: (failure: unknown) => void): RpcProblem {
  if (thrown instanceof RpcProblem) return thrown;
  if (isRefused(thrown)) return ofState(thrown, name);
  if (thrown instanceof BillingAuditError || isOfPalette(thrown)) return unavailable(messageOf(thrown), thrown.hint);
  onFailure(thrown);
  return new RpcProblem({
    status: 500,
    code: 'PGRSTX00',
    message: 'The call failed inside the server.',
    hint: 'Look at the log of this server.',
  });
}

function ofState({ sqlstate, message, detail, hint }: StoreRefused, name: string): RpcProblem {
  // What every driver says of a function that is missing; one that is called inside is a fault of ours.
  const isOfTheCall = sqlstate === '42883' && message.startsWith(`The function ${name} is missing`);
  if (isOfTheCall) return noFunction(name);
  return new RpcProblem({
    status: statusOf(sqlstate),
    code: sqlstate,
    message,
    details: detail ?? null,
    hint: hint === '' ? null : hint,
  });
}

function unavailable(message: string, hint: string): RpcProblem {
  return new RpcProblem({ status: 503, code: 'PGRST000', message, hint, headers: { 'Retry-After': '5' } });
}

function noPath(): RpcProblem {
  return new RpcProblem({
    status: 404,
    code: 'PGRST125',
    message: 'Invalid path specified in request URL',
    hint: `Use ${RPC_PATH}/billing_audit_<verb>.`,
  });
}

/** The palette is another bundle: its errors are other classes of the same names. */
function isRefused(thrown: unknown): thrown is StoreRefused {
  return (thrown as { code?: unknown } | null)?.code === 'store_refused';
}

function isOfPalette(thrown: unknown): thrown is BillingAuditError {
  const { code, hint } = (thrown ?? {}) as { code?: unknown; hint?: unknown };
  return thrown instanceof Error && typeof code === 'string' && typeof hint === 'string';
}

/** From the address as it was sent: Express has taken a second slash away by now. */
function placeOf({ originalUrl }: Request): { readonly name: string; readonly query: string } {
  const [path = '', ...query] = originalUrl.split('?');
  return { name: path.slice(RPC_PATH.length + 1), query: query.join('?') };
}

function send(response: Response, { status, body, headers }: RpcProblem): void {
  if (response.headersSent) return void response.destroy();
  response.status(status).set(headers).set('Content-Type', 'application/json; charset=utf-8').end(JSON.stringify(body));
}
