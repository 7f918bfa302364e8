-- The lints of Supabase's database linter (splinter) that a schema like ours can meet, each told in a query of its own after
-- its public definition: number and name as there. One row = one finding. `npm test -- test/supabase` runs it on PostgreSQL
-- and on PGlite; run it on a project of yours in the SQL editor. It looks at the schemas public and billing_audit; public is
-- what the API exposes.
with looked_at as (
    select oid, nspname, nspname = 'public' as exposed from pg_catalog.pg_namespace where nspname in ('public', 'billing_audit')
), relations as (
    select c.oid, n.nspname, c.relname, c.relkind, c.relrowsecurity, c.reloptions, n.exposed,
        (pg_catalog.has_table_privilege('anon', c.oid, 'select') or pg_catalog.has_table_privilege('authenticated', c.oid, 'select'))
            as readable,
        pg_catalog.format('%I.%I', n.nspname, c.relname) as object
    from pg_catalog.pg_class as c
    join looked_at as n on n.oid = c.relnamespace
    where not exists (select from pg_catalog.pg_depend as d where d.objid = c.oid and d.deptype = 'e')
), tables as (
    select * from relations where relkind in ('r', 'p')
), routines as (
    select p.oid, n.nspname, n.exposed, p.prosecdef, p.prokind, p.proconfig, p.oid::regprocedure::text as object
    from pg_catalog.pg_proc as p
    join looked_at as n on n.oid = p.pronamespace
    where not exists (select from pg_catalog.pg_depend as d where d.objid = p.oid and d.deptype = 'e')
), policies as (
    select t.object, t.relrowsecurity, p.polname, p.polpermissive, p.polcmd, p.polroles,
        coalesce(pg_catalog.pg_get_expr(p.polqual, p.polrelid), '') as using_text,
        coalesce(pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid), '') as check_text,
        p.polroles && array[0, 'anon'::regrole::oid, 'authenticated'::regrole::oid] as for_people
    from pg_catalog.pg_policy as p join tables as t on t.oid = p.polrelid
), foreign_keys as (
    select t.object, k.conname, k.conkey, k.confrelid, t.oid, k.confkey
    from pg_catalog.pg_constraint as k join tables as t on t.oid = k.conrelid where k.contype = 'f'
)
select '0001_unindexed_foreign_keys' as lint, 'INFO' as level, f.object || '.' || f.conname as object
from foreign_keys as f
where not exists (
    -- Splinter wants exactly the columns of the key; an index that begins with them serves as well.
    select from pg_catalog.pg_index as i
    where i.indrelid = f.oid and i.indisvalid and i.indpred is null
        and (i.indkey::smallint[])[0:pg_catalog.cardinality(f.conkey) - 1] @> f.conkey)
union all
select '0002_auth_users_exposed', 'ERROR', v.object from relations as v
where v.relkind in ('v', 'm') and v.exposed and v.readable and exists (
    select from pg_catalog.pg_rewrite as r join pg_catalog.pg_depend as d on d.objid = r.oid
    where r.ev_class = v.oid and d.refobjid = pg_catalog.to_regclass('auth.users'))
union all
select '0003_auth_rls_initplan', 'WARN', object || '.' || polname from policies
where (using_text || ' ' || check_text) ~* '(auth\.(uid|jwt|role|email)\(\)|current_setting\()'
    and (using_text || ' ' || check_text) !~* 'select\s+(auth\.(uid|jwt|role|email)\(\)|current_setting\()'
union all
select '0004_no_primary_key', 'INFO', t.object from tables as t
where not exists (select from pg_catalog.pg_index as i where i.indrelid = t.oid and i.indisprimary)
union all
select '0006_multiple_permissive_policies', 'WARN', object || ' for ' || role::regrole::text || ' ' || command::text
from policies, unnest(polroles) as role,
    unnest(case polcmd when '*' then array['r', 'a', 'w', 'd']::"char"[] else array[polcmd] end) as command
