-- The trail in partitions by the month of recording: a month leaves by dropping its partition, and the indexes that an append
-- writes to stay as small as a month.
--
-- A partitioned table can keep a key unique only where the month is part of it. So `event_keys`, which is not partitioned and
-- never loses a row, is the directory of the trail: it keeps the numbers of a chain unique over all months, those that left
-- too, and tells when an event was recorded and so in which partition it lies. Payloads point to it.
--
-- `audit_events_rest` and `event_payloads_rest` take what no month takes. In the embedded store they take everything: it is
-- small, and planning over months of partitions would cost it more than they give. On a server months are made ahead
-- (`billing_audit_make_months`), and what was recorded before this file was applied moves into its months here.

-- Old names out of the way.
do $$
declare
    name text;
begin
    alter table billing_audit.event_payloads drop constraint event_payloads_stream_seq_fkey;
    alter table billing_audit.audit_events drop constraint audit_events_stream_fkey;
    for name in select c.relname from pg_index as i join pg_class as c on c.oid = i.indexrelid
        where i.indrelid in ('billing_audit.audit_events'::regclass, 'billing_audit.event_payloads'::regclass)
    loop
        execute format('alter index billing_audit.%I rename to %I', name, 'old_' || name);
    end loop;
    alter table billing_audit.audit_events rename to old_audit_events;
    alter table billing_audit.event_payloads rename to old_event_payloads;
end
$$;

create table billing_audit.audit_events (
    like billing_audit.old_audit_events including comments including constraints,
    primary key (stream, seq, recorded_at),
    unique (position, recorded_at),
    foreign key (stream) references billing_audit.streams
) partition by range (recorded_at);
-- As before, but that a bound as in "{1,20}" makes the expression a machine of as many states: these two took longer than
-- storing a key.
alter table billing_audit.audit_events
    drop constraint audit_events_sheet_id_check,
    drop constraint audit_events_row_id_check,
    add constraint audit_events_sheet_id_check check (length(sheet_id) <= 20 and sheet_id ~ '^\d+$'),
    add constraint audit_events_row_id_check check (length(row_id) <= 20 and row_id ~ '^\d+$');
comment on table billing_audit.audit_events is 'Immutable, by month of recording. hash = sha256(previous_hash || preimage); columns are checked against the preimage.';
create table billing_audit.audit_events_rest partition of billing_audit.audit_events default;
comment on table billing_audit.audit_events_rest is 'Events that no month takes.';

-- Not an identity: a partitioned table has none before PostgreSQL 17.
create sequence billing_audit.audit_events_position owned by billing_audit.audit_events.position;
select setval('billing_audit.audit_events_position', (select coalesce(max(position), 0) + 1 from billing_audit.old_audit_events), false);
alter table billing_audit.audit_events alter column position set default nextval('billing_audit.audit_events_position');
revoke all on sequence billing_audit.audit_events_position from public, anon, authenticated, service_role;
grant usage on sequence billing_audit.audit_events_position to billing_audit_owner;

create index audit_events_newest on billing_audit.audit_events (changed_at desc, position desc);
create index audit_events_of_sheet on billing_audit.audit_events (sheet_id, changed_at desc);
create index audit_events_of_row on billing_audit.audit_events (row_id, changed_at desc);
create index audit_events_of_work_request on billing_audit.audit_events (work_request, changed_at desc);
create index audit_events_delta on billing_audit.audit_events ((coalesce(abs(delta), -1)) desc, position desc);
create index audit_events_money_at_risk on billing_audit.audit_events
    ((coalesce(abs(delta) * greatest(risk_score, 0.05), -1)) desc, position desc);
create index audit_events_concern on billing_audit.audit_events (position desc)
    include (event_key, violation_type, severity, risk_score, delta, currency)
    where billing_audit.is_concern(violation_type, severity, risk_score);
create index audit_events_concern_money on billing_audit.audit_events
    ((coalesce(abs(delta) * greatest(risk_score, 0.05), -1)) desc, position desc)
    where billing_audit.is_concern(violation_type, severity, risk_score);
