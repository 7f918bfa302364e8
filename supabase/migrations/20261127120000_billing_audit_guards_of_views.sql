-- What people read of the trail goes through views, which their owner can replace: one that leaves out what is HIGH would show
-- less than the trail holds, while chains, tree and anchors hold. The definition of each is a guard now. And what people decided
-- could be altered by the owner of the tables with a plain statement: an approval and an answer to an alert are never altered
-- now, like a verdict, and the directory of people is never emptied at once, which no act would tell.

create trigger never_altered before update or delete on billing_audit.approvals
    for each row execute function billing_audit.refuse_change();
create trigger never_truncated before truncate on billing_audit.approvals
    for each statement execute function billing_audit.refuse_change();
create trigger never_altered before update or delete on billing_audit.alert_answers
    for each row execute function billing_audit.refuse_change();
create trigger never_truncated before truncate on billing_audit.alert_answers
    for each statement execute function billing_audit.refuse_change();
create trigger never_truncated before truncate on billing_audit.people
    for each statement execute function billing_audit.refuse_change();
-- `always`: session_replication_role = replica does not switch them off.
alter table billing_audit.approvals enable always trigger never_altered;
alter table billing_audit.approvals enable always trigger never_truncated;
alter table billing_audit.alert_answers enable always trigger never_altered;
alter table billing_audit.alert_answers enable always trigger never_truncated;
alter table billing_audit.people enable always trigger never_truncated;

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
        select c.oid, c.relname, c.relkind, c.relowner, c.relrowsecurity, c.relpersistence, c.relacl, n.nspowner
        from pg_class as c
        join pg_namespace as n on n.oid = c.relnamespace
        where n.nspname = 'billing_audit'
    ), tables as (
        -- Months come and go; they are compared with the rest, below.
        select o.* from ours as o where o.relkind in ('r', 'p')
            and not exists (
                select from pg_inherits as i join ours as p on p.oid = i.inhparent and p.relkind = 'p'
                where i.inhrelid = o.oid and o.relname <> p.relname || '_rest')
    ), partitions as (
        -- Whatever schema they are in.
        select p.relname as parent, o.relname, concat_ws('; ',
            case when o.relrowsecurity then 'row security' else 'no row security' end,
            'owner ' || o.relowner::regrole::text,
            case when o.relpersistence <> 'p' then 'not logged' end,
            case when o.relnamespace <> 'billing_audit'::regnamespace then 'in ' || o.relnamespace::regnamespace::text end,
            (select string_agg(format('%s to %s', a.privilege_type, case when a.grantee = 0 then 'public' else a.grantee::regrole::text end),
                    ', ' order by a.grantee, a.privilege_type)
                from aclexplode(o.relacl) as a where a.grantee <> o.relowner),
            (select string_agg(format('%s %s %s %s %s', g.tgname, g.tgenabled, g.tgfoid::regproc, g.tgtype,
                    g.tgqual is not null or g.tgattr::text <> ''), ', ' order by g.tgname)
                from pg_trigger as g where g.tgrelid = o.oid and not g.tgisinternal),
            (select string_agg(format('%s of its columns to %s', a.privilege_type, case when a.grantee = 0 then 'public' else a.grantee::regrole::text end),
                    ', ' order by c.attnum, a.grantee, a.privilege_type)
                from pg_attribute as c, aclexplode(c.attacl) as a where c.attrelid = o.oid),
            (select 'keys of other tables not looked at' from pg_trigger as g
                where g.tgrelid = o.oid and g.tgisinternal and g.tgenabled <> 'O' limit 1),
            (select string_agg(format('rule %s', r.rulename), ', ' order by r.rulename) from pg_rewrite as r where r.ev_class = o.oid),
            (select string_agg(format('policy %s %s %s to %s with %s and %s', y.polname, y.polcmd,
                    case when y.polpermissive then 'permissive' else 'restrictive' end,
                    (select string_agg(case when each = 0 then 'public' else each::regrole::text end, ' ') from unnest(y.polroles) as each),
                    pg_get_expr(y.polqual, y.polrelid), pg_get_expr(y.polwithcheck, y.polrelid)), ', ' order by y.polname)
                from pg_policy as y where y.polrelid = o.oid),
            -- Keys are named after their partition.
            (select string_agg(format('%s %s', k.contype, pg_get_constraintdef(k.oid)), ', ' order by k.contype, pg_get_constraintdef(k.oid))
                from pg_constraint as k where k.conrelid = o.oid and k.contype in ('c', 'p', 'u', 'f')),
            (select string_agg(format('%s by default %s', c.attname, pg_get_expr(d.adbin, d.adrelid)), ', ' order by c.attnum)
                from pg_attrdef as d join pg_attribute as c on c.attrelid = d.adrelid and c.attnum = d.adnum where d.adrelid = o.oid)) as guards
        from pg_class as o
        join pg_inherits as i on i.inhrelid = o.oid
        join ours as p on p.oid = i.inhparent and p.relkind = 'p'
        where o.relkind in ('r', 'f', 'p')
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
            case when relowner = nspowner then 'its owner is that of the schema' else 'its owner is ' || relowner::regrole::text end,
            case when relpersistence <> 'p' then 'not logged' end)
    from tables
    union all
    select 'right', format('%s on %s', a.privilege_type, t.relname),
        string_agg(distinct case when a.grantee = 0 then 'public' else a.grantee::regrole::text end, ', ')
    from tables as t, aclexplode(t.relacl) as a
    where a.grantee <> t.relowner
    group by t.relname, a.privilege_type
    union all
    select 'right', format('%s on %s of %s', a.privilege_type, c.attname, t.relname),
        string_agg(distinct case when a.grantee = 0 then 'public' else a.grantee::regrole::text end, ', ')
    from tables as t join pg_attribute as c on c.attrelid = t.oid, aclexplode(c.attacl) as a
    group by t.relname, c.attname, a.privilege_type
    union all
    select 'default', format('%s of %s', c.attname, t.relname), pg_get_expr(d.adbin, d.adrelid)
    from tables as t join pg_attrdef as d on d.adrelid = t.oid join pg_attribute as c on c.attrelid = d.adrelid and c.attnum = d.adnum
    union all
    select 'keys', t.relname::text, 'not looked at'
    from tables as t where exists (select from pg_trigger as g where g.tgrelid = t.oid and g.tgisinternal and g.tgenabled <> 'O')
    union all
    select 'trigger', format('%s on %s', g.tgname, t.relname),
        concat_ws(', ', case g.tgenabled when 'A' then 'always' when 'O' then 'on' when 'R' then 'on replicas alone' else 'off' end,
            g.tgfoid::regproc::text, 'type ' || g.tgtype,
            case when g.tgqual is not null then 'under a condition' end, case when g.tgattr::text <> '' then 'for some columns' end)
    from pg_trigger as g join tables as t on t.oid = g.tgrelid
    where not g.tgisinternal
    union all
    select 'partition', m.relname::text, m.guards
    from partitions as m join partitions as r on r.parent = m.parent and r.relname = m.parent || '_rest'
    where m.guards <> r.guards
    union all
    select 'rule', format('%s on %s', r.rulename, o.relname),
        concat_ws(', event ', case r.ev_enabled when 'D' then 'off' else 'on' end, r.ev_type)
    from pg_rewrite as r join ours as o on o.oid = r.ev_class
    where r.rulename <> '_RETURN'
    union all
    select 'policy', format('%s on %s', p.polname, t.relname),
        concat_ws(', ', (select string_agg(each::regrole::text, ' ') from unnest(p.polroles) as each),
            p.polcmd::text, case when not p.polpermissive then 'restrictive' end,
            pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
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
    -- Before PostgreSQL 16 a view of one table names that table before each of its columns.
    select 'view', o.relname::text, concat_ws(', ', array_to_string(c.reloptions, ' '), encode(sha256(convert_to(
        regexp_replace(regexp_replace(pg_get_viewdef(o.oid), '\mfeedback\.(?=[a-z_])', '', 'g'), '\s+', ' ', 'g'), 'UTF8')), 'hex'))
    from ours as o join pg_class as c on c.oid = o.oid where o.relkind in ('v', 'm')
    union all
    select 'role', r.rolname::text, concat_ws(', ', case when r.rolcanlogin then 'may log in' end,
        case when r.rolsuper then 'superuser' end, case when r.rolbypassrls then 'passes row security' end, 'known')
    from pg_roles as r where r.rolname = 'billing_audit_owner'
    union all
    select 'event trigger', e.evtname::text, case e.evtenabled when 'A' then 'always' when 'O' then 'on' else 'off' end
    from pg_event_trigger as e where e.evtname like 'billing\_audit\_%'
$$;
