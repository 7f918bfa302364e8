-- Ways around append-only, by whoever is neither superuser nor owner of the tables, and what the owner meets.
-- What an owner or superuser can do all the same (switch guards off, drop them) is detected by `billing-audit verify`:
-- test/supabase/ways-around.test.ts.
begin;
select no_plan();

-- Some events to go for.
set local request.jwt.claims = '{"role": "service_role"}';
select isnt(public.billing_audit_append(jsonb_build_object('events', (select jsonb_agg(jsonb_build_object(
    'event_key', 'tap:' || n, 'kind', 'cell_changed', 'sheet_id', '99', 'sheet_name', 'Tap', 'violation_type', 'NONE',
    'changed_at', '2026-01-05T09:00:00.000Z', 'severity', 'LOW', 'audit_run_id', 'tap', 'currency', 'USD',
    'changed_by_kind', 'person', 'changed_by', 'clerk@example.com', 'intermediate_unknown', false, 'new_value', n::text))
    from generate_series(1, 3) as n))), null, 'three events are appended');

-- What came of a statement: its SQLSTATE, or "done". Nothing of it stays.
create function pg_temp.outcome(role text, statement text) returns text language plpgsql as $$
begin
    if role <> '' then
        execute format('set local role %I', role);
    end if;
    execute statement;
    raise exception using errcode = 'ZZ999';
exception
    when sqlstate 'ZZ999' then return 'done';
    when others then return sqlstate;
end
$$;

create temporary table ways (way text, statement text);
insert into ways values
    ('update', $$update billing_audit.audit_events set severity = 'LOW'$$),
    ('update of no row', $$update billing_audit.audit_events set severity = 'LOW' where false$$),
    ('delete', $$delete from billing_audit.audit_events$$),
    ('delete using', $$delete from billing_audit.audit_events using billing_audit.event_keys$$),
    ('truncate', $$truncate billing_audit.audit_events cascade$$),
    ('insert past the chain', $$insert into billing_audit.audit_events select * from billing_audit.audit_events$$),
    ('on conflict do update', $$insert into billing_audit.event_keys values ('tap:1', 'sheet:99', 1) on conflict (event_key) do update set seq = 2$$),
    ('merge', $$merge into billing_audit.event_keys as k using (select 1) as s on true when matched then update set seq = 9 when not matched then do nothing$$),
    ('merge delete', $$merge into billing_audit.audit_events as k using (select 1) as s on true when matched then delete$$),
    ('update of a payload', $$update billing_audit.event_payloads set payload = '{}'$$),
    ('truncate of payloads', $$truncate billing_audit.event_payloads$$),
    ('delete of keys', $$delete from billing_audit.event_keys$$),
    ('update through the view', $$update billing_audit.audit_event set severity = 'LOW'$$),
    ('delete through the view', $$delete from billing_audit.audit_event$$),
    ('select for update', $$select from billing_audit.audit_events for update$$),
    ('lock table', $$lock table billing_audit.audit_events in access exclusive mode$$),
    ('copy to a program', $$copy billing_audit.audit_events to program 'cat'$$),
    ('copy from a file', $$copy billing_audit.audit_events from '/dev/null'$$),
    ('disable trigger', $$alter table billing_audit.audit_events disable trigger all$$),
    ('drop trigger', $$drop trigger never_altered on billing_audit.audit_events$$),
    ('drop table', $$drop table billing_audit.audit_events cascade$$),
    ('drop schema', $$drop schema billing_audit cascade$$),
    ('rename table', $$alter table billing_audit.audit_events rename to elsewhere$$),
    ('move to another schema', $$alter table billing_audit.audit_events set schema public$$),
    ('drop column', $$alter table billing_audit.audit_events drop column severity$$),
    ('drop check', $$alter table billing_audit.audit_events drop constraint hash_is_of_preimage$$),
    ('change owner', $$alter table billing_audit.audit_events owner to current_user$$),
    ('row security off', $$alter table billing_audit.audit_events disable row level security$$),
    ('another policy', $$create policy mine on billing_audit.audit_events using (true)$$),
    ('a rule', $$create rule quiet as on insert to billing_audit.audit_events do instead nothing$$),
    ('a trigger of one''s own', $$create trigger mine before insert on billing_audit.audit_events for each row execute function billing_audit.refuse_change()$$),
    ('an heir', $$create table public.heir () inherits (billing_audit.audit_events)$$),
    ('grant', $$grant update on billing_audit.audit_events to public$$),
    ('replace a guard', $$create or replace function billing_audit.refuse_change() returns trigger language plpgsql as 'begin return new; end'$$),
    ('replace a function', $$create or replace function public.billing_audit_append(p jsonb) returns jsonb language sql as 'select p'$$),
    ('drop a function', $$drop function public.billing_audit_append(jsonb)$$),
    ('search_path of a function', $$alter function public.billing_audit_append(jsonb) set search_path = public$$),
    ('replica role', $$set local session_replication_role = replica$$),
    ('the helper that appends acts', $$select billing_audit.note_acts('[{"kind": "approval_given", "issue_description": "forged"}]')$$),
    ('truncate of checkpoints', $$truncate billing_audit.checkpoints$$),
    ('removal without an act in the trail', $$insert into billing_audit.archives (month, file, sha256, events, first_changed_at, last_changed_at, reason, archived_by, archived_at)
        values ('2020-01-01', 'x', repeat('0', 64), 1, now(), now(), 'x', 'x', now());
        insert into billing_audit.archived_spans select 'sheet:99', 1, 1, decode(repeat('00', 32), 'hex'), max(id) from billing_audit.archives;
        select billing_audit.remove_archived(max(id), now()) from billing_audit.archives$$),
    ('update of a partition', $$update billing_audit.audit_events_rest set severity = 'LOW'$$),
    ('delete from a partition', $$delete from billing_audit.audit_events_rest$$),
    ('truncate of a partition', $$truncate billing_audit.event_payloads_rest$$),
    ('insert into a partition', $$insert into billing_audit.audit_events_rest select * from billing_audit.audit_events$$),
    ('a partition detached', $$alter table billing_audit.audit_events detach partition billing_audit.audit_events_rest$$),
    ('a partition of one''s own', $$create table public.mine partition of billing_audit.audit_events for values from ('2001-01-01') to ('2001-02-01')$$),
    ('a trail that is closed', $$select billing_audit.close_trail()$$),
    ('update of a leaf', $$update billing_audit.tree_leaves set hash = hash$$);
