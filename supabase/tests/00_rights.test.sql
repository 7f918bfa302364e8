-- Who may do what. Looks at the catalog, so that a table or function of tomorrow is held to the same without a word here.
begin;
select no_plan();

create function pg_temp.tables() returns table (name regclass) language sql as $$
    select oid::regclass from pg_class
    where relnamespace = 'billing_audit'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f') and not relispartition
$$;
create function pg_temp.ours() returns setof pg_proc language sql as $$
    select * from pg_proc where pronamespace = 'public'::regnamespace and proname like 'billing\_audit\_%'
$$;

select cmp_ok((select count(*) from pg_temp.tables()), '>', 30::bigint, 'the schema is there');
select cmp_ok((select count(*) from pg_temp.ours()), '>', 60::bigint, 'the functions are there');

-- Tables
select is_empty($$select name from pg_temp.tables() join pg_class on oid = name
    where relkind in ('r', 'p') and not relrowsecurity$$, 'every table has row security');
select is_empty($$select oid::regclass from pg_class where relnamespace = 'billing_audit'::regnamespace
    and relkind = 'r' and relispartition and not relrowsecurity$$, 'every partition has row security');
select is_empty($$select name from pg_temp.tables() join pg_class as c on c.oid = name
    where c.relkind in ('r', 'p') and not exists (select from pg_policy where polrelid = c.oid)$$,
    'every table has a policy');
select is_empty($$select polrelid::regclass, polname from pg_policy as p
    join pg_class as c on c.oid = p.polrelid and c.relnamespace = 'billing_audit'::regnamespace
    where p.polroles <> array['billing_audit_owner'::regrole::oid]$$, 'every policy is for the role of our functions alone');
select is_empty($$select name from pg_temp.tables() where obj_description(name, 'pg_class') is null
    and (select relkind from pg_class where oid = name) in ('r', 'p')$$, 'every table says what it is');
select is_empty(format($$select name, role, pr from pg_temp.tables(), unnest(array['anon', 'authenticated', 'service_role']) as role,
    unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) as pr
    where has_table_privilege(role, name, pr)$$), 'no role of the API has any right on a table or view');
select is_empty($$select s.oid::regclass, role from pg_class as s, unnest(array['anon', 'authenticated', 'service_role']) as role
    where s.relnamespace = 'billing_audit'::regnamespace and s.relkind = 'S' and has_sequence_privilege(role, s.oid, 'usage, select, update')$$,
    'nor on a sequence');
select is_empty($$select role from unnest(array['anon', 'authenticated', 'service_role', 'public']) as role
    where has_schema_privilege(role, 'billing_audit', 'usage') or has_schema_privilege(role, 'billing_audit', 'create')$$,
    'nor on the schema');
select is_empty($$select oid::regclass from pg_class where relnamespace = 'billing_audit'::regnamespace and relkind = 'v'
    and not coalesce(reloptions @> array['security_invoker=true'], false)$$, 'views give nobody the rights of their owner');

-- Append-only tables: those that refuse changes by trigger
create function pg_temp.guards() returns table (guarded regclass, name name, enabled "char", refuses text) language sql as $$
    select t.tgrelid::regclass, t.tgname, t.tgenabled, r.word
    from pg_trigger as t
    cross join lateral (values (16, 'update'), (8, 'delete'), (32, 'truncate')) as r (bit, word)
    where t.tgfoid in ('billing_audit.refuse_change()'::regprocedure, 'billing_audit.refuse_unless_archived()'::regprocedure) and t.tgtype & r.bit > 0 and not t.tgisinternal
        and not (select relispartition from pg_class where oid = t.tgrelid)
$$;
select cmp_ok((select count(distinct guarded) from pg_temp.guards()), '>=', 5::bigint, 'there are append-only tables');
select is_empty($$select name, guarded from pg_temp.guards() where enabled <> 'A'$$,
    'their guards hold for replicas too (enabled always)');
select is_empty($$select distinct guarded from pg_temp.guards() as g
    where not exists (select from pg_temp.guards() as t where t.guarded = g.guarded and t.refuses = 'truncate')$$,
    'none can be truncated');
