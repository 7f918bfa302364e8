import { BY_POST, COUNTS, KEY_FIRST, SAYS_WHY, type RpcCase } from './case';

export const KEYS: readonly RpcCase[] = [
  { name: 'no key', key: 'none', status: 401, code: '42501' },
  {
    name: 'no key, for a function that is not there',
    key: 'none',
    to: 'billing_audit_nowhere',
    status: 404,
    code: 'PGRST202',
    ours: {
      because: KEY_FIRST,
      status: 401,
      error: {
        code: '42501',
        message: 'permission denied for function billing_audit_nowhere',
        details: null,
        hint: null,
      },
    },
  },
  {
    name: 'a wrong key',
    key: 'wrong',
    status: 401,
    code: 'PGRST301',
    ours: {
      because: `Our key is no token, so that nothing is wrong with its signature. ${SAYS_WHY}`,
      error: {
        message: 'The key is not the service key of this server.',
        hint: expect.stringContaining('keys/service.key') as string,
      },
    },
  },
  {
    name: 'the key in the header apikey alone',
    key: 'apikey',
    status: 401,
    code: '42501',
    ours: { because: 'On Supabase the gateway before PostgREST takes it; ours is both.', status: 200, value: COUNTS() },
  },
  { name: 'the key in both headers, as supabase-js sends it', key: 'both', status: 200 },
  { name: 'the key as "bearer" in small letters', headers: { authorization: 'bearer <key>' }, status: 200 },
  { name: 'a person who is signed in', key: 'person', status: 403, code: '42501' },
  { name: 'a name and a password', key: 'basic', status: 401, code: '42501' },
  { name: 'an empty bearer', key: 'none', headers: { authorization: 'Bearer ' }, status: 401, code: '42501' },
  {
    name: 'a function that the service may not call',
    to: 'billing_audit_hidden',
    status: 403,
    code: '42501',
  },
];

export const METHODS: readonly RpcCase[] = [
  {
    name: 'GET',
    method: 'GET',
    to: 'billing_audit_counts?p=%7B%7D',
    status: 200,
    ours: { because: BY_POST, status: 405, error: { code: 'PGRST101', message: 'Cannot use the GET method on RPC' } },
  },
  {
    name: 'HEAD',
    method: 'HEAD',
    to: 'billing_audit_counts?p=%7B%7D',
    status: 200,
    ours: { because: BY_POST, status: 405 },
  },
  {
    name: 'OPTIONS',
    method: 'OPTIONS',
    status: 404,
    code: 'PGRST202',
    ours: {
      because: 'PostgREST 12 looks for a function without parameters; ours answers what it allows.',
      status: 200,
      type: '',
      value: '',
    },
  },
  ...['PUT', 'PATCH', 'DELETE'].map((method): RpcCase => ({
    name: method,
    method,
    status: 405,
    code: 'PGRST101',
    ours: { because: SAYS_WHY, error: { hint: 'Use POST, with a body like {"p": {}}.' } },
  })),
];