create index audit_events_stored on billing_audit.audit_events (recorded_at);
create index audit_events_coverage on billing_audit.audit_events (sheet_id) where kind = 'coverage';
create index audit_events_imported on billing_audit.audit_events (changed_at, position) where kind = 'imported';
create index audit_events_access_kind on billing_audit.audit_events (split_part(event_key, ':', 2), seq) where stream = 'access';
create index audit_events_access_time on billing_audit.audit_events (changed_at desc, seq desc) where stream = 'access';

create table billing_audit.event_payloads (
    like billing_audit.old_event_payloads including comments including constraints including generated,
    recorded_at  timestamptz not null,
    primary key (stream, seq, recorded_at)
) partition by range (recorded_at);
comment on table billing_audit.event_payloads is 'The erasable half of an event: personal fields, values, reasons. Deleted = erased; never altered. By month, as the events are.';
comment on column billing_audit.event_payloads.recorded_at is 'That of its event: both lie in the partition of one month.';
create table billing_audit.event_payloads_rest partition of billing_audit.event_payloads default;
comment on table billing_audit.event_payloads_rest is 'Payloads of the events that no month takes.';
create index event_payloads_of_person on billing_audit.event_payloads (person, changed_at);

-- The directory of the trail.
alter table billing_audit.event_keys disable trigger never_altered;
alter table billing_audit.event_keys add column recorded_at timestamptz;
update billing_audit.event_keys as k set recorded_at = e.recorded_at
from billing_audit.old_audit_events as e where e.stream = k.stream and e.seq = k.seq;
alter table billing_audit.event_keys enable always trigger never_altered;
alter table billing_audit.event_keys add unique (stream, seq);
comment on table billing_audit.event_keys is 'The directory of the trail: every key ever appended, with its number and time. Repeating a key appends nothing. Not partitioned, so that both stay unique; nothing leaves it.';
comment on column billing_audit.event_keys.recorded_at is 'Tells the partition. Null: the event left the database before this was told.';
alter table billing_audit.event_payloads add foreign key (stream, seq) references billing_audit.event_keys (stream, seq);