select is_empty($$select guarded, refuses, role from pg_temp.guards(), unnest(array['anon', 'authenticated', 'service_role', 'billing_audit_owner']) as role
    where has_table_privilege(role, guarded, refuses)$$, 'no role but the owner even has the rights that they refuse');
select is_empty($$select t from unnest(array['audit_events', 'event_payloads', 'event_keys']) as t
    where not exists (select from pg_temp.guards() where guarded = ('billing_audit.' || t)::regclass and refuses = 'update')$$,
    'events, payloads and keys are among them');

-- Functions that are called from outside
select is_empty($$select oid::regprocedure from pg_temp.ours() where not prosecdef$$, 'each runs with the rights of its owner');
select is_empty($$select oid::regprocedure from pg_temp.ours() where proowner <> 'billing_audit_owner'::regrole$$,
    'each belongs to billing_audit_owner');
select is_empty($$select oid::regprocedure from pg_temp.ours() where not coalesce(proconfig @> array['search_path=""'], false)$$,
    'each has an empty search_path');
select is_empty($$select oid::regprocedure from pg_temp.ours()
    where pg_get_function_identity_arguments(oid) !~ '^p jsonb(, \w+ bytea)?$' or prorettype <> 'jsonb'::regtype or proretset$$,
    'each takes one jsonb (and bytes beside it, where that saves writing them into JSON) and gives one');
select is_empty($$select proname from pg_temp.ours() group by proname having count(*) > 1$$, 'none is overloaded');
select is_empty($$select f.oid::regprocedure, role from pg_temp.ours() as f, unnest(array['anon', 'public']) as role
    where has_function_privilege(role, f.oid, 'execute')$$, 'nobody who has not signed in may call one');
select is_empty($$select oid::regprocedure from pg_temp.ours() where not has_function_privilege('service_role', oid, 'execute')$$,
    'the service may call all');
-- Each of these asks auth.jwt() or the claims who calls, and a decision asks for the second factor (20_people.test.sql).
select is_empty($$select oid::regprocedure from pg_temp.ours() where has_function_privilege('authenticated', oid, 'execute')
    and prosrc !~ 'billing_audit\.(caller|decider)\(p'$$, 'what a signed-in person may call asks who they are');

-- Helpers
select is_empty($$select p.oid::regprocedure, role from pg_proc as p, unnest(array['anon', 'authenticated', 'service_role', 'public']) as role
    where p.pronamespace = 'billing_audit'::regnamespace and has_function_privilege(role, p.oid, 'execute')$$,
    'nobody from outside may call a helper');
-- Exceptions: SQL that was parsed when it was made ("return ..."; nothing in it is looked up later), aggregates (which run
-- nothing of their own), and the procedures that migrations call as whoever migrates.
select is_empty($$select p.oid::regprocedure from pg_proc as p
    where p.pronamespace = 'billing_audit'::regnamespace and not coalesce(p.proconfig @> array['search_path=""'], false)
        and p.prosqlbody is null and p.prokind not in ('a', 'p')$$, 'every helper has an empty search_path');
select is_empty($$select p.oid::regprocedure from pg_proc as p
    where p.pronamespace = 'billing_audit'::regnamespace and p.prokind = 'p' and p.prosecdef$$,
    'no procedure lends the rights of its owner');

-- The role of the functions
select results_eq($$select rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication
    from pg_roles where rolname = 'billing_audit_owner'$$, $$values (false, false, false, false, false, false)$$,
    'billing_audit_owner cannot log in and has no power beside its grants');
select ok(not has_schema_privilege('billing_audit_owner', 'public', 'create'), 'it can make nothing in public');
select ok(not has_schema_privilege('billing_audit_owner', 'billing_audit', 'create'), 'nor in our schema');
select is_empty($$select name from pg_temp.tables() join pg_class on oid = name where relowner = 'billing_audit_owner'::regrole$$,
    'it owns no table, so it can switch off no guard');

select * from finish();
rollback;
