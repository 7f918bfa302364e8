-- What guards the trail is told in full: the text of functions that are kept parsed (`return ...`: their prosrc is empty, so
-- a changed one told the same as before), what a check demands, and whether a trigger holds under a condition only.
-- Parsed texts print alike on PostgreSQL 15 and 18 (test/supabase/ways-around.test.ts compares the two).

-- Everything that keeps the trail append-only, as facts that are equal wherever these files were applied.
create or replace function billing_audit.guard_facts() returns table (kind text, name text, fact text)
language sql stable
set search_path = ''
-- How a constant in a parsed text is printed depends on these.
set timezone = 'UTC'
set intervalstyle = 'postgres'
set datestyle = 'ISO, MDY'
set quote_all_identifiers = off
as $$
    with ours as (
        select c.oid, c.relname, c.relkind, c.relowner, c.relrowsecurity, c.relacl, n.nspowner
        from pg_class as c
        join pg_namespace as n on n.oid = c.relnamespace
        where n.nspname = 'billing_audit'
    ), tables as (
        -- A partition is guarded by its parent's triggers; how it came and went is told elsewhere.
        select o.* from ours as o where o.relkind in ('r', 'p')
            and not exists (select from pg_inherits as i join ours as p on p.oid = i.inhparent and p.relkind = 'p' where i.inhrelid = o.oid)
    ), functions as (
        select p.oid, p.oid::regprocedure::text as name, p.proowner, coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) as body, p.prosecdef, p.proconfig, p.prokind, n.nspowner,
            n.nspname
        from pg_proc as p
        join pg_namespace as n on n.oid = p.pronamespace
        where n.nspname = 'billing_audit' or (n.nspname = 'public' and p.proname like 'billing\_audit\_%')
    ), schema_owner as (
        select nspowner from pg_namespace where nspname = 'billing_audit'
    )
    select 'table', relname::text,
        concat_ws(', ', case when relrowsecurity then 'row security' else 'no row security' end,
            case when relowner = nspowner then 'its owner is that of the schema' else 'its owner is ' || relowner::regrole::text end)
    from tables
    union all
    select 'right', format('%s on %s', a.privilege_type, t.relname),
        string_agg(distinct case when a.grantee = 0 then 'public' else a.grantee::regrole::text end, ', ')
    from tables as t, aclexplode(t.relacl) as a
    where a.grantee <> t.relowner
    group by t.relname, a.privilege_type
    union all
    select 'trigger', format('%s on %s', g.tgname, t.relname),
        concat_ws(', ', case g.tgenabled when 'A' then 'always' when 'O' then 'on' when 'R' then 'on replicas alone' else 'off' end,
            g.tgfoid::regproc::text, 'type ' || g.tgtype,
            case when g.tgqual is not null then 'under a condition' end, case when g.tgattr::text <> '' then 'for some columns' end)
    from pg_trigger as g join tables as t on t.oid = g.tgrelid
    where not g.tgisinternal
    union all
    select 'rule', format('%s on %s', r.rulename, o.relname),
        concat_ws(', event ', case r.ev_enabled when 'D' then 'off' else 'on' end, r.ev_type)
    from pg_rewrite as r join ours as o on o.oid = r.ev_class
    where r.rulename <> '_RETURN'
    union all
    select 'policy', format('%s on %s', p.polname, t.relname),
        concat_ws(', ', (select string_agg(each::regrole::text, ' ') from unnest(p.polroles) as each),
            p.polcmd::text, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
    from pg_policy as p join tables as t on t.oid = p.polrelid
    union all
    select 'check', format('%s on %s', k.conname, t.relname), concat_ws(', ', case when k.convalidated then 'valid' else 'not validated' end,
        encode(sha256(convert_to(regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', ''), 'UTF8')), 'hex'))
    from pg_constraint as k join tables as t on t.oid = k.conrelid
    where k.contype in ('c', 'p', 'u', 'f') and k.conname is not null
    union all
    select 'heir', format('%s of %s', i.inhrelid::regclass, o.relname), 'inherits'
    from pg_inherits as i join ours as o on o.oid = i.inhparent and o.relkind = 'r'
    union all
    select 'function', f.name,
        concat_ws(', ', case when f.prosecdef then 'definer' else 'invoker' end, coalesce(array_to_string(f.proconfig, ' '), 'no settings'),
            case when f.proowner = (select nspowner from schema_owner) then 'its owner is that of the schema' else f.proowner::regrole::text end,
            encode(sha256(convert_to(f.body, 'UTF8')), 'hex'))
    from functions as f
    union all
    select 'call', f.name, coalesce(string_agg(distinct case when a.grantee = 0 then 'public' else a.grantee::regrole::text end, ', ')
        filter (where a.grantee <> f.proowner and a.grantee <> f.nspowner), '')
    from functions as f join pg_proc as p on p.oid = f.oid
    left join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a on true
    group by f.name
    union all
    select 'view', o.relname::text, concat_ws(', ', array_to_string(c.reloptions, ' '))
    from ours as o join pg_class as c on c.oid = o.oid where o.relkind in ('v', 'm')
    union all
    select 'role', r.rolname::text, concat_ws(', ', case when r.rolcanlogin then 'may log in' end,
        case when r.rolsuper then 'superuser' end, case when r.rolbypassrls then 'passes row security' end, 'known')
    from pg_roles as r where r.rolname = 'billing_audit_owner'
    union all
    select 'event trigger', e.evtname::text, case e.evtenabled when 'A' then 'always' when 'O' then 'on' else 'off' end
    from pg_event_trigger as e where e.evtname like 'billing\_audit\_%'
$$;
