import { NO_GUESS, NO_PATH, NO_QUERY, type Difference, type RpcCase } from './case';

const notFound = (name: string, to: string, ours?: Difference): RpcCase => ({
  name,
  to,
  status: 404,
  code: 'PGRST202',
  ...(ours && { ours }),
});
const noGuess: Difference = { because: NO_GUESS, error: { hint: null } };
const notPlain: Difference = {
  because: 'What our front door and what is behind it could read differently is refused at the door.',
  status: 400,
  error: {
    code: 'PGRST125',
    message: 'This address cannot be read without doubt.',
    hint: expect.stringContaining('plain form') as string,
  },
};
const invalidPath: Difference = { because: 'PostgREST 12 says nothing at all; later ones say this.', error: NO_PATH };

export const NAMES: readonly RpcCase[] = [
  notFound('an unknown function', 'zzz'),
  notFound('a name that is nearly right', 'billing_audit_countz', noGuess),
  notFound('capitals', 'Billing_Audit_Counts', noGuess),
  notFound('a helper of the private schema', 'clock'),
  notFound('the private schema in the name', 'billing_audit.clock', noGuess),
  notFound('a schema in the name', 'public.billing_audit_counts', noGuess),
  notFound('a slash in the name, written as %2F', 'public%2Fbilling_audit_counts', noGuess),
  notFound('SQL in the name', `billing_audit_counts('%7B%7D');drop%20table%20x;--`, noGuess),
  notFound('a NUL in the name', 'billing_audit_counts%00', noGuess),
  notFound('a broken escape in the name', 'billing%ZZ', noGuess),
  notFound('__proto__', '__proto__'),
  notFound('constructor', 'constructor', noGuess),
  { name: 'an escaped letter in the name', to: 'billing%5Faudit_counts', status: 200 },
  {
    name: 'a function that is not ours',
    to: 'other_function',
    status: 200,
    ours: {
      because: 'Ours opens nothing but billing_audit_*; what else is in the database is none of its business.',
      status: 404,
      error: { code: 'PGRST202', message: 'Could not find the function public.other_function(p) in the schema cache' },
    },
  },
  { name: 'a slash behind the name', to: 'billing_audit_counts/', status: 404, ours: invalidPath },
  { name: 'more behind the name', to: 'billing_audit_counts/x', status: 404, ours: invalidPath },
  { name: 'a way around by ..', to: '../rpc/billing_audit_counts', status: 404, ours: notPlain },
  { name: 'two slashes', to: '/billing_audit_counts', status: 404, ours: invalidPath },
  {
    name: 'a backslash',
    to: 'x\\billing_audit_counts',
    status: 404,
    code: 'PGRST202',
    ours: { ...notPlain, error: { ...notPlain.error, details: null } },
  },
];

export const QUERIES: readonly RpcCase[] = [
  {
    name: 'a column to select',
    to: 'billing_audit_counts?select=events',
    status: 400,
    code: '42703',
    ours: {
      because: NO_QUERY,
      error: { code: 'PGRST100', message: 'This address takes no query.', hint: expect.any(String) as string },
    },
  },
  {
    name: 'the key in the address',
    to: 'billing_audit_counts?apikey=x',
    status: 400,
    code: 'PGRST100',
    ours: {
      because: NO_QUERY,
      error: {
        message: 'This address takes no query.',
        details: null,
        hint: expect.stringContaining('header') as string,
      },
    },
  },
  {
    name: 'a limit',
    to: 'billing_audit_counts?limit=0',
    status: 200,
    ours: { because: NO_QUERY, status: 400, error: { code: 'PGRST100', message: 'This address takes no query.' } },
  },
];