where polpermissive and role <> 0 group by object, role, command having count(*) > 1
union all
select '0007_policy_exists_rls_disabled', 'ERROR', object || '.' || polname from policies where not relrowsecurity
union all
select '0008_rls_enabled_no_policy', 'INFO', t.object from tables as t
where t.relrowsecurity and not exists (select from pg_catalog.pg_policy as p where p.polrelid = t.oid)
union all
select '0009_duplicate_index', 'WARN', t.object || ': ' || pg_catalog.string_agg(i.indexrelid::regclass::text, ', ')
from tables as t join pg_catalog.pg_index as i on i.indrelid = t.oid
group by t.object, pg_catalog.regexp_replace(pg_catalog.pg_get_indexdef(i.indexrelid), 'INDEX \S+ ON', 'INDEX ON') having count(*) > 1
union all
select '0010_security_definer_view', 'ERROR', v.object from relations as v
where v.relkind = 'v' and v.nspname in ('public', 'billing_audit')
    and not coalesce(v.reloptions && array['security_invoker=true', 'security_invoker=on', 'security_invoker=1'], false)
union all
select '0011_function_search_path_mutable', 'WARN', object from routines
where not exists (select from unnest(proconfig) as c where c like 'search_path=%')
union all
select '0012_auth_allow_anonymous_sign_ins', 'WARN', object || '.' || polname from policies
where polpermissive and for_people and (using_text || check_text) !~ 'is_anonymous'
union all
select '0013_rls_disabled_in_public', 'ERROR', object from tables where exposed and not relrowsecurity
union all
select '0014_extension_in_public', 'WARN', e.extname from pg_catalog.pg_extension as e
join looked_at as n on n.oid = e.extnamespace where n.exposed
union all
select '0015_rls_references_user_metadata', 'ERROR', object || '.' || polname from policies
where (using_text || check_text) ~* 'user_metadata'
union all
select '0016_materialized_view_in_api', 'WARN', object from relations where relkind = 'm' and exposed and readable
union all
select '0017_foreign_table_in_api', 'WARN', object from relations where relkind = 'f' and exposed and readable
union all
select '0018_unsupported_reg_types', 'WARN', t.object || '.' || a.attname
from tables as t join pg_catalog.pg_attribute as a on a.attrelid = t.oid
where a.attnum > 0 and not a.attisdropped
    and a.atttypid in ('regcollation'::regtype, 'regconfig'::regtype, 'regdictionary'::regtype, 'regnamespace'::regtype,
        'regoper'::regtype, 'regoperator'::regtype, 'regproc'::regtype, 'regprocedure'::regtype)
union all
select '0021_fkey_to_auth_unique', 'ERROR', f.object || '.' || f.conname from foreign_keys as f
join pg_catalog.pg_class as c on c.oid = f.confrelid join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where n.nspname = 'auth' and not exists (
    select from pg_catalog.pg_index as i where i.indrelid = f.confrelid and i.indisprimary and (i.indkey::smallint[])[0:0] = f.confkey)
union all
select '0023_sensitive_columns_exposed', 'ERROR', t.object || '.' || a.attname
from tables as t join pg_catalog.pg_attribute as a on a.attrelid = t.oid
where t.exposed and t.readable and not t.relrowsecurity and a.attnum > 0 and not a.attisdropped
    and a.attname ~* '(passw|secret|token|api_?key|jwt|otp|ssn|passport|iban|card_number|cvv|account_number|certificate|fingerprint)'
union all
select '0024_rls_policy_always_true', 'WARN', object || '.' || polname from policies
where polpermissive and for_people and relrowsecurity and (
    (polcmd in ('*', 'w', 'd') and using_text in ('true', '(true)', '(1 = 1)', ''))
    or (polcmd in ('*', 'w', 'a') and check_text in ('true', '(true)', '(1 = 1)'))
    or (polcmd = 'a' and check_text = ''))
union all
select '0026_pg_graphql_anon_table_exposed', 'WARN', object from relations
where relkind in ('r', 'p', 'v', 'm', 'f') and exposed and pg_catalog.has_table_privilege('anon', oid, 'select')
union all
select '0027_pg_graphql_authenticated_table_exposed', 'WARN', object from relations
where relkind in ('r', 'p', 'v', 'm', 'f') and exposed and pg_catalog.has_table_privilege('authenticated', oid, 'select')
union all
select '0028_anon_security_definer_function_executable', 'WARN', object from routines
where exposed and prosecdef and pg_catalog.has_function_privilege('anon', oid, 'execute')
union all
select '0029_authenticated_security_definer_function_executable', 'WARN', object from routines
where exposed and prosecdef and pg_catalog.has_function_privilege('authenticated', oid, 'execute')
union all
select '0030_invalid_index', 'WARN', i.indexrelid::regclass::text from pg_catalog.pg_index as i
join tables as t on t.oid = i.indrelid where not i.indisvalid
order by 1, 3;
