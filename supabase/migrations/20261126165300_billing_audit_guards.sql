-- What guards the trail, told as facts: `billing-audit verify` compares them with what these files make, and names each
-- difference. And DDL on what is ours is noted where event triggers may be made (Supabase, PGlite, a superuser's database).
--
-- No database can stop its own administrator; what is told here is how it shows.

create table billing_audit.schema_changes (
    id           bigint      generated always as identity primary key,
    at           timestamptz not null default billing_audit.clock(),
    command      text        not null,
    object_type  text        not null,
    object       text        not null,
    login        text        not null default session_user,
    acting_as    text        not null,
    transaction  text        not null default pg_current_xact_id()::text
);
comment on table billing_audit.schema_changes is 'DDL on the schema billing_audit and our functions, noted by event triggers. Migrations are in it too.';
comment on column billing_audit.schema_changes.transaction is 'Tells what was done in one go: a migration is one transaction.';

create trigger never_altered before update or delete on billing_audit.schema_changes
    for each row execute function billing_audit.refuse_change();
create trigger never_truncated before truncate on billing_audit.schema_changes
    for each statement execute function billing_audit.refuse_change();
alter table billing_audit.schema_changes enable always trigger never_altered;
alter table billing_audit.schema_changes enable always trigger never_truncated;

call billing_audit.protect_table('billing_audit.schema_changes');
grant select, insert on billing_audit.schema_changes to billing_audit_owner;

create function billing_audit.is_ours(schema_name text, object text) returns boolean
language sql immutable
set search_path = ''
as $$
    select coalesce(schema_name = 'billing_audit' or (schema_name = 'public' and object like 'public.billing\_audit\_%'), false)
$$;

-- Definer: whoever runs the DDL may have no right on the table.
create function billing_audit.note_ddl() returns event_trigger
language plpgsql security definer
set search_path = ''
as $$
begin
    if tg_event = 'sql_drop' then
        insert into billing_audit.schema_changes (command, object_type, object, acting_as)
        select distinct tg_tag, object_type, object_identity, current_setting('role', true)
        from pg_event_trigger_dropped_objects()
        where not is_temporary and billing_audit.is_ours(schema_name, object_identity)
            -- Dropped with its table: said once.
            and (original or object_type in ('trigger', 'rule', 'policy', 'table constraint'));
    else
        insert into billing_audit.schema_changes (command, object_type, object, acting_as)
        select distinct tg_tag, object_type, object_identity, current_setting('role', true)
        from pg_event_trigger_ddl_commands()
        where billing_audit.is_ours(schema_name, object_identity)
            or (schema_name is null and object_identity in ('billing_audit', 'billing_audit_owner'));
    end if;
end
$$;
call billing_audit.keep_private('billing_audit.is_ours(text, text)');
call billing_audit.keep_private('billing_audit.note_ddl()');

do $$
begin
    create event trigger billing_audit_ddl on ddl_command_end execute function billing_audit.note_ddl();
    create event trigger billing_audit_drop on sql_drop execute function billing_audit.note_ddl();
    alter event trigger billing_audit_ddl enable always;
    alter event trigger billing_audit_drop enable always;
exception when insufficient_privilege then
    raise notice 'DDL is not noted in this database: event triggers need a superuser here. Verify still compares the guards.';
end
$$;

-- Everything that keeps the trail append-only, as facts that are equal wherever these files were applied.
create function billing_audit.guard_facts() returns table (kind text, name text, fact text)
language sql stable
set search_path = ''
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
        select p.oid, p.oid::regprocedure::text as name, p.proowner, p.prosrc, p.prosecdef, p.proconfig, p.prokind, n.nspowner,
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
            g.tgfoid::regproc::text, 'type ' || g.tgtype)
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
    select 'check', format('%s on %s', k.conname, t.relname), case when k.convalidated then 'valid' else 'not validated' end
    from pg_constraint as k join tables as t on t.oid = k.conrelid
    where k.contype in ('c', 'p', 'u', 'f') and k.conname is not null
    union all
    select 'heir', format('%s of %s', i.inhrelid::regclass, o.relname), 'inherits'
    from pg_inherits as i join ours as o on o.oid = i.inhparent and o.relkind = 'r'
    union all
    select 'function', f.name,
        concat_ws(', ', case when f.prosecdef then 'definer' else 'invoker' end, coalesce(array_to_string(f.proconfig, ' '), 'no settings'),
            case when f.proowner = (select nspowner from schema_owner) then 'its owner is that of the schema' else f.proowner::regrole::text end,
            encode(sha256(convert_to(f.prosrc, 'UTF8')), 'hex'))
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

-- p: limit. Gives {facts: [{kind, name, fact}], changes}: the guards as they are, and the last entries of schema_changes, the
-- oldest first, those of migrations too. `verify` judges the facts alone; the entries are for whoever asks how they came to be.
create function public.billing_audit_guards(p jsonb) returns jsonb
language sql stable security definer
set search_path = ''
as $$
    select jsonb_build_object(
        'facts', (select jsonb_agg(jsonb_build_object('kind', f.kind, 'name', f.name, 'fact', f.fact)
            order by f.kind, f.name) from billing_audit.guard_facts() as f),
        'changes', coalesce((select jsonb_agg(to_jsonb(c) order by c.id) from (
            select id, billing_audit.instant(at) as at, command, object_type, object, login, acting_as, transaction
            from billing_audit.schema_changes order by id desc limit least((p ->> 'limit')::integer, 1000)) as c), '[]'))
$$;

call billing_audit.keep_private('billing_audit.guard_facts()');
call billing_audit.offer_to_service('public.billing_audit_guards(jsonb)');
