-- DDL that was not ours, told apart from what our own migrations and the keeping of months did: a fresh store must not read as
-- if somebody had been at it, and whoever really was must not drown in what an upgrade did.

-- The transactions in which a migration of ours was applied and recorded. The row that records it was written by that
-- transaction, and so were the notes of its DDL: their xmin tells it, which a vacuum keeps. A row can vouch for one
-- transaction alone; who touches it to vouch for his own makes the migration itself read as somebody else's. After a restore
-- from a dump the rows are of the restore, and all that was noted before reads as somebody else's again.
create function billing_audit.migrating_transactions(versions jsonb) returns setof text
language sql stable
set search_path = ''
as $$
    select c.transaction
    from billing_audit.schema_changes as c
    join supabase_migrations.schema_migrations as m on m.xmin = c.xmin
    where c.xmin = c.transaction::xid8::xid and starts_with(m.name, 'billing_audit_')
        and (versions is null or versions ? m.version)
$$;

-- p: limit, versions (of the migrations that are ours; all that are named so where it is left out). Gives {facts: [{kind, name,
-- fact}], changes, others}: the guards as they are, the last entries of schema_changes, and the last of those that neither a
-- migration of ours made nor the service, for months, through functions of ours; the oldest first. `verify` judges the facts alone; the entries are for
-- whoever asks how they came to be.
create or replace function public.billing_audit_guards(p jsonb) returns jsonb
language sql stable security definer
set search_path = ''
as $$
    with noted as materialized (
        select c.id, to_jsonb(d) as told, c.transaction in (select billing_audit.migrating_transactions(p -> 'versions'))
            -- The service owns nothing: it comes to DDL through our functions alone, which make and drop partitions of months.
            or c.acting_as = 'service_role' as ours
        from billing_audit.schema_changes as c
        cross join lateral (select c.id, billing_audit.instant(c.at) as at, c.command, c.object_type, c.object, c.login, c.acting_as,
            c.transaction) as d
        where coalesce((p ->> 'limit')::integer, 1000) > 0
    )
    select jsonb_build_object(
        'facts', (select jsonb_agg(jsonb_build_object('kind', f.kind, 'name', f.name, 'fact', f.fact)
            order by f.kind, f.name) from billing_audit.guard_facts() as f),
        'changes', coalesce((select jsonb_agg(n.told order by n.id) from (
            select id, told from noted order by id desc limit least((p ->> 'limit')::integer, 1000)) as n), '[]'),
        'others', coalesce((select jsonb_agg(n.told order by n.id) from (
            select id, told from noted where not ours order by id desc limit least((p ->> 'limit')::integer, 1000)) as n), '[]'))
$$;

call billing_audit.keep_private('billing_audit.migrating_transactions(jsonb)');