grant select on ways to public;

select is(pg_temp.outcome(role, statement), '42501', format('%s is refused %s', role, way))
from unnest(array['anon', 'authenticated', 'service_role']) as role, ways order by role, way;

-- billing_audit_owner owns the functions; it is what somebody gets who finds a hole in one of them. It may insert, as its
-- functions do; it may append acts; nothing else.
select matches(pg_temp.outcome('billing_audit_owner', statement), '^(42501|BA010|23505|428C9|55000)$',
    format('billing_audit_owner is refused %s', way))
from ways where way not in ('the helper that appends acts', 'a trail that is closed',
    -- A right that is not one's to give: PostgreSQL warns, and gives nothing.
    'grant',
    -- Its own functions are its own; verify shows that they differ.
    'replace a function', 'drop a function', 'search_path of a function')
order by way;
select is(pg_temp.outcome('billing_audit_owner', 'grant update on billing_audit.audit_events to public;
    do $do$begin if has_table_privilege(''billing_audit_owner'', ''billing_audit.audit_events'', ''update'') then
    raise exception using errcode = ''ZZ777''; end if; end$do$'), 'done', 'billing_audit_owner gives nobody a right by grant');
select is_empty($$select role from unnest(array['anon', 'authenticated', 'service_role', 'authenticator']) as role
    where pg_has_role(role, 'billing_audit_owner', 'member')$$, 'no role of the API can become billing_audit_owner');

-- A search_path that puts other things before ours changes nothing: functions name all they use.
create schema hijack;
grant usage on schema hijack to public;
create function hijack.sha256(bytea) returns bytea language sql as $$select '\x00'::bytea$$;
create function hijack.clock_timestamp() returns timestamptz language sql as $$select '2000-01-01'::timestamptz$$;
create table hijack.audit_events (like billing_audit.audit_events);
set local search_path = hijack, pg_catalog, public, extensions;
select isnt(public.billing_audit_append(jsonb_build_object('events', jsonb_build_array(jsonb_build_object(
    'event_key', 'tap:hijacked', 'kind', 'cell_changed', 'sheet_id', '99', 'violation_type', 'NONE',
    'changed_at', '2026-01-05T09:00:00.000Z', 'severity', 'LOW', 'audit_run_id', 'tap', 'currency', 'USD',
    'changed_by_kind', 'person', 'intermediate_unknown', false)))), null, 'an append under a hijacked search_path works');
set local search_path = public, extensions;
select is((select count(*) from hijack.audit_events), 0::bigint, 'and goes where it belongs');
select is((select recorded_at > now() - interval '1 day' from billing_audit.audit_events where event_key = 'tap:hijacked'), true,
    'with the true time');
select is(public.billing_audit_verify('{"stream": "sheet:99"}'), '{"ok": true, "checked": 4, "first_bad_seq": null}',
    'and the true hash');

-- The owner of the tables: without switching guards off first, no way leads around them either.
select is(pg_temp.outcome('', statement), 'BA010', format('the owner of the tables is refused %s', way))
from ways where way in ('update', 'delete', 'update of a payload', 'delete of keys', 'on conflict do update', 'merge',
    'merge delete', 'truncate', 'truncate of payloads') order by way;

select * from finish();
rollback;
