-- A month that leaves takes its partition along: what took half an hour for ten million rows, each of them deleted from
-- thirteen indexes, is a matter of seconds, and leaves no dead rows behind. What stays of such a month (the chain `keeping`,
-- and what was recorded after the clock had been set back) goes on in the rest.
--
-- Nobody can read or append while partitions are dropped, so that is done last of all. Whoever waits for a verdict to be
-- stored may hold what is needed here: both are therefore asked for with patience, together, and given back when they
-- cannot be had at once.

-- The months whose every event was recorded before a time, and of which both partitions are there: what else there is leaves
-- by rows.
create function billing_audit.months_before(beyond timestamptz) returns table (events regclass, payloads regclass)
language sql stable
set search_path = ''
set timezone = 'UTC'
set datestyle = 'ISO, MDY'
as $$
    select c.oid::regclass, j.inhrelid::regclass
    from pg_catalog.pg_inherits as i
    join pg_catalog.pg_class as c on c.oid = i.inhrelid
    join pg_catalog.pg_inherits as j on j.inhparent = 'billing_audit.event_payloads'::regclass
        and j.inhrelid = to_regclass('billing_audit.event_payloads_' || right(c.relname, 7))
    where i.inhparent = 'billing_audit.audit_events'::regclass and c.relname ~ '^audit_events_\d{4}_(0[1-9]|1[0-2])$'
        and billing_audit.start_of_month(to_date(right(c.relname, 7), 'YYYY_MM')::timestamp at time zone 'UTC' + interval '32 days') <= beyond
$$;

-- As before, but that it gives up, and before the second after which PostgreSQL looks for a deadlock: whoever holds what is
-- asked for here never becomes its victim.
alter function billing_audit.hold_back_verdicts() set lock_timeout = '500ms';

-- Has everybody wait who reads or appends, until this transaction ends. As the owner of the tables: nobody else may.
create function billing_audit.close_trail() returns void
language plpgsql security definer
set search_path = ''
set lock_timeout = '500ms'
as $$
begin
    -- Appends first, and then those who read: they hold events, and look at chains and keys yet.
    lock table billing_audit.streams, billing_audit.event_keys in share row exclusive mode;
    lock table billing_audit.audit_events, billing_audit.event_payloads, billing_audit.event_keys, billing_audit.streams
        in access exclusive mode;
end
$$;

-- Closes what must not move while an archive leaves: verdicts, and the trail where months leave whole. Gives what of its
-- events nobody has looked at, as it is counted.
create function billing_audit.close_for(archive bigint, until timestamptz) returns billing_audit.open_counts[]
language plpgsql
set search_path = ''
as $$
declare
    open_  billing_audit.open_counts[];
begin
    for attempt in 1 .. 20 loop
        begin
            perform billing_audit.hold_back_verdicts();
            open_ := array(select c from billing_audit.open_counts_of(archive) as c);
            if exists (select from billing_audit.months_before(until)) then
                perform billing_audit.close_trail();
            end if;
            return open_;
        exception when lock_not_available or deadlock_detected then
            -- What was locked in this attempt is free again.
            perform pg_sleep(0.5);
        end;
    end loop;
    raise exception using errcode = 'BA015', message = 'The trail was read and written without a pause, so nothing was archived.',
        hint = 'Try again when nobody copies the database and no long report runs.';
end
$$;

-- What of a table of events or payloads the archive does not hold: found chain by chain, without reading the rest.
create function billing_audit.not_held(part regclass, archive bigint) returns text
language sql stable
set search_path = ''
as $$
    select format('(select x.* from billing_audit.streams as c
        left join billing_audit.archived_spans as s on s.archive_id = %2$s and s.stream = c.stream
        cross join lateral (
            select * from %1$s as p where p.stream = c.stream and p.seq > coalesce(s.last_seq, 0)
            union all
            select * from %1$s as p where p.stream = c.stream and p.seq < s.first_seq) as x)', part, archive)
$$;

