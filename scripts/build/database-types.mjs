/**
 * Writes supabase/database.types.ts from the migrations: `node scripts/build/database-types.mjs`. With `--print` it only prints
 * what it would write; a test compares that with what is committed.
 *
 * It is what `supabase gen types typescript --schema public` gives for a project that holds nothing but ours, read from the
 * catalog of a database that the migrations make; that command wants a running project or Docker. The CLI's generic helpers
 * (`Tables<...>`, `Enums<...>`) are left out: no table and no enum is reached by the API.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import { format } from 'prettier';

const SUPABASE = join(resolve(dirname(fileURLToPath(import.meta.url)), '../..'), 'supabase');
const TARGET = join(SUPABASE, 'database.types.ts');

/** Functions that a role of the API may call, by name; their arguments by name too, as the CLI orders them. */
const FUNCTIONS = `
  select p.proname as name, p.prorettype::regtype::text as returns, p.proretset as is_set,
    (select coalesce(json_agg(json_build_object('name', a.name, 'type', a.type::regtype::text,
        'optional', a.place > p.pronargs - p.pronargdefaults) order by a.name), '[]')
     from unnest(p.proargnames, p.proargtypes::oid[]) with ordinality as a (name, type, place)) as args
  from pg_proc as p
  where p.pronamespace = 'public'::regnamespace and p.prokind = 'f'
    and exists (select from unnest(array['anon', 'authenticated', 'service_role']) as r
      where has_function_privilege(r, p.oid, 'execute'))
  order by p.proname`;

const TYPES = {
  ...{ boolean: 'boolean', json: 'Json', jsonb: 'Json', void: 'undefined', record: 'Record<string, unknown>' },
  ...{
    smallint: 'number',
    integer: 'number',
    bigint: 'number',
    real: 'number',
    'double precision': 'number',
    numeric: 'number',
  },
};

/** Whatever PostgREST gives as text is a string. */
const typeOf = (name) => (name.endsWith('[]') ? `${typeOf(name.slice(0, -2))}[]` : (TYPES[name] ?? 'string'));

const text = await format(moduleOf(await functionsOfMigrations()), { parser: 'typescript', semi: false });
if (process.argv.includes('--print')) process.stdout.write(text);
else {
  writeFileSync(TARGET, text);
  process.stdout.write('Wrote supabase/database.types.ts. Look at it, and commit it with the migration.\n');
}

async function functionsOfMigrations() {
  const database = await PGlite.create();
  try {
    await database.exec(readFileSync(join(SUPABASE, 'bootstrap.sql'), 'utf8'));
    const files = readdirSync(join(SUPABASE, 'migrations')).sort();
    for (const file of files) {
      const sql = readFileSync(join(SUPABASE, 'migrations', file), 'utf8');
      await database.transaction((transaction) => transaction.exec(sql));
    }
    return (await database.query(FUNCTIONS)).rows;
  } finally {
    await database.close();
  }
}

function moduleOf(functions) {
  const none = '{ [_ in never]: never }';
  const lines = functions.map(({ name, args, returns, is_set }) => {
    const given = args.map(({ name: arg, type, optional }) => `${arg}${optional ? '?' : ''}: ${typeOf(type)}`);
    const taken = given.length === 0 ? 'never' : `{ ${given.join('; ')} }`;
    return `${name}: { Args: ${taken}; Returns: ${typeOf(returns)}${is_set ? '[]' : ''} }`;
  });
  return `export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[]

export type Database = {
  public: {
    Tables: ${none}
    Views: ${none}
    Functions: {
      ${lines.join('\n')}
    }
    Enums: ${none}
    CompositeTypes: ${none}
  }
}
`.replaceAll('{ [_ in never]: never }', '{\n[_ in never]: never\n}');
}
