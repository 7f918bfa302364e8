-- The trail in partitions by the month of recording: a month leaves by dropping its partition, and the indexes that an append
-- writes to stay as small as a month.
--
-- A partitioned table can keep a key unique only where the month is part of it. So `event_keys`, which is not partitioned and
-- never loses a row, is the directory of the trail: it keeps the numbers of a chain unique over all months, those that left
-- too, and tells when an event was recorded and so in which partition it lies. Payloads point to it.
--
-- `audit_events_rest` and `event_payloads_rest` take what no month takes. In the embedded store they take everything: it is
-- small, and planning over months of partitions would cost it more than they give. On a server months are made ahead
-- (`billing_audit_make_months`), and what was recorded before this file was applied moves into its months here. Tables, move
-- and append are one file: it is applied whole or not at all, and nobody meets a store that is half by month.

-- First of all: nobody appends or reads meanwhile. Appends are held back first, by a lock that lets those on who read: they
-- hold events, and look at chains and keys yet. Each is asked for less than the second after which PostgreSQL looks for a
-- deadlock, again and again: others take them in their own order, and one that takes hours would have everybody wait behind
-- it. Mostly for short, as whoever is in between holds what is asked for until it is let on; now and then for longer, as another
-- only takes its time. The views are replaced below, which needs the same.
do $$
declare
    former  text := current_setting('lock_timeout');
    began   timestamptz := clock_timestamp();
begin
    for attempt in 0 .. 2147483646 loop
        begin
            perform set_config('lock_timeout', (array['50ms', '100ms', '50ms', '500ms'])[1 + attempt % 4], true);
            lock table billing_audit.streams, billing_audit.event_keys in share row exclusive mode;
            lock table billing_audit.audit_events, billing_audit.event_payloads, billing_audit.audit_event,
                billing_audit.access_event, billing_audit.event_keys, billing_audit.streams in access exclusive mode;
            perform set_config('lock_timeout', former, true);
            return;
        exception when lock_not_available or deadlock_detected then
            -- What was locked in this attempt is free again.
            perform pg_sleep(0.05 * random());
        end;
        exit when clock_timestamp() > began + interval '90 seconds';
    end loop;
    raise exception using errcode = 'BA001', message = 'The trail was read or written without a pause, so it could not be changed.',
        hint = 'Is a copy of the database being made, or does a long report run? Try again when it is done.';
end
$$;

-- Nothing of somebody else's stands on these tables, and the trail is one that can move whole. A trail that was tampered with
-- so that it cannot stays as it is.
do $$
declare
    theirs  text;
    lost    record;
begin
    select string_agg(distinct t.what, ', ') into theirs
    from (
        select format('the view %s', c.oid::regclass) as what
        from pg_depend as d
        join pg_rewrite as r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
        join pg_class as c on c.oid = r.ev_class and c.relnamespace <> 'billing_audit'::regnamespace
        where d.refobjid in ('billing_audit.audit_events'::regclass, 'billing_audit.event_payloads'::regclass)
        union all
        select format('the function %s', p.oid::regprocedure)
        from pg_depend as d
        join pg_proc as p on d.classid = 'pg_proc'::regclass and p.oid = d.objid and p.pronamespace <> 'billing_audit'::regnamespace
        where d.refobjid in ('billing_audit.audit_events'::regtype, 'billing_audit.event_payloads'::regtype,
            'billing_audit.audit_events'::regclass, 'billing_audit.event_payloads'::regclass)
        union all
        select format('the foreign key %s of %s', k.conname, k.conrelid::regclass)
        from pg_constraint as k
        join pg_class as c on c.oid = k.conrelid and c.relnamespace <> 'billing_audit'::regnamespace
        where k.confrelid in ('billing_audit.audit_events'::regclass, 'billing_audit.event_payloads'::regclass)
    ) as t;
    if theirs is not null then
        raise exception using errcode = 'BA001',
            message = format('Tables of the trail become partitioned, and what is not ours stands on them: %s.', theirs),
            hint = 'Drop it, migrate, and make it anew.';
    end if;
    select d.stream, d.seq into lost from billing_audit.event_payloads as d
    where not exists (select from billing_audit.event_keys as k where k.stream = d.stream and k.seq = d.seq) limit 1;
    if found then
        raise exception using errcode = 'BA001',
            message = format('The values of event %s of %s have no key: the trail was altered, and stays as it is.', lost.seq, lost.stream),
            hint = 'Run "billing-audit verify" with the version that you have, and go back to a copy that verifies.';
    end if;
    select k.stream, k.seq into lost from billing_audit.event_keys as k group by k.stream, k.seq having count(*) > 1 limit 1;
    if found then
        raise exception using errcode = 'BA001',
            message = format('Two keys say that they are event %s of %s: the trail was altered, and stays as it is.', lost.seq, lost.stream),
            hint = 'Run "billing-audit verify" with the version that you have, and go back to a copy that verifies.';
    end if;
