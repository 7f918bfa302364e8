import { BillingAuditError } from '../../lib/errors';

/** What PostgREST says of an error: always these four, null where there is nothing to say. */
export interface ProblemBody {
  readonly code: string;
  readonly details: string | null;
  readonly hint: string | null;
  readonly message: string;
}

interface ProblemParts extends Pick<ProblemBody, 'code' | 'message'> {
  readonly status: number;
  readonly details?: string | null;
  readonly hint?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A call that is answered with an error, in PostgREST's words where it has some. */
export class RpcProblem extends BillingAuditError {
  readonly code: string;
  readonly hint: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ProblemBody;

  constructor({ status, code, message, details = null, hint = null, headers = {} }: ProblemParts) {
    super(message, { status });
    this.status = status;
    this.code = code;
    this.hint = hint ?? '';
    this.headers = headers;
    this.body = { code, details, hint, message };
  }
}

/** By SQLSTATE, else by its first two characters, as PostgREST 12 answers them; all others are 400. */
const STATUS_OF_STATE: Readonly<Record<string, number>> = {
  '23503': 409,
  '23505': 409,
  '25006': 405,
  '42501': 403,
  '42883': 404,
  '42P01': 404,
  '57P01': 503,
  P0001: 400,
};
const STATUS_OF_CLASS: Readonly<Record<string, number>> = {
  '08': 503,
  '09': 500,
  '0L': 403,
  '0P': 403,
  '25': 500,
  '28': 403,
  '2D': 500,
  '38': 500,
  '39': 500,
  '3B': 500,
  '40': 500,
  '53': 503,
  '54': 413,
  '55': 500,
  '57': 500,
  '58': 500,
  F0: 500,
  HV: 500,
  P0: 500,
  XX: 500,
};

/** The HTTP status of an error of a function that was called with the service key. */
export function statusOf(sqlstate: string): number {
  // A function may choose its status itself: PT402 is 402. What is no error status would read as a success.
  const chosen = /^PT([45]\d\d)$/.exec(sqlstate)?.[1];
  if (chosen !== undefined) return Number(chosen);
  if (sqlstate.startsWith('PT')) return 500;
  return STATUS_OF_STATE[sqlstate] ?? STATUS_OF_CLASS[sqlstate.slice(0, 2)] ?? 400;
}

/** There is no such function, or none that takes what was sent. */
export function noFunction(
  name: string,
  given = 'parameter p or with a single unnamed json/jsonb parameter',
): RpcProblem {
  const shown = name.slice(0, 100);
  const signature = given.startsWith('parameter p') ? `${shown}(p)` : shown;
  return new RpcProblem({
    status: 404,
    code: 'PGRST202',
    details: `Searched for the function public.${shown} with ${given}, but no matches were found in the schema cache.`,
    message: `Could not find the function public.${signature} in the schema cache`,
  });
}

/** The function is there and takes `p`, which was not sent: PostgreSQL's own words for it, as PostgREST hands them on. */
export function noParameter(name: string): RpcProblem {
  return new RpcProblem({
    status: 404,
    code: '42883',
    hint: 'No function matches the given name and argument types. You might need to add explicit type casts.',
    message: `function public.${name}() does not exist`,
  });
}

export function badBody(message: string, hint: string | null = null): RpcProblem {
  return new RpcProblem({ status: 400, code: 'PGRST102', message, hint });
}

/** Whoever calls may not: 401 for nobody known, 403 for a person who is. */
export function notPermitted(name: string, status: 401 | 403): RpcProblem {
  return new RpcProblem({
    status,
    code: '42501',
    message: `permission denied for function ${name.slice(0, 100)}`,
    ...(status === 401 && { headers: { 'WWW-Authenticate': 'Bearer' } }),
  });
}

export function wrongKey(): RpcProblem {
  const message = 'The key is not the service key of this server.';
  return new RpcProblem({
    status: 401,
    code: 'PGRST301',
    message,
    hint: 'It is in the file keys/service.key of the home. After a rotation, restart the server and give programs the new one.',
    headers: { 'WWW-Authenticate': `Bearer error="invalid_token", error_description="${message}"` },
  });
}