-- As before (20261126182100), but that it lets go where any event of an archive is left: the last one of a chain may have left
-- with its month, and others lie in the rest.
create or replace function billing_audit.refuse_unless_archived() returns trigger
language plpgsql
set search_path = ''
set enable_seqscan = off
set jit = off
as $$
declare
    refused boolean;
begin
    if tg_when = 'BEFORE' then
        refused := not exists (select from billing_audit.archived_spans as s
            join billing_audit.audit_events as e on e.stream = s.stream and e.seq between s.first_seq and s.last_seq);
    else
        refused := exists (select from removed as r where not exists (
            select from billing_audit.archived_spans as s where s.stream = r.stream and r.seq between s.first_seq and s.last_seq));
    end if;
    if refused then
        raise exception using errcode = 'BA010',
            message = format('%s on %s.%s was refused: the trail is append-only.', tg_op, tg_table_schema, tg_table_name),
            hint = 'Append a correcting event instead.';
    end if;
    return null;
end
$$;

drop function billing_audit.remove_archived(bigint);

-- Takes out what an archive holds. As the owner of the tables: nobody else may delete from them. The spans were noted before,
-- without which the guard of the table says no, and the trail tells of it already: nothing leaves without its act. Gives how
-- many events are gone, counted and not reckoned: what is in a month and neither held nor moved shows by it.
create function billing_audit.remove_archived(archive bigint, until timestamptz) returns bigint
language plpgsql security definer
set search_path = ''
as $$
declare
    month_   record;
    found_   bigint;
    rows_    bigint;
    removed  bigint := 0;
begin
    if not exists (select from billing_audit.event_keys where event_key = format('archive:%s', archive) and stream = 'keeping') then
        raise exception using errcode = 'BA010', message = 'Nothing was removed: the trail tells of no such archive.',
            hint = 'Events leave by billing_audit_archive alone.';
    end if;
    for month_ in select * from billing_audit.months_before(until) loop
        execute format('select count(*) from %s', month_.events) into found_;
        execute format('alter table billing_audit.event_payloads detach partition %s', month_.payloads);
        execute format('alter table billing_audit.audit_events detach partition %s', month_.events);
        execute format('insert into billing_audit.audit_events select * from %s as stays', billing_audit.not_held(month_.events, archive));
        get diagnostics rows_ = row_count;
        removed := removed + found_ - rows_;
        execute format('insert into billing_audit.event_payloads (stream, seq, event_key, salt, payload, changed_at, recorded_at)
            select stream, seq, event_key, salt, payload, changed_at, recorded_at from %s as stays',
            billing_audit.not_held(month_.payloads, archive));
        execute format('drop table %s, %s', month_.payloads, month_.events);
    end loop;
    -- By rows, where no month took them. The guard of the table refuses to delete nothing.
    if billing_audit.is_any_left_of(archive) then
        delete from billing_audit.event_payloads as d using billing_audit.archived_spans as s
        where s.archive_id = archive and d.stream = s.stream and d.seq between s.first_seq and s.last_seq;
        delete from billing_audit.audit_events as e using billing_audit.archived_spans as s
        where s.archive_id = archive and e.stream = s.stream and e.seq between s.first_seq and s.last_seq;
        get diagnostics rows_ = row_count;
        removed := removed + rows_;
    end if;
    return removed;
end
$$;
-- The rest is small beside its months: it must not be read whole for each chain.
alter function billing_audit.remove_archived(bigint, timestamptz) set enable_seqscan = off set jit = off;

create function billing_audit.is_any_left_of(archive bigint) returns boolean
language sql stable
set search_path = ''
as $$
    select exists (select from billing_audit.archived_spans as s
        join billing_audit.audit_events as e on e.stream = s.stream and e.seq between s.first_seq and s.last_seq
        where s.archive_id = archive)
$$;