end
$$;

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
call billing_audit.guard_partition('billing_audit.event_payloads', false);
call billing_audit.protect_table('billing_audit.audit_events');
call billing_audit.protect_table('billing_audit.event_payloads');
grant select, insert on billing_audit.audit_events to billing_audit_owner;
grant select, insert, delete on billing_audit.event_payloads to billing_audit_owner;

create procedure billing_audit.make_rest()
language plpgsql
set search_path = ''
as $$
begin
    create table billing_audit.audit_events_rest partition of billing_audit.audit_events default;
    comment on table billing_audit.audit_events_rest is 'Events that no month takes.';
    create table billing_audit.event_payloads_rest partition of billing_audit.event_payloads default;
    comment on table billing_audit.event_payloads_rest is 'Payloads of the events that no month takes.';
    call billing_audit.guard_partition('billing_audit.audit_events_rest', true);
    call billing_audit.guard_partition('billing_audit.event_payloads_rest', false);
    call billing_audit.protect_table('billing_audit.audit_events_rest');
    call billing_audit.protect_table('billing_audit.event_payloads_rest');
end
$$;
revoke all on procedure billing_audit.make_rest() from public;
call billing_audit.make_rest();

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

-- Has everybody wait who records, and all who read what a new month must be told apart from: the rest, or everything where the
-- rest is made anew. Appends first, and those who read last, so that few are in between; and for less than the second after
-- which PostgreSQL looks for a deadlock: whoever holds one of these does not become its victim.
create function billing_audit.close_rest(and_all boolean) returns void
language plpgsql security definer
set search_path = ''
set lock_timeout = '500ms'
as $$
begin
    lock table billing_audit.streams, billing_audit.event_keys in share row exclusive mode;
    if and_all then
        lock table billing_audit.audit_events, billing_audit.event_payloads, billing_audit.event_keys, billing_audit.streams
            in access exclusive mode;
    else
        lock table billing_audit.audit_events_rest, billing_audit.event_payloads_rest in access exclusive mode;
    end if;
end
$$;

create function billing_audit.rest_holds(since timestamptz, until timestamptz) returns boolean
language sql volatile
set search_path = ''
as $$
    select exists (select from billing_audit.audit_events_rest as e where e.recorded_at >= since and e.recorded_at < until)
        or exists (select from billing_audit.event_payloads_rest as d where d.recorded_at >= since and d.recorded_at < until)
$$;

-- Whether the rest may be made anew: there is so little in it that nobody waits for long, each event and its payload are what
-- the directory says, and its guards are those of the months. Where somebody was at it, it stays for "billing-audit verify".
create function billing_audit.is_rest_whole() returns boolean
language plpgsql volatile
set search_path = ''
as $$
begin
    return (select count(*) <= 5000 from (select from billing_audit.audit_events_rest limit 5001) as e)
        and (select count(*) <= 5000 from (select from billing_audit.event_payloads_rest limit 5001) as d)
        and not exists (
            select from billing_audit.audit_events_rest as e left join billing_audit.event_keys as k on k.event_key = e.event_key
            where (k.stream, k.seq, k.recorded_at) is distinct from (e.stream, e.seq, e.recorded_at))
        and not exists (
            select from billing_audit.event_payloads_rest as d
            left join billing_audit.audit_events as e on e.stream = d.stream and e.seq = d.seq and e.recorded_at = d.recorded_at
            where e.event_key is distinct from d.event_key)
        -- Compared with at least one month.
        and exists (select from pg_catalog.pg_inherits where inhparent = 'billing_audit.audit_events'::regclass offset 1)
        and not exists (select from billing_audit.guard_facts() as f where f.kind = 'partition');
end
$$;

-- Makes the partitions of the month in which a time lies, or the one that is lacking. What the rest holds of that month moves
-- into it, unaltered, and the rest is made anew for what stays there. Gives how many events did; null where all is there, or
-- where the rest must stay as it is: then what it holds leaves by rows. As the owner of the tables: nobody else may make any.
create function billing_audit.begin_month(at timestamptz) returns bigint
language plpgsql security definer
set search_path = ''
-- How a time is written into the bounds.
set timezone = 'UTC'
set datestyle = 'ISO, MDY'
as $$
declare
    first_    timestamptz := billing_audit.start_of_month(at);
    beyond    timestamptz := billing_audit.start_of_month(first_ + interval '32 days');
    suffix    text := to_char(first_, '_YYYY_MM');
    lacking   text[];
    is_begun  boolean;
    events_   billing_audit.audit_events[];
    payloads_ billing_audit.event_payloads[];
    name      text;
    part      text;
