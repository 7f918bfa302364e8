-- DDL that was not ours, told apart from what our own migrations and the keeping of months did: a fresh store must not read as
-- if somebody had been at it, and whoever really was must not drown in what an upgrade did.

-- The transactions in which a migration of ours was applied and recorded. The row that records it was written by that
-- transaction, and so were the notes of its DDL: their xmin tells it, which a vacuum keeps. A row can vouch for one
-- transaction alone; who touches it to vouch for his own makes the migration itself read as somebody else's. Of migrations from
-- before DDL was noted nothing would read so: they cannot vouch for a transaction that came after that of a later migration.
-- After a restore from a dump the rows are of the restore, and all that was noted before reads as somebody else's again.
create function billing_audit.migrating_transactions(versions jsonb) returns setof text
language sql stable
set search_path = ''
as $$
    with vouched as materialized (
        select distinct m.version, c.transaction::xid8 as transaction
        from billing_audit.schema_changes as c
        join supabase_migrations.schema_migrations as m on m.xmin = c.xmin
        where c.xmin = c.transaction::xid8::xid and starts_with(m.name, 'billing_audit_')
            and (versions is null or versions ? m.version)
    )
    select v.transaction::text from vouched as v
    where not exists (select from vouched as later where later.version > v.version and later.transaction < v.transaction)
$$;

-- What making and dropping months notes: DDL on a month or on the rest and what hangs on it, that the table of all months was
-- given one or lost one, and that the tables to which a month pointed need not look at it any more.
create function billing_audit.is_keeping_of_months(command text, object text) returns boolean
language sql immutable
set search_path = ''
as $$
    select object ~ '(^| on )billing_audit\.(audit_events|event_payloads)_(rest|\d{4}_(0[1-9]|1[0-2]))$'
        or (command = 'DROP TABLE' and object ~ '^"RI_ConstraintTrigger_a_\d+" on billing_audit\.(event_keys|streams)$')
        or (command = 'ALTER TABLE' and object in ('billing_audit.audit_events', 'billing_audit.event_payloads'))
$$;

-- p: limit, versions (of the migrations that are ours; all that are named so where it is left out). Gives {facts: [{kind, name,
-- fact}], changes, others}: the guards as they are, the last entries of schema_changes, and the last of those that neither a
-- migration of ours made nor the service, for months, through functions of ours; the oldest first. `verify` judges the facts
-- alone; the entries are for whoever asks how they came to be.
create or replace function public.billing_audit_guards(p jsonb) returns jsonb
language sql stable security definer
set search_path = ''
as $$
    with noted as materialized (
        select c.id, to_jsonb(d) as told, c.transaction in (select billing_audit.migrating_transactions(p -> 'versions'))
            -- The service owns nothing: it comes to DDL through functions of an owner. Ours make and drop partitions of months;
            -- what another does for it is told.
            or (c.acting_as = 'service_role' and billing_audit.is_keeping_of_months(c.command, c.object)) as ours
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
call billing_audit.keep_private('billing_audit.is_keeping_of_months(text, text)');