-- Whoever may do nothing to the tables may do nothing to their partitions by name. Row triggers come from the table.
create procedure billing_audit.guard_partition(part regclass, of_events boolean)
language plpgsql
set search_path = ''
as $$
begin
    execute format('alter table %s enable always trigger never_altered', part);
    execute format('create trigger never_truncated before truncate on %s
        for each statement execute function billing_audit.refuse_change()', part);
    execute format('alter table %s enable always trigger never_truncated', part);
    if of_events then
        execute format('create trigger never_removed before delete on %s
            for each statement execute function billing_audit.refuse_unless_archived()', part);
        execute format('create trigger only_archived_removed after delete on %s referencing old table as removed
            for each statement execute function billing_audit.refuse_unless_archived()', part);
        execute format('alter table %s enable always trigger never_removed', part);
        execute format('alter table %s enable always trigger only_archived_removed', part);
    end if;
end
$$;
revoke all on procedure billing_audit.guard_partition(regclass, boolean) from public;

create trigger never_altered before update on billing_audit.audit_events
    for each row execute function billing_audit.refuse_change();
create trigger never_altered before update on billing_audit.event_payloads
    for each row execute function billing_audit.refuse_change();
call billing_audit.guard_partition('billing_audit.audit_events', true);
call billing_audit.guard_partition('billing_audit.audit_events_rest', true);
call billing_audit.guard_partition('billing_audit.event_payloads', false);
call billing_audit.guard_partition('billing_audit.event_payloads_rest', false);
call billing_audit.protect_table('billing_audit.audit_events');
call billing_audit.protect_table('billing_audit.audit_events_rest');
call billing_audit.protect_table('billing_audit.event_payloads');
call billing_audit.protect_table('billing_audit.event_payloads_rest');
grant select, insert on billing_audit.audit_events to billing_audit_owner;
grant select, insert, delete on billing_audit.event_payloads to billing_audit_owner;

-- Whether the trail is kept by month here: not in the embedded store.
create function billing_audit.keeps_months() returns boolean
language sql stable
set search_path = ''
as $$
    select version() !~ 'wasm'
$$;

create function billing_audit.start_of_month(at timestamptz) returns timestamptz
language sql immutable
set search_path = ''
as $$
    select date_trunc('month', at at time zone 'UTC') at time zone 'UTC'
$$;

-- Makes the partitions of the month in which a time lies. Gives false where they are there, or where the rest holds events of
-- that month: those stay there, and leave by rows. As the owner of the tables: nobody else may make any.
create function billing_audit.make_month(at timestamptz) returns boolean
language plpgsql security definer
set search_path = ''
as $$
declare
    first_  timestamptz := billing_audit.start_of_month(at);
    beyond  timestamptz := billing_audit.start_of_month(first_ + interval '32 days');
    name    text;
    part    text;
begin
    if to_regclass(format('billing_audit.audit_events_%s', to_char(first_ at time zone 'UTC', 'YYYY_MM'))) is not null
        or exists (select from billing_audit.audit_events_rest as e where e.recorded_at >= first_ and e.recorded_at < beyond)
    then
        return false;
    end if;
    foreach name in array array['audit_events', 'event_payloads'] loop
        part := format('billing_audit.%I', name || to_char(first_ at time zone 'UTC', '_YYYY_MM'));
        -- Made apart and then attached: that does not wait for whoever reads or appends.
        execute format('create table %s (like billing_audit.%I including defaults including constraints including generated)', part, name);
        execute format('comment on table %s is %L', part, format('%s %s (UTC).',
            case name when 'audit_events' then 'Events recorded in' else 'Payloads of events recorded in' end,
            to_char(first_ at time zone 'UTC', 'YYYY-MM')));
        execute format('call billing_audit.protect_table(%L)', part);
        execute format('alter table billing_audit.%I attach partition %s for values from (%L) to (%L)', name, part, first_, beyond);
        call billing_audit.guard_partition(part::regclass, name = 'audit_events');
    end loop;
    return true;
end
$$;
-- Whoever reads for long must not hold up everybody who comes after: it is tried again within the day.
alter function billing_audit.make_month(timestamptz) set lock_timeout = '5s';

-- p: {}. Makes this month and the two to come, where the trail is kept by month. Gives {made: [...], months}: those made now
-- ('2026-12'), and how many there are.
create function public.billing_audit_make_months(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    made  text[] := array[]::text[];
    at    timestamptz;
begin
    if billing_audit.keeps_months() then
        perform pg_advisory_xact_lock(hashtextextended('billing_audit:months', 0));
        for at in select billing_audit.start_of_month(billing_audit.clock()) + n * interval '32 days' from generate_series(0, 2) as n loop
            if billing_audit.make_month(at) then
                made := made || to_char(at at time zone 'UTC', 'YYYY-MM');
            end if;
        end loop;
    end if;
    return jsonb_build_object('made', to_jsonb(made), 'months',
        (select count(*) - 1 from pg_catalog.pg_inherits where inhparent = 'billing_audit.audit_events'::regclass));
end
$$;

call billing_audit.keep_private('billing_audit.keeps_months()');
call billing_audit.keep_private('billing_audit.start_of_month(timestamptz)');
call billing_audit.keep_private('billing_audit.make_month(timestamptz)');
call billing_audit.offer_to_service('public.billing_audit_make_months(jsonb)');

-- What is there moves; each row is checked again by the constraints of its table.
do $$
begin
    if billing_audit.keeps_months() then
        perform billing_audit.make_month(m) from (
            select distinct billing_audit.start_of_month(e.recorded_at) as m from billing_audit.old_audit_events as e order by m) as each;
    end if;
    insert into billing_audit.audit_events select * from billing_audit.old_audit_events order by position;
    insert into billing_audit.event_payloads (stream, seq, event_key, salt, payload, changed_at, recorded_at)
    select d.stream, d.seq, d.event_key, d.salt, d.payload, d.changed_at, k.recorded_at
    from billing_audit.old_event_payloads as d
    join billing_audit.event_keys as k on k.stream = d.stream and k.seq = d.seq;
    perform public.billing_audit_make_months('{}');
end
$$;
