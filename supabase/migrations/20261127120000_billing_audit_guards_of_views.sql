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

-- What was told before, of tables, functions and roles; the definitions of views come beside it.
alter function billing_audit.guard_facts() rename to guard_facts_without_views;

-- Everything that keeps the trail append-only, and readable as it is, as facts that are equal wherever these files were applied.
create function billing_audit.guard_facts() returns table (kind text, name text, fact text)
language sql stable
set search_path = ''
-- How a constant in a parsed text is printed depends on these.
set timezone = 'UTC'
set intervalstyle = 'postgres'
set datestyle = 'ISO, MDY'
set quote_all_identifiers = off
as $$
    select f.kind, f.name, f.fact from billing_audit.guard_facts_without_views() as f
    union all
    -- Before PostgreSQL 16 a view of one table names that table before each of its columns.
    select 'definition', format('of the view %s', c.relname), encode(sha256(convert_to(regexp_replace(
        regexp_replace(pg_get_viewdef(c.oid), '\mfeedback\.(?=[a-z_])', '', 'g'), '\s+', ' ', 'g'), 'UTF8')), 'hex')
    from pg_class as c
    where c.relnamespace = 'billing_audit'::regnamespace and c.relkind in ('v', 'm')
$$;

call billing_audit.keep_private('billing_audit.guard_facts()');
