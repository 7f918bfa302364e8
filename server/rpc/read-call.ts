import { noFunction, badBody, noParameter, RpcProblem } from './problem';
import { readJson } from './json-text';

/** What a request says besides its body. */
export interface CallHead {
  readonly method: string;
  /** Behind `/rest/v1/rpc/`, as sent. */
  readonly name: string;
  /** Behind the question mark, empty without one. */
  readonly query: string;
  header(name: string): string | undefined;
}

export interface Call {
  readonly name: `billing_audit_${string}`;
  /** The content type that the value is answered with. */
  readonly answerType: string;
}

const JSON_TYPE = 'application/json';
const OBJECT_TYPE = 'application/vnd.pgrst.object+json';
/** The types that the value of a function can be answered as, by what was asked for. */
const ANSWER_TYPES: Readonly<Record<string, string>> = {
  '*/*': JSON_TYPE,
  [JSON_TYPE]: JSON_TYPE,
  'application/vnd.pgrst.array+json': JSON_TYPE,
  [OBJECT_TYPE]: OBJECT_TYPE,
};
/** A body of these types is for a function with a single parameter without a name; ours have one with a name. */
const UNNAMED_TYPES: Readonly<Record<string, string>> = {
  'text/plain': 'text',
  'text/xml': 'xml',
  'application/octet-stream': 'bytea',
};
const PREFERENCES = /^(resolution|params|return|count|tx|missing|handling)=/;

/**
 * Checks everything about a call that can be known before its body is read.
 * @throws RpcProblem
 */
export function readHead(head: CallHead): Call {
  const { method, query } = head;
  if (method !== 'POST') {
    throw new RpcProblem({
      status: 405,
      code: 'PGRST101',
      message: `Cannot use the ${method.slice(0, 20)} method on RPC`,
      hint: 'Use POST, with a body like {"p": {}}.',
      headers: { Allow: 'OPTIONS, POST' },
    });
  }
  const name = decoded(head.name);
  checkProfile(head.header('content-profile'));
  checkPreferences(head.header('prefer') ?? '');
  const answerType = answerTypeOf(head.header('accept') ?? '*/*');
  checkContentType(head.header('content-type') ?? JSON_TYPE, name);
  if (!isOurs(name)) throw noFunction(name);
  if (query !== '') {
    throw new RpcProblem({
      status: 400,
      code: 'PGRST100',
      message: 'This address takes no query.',
      hint: 'Everything that a function needs is in "p"; the key goes into the header "apikey" or "Authorization".',
    });
  }
  return { name, answerType };
}

/**
 * The value of `p` in a body. Other keys beside it are not looked at.
 * @throws RpcProblem
 */
export function readParameter(body: Uint8Array, name: string): unknown {
  const given = body.length === 0 ? {} : readJson(body);
  const first: unknown = Array.isArray(given) ? firstOf(given) : given;
  if (typeof first !== 'object' || first === null || !Object.hasOwn(first, 'p')) throw noParameter(name);
  return (first as { readonly p: unknown }).p;
}

/** PostgREST takes a list of objects with equal keys, and calls the function with the first. */
function firstOf(list: readonly unknown[]): unknown {
  const keysOf = (one: unknown): string | null =>
    typeof one === 'object' && one !== null && !Array.isArray(one) ? JSON.stringify(Object.keys(one).sort()) : null;
  const keys = list.map(keysOf);
  if (keys.some((each) => each === null || each !== keys[0])) throw badBody('All object keys must match');
  return list[0];
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function isOurs(name: string): name is `billing_audit_${string}` {
  return /^billing_audit_[a-z_]{1,50}$/.test(name);
}

function checkProfile(profile: string | undefined): void {
  if (profile === undefined || profile === 'public') return;
  throw new RpcProblem({
    status: 406,
    code: 'PGRST106',
    message: 'The schema must be one of the following: public',
  });
}

function checkPreferences(prefer: string): void {
  const given = listOf(prefer);
  const unknown = given.filter((each) => !PREFERENCES.test(each));
  if (!given.includes('handling=strict') || unknown.length === 0) return;
  throw new RpcProblem({
    status: 400,
    code: 'PGRST122',
    details: `Invalid preferences: ${unknown.join(', ').slice(0, 200)}`,
    message: 'Invalid preferences given with handling=strict',
  });
}

function answerTypeOf(accept: string): string {
  const asked = listOf(accept).map(bareType);
  const type = asked.map((each) => (Object.hasOwn(ANSWER_TYPES, each) ? ANSWER_TYPES[each] : undefined)).find(Boolean);
  if (type !== undefined) return type;
  throw new RpcProblem({
    status: 415,
    code: 'PGRST107',
    message: `None of these media types are available: ${asked.join(', ').slice(0, 200)}`,
  });
}

/** A charset is not looked at: JSON is UTF-8. */
function checkContentType(given: string, name: string): void {
  const type = bareType(given);
  if (type === JSON_TYPE) return;
  const parameter = Object.hasOwn(UNNAMED_TYPES, type) ? UNNAMED_TYPES[type] : undefined;
  if (parameter !== undefined) throw noFunction(name, `a single unnamed ${parameter} parameter`);
  throw badBody(`Content-Type not acceptable: ${type.slice(0, 200)}`, 'Send application/json.');
}

function bareType(type: string): string {
  return (type.split(';', 1)[0] ?? '').trim().toLowerCase();
}

function listOf(header: string): string[] {
  return header
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}