begin
    select array_agg(t.half) into lacking from unnest(array['audit_events', 'event_payloads']) as t (half)
    where not exists (select from pg_catalog.pg_inherits as i where i.inhparent = format('billing_audit.%I', t.half)::regclass
        and i.inhrelid = to_regclass(format('billing_audit.%I', t.half || suffix)));
    if lacking is null
        -- Somebody has taken it out: "billing-audit verify" tells of it.
        or exists (select from unnest(lacking) as t (half) where to_regclass(format('billing_audit.%I', t.half || suffix)) is not null)
    then
        return null;
    end if;
    for attempt in 1 .. 10 loop
        begin
            is_begun := billing_audit.rest_holds(first_, beyond);
            if is_begun and not billing_audit.is_rest_whole() then
                return null;
            end if;
            perform billing_audit.close_rest(is_begun);
            -- Somebody may have recorded while this waited.
            exit when billing_audit.rest_holds(first_, beyond) = is_begun and (not is_begun or billing_audit.is_rest_whole());
            raise exception using errcode = 'lock_not_available', message = 'The month was begun meanwhile.';
        exception when lock_not_available or deadlock_detected then
            if attempt = 10 then
                raise exception using errcode = 'BA015',
                    message = format('The trail was read or written without a pause, so %s has no partitions yet.', to_char(first_, 'YYYY-MM')),
                    hint = 'Nothing is lost by that, and it is tried again. Is a copy of the database being made?';
            end if;
            perform pg_sleep(0.2);
        end;
    end loop;
    if is_begun then
        events_ := array(select e::billing_audit.audit_events from billing_audit.audit_events_rest as e order by e.position);
        payloads_ := array(select d::billing_audit.event_payloads from billing_audit.event_payloads_rest as d);
        drop table billing_audit.event_payloads_rest, billing_audit.audit_events_rest;
        call billing_audit.make_rest();
    end if;
    foreach name in array lacking loop
        part := format('billing_audit.%I', name || suffix);
        execute format('create table %s (like billing_audit.%I including defaults including constraints including generated)', part, name);
        execute format('comment on table %s is %L', part, format('%s %s (UTC).',
            case name when 'audit_events' then 'Events recorded in' else 'Payloads of events recorded in' end, to_char(first_, 'YYYY-MM')));
        execute format('call billing_audit.protect_table(%L)', part);
        execute format('alter table billing_audit.%I attach partition %s for values from (%L) to (%L)', name, part, first_, beyond);
        call billing_audit.guard_partition(part::regclass, name = 'audit_events');
    end loop;
    insert into billing_audit.audit_events select e.* from unnest(events_) as e;
    insert into billing_audit.event_payloads (stream, seq, event_key, salt, payload, changed_at, recorded_at)
    select d.stream, d.seq, d.event_key, d.salt, d.payload, d.changed_at, d.recorded_at from unnest(payloads_) as d;
    return greatest((select count(*) from unnest(events_) as e where e.recorded_at >= first_ and e.recorded_at < beyond),
        (select count(*) from unnest(payloads_) as d where d.recorded_at >= first_ and d.recorded_at < beyond));
exception when check_violation or unique_violation or foreign_key_violation or invalid_object_definition then
    -- What the rest holds is not what was recorded, or somebody's partition takes days of this month. "verify" tells of both.
    return null;
end
$$;

create function billing_audit.make_month(at timestamptz) returns boolean
language sql
set search_path = ''
as $$
    select billing_audit.begin_month(at) is not null
$$;

-- Writes into the chain `keeping` that events lie elsewhere now. Nobody asked for it by name. Each time is an event of its own:
-- where a partition was lost, what came meanwhile moves into the same month again.
create function billing_audit.note_moved(month text, events bigint) returns void
language plpgsql
set search_path = ''
as $$
declare
    at   text := billing_audit.instant(billing_audit.clock());
    key  text := format('month:%s:moved:%s', month, at);
begin
    perform public.billing_audit_append(jsonb_build_object('concern', 'keeping', 'events', jsonb_build_array(jsonb_build_object(
        'event_key', key, 'kind', 'events_moved', 'sheet_id', '0', 'sheet_name', '',
        'violation_type', 'NONE', 'severity', 'LOW', 'changed_at', at,
        'changed_by', null, 'changed_by_kind', 'system', 'audit_run_id', key, 'currency', 'USD',
        'intermediate_unknown', false, 'suggested_fix', 'Nothing to do.', 'issue_description',
        format('Events of %s that no month had taken moved into its partition, unaltered: %s.', month, events),
        'values', jsonb_build_object('month', month, 'events', events::text)))));
