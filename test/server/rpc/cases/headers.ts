import { COUNTS, JSON_ONLY, json, SAYS_WHY, type RpcCase } from './case';

const otherForm = (name: string, headers: Record<string, string>, body: string): RpcCase => ({
  name,
  headers,
  body,
  status: 200,
  ours: {
    because: JSON_ONLY,
    status: 400,
    error: { code: 'PGRST102', message: `Content-Type not acceptable: ${headers['content-type']}` },
  },
});
const refusedType = (type: string): RpcCase => ({
  name: `a body said to be ${type}`,
  headers: json(type),
  status: 400,
  code: 'PGRST102',
  ours: { because: SAYS_WHY, error: { hint: 'Send application/json.' } },
});
const accepted = (accept: string): RpcCase => ({ name: `an answer as ${accept}`, headers: { accept }, status: 200 });
const notAcceptable = (accept: string): RpcCase => ({ ...accepted(accept), status: 415, code: 'PGRST107' });
const preferring = (prefer: string): RpcCase => ({
  name: `a preference for ${prefer}`,
  headers: { prefer },
  status: 200,
});

export const HEADERS: readonly RpcCase[] = [
  { name: 'a body of no said type', headers: { 'content-type': null }, status: 200 },
  { name: 'another charset', headers: json('application/json; charset=latin1'), status: 200 },
  {
    name: 'a type in capitals',
    headers: json('Application/JSON'),
    status: 400,
    code: 'PGRST102',
    ours: {
      because: 'Types are not told apart by capitals (RFC 9110); only this version does.',
      status: 200,
      value: COUNTS(),
    },
  },
  otherForm('a form', json('application/x-www-form-urlencoded'), 'p={}'),
  otherForm('a table', json('text/csv'), 'p\n{}'),
  { name: 'a body said to be text', headers: json('text/plain'), status: 404, code: 'PGRST202' },
  { name: 'a body said to be bytes', headers: json('application/octet-stream'), status: 404, code: 'PGRST202' },
  refusedType('application/xml'),
  refusedType('multipart/form-data'),
  refusedType('__proto__'),
  accepted('*/*'),
  accepted('text/html, */*'),
  accepted('text/html, application/json'),
  accepted('application/json;q=0.1, text/html'),
  accepted('application/vnd.pgrst.object+json'),
  accepted('application/vnd.pgrst.array+json'),
  notAcceptable('text/html'),
  notAcceptable('application/octet-stream'),
  notAcceptable('constructor'),
  {
    ...accepted('text/csv'),
    ours: {
      because: JSON_ONLY,
      status: 415,
      type: 'application/json; charset=utf-8',
      error: { code: 'PGRST107', message: 'None of these media types are available: text/csv' },
    },
  },
  { name: 'the schema by its name', headers: { 'content-profile': 'public' }, status: 200 },
  { name: 'another schema', headers: { 'content-profile': 'billing_audit' }, status: 406, code: 'PGRST106' },
  preferring('return=minimal'),
  preferring('count=exact'),
  preferring('tx=rollback'),
  preferring('junk=1'),
  preferring('handling=strict, count=exact'),
  { ...preferring('handling=strict, junk=1'), status: 400, code: 'PGRST122' },
  {
    name: 'the whole body as the parameter, as once was preferred',
    to: 'billing_audit_echo',
    headers: { prefer: 'params=single-object' },
    body: '{"a":1}',
    status: 200,
    ours: {
      because: 'Later versions of PostgREST dropped it.',
      status: 404,
      error: { code: '42883', message: 'function public.billing_audit_echo() does not exist' },
    },
  },
];
