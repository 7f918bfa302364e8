import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeOnPostgres, startPostgres, warnWithoutPostgres, type TestPostgres } from '../support/postgres';
import { bundle, migrations } from '../support/store';
import { pgTapSql } from './support/pgtap';

const query = readFileSync(join(migrations, 'lints.sql'), 'utf8');

warnWithoutPostgres('the lints were tried on PGlite alone.');

/**
 * Findings that stand, as supabase/README.md says why: SQL that was parsed when it was made, aggregates (which can have
 * no setting), and functions for people, which ask who calls.
 */
const STANDING = [
  /^0011_function_search_path_mutable\|WARN\|billing_audit\.(budget_minute|chained|is_concern|linked|longest_silence|needs_look|tenth)\(/,
  /^0011_function_search_path_mutable\|WARN\|billing_audit\.(commit_to|event_preimage|instant|next_hash|payload_of|preimage_of)\(/,
  /^0011_function_search_path_mutable\|WARN\|billing_audit\.(day_of|hour_of|is_change|is_news|look_hundredth|payload_from|rollup_places|without_columns)\(/,
  /^0029_authenticated_security_definer_function_executable\|WARN\|(public\.)?billing_audit_(approve|judge|mark|promote_model|roll_back_model|seen_alerts|try_dead_again)\(/,
];
const open = (printed: string): readonly string[] =>
  printed.split('\n').filter((line) => line !== '' && !STANDING.some((standing) => standing.test(line)));

const PLANTED: readonly (readonly [lint: string, sql: string])[] = [
  ['0001', 'alter table billing_audit.sheets add column x text references billing_audit.people'],
  [
    '0002',
    'create table auth.users (id uuid primary key); create view public.v as select * from auth.users; grant select on public.v to anon',
  ],
  ['0003', `create policy p on billing_audit.people for select to billing_audit_owner using (auth.uid() is null)`],
  ['0004', 'create table billing_audit.t (x text)'],
  ['0006', 'create policy p on billing_audit.people for select to billing_audit_owner using (true)'],
  ['0007', 'alter table billing_audit.people disable row level security'],
  ['0008', 'drop policy functions_only on billing_audit.people'],
  ['0009', 'create index a on billing_audit.people (name); create index b on billing_audit.people (name)'],
  ['0010', 'create view billing_audit.v as select 1 as x'],
  ['0011', `create function billing_audit.f() returns integer language sql as 'select 1'`],
  ['0012', 'create policy p on billing_audit.people for select to authenticated using (email is null)'],
  ['0013', 'create table public.t (x text primary key)'],
  ['0014', 'create extension pg_trgm schema public'],
  ['0015', `create policy p on billing_audit.people for select using ((auth.jwt() -> 'user_metadata') is null)`],
  ['0016', 'create materialized view public.m as select 1 as x; grant select on public.m to anon'],
  ['0018', 'alter table billing_audit.people add column r regproc'],
  [
    '0021',
    'create table auth.users (id uuid primary key, mail text unique); create table public.t (m text primary key references auth.users (mail))',
  ],
  ['0023', 'create table public.t (x text primary key, password text); grant select on public.t to anon'],
  ['0024', 'create policy p on billing_audit.people for update to anon using (true)'],
  ['0026', 'create table public.t (x text primary key); grant select on public.t to anon'],
  ['0027', 'create table public.t (x text primary key); grant select on public.t to authenticated'],
  ['0028', 'grant execute on function public.billing_audit_counts(jsonb) to anon'],
  ['0029', 'grant execute on function public.billing_audit_append(jsonb) to authenticated'],
  ['0030', `update pg_index set indisvalid = false where indexrelid = 'billing_audit.people_pkey'::regclass`],
];
/** pg_trgm is in the contributed package of PostgreSQL, which a test machine may lack. */
const NEEDS_CONTRIB = '0014';

describeOnPostgres("Supabase's database lints, on PostgreSQL", () => {
  let postgres: TestPostgres;
  beforeAll(() => {
    postgres = startPostgres();
  });
  afterAll(() => postgres.stop());

  it('find nothing that does not stand with a reason', () => {
    expect(open(postgres.sql('super', query))).toEqual([]);
  });

  it.each(PLANTED.filter(([lint]) => lint !== NEEDS_CONTRIB))('%s finds what is planted: %s', (lint, sql) => {
    const found = open(
      postgres.sql('super', `begin; set local allow_system_table_mods = on; ${sql}; ${query} rollback;`),
    );
    expect(found.filter((line) => line.startsWith(lint))).toHaveLength(1);
  });
});

it('find nothing on PGlite either', () => {
  const program = bundle('test/supabase/support/tap-on-pglite.ts', 'lints-on-pglite');
  const file = join(migrations, 'lints.sql');
  const order = { directory: migrations, pgTap: pgTapSql(), files: [file] };
  const given = { input: JSON.stringify(order), encoding: 'utf8' } as const;
  const printed = JSON.parse(execFileSync(process.execPath, [program], given)) as Record<string, string[]>;
  // pgTAP is in the schema extensions, which the lints pass over.
  expect(open((printed[file] ?? ['nothing ran']).join('\n'))).toEqual([]);
});