end
$$;

-- p: {}. Makes this month and the two to come, where the trail is kept by month. Gives {made: [...]}: those made now ('2026-12').
-- The last is made first: the one that the rest may have begun is then compared with it.
create function public.billing_audit_make_months(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    made    text[] := array[]::text[];
    month_  text;
    moved   bigint;
    at      timestamptz;
begin
    if billing_audit.keeps_months() then
        perform pg_advisory_xact_lock(hashtextextended('billing_audit:months', 0));
        for at in select billing_audit.start_of_month(billing_audit.clock()) + n * interval '32 days' from generate_series(2, 0, -1) as n loop
            moved := billing_audit.begin_month(at);
            if moved is not null then
                month_ := to_char(at at time zone 'UTC', 'YYYY-MM');
                made := month_ || made;
                if moved > 0 then
                    perform billing_audit.note_moved(month_, moved);
                end if;
            end if;
        end loop;
    end if;
    return jsonb_build_object('made', to_jsonb(made));
end
$$;

call billing_audit.keep_private('billing_audit.keeps_months()');
call billing_audit.keep_private('billing_audit.start_of_month(timestamptz)');
call billing_audit.keep_private('billing_audit.close_rest(boolean)');
call billing_audit.keep_private('billing_audit.is_rest_whole()');
call billing_audit.keep_private('billing_audit.note_moved(text, bigint)');
call billing_audit.keep_private('billing_audit.rest_holds(timestamptz, timestamptz)');
call billing_audit.keep_private('billing_audit.begin_month(timestamptz)');
call billing_audit.keep_private('billing_audit.make_month(timestamptz)');
call billing_audit.offer_to_service('public.billing_audit_make_months(jsonb)');

-- What is there moves; each row is checked again by the constraints of its table.
do $$
declare
    moved  bigint;
begin
    if billing_audit.keeps_months() then
        perform billing_audit.make_month(m) from (
            select distinct billing_audit.start_of_month(e.recorded_at) as m from billing_audit.old_audit_events as e order by m) as each;
    end if;
    insert into billing_audit.audit_events select * from billing_audit.old_audit_events order by position;
    get diagnostics moved = row_count;
    if moved <> (select count(*) from billing_audit.old_audit_events) then
        raise exception 'Not all events moved.';
    end if;
    insert into billing_audit.event_payloads (stream, seq, event_key, salt, payload, changed_at, recorded_at)
    select d.stream, d.seq, d.event_key, d.salt, d.payload, d.changed_at, e.recorded_at
    from billing_audit.old_event_payloads as d
    join billing_audit.old_audit_events as e on e.stream = d.stream and e.seq = d.seq;
    get diagnostics moved = row_count;
    if moved <> (select count(*) from billing_audit.old_event_payloads) then
        raise exception using errcode = 'BA001', message = 'There are values without their event: the trail was altered, and stays as it is.',
            hint = 'Run "billing-audit verify" with the version that you have, and go back to a copy that verifies.';
    end if;
    perform public.billing_audit_make_months('{}');
end
$$;

-- What takes or gives an event as a row knows the old table by that row's type. Its text is as before.
drop function billing_audit.event_preimage(billing_audit.old_audit_events);
drop function billing_audit.event_json(billing_audit.old_audit_events, jsonb);
drop function billing_audit.events_page(text, text, bigint, integer);

-- Given the time of recording as it stands there, which all events of an append share.
create function billing_audit.preimage_of(e billing_audit.audit_events, recorded text) returns text
language sql stable
return jsonb_build_array(
    1, (e).stream, (e).seq, recorded, (e).event_key, (e).kind, (e).sheet_id, (e).row_id,
    (e).work_request, (e).column_name, (e).violation_type, (e).delta::text, (e).currency, (e).changed_by_kind,
    billing_audit.instant((e).changed_at), (e).week_ending, (e).is_historical, (e).audit_run_id, (e).severity, (e).risk_score,
    (e).anomaly_score, (e).predicted_category, (e).approval_id, (e).intermediate_unknown, (e).rules_hash, (e).model_version,
    (e).flow_version, encode((e).commitment, 'hex'))::text;

create function billing_audit.event_preimage(e billing_audit.audit_events) returns text
language sql stable
return billing_audit.preimage_of(e, billing_audit.instant((e).recorded_at));

-- The aggregate `linked` over this gives two hashes, one after the other: that of the event before, or the head of the
-- chain, and its own. So one walk through a chain tells both.
create or replace function billing_audit.next_hash(hash bytea, head bytea, preimage text) returns bytea
language sql immutable
return coalesce(substr(hash, 33), head) || sha256(coalesce(substr(hash, 33), head) || convert_to(preimage, 'UTF8'));
create aggregate billing_audit.linked(head bytea, preimage text) (sfunc = billing_audit.next_hash, stype = bytea);

-- An append that waited for this file goes on by the text that it had begun with, which knows nothing of months. It hashes by
-- `chained` before it writes anything, and hears there that it is to begin anew, in the code by which a driver does so.
create function billing_audit.begin_anew(hash bytea, head bytea, preimage text) returns bytea
language plpgsql immutable
set search_path = ''
as $$
begin
    raise exception using errcode = '40001',
        message = 'The trail was given another form while this waited, so nothing of it was recorded.',
        hint = 'Try again.';
end
$$;
create or replace aggregate billing_audit.chained(head bytea, preimage text) (sfunc = billing_audit.begin_anew, stype = bytea);

create function billing_audit.event_json(e billing_audit.audit_events, payload jsonb) returns jsonb
language sql stable
set search_path = ''
as $$
    select jsonb_build_object(
            'timestamp', billing_audit.instant(e.recorded_at), 'sheet_id', e.sheet_id, 'row_id', e.row_id,
            'work_request', e.work_request, 'column_name', e.column_name, 'violation_type', e.violation_type,
            'delta', e.delta::text, 'changed_at', billing_audit.instant(e.changed_at), 'week_ending', e.week_ending,
            'is_historical', e.is_historical, 'audit_run_id', e.audit_run_id, 'severity', e.severity,
            'risk_score', e.risk_score, 'anomaly_score', e.anomaly_score,
            'predicted_category', e.predicted_category)
        || jsonb_build_object(
            'event_key', e.event_key, 'kind', e.kind, 'changed_by_kind', e.changed_by_kind, 'currency', e.currency,
            'approval_id', e.approval_id, 'intermediate_unknown', e.intermediate_unknown, 'rules_hash', e.rules_hash)
        || jsonb_build_object(
            'sheet_name', '', 'old_value', null, 'new_value', null, 'changed_by', null, 'issue_description', '',
            'suggested_fix', '', 'sheet_reference', null, 'ip_address', null, 'device_info', null, 'session_id', null,
            'user_agent', null, 'reasons', jsonb_build_array(), 'unknown_facts', jsonb_build_array(),
            'values', jsonb_build_object())
        || coalesce(payload, '{}')
        || coalesce((select jsonb_build_object('approved_afterwards', l.approval_id)
            from billing_audit.approved_afterwards as l where l.event_key = e.event_key), '{}')
        -- Only where the event itself was told nothing.
        || case when payload ->> 'ip_address' is null then coalesce(billing_audit.origin_of(e.event_key), '{}') else '{}' end
$$;

-- A page of events as they are stored. of_stream: null = of all chains. After that event, which need not be there.
create function billing_audit.events_page(of_stream text, after_stream text, after_seq bigint, most integer)
returns setof billing_audit.audit_events
language plpgsql stable rows 1000
set search_path = ''
as $$
begin
    if of_stream is null then
        return query select * from billing_audit.audit_events as e
            where (e.stream, e.seq) > (after_stream, after_seq) order by e.stream, e.seq limit most;
    else
        return query select * from billing_audit.audit_events as e
            where e.stream = of_stream and (e.stream, e.seq) > (after_stream, after_seq) order by e.stream, e.seq limit most;
    end if;
end
$$;

call billing_audit.keep_private('billing_audit.preimage_of(billing_audit.audit_events, text)');
call billing_audit.keep_private('billing_audit.event_preimage(billing_audit.audit_events)');
call billing_audit.keep_private('billing_audit.linked(bytea, text)');
call billing_audit.keep_private('billing_audit.begin_anew(bytea, bytea, text)');
call billing_audit.keep_private('billing_audit.event_json(billing_audit.audit_events, jsonb)');
call billing_audit.keep_private('billing_audit.events_page(text, text, bigint, integer)');

-- The 25 names, what an auditor resolves them with, and how the four of the origin are known.
create or replace view billing_audit.audit_event with (security_invoker = true) as
select
    billing_audit.instant(e.recorded_at) as timestamp,
    e.sheet_id,
    e.row_id,
    e.work_request,
    e.column_name,
    e.violation_type,
    d.payload ->> 'old_value' as old_value,
    d.payload ->> 'new_value' as new_value,
    e.delta::text as delta,
    d.payload ->> 'changed_by' as changed_by,
    billing_audit.instant(e.changed_at) as changed_at,
    e.week_ending,
    e.is_historical,
    e.audit_run_id,
    e.severity,
    d.payload ->> 'issue_description' as issue_description,
    d.payload ->> 'suggested_fix' as suggested_fix,
    d.payload ->> 'sheet_reference' as sheet_reference,
    coalesce(d.payload ->> 'ip_address', o.origin ->> 'ip_address') as ip_address,
    coalesce(d.payload ->> 'device_info', o.origin ->> 'device_info') as device_info,
    coalesce(d.payload ->> 'session_id', o.origin ->> 'session_id') as session_id,
    coalesce(d.payload ->> 'user_agent', o.origin ->> 'user_agent') as user_agent,
    e.risk_score,
    e.anomaly_score,
    e.predicted_category,
    e.stream,
    e.seq,
    e.event_key,
    e.rules_hash,
    e.model_version,
    e.flow_version,
    case when d.payload ->> 'ip_address' is null then o.origin -> 'origin' end as origin
from billing_audit.audit_events as e
left join billing_audit.event_payloads as d on d.stream = e.stream and d.seq = e.seq and d.recorded_at = e.recorded_at
left join lateral (
    select billing_audit.origin_of(e.event_key) as origin where d.payload ->> 'ip_address' is null) as o on true;

-- The access log in words; what was erased is null.
create or replace view billing_audit.access_event with (security_invoker = true) as
select
    e.seq,
    e.event_key,
    billing_audit.instant(e.recorded_at) as timestamp,
    split_part(e.event_key, ':', 2) as kind,
    d.payload #>> '{values,source}' as source,
    e.changed_at,
    d.payload ->> 'changed_by' as person,
    d.payload ->> 'issue_description' as happened,
    d.payload #>> '{values,sheet_id}' as sheet_id,
    nullif(d.payload ->> 'sheet_name', '') as sheet_name,
    d.payload ->> 'ip_address' as ip_address,
    d.payload ->> 'device_info' as device_info,
    d.payload ->> 'session_id' as session_id,
    d.payload ->> 'user_agent' as user_agent,
    coalesce(d.payload #> '{values,details}', '{}') as details
from billing_audit.audit_events as e
left join billing_audit.event_payloads as d on d.stream = e.stream and d.seq = e.seq and d.recorded_at = e.recorded_at
where e.stream = 'access';

-- Nothing stands on the old tables any more.
drop table billing_audit.old_event_payloads;
drop table billing_audit.old_audit_events;

-- As before (20261126182000): the directory tells when an event was recorded, so that a key which comes again is answered
-- from there, and an event's payload lies in its event's month.
-- p: events (AuditEvent, lib/event/audit-event.ts), concern (left out: each event stands in the chain of its sheet; else
-- all stand in the chain of that name). Gives {appended: [{event_key, stream, seq, timestamp, is_new}]} in
-- the order of the events, and marks their changes done. A key that is in the trail already appends nothing; `timestamp` is
-- null where its event left the database before the directory told when it had been recorded.
-- The heads are locked in one order by everybody, so that two appends never wait for each other. All the rest is one
-- statement, told from top to bottom:
--   asked     the keys, each with its salt; of those that share a key the first counts
--   known     keys that are in the trail already
--   fresh     what is new, with its number in its stream
--   given     the events in columns, each with its place in the order of storing and its erasable half
--   bound     both together, with the commitment to the erasable half
--   told      the text of each that is hashed
--   hashed, chained   the hashes, each over the one before, told by one walk
--   alike, hours, rolled, looks, opened   the rollups in which each counts, in the order of their keys
-- Only what is read more than once is kept in between; "offset 0" has what is made there made once.
create or replace function public.billing_audit_append(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    now_       timestamptz := billing_audit.clock();
    now_text   text := billing_audit.instant(now_);
    concern_   text := p ->> 'concern';
    events_    jsonb := p -> 'events';
    keys_      text[];
    chains_    text[];
    streams_   text[];
    is_lacking boolean;
    appended   jsonb;
begin
    if events_ is null then
        perform billing_audit.require(p, 'events');
    end if;
    select array_agg(e.event_key order by e.place), array_agg(e.stream order by e.place), array_agg(distinct e.stream),
        bool_or(e.event_key is null or e.sheet_id is null)
    into keys_, chains_, streams_, is_lacking
    from (
        select l.place, l.event ->> 'event_key' as event_key, l.event ->> 'sheet_id' as sheet_id,
            coalesce(concern_, 'sheet:' || (l.event ->> 'sheet_id')) as stream
        from jsonb_array_elements(events_) with ordinality as l (event, place)) as e;
    if is_lacking then
        perform billing_audit.require_of_events(events_);
    elsif concern_ !~ '^[a-z_]+$' then
        raise exception using errcode = 'BA001', message = format('"%s" is no concern.', concern_),
            hint = 'A concern is one word in small letters.';
    end if;
    insert into billing_audit.streams (stream, head)
    select s, billing_audit.genesis(s) from unnest(streams_) as s
    where not exists (select from billing_audit.streams as k where k.stream = s) order by s
    on conflict do nothing;
    perform from billing_audit.streams where stream = any (streams_) order by stream for update;

    with asked as materialized (
        select a.event_key, a.stream, a.place, row_number() over (partition by a.event_key order by a.place) = 1 as is_first,
            -- 122 random bits out of the core, so that no extension is needed.
            uuid_send(gen_random_uuid()) as salt
        from unnest(keys_, chains_) with ordinality as a (event_key, stream, place)
    ), known as materialized (
        select k.event_key, k.stream, k.seq, k.recorded_at from billing_audit.event_keys as k where k.event_key = any (keys_)
    ), fresh as (
        select a.place, a.stream, a.salt, h.head, h.seq + row_number() over (partition by a.stream order by a.place) as seq
        from asked as a
        join billing_audit.streams as h using (stream)
        where a.is_first and not exists (select from known where known.event_key = a.event_key)
    ), given as (
        -- Without the event's JSON: what is carried from here to the end is held in memory.
        select e.event_key, e.kind, e.sheet_id, e.row_id, e.work_request, e.column_name, e.violation_type, e.delta, e.currency,
            e.changed_by_kind, e.changed_at, e.week_ending, e.is_historical, e.audit_run_id, e.severity, e.risk_score,
            e.anomaly_score, e.predicted_category, e.approval_id, e.intermediate_unknown, e.rules_hash, e.model_version,
            e.flow_version, e.place, nextval('billing_audit.audit_events_position') as position,
            billing_audit.payload_from(e.event, e.rest) as payload
        from (
            select *, billing_audit.without_columns(event) as rest
            from rows from (
                jsonb_to_recordset(events_) as (event_key text, kind text, sheet_id text, row_id text, work_request text,
                    column_name text, violation_type text, delta numeric, currency text, changed_by_kind text,
                    changed_at timestamptz, week_ending date, is_historical boolean, audit_run_id text, severity text,
                    risk_score numeric(7, 6), anomaly_score numeric(7, 6), predicted_category text, approval_id text,
                    intermediate_unknown boolean, rules_hash text, model_version text, flow_version text),
                jsonb_array_elements(events_)
            ) with ordinality as e (event_key, kind, sheet_id, row_id, work_request, column_name, violation_type, delta,
                currency, changed_by_kind, changed_at, week_ending, is_historical, audit_run_id, severity, risk_score,
                anomaly_score, predicted_category, approval_id, intermediate_unknown, rules_hash, model_version, flow_version,
                event, place)
            -- Or else it would be taken away from the event three times.
            offset 0
        ) as e
        where e.kind is not null and e.violation_type is not null and e.changed_at is not null and e.severity is not null
                and e.audit_run_id is not null and e.currency is not null and e.changed_by_kind is not null
                and e.intermediate_unknown is not null
            or billing_audit.require_of_events(events_) is null
        offset 0
    ), bound as (
        select g.*, f.stream, f.seq, f.head, f.salt, billing_audit.commit_to(f.salt, g.payload) as commitment,
            lower(g.payload ->> 'changed_by') as person, billing_audit.is_change(g.kind) as is_change
        from given as g
        join fresh as f using (place)
        offset 0
    ), told as (
        select b.*, billing_audit.preimage_of(row(stream, seq, null, event_key, kind, now_, sheet_id, row_id, work_request,
            column_name, violation_type, delta, currency, changed_by_kind, changed_at, week_ending, is_historical, audit_run_id,
            severity, risk_score, anomaly_score, predicted_category, approval_id, intermediate_unknown, rules_hash,
            model_version, flow_version, commitment, null, null, null)::billing_audit.audit_events, now_text) as preimage
        from bound as b
        offset 0
    ), hashed as (
        select *, billing_audit.linked(head, preimage) over (partition by stream order by seq) as hashes from told
        offset 0
    ), chained as materialized (
        select *, substr(hashes, 1, 32) as previous_hash, substr(hashes, 33) as hash from hashed
    ), inserted as (
        insert into billing_audit.audit_events (
            stream, seq, position, event_key, kind, recorded_at, sheet_id, row_id, work_request, column_name, violation_type,
            delta, currency, changed_by_kind, changed_at, week_ending, is_historical, audit_run_id, severity,
            risk_score, anomaly_score, predicted_category, approval_id, intermediate_unknown, rules_hash,
            model_version, flow_version, commitment, previous_hash, preimage, hash)
        select
            stream, seq, position, event_key, kind, now_, sheet_id, row_id, work_request, column_name, violation_type, delta, currency,
            changed_by_kind, changed_at, week_ending, is_historical, audit_run_id, severity, risk_score, anomaly_score,
            predicted_category, approval_id, intermediate_unknown, rules_hash, model_version, flow_version, commitment,
            previous_hash, preimage, hash
        from chained
    ), payloads as (
        insert into billing_audit.event_payloads (stream, seq, event_key, salt, payload, changed_at, recorded_at)
        select stream, seq, event_key, salt, payload, changed_at, now_ from chained
    ), keys as (
        insert into billing_audit.event_keys (event_key, stream, seq, recorded_at)
        select event_key, stream, seq, now_ from chained
    ), heads as (
        update billing_audit.streams as s set seq = c.seq, head = c.hash, apart = s.apart + c.apart,
            last_changed_at = greatest(s.last_changed_at, c.last_changed_at)
        from (
            select stream, max(seq) as seq, (array_agg(hash order by seq desc))[1] as hash,
                count(*) filter (where not is_change) as apart, max(changed_at) filter (where is_change) as last_changed_at
            from chained group by stream
        ) as c
        where s.stream = c.stream
    ), alike as (
        select severity, risk_score, sheet_id, person, predicted_category, billing_audit.hour_of(changed_at) as hour,
            count(*) as changes
        from chained where is_change
        group by 1, 2, 3, 4, 5, 6
    ), hours as materialized (
        select t.dimension, t.start, t.key, sum(a.changes)::bigint as changes
        from alike as a
        cross join lateral billing_audit.rollup_places(
            a.severity, a.risk_score, a.sheet_id, a.person, a.predicted_category, a.hour, now_) as t
        group by t.dimension, t.start, t.key
    ), rolled as (
        insert into billing_audit.rollups as r (dimension, span, start, key, changes)
        select dimension, span, start, key, changes from (
            select dimension, 'hour' as span, start, key, changes from hours
            union all
            select dimension, 'day', billing_audit.day_of(start), key, sum(changes) from hours
            where dimension <> 'stored' group by dimension, billing_audit.day_of(start), key) as each
        order by dimension, span, start, key
        on conflict (dimension, span, start, key) do update set changes = r.changes + excluded.changes
    ), looks as (
        insert into billing_audit.look_rollups as r (person, span, start, hundredth, changes)
        select coalesce(c.person, ''), s.span, s.start, h.hundredth, count(*)
        from chained as c
        cross join lateral (select billing_audit.look_hundredth(c.violation_type, c.severity, c.risk_score) as hundredth) as h
        cross join lateral (values ('hour', billing_audit.hour_of(c.changed_at)),
            ('day', billing_audit.day_of(c.changed_at))) as s (span, start)
        where h.hundredth is not null and c.is_change
        group by 1, 2, 3, 4 order by 2, 1, 3, 4
        on conflict (span, person, start, hundredth) do update set changes = r.changes + excluded.changes
    ), opened as (
        insert into billing_audit.open_counts as o (hundredth, is_violation, currency, looker, events, priced, money)
        select coalesce(billing_audit.look_hundredth(c.violation_type, c.severity, c.risk_score), 0),
            c.violation_type not in ('NONE', 'APPROVED_CORRECTION'), c.currency, '', count(*), count(c.delta),
            coalesce(sum(abs(c.delta) * greatest(coalesce(c.risk_score, 0), 0.05)), 0)
        from chained as c
        where billing_audit.is_concern(c.violation_type, c.severity, c.risk_score)
        group by 1, 2, 3 order by 1, 2, 3
        on conflict (hundredth, is_violation, currency, looker) do update set
            events = o.events + excluded.events, priced = o.priced + excluded.priced, money = o.money + excluded.money
    ), kept as (
        select event_key, stream, seq, billing_audit.instant(recorded_at) as at, false as is_new from known
        union all
        select event_key, stream, seq, now_text, true from chained
    )
    select coalesce(jsonb_agg(jsonb_build_object('event_key', k.event_key, 'stream', k.stream, 'seq', k.seq,
        'is_new', k.is_new and a.is_first, 'timestamp', k.at) order by a.place), '[]')
    into appended
    from asked as a join kept as k using (event_key);

    update billing_audit.changes
    set state = 'done', done_at = now_, leased_until = null, body = null
    where event_key = any (keys_) and state <> 'done';
    return jsonb_build_object('appended', appended);
end
$$;
-- Planning its statement takes as long as running it for one event, and every plan of it comes out the same.
alter function public.billing_audit_append(jsonb) set enable_seqscan = off set jit = off set plan_cache_mode = force_generic_plan;