-- As before (20261126182100), by months where there are any. Its drivers give it longer than other calls
-- (lib/store/call-limits.ts); PostgREST takes the limit from here.
-- p: month, file, sha256 (of the file), spans, erased (as `billing_audit_archivable` gave them), reason, by, role. Removes the
-- events of the month, if they are still what the file holds, and says so in the trail; all of it or nothing.
-- Gives {archive: as in `billing_audit_archives`}.
create or replace function public.billing_audit_archive(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    by_    text := billing_audit.keeper(p);
    found_ jsonb;
    open_  billing_audit.open_counts[];
    made   billing_audit.archives;
    until_ timestamptz;
begin
    perform billing_audit.require(p, 'month', 'file', 'sha256', 'spans', 'erased');
    if current_setting('transaction_isolation') <> 'read committed' then
        -- An older snapshot would not show what was recorded while this waited.
        raise exception using errcode = 'BA015',
            message = format('A month leaves only in a transaction that is read committed, and this one is %s.', current_setting('transaction_isolation')),
            hint = 'Ask your administrator: alter database <name> reset default_transaction_isolation.';
    end if;
    -- Nobody holds, erases or archives meanwhile.
    perform pg_advisory_xact_lock(hashtextextended('billing_audit:holds', 0));
    found_ := public.billing_audit_archivable(p);
    if found_ -> 'spans' <> p -> 'spans' or found_ -> 'erased' <> p -> 'erased' then
        raise exception using errcode = 'BA015', message = 'The trail is no longer what the file holds.',
            hint = 'Write the file again: something was erased, or archived, since it was written.';
    end if;
    insert into billing_audit.archives (month, file, sha256, events, first_changed_at, last_changed_at, reason, archived_by, archived_at)
    select ((p ->> 'month') || '-01')::date, p ->> 'file', p ->> 'sha256', count(*), min(e.changed_at), max(e.changed_at),
        btrim(p ->> 'reason'), by_, billing_audit.clock()
    from jsonb_to_recordset(found_ -> 'spans') as s (stream text, first_seq bigint, last_seq bigint)
    join billing_audit.audit_events as e on e.stream = s.stream and e.seq between s.first_seq and s.last_seq
    returning * into made;
    insert into billing_audit.archived_spans (stream, first_seq, last_seq, last_hash, archive_id)
    select s.stream, s.first_seq, s.last_seq, decode(s.last_hash, 'hex'), made.id
    from jsonb_to_recordset(found_ -> 'spans') as s (stream text, first_seq bigint, last_seq bigint, last_hash text);
    until_ := (found_ ->> 'until')::timestamptz;
    open_ := billing_audit.close_for(made.id, until_);
    perform billing_audit.note_keeping('events_archived', format('archive:%s', made.id), by_,
        format('The %s events recorded in %s left the database, into %s: %s', made.events, p ->> 'month', made.file, made.reason),
        jsonb_build_object('archive', made.id::text, 'month', p ->> 'month', 'file', made.file, 'sha256', made.sha256,
            'events', made.events::text,
            'spans', encode(sha256(convert_to(billing_audit.spans_text(found_ -> 'spans'), 'UTF8')), 'hex')));
    if made.events <> (found_ ->> 'events')::bigint or billing_audit.remove_archived(made.id, until_) <> made.events then
        raise exception using errcode = 'BA015', message = 'The events of the month are not those that the archive holds.',
            hint = 'Run "billing-audit verify": the trail may have been altered.';
    end if;
    -- Last of all: whoever records what needs a look waits for these rows, and a removal takes its time.
    perform billing_audit.forget_open_counts(open_);
    return jsonb_build_object('archive', billing_audit.archive_json(made));
end
$$;
-- Replaced, it has lost what 20261127100220 told it: that nothing here is worth compiling.
alter function public.billing_audit_archive(jsonb) set statement_timeout = '30min' set jit = off;

call billing_audit.keep_private('billing_audit.months_before(timestamptz)');
call billing_audit.keep_private('billing_audit.close_trail()');
call billing_audit.keep_private('billing_audit.close_for(bigint, timestamptz)');
call billing_audit.keep_private('billing_audit.not_held(regclass, bigint)');
call billing_audit.keep_private('billing_audit.remove_archived(bigint, timestamptz)');
call billing_audit.keep_private('billing_audit.is_any_left_of(bigint)');
