-- Months that leave the database: into a file with their proofs, verified before anything goes, noted in the trail.
--
-- What stays is all that proofs and promises stand on: the leaf of every event in the tree, its key (so that a change that
-- comes again is never counted again), who erased what, and the rollups. What goes is the event and its payload, up to the
-- end of a month, chain by chain and from the beginning on: a chain then goes on from the hash of its last archived event,
-- which is a leaf of the signed tree. The chain `keeping`, which tells of holds, erasures and archives, never leaves.
--
-- These are rows of one table and not partitions of it, on purpose: docs/keeping.md says why.
--
-- Errors: BA013 a legal hold forbids it    BA015 it is not to be archived now    BA016 its event was archived

create table billing_audit.archives (
    id                bigint       generated always as identity primary key,
    month             date         not null check (extract(day from month) = 1),
    file              text         not null check (file <> ''),
    sha256            text         not null check (sha256 ~ '^[0-9a-f]{64}$'),
    events            bigint       not null check (events > 0),
    first_changed_at  timestamptz  not null,
    last_changed_at   timestamptz  not null,
    reason            text         not null check (reason <> ''),
    archived_by       text         not null check (archived_by <> ''),
    archived_at       timestamptz  not null
);
comment on table billing_audit.archives is 'Months that left the database, each with the file that holds it; a second file of a month has what came late.';
comment on column billing_audit.archives.sha256 is 'Of the file. The trail says the same in the chain keeping.';

create table billing_audit.archived_spans (
    stream      text    not null,
    last_seq    bigint  not null,
    first_seq   bigint  not null check (first_seq between 1 and last_seq),
    last_hash   bytea   not null check (octet_length(last_hash) = 32),
    archive_id  bigint  not null references billing_audit.archives,
    primary key (stream, last_seq)
);
comment on table billing_audit.archived_spans is 'Which events of each chain an archive took; the spans of a chain follow each other from its beginning.';
create index archived_spans_of_archive on billing_audit.archived_spans (archive_id);

do $$
declare
    name text;
begin
    foreach name in array array['archives', 'archived_spans'] loop
        execute format('create trigger never_altered before update or delete on billing_audit.%I
            for each row execute function billing_audit.refuse_change()', name);
        execute format('create trigger never_truncated before truncate on billing_audit.%I
            for each statement execute function billing_audit.refuse_change()', name);
        execute format('alter table billing_audit.%I enable always trigger never_altered', name);
        execute format('alter table billing_audit.%I enable always trigger never_truncated', name);
        execute format('call billing_audit.protect_table(%L)', 'billing_audit.' || name);
        execute format('grant select, insert on billing_audit.%I to billing_audit_owner', name);
    end loop;
end
$$;

-- The archive that took an event; null = none.
create function billing_audit.archive_of(of_stream text, of_seq bigint) returns bigint
language sql stable
set search_path = ''
as $$
    select s.archive_id from (
        select * from billing_audit.archived_spans where stream = of_stream and last_seq >= of_seq order by last_seq limit 1
    ) as s where s.first_seq <= of_seq
$$;

-- Says no, but to the removal of what an archive holds: at once where no archive waits for it, and otherwise when all rows are
-- known. Once for a statement and not for each row: a month has a million, and asking for each took a third of its removal.
create function billing_audit.refuse_unless_archived() returns trigger
language plpgsql
set search_path = ''
as $$
declare
    refused boolean;
begin
    if tg_when = 'BEFORE' then
        refused := not exists (select from billing_audit.archived_spans as s
            join billing_audit.audit_events as e on e.stream = s.stream and e.seq = s.last_seq);
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
drop trigger never_altered on billing_audit.audit_events;
create trigger never_altered before update on billing_audit.audit_events
    for each row execute function billing_audit.refuse_change();
create trigger never_removed before delete on billing_audit.audit_events
    for each statement execute function billing_audit.refuse_unless_archived();
create trigger only_archived_removed after delete on billing_audit.audit_events referencing old table as removed
    for each statement execute function billing_audit.refuse_unless_archived();
alter table billing_audit.audit_events enable always trigger never_altered;
alter table billing_audit.audit_events enable always trigger never_removed;
alter table billing_audit.audit_events enable always trigger only_archived_removed;

-- Nothing is archived while it waits there (`billing_audit_archivable`), and nothing else leaves: asking that table again for each
-- event of a month would be a quarter of its removal.
alter table billing_audit.alert_queue drop constraint alert_queue_stream_seq_fkey;

-- An alert outlives its event.
alter table billing_audit.alerts drop constraint alerts_stream_seq_fkey;

-- A verdict on what is not here would be one on nothing, and a judgement one by whoever made the change, for all we know.
create function billing_audit.refuse_archived() returns trigger
language plpgsql
set search_path = ''
as $$
begin
    if exists (select from billing_audit.event_keys as k
        where k.event_key = new.event_key and billing_audit.archive_of(k.stream, k.seq) is not null)
    then
        raise exception using errcode = 'BA016', message = format('Event %s was archived: nobody can mark or judge it any more.', new.event_key),
            hint = 'Its archive holds it: "billing-audit search --event-key" names the file.';
    end if;
    return new;
end
$$;
create trigger not_archived before insert on billing_audit.feedback
    for each row execute function billing_audit.refuse_archived();
create trigger not_archived before insert on billing_audit.judgements
    for each row execute function billing_audit.refuse_archived();

-- Waits for verdicts that are being given, and has those that come wait until this transaction ends: what was counted as
-- open when an archive began is so when its events leave. As the owner of the tables: nobody else may lock them.
create function billing_audit.hold_back_verdicts() returns void
language plpgsql security definer
set search_path = ''
as $$
begin
    -- In the order in which a verdict writes them.
    lock table billing_audit.feedback, billing_audit.judgements in share row exclusive mode;
end
$$;

-- What would leave: chain by chain from what left before up to the first event that was recorded at or after the end.
create function billing_audit.archivable_spans(until timestamptz)
returns table (stream text, first_seq bigint, last_seq bigint)
language sql stable
set search_path = ''
as $$
    select * from (
        select s.stream, a.seq + 1 as first_seq,
            coalesce((select min(e.seq) - 1 from billing_audit.audit_events as e
                where e.stream = s.stream and e.seq > a.seq and e.recorded_at >= until), s.seq) as last_seq
        from billing_audit.streams as s
        cross join lateral (
            select coalesce(max(p.last_seq), 0) as seq from billing_audit.archived_spans as p where p.stream = s.stream) as a
        where s.stream <> 'keeping' and s.seq > a.seq
    ) as c
    where c.last_seq >= c.first_seq
$$;

-- The text that binds an archive's act in the trail to its spans.
create function billing_audit.spans_text(spans jsonb) returns text
language sql stable
set search_path = ''
as $$
    select string_agg(format('%s %s-%s %s', g.one ->> 'stream', g.one ->> 'first_seq', g.one ->> 'last_seq', g.one ->> 'last_hash'),
        E'\n' order by (g.one ->> 'stream') collate "C")
    from jsonb_array_elements(spans) as g (one)
$$;

-- p: month ('2026-01'). Refuses what cannot be archived. Gives {month, until, spans: [{stream, first_seq, last_seq, last_hash}],
-- events, erased (how many of them have no payload)}.
create function public.billing_audit_archivable(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    month_   timestamptz;
    until_   timestamptz;
    oldest   timestamptz;
    lost     record;
    held     billing_audit.legal_holds;
    waiting  text;
    answer   jsonb;
begin
    perform billing_audit.require(p, 'month');
    if p ->> 'month' !~ '^\d{4}-(0[1-9]|1[0-2])$' then
        raise exception using errcode = 'BA001', message = format('"%s" is no month.', p ->> 'month'), hint = 'Write it like 2026-01.';
    end if;
    month_ := ((p ->> 'month') || '-01T00:00:00Z')::timestamptz;
    until_ := (month_ at time zone 'UTC' + interval '1 month') at time zone 'UTC';
    if until_ > billing_audit.clock() then
        raise exception using errcode = 'BA015', message = format('The month %s is not over.', p ->> 'month'),
            hint = 'Months are those of recording, in UTC.';
    end if;
    select jsonb_build_object('month', p ->> 'month', 'until', billing_audit.instant(until_),
        'spans', coalesce(jsonb_agg(jsonb_build_object('stream', s.stream, 'first_seq', s.first_seq, 'last_seq', s.last_seq,
            'last_hash', encode(l.hash, 'hex')) order by s.stream collate "C"), '[]'),
        'events', coalesce(sum(s.last_seq - s.first_seq + 1), 0),
        'erased', (select count(*) from billing_audit.archivable_spans(until_) as c
            join billing_audit.erased_events as x on x.stream = c.stream and x.seq between c.first_seq and c.last_seq)),
        min(e.recorded_at)
    into answer, oldest
    from billing_audit.archivable_spans(until_) as s
    join billing_audit.audit_events as e on e.stream = s.stream and e.seq = s.first_seq
    left join billing_audit.tree_leaves as l on l.stream = s.stream and l.seq = s.last_seq;
    if oldest is null then
        raise exception using errcode = 'BA015', message = format('Nothing of %s or before is in the trail.', p ->> 'month'),
            hint = 'It is archived already, or nothing was recorded then.';
    elsif oldest < month_ then
        raise exception using errcode = 'BA015', message = format('The oldest event was recorded at %s, before %s.',
            billing_audit.instant(oldest), p ->> 'month'),
            hint = format('Months leave in their order: archive %s first.', to_char(oldest at time zone 'UTC', 'YYYY-MM'));
    end if;
    if exists (select from jsonb_array_elements(answer -> 'spans') as s (one) where s.one ->> 'last_hash' is null) then
        raise exception using errcode = 'BA015', message = format('Events of %s are not sealed yet.', p ->> 'month'),
            hint = 'The server seals within a minute; if it does not, look at the line "evidence" of "billing-audit doctor".';
    end if;
    -- An archive would hide it: no file can tell what was erased from what was taken away.
    select e.stream, e.seq into lost
    from billing_audit.archivable_spans(until_) as s
    join billing_audit.audit_events as e on e.stream = s.stream and e.seq between s.first_seq and s.last_seq
    left join billing_audit.event_payloads as d on d.stream = e.stream and d.seq = e.seq
    left join billing_audit.erased_events as x on x.stream = e.stream and x.seq = e.seq
    where d.stream is null and x.stream is null
    limit 1;
    if found then
        raise exception using errcode = 'BA015',
            message = format('The values of event %s of %s are gone, and no erasure took them.', lost.seq, lost.stream),
            hint = 'Run "billing-audit verify": the trail may have been altered. It names all such events.';
    end if;
    select 'alerts wait to be decided' into waiting
    from billing_audit.archivable_spans(until_) as s
    join billing_audit.alert_queue as q on q.stream = s.stream and q.seq between s.first_seq and s.last_seq limit 1;
    if waiting is null then
        select 'rows wait to be written to the audit sheet' into waiting
        from billing_audit.archivable_spans(until_) as s
        join billing_audit.audit_sheet_rows as w on w.state = 'waiting' and w.stream = s.stream
            and w.seq between s.first_seq and s.last_seq limit 1;
    end if;
    if waiting is null then
        select 'mails wait to be sent' into waiting
        from billing_audit.archivable_spans(until_) as s
        join billing_audit.alerts as a on a.stream = s.stream and a.seq between s.first_seq and s.last_seq
        join billing_audit.alert_mails as m on m.id = a.mail_id and m.state in ('pending', 'sending') limit 1;
    end if;
    if waiting is not null then
        raise exception using errcode = 'BA015', message = format('For events of %s %s.', p ->> 'month', waiting),
            hint = 'Let the server run until that is done.';
    end if;
    select h.* into held
    from billing_audit.archivable_spans(until_) as s
    join billing_audit.audit_events as e on e.stream = s.stream and e.seq between s.first_seq and s.last_seq
    left join billing_audit.event_payloads as d on d.stream = e.stream and d.seq = e.seq
    cross join lateral billing_audit.holds_on(d.person, e.sheet_id, e.changed_at) as h
    where exists (select from billing_audit.legal_holds)
    limit 1;
    if held.id is null then
        -- As for an erasure: what others did with the person who is held is held too.
        select h.* into held
        from (select distinct person from billing_audit.legal_holds where person is not null) as p
        cross join lateral billing_audit.payloads_of(p.person) as d
        join billing_audit.archivable_spans(until_) as s on s.stream = d.stream and d.seq between s.first_seq and s.last_seq
        join billing_audit.audit_events as e on e.stream = d.stream and e.seq = d.seq
        cross join lateral billing_audit.holds_on(p.person, e.sheet_id, e.changed_at) as h
        limit 1;
    end if;
    if held.id is not null then
        raise exception using errcode = 'BA013',
            message = format('Legal hold %s of %s forbids to archive this: %s', held.id, billing_audit.instant(held.set_at), held.reason),
            hint = 'Whoever set the hold can release it: "billing-audit hold release".';
    end if;
    return answer;
end
$$;

-- Takes out what an archive holds. As the owner of the tables: nobody else may delete from them. The spans were noted before,
-- without which the guard of the table says no, and the trail tells of it already: nothing leaves without its act.
create function billing_audit.remove_archived(archive bigint) returns bigint
language plpgsql security definer
set search_path = ''
as $$
declare
    removed bigint;
begin
    if not exists (select from billing_audit.event_keys where event_key = format('archive:%s', archive) and stream = 'keeping') then
        raise exception using errcode = 'BA010', message = 'Nothing was removed: the trail tells of no such archive.',
            hint = 'Events leave by billing_audit_archive alone.';
    end if;
    delete from billing_audit.event_payloads as d using billing_audit.archived_spans as s
    where s.archive_id = archive and d.stream = s.stream and d.seq between s.first_seq and s.last_seq;
    delete from billing_audit.audit_events as e using billing_audit.archived_spans as s
    where s.archive_id = archive and e.stream = s.stream and e.seq between s.first_seq and s.last_seq;
    get diagnostics removed = row_count;
    return removed;
end
$$;

-- Its drivers give it longer than other calls (lib/store/call-limits.ts); PostgREST takes the limit from here.
-- p: month, file, sha256 (of the file), spans, erased (as `billing_audit_archivable` gave them), reason, by, role. Removes the
-- events of the month, if they are still what the file holds, and says so in the trail; all of it or nothing.
-- Gives {archive: as in `billing_audit_archives`}.
create function public.billing_audit_archive(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    by_    text := billing_audit.keeper(p);
    found_ jsonb;
    open_  billing_audit.open_counts[];
    made   billing_audit.archives;
begin
    perform billing_audit.require(p, 'month', 'file', 'sha256', 'spans', 'erased');
    -- Nobody holds, erases or archives meanwhile.
    perform pg_advisory_xact_lock(hashtextextended('billing_audit:holds', 0));
    perform billing_audit.hold_back_verdicts();
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
    open_ := array(select c from billing_audit.open_counts_of(made.id) as c);
    perform billing_audit.note_keeping('events_archived', format('archive:%s', made.id), by_,
        format('The %s events recorded in %s left the database, into %s: %s', made.events, p ->> 'month', made.file, made.reason),
        jsonb_build_object('archive', made.id::text, 'month', p ->> 'month', 'file', made.file, 'sha256', made.sha256,
            'events', made.events::text,
            'spans', encode(sha256(convert_to(billing_audit.spans_text(found_ -> 'spans'), 'UTF8')), 'hex')));
    if made.events <> (found_ ->> 'events')::bigint or billing_audit.remove_archived(made.id) <> made.events then
        raise exception using errcode = 'BA015', message = 'Not all events of the month are there.',
            hint = 'Run "billing-audit verify": the trail may have been altered.';
    end if;
    -- Last of all: whoever records what needs a look waits for these rows, and a removal takes its time.
    perform billing_audit.forget_open_counts(open_);
    return jsonb_build_object('archive', billing_audit.archive_json(made));
end
$$;

alter function public.billing_audit_archive(jsonb) set statement_timeout = '30min';
alter function public.billing_audit_archivable(jsonb) set statement_timeout = '30min';

-- What of an archive's events nobody has looked at, as it is counted.
create function billing_audit.open_counts_of(archive bigint) returns setof billing_audit.open_counts
language sql stable
set search_path = ''
as $$
    select coalesce(billing_audit.look_hundredth(e.violation_type, e.severity, e.risk_score), 0),
        e.violation_type not in ('NONE', 'APPROVED_CORRECTION'), e.currency,
        case m.mark when 'looking' then m.by_name else '' end, count(*), count(e.delta),
        coalesce(sum(abs(e.delta) * greatest(coalesce(e.risk_score, 0), 0.05)), 0)
    from billing_audit.archived_spans as s
    join billing_audit.audit_events as e on e.stream = s.stream and e.seq between s.first_seq and s.last_seq
    left join billing_audit.last_marks as m on m.event_key = e.event_key
    where s.archive_id = archive and billing_audit.is_concern(e.violation_type, e.severity, e.risk_score)
        and (m.mark is null or m.mark = 'looking')
    group by 1, 2, 3, 4
$$;

-- What nobody looked at before it left is not counted as open any more.
create function billing_audit.forget_open_counts(counts billing_audit.open_counts[]) returns void
language sql
set search_path = ''
as $$
    insert into billing_audit.open_counts as o (hundredth, is_violation, currency, looker, events, priced, money)
    select c.hundredth, c.is_violation, c.currency, c.looker, -c.events, -c.priced, -c.money
    from unnest(counts) as c order by 1, 2, 3, 4
    on conflict (hundredth, is_violation, currency, looker) do update set
        events = o.events + excluded.events, priced = o.priced + excluded.priced, money = o.money + excluded.money
$$;

create function billing_audit.archive_json(a billing_audit.archives) returns jsonb
language sql stable
set search_path = ''
as $$
    select jsonb_build_object('id', a.id::text, 'month', to_char(a.month, 'YYYY-MM'), 'file', a.file, 'sha256', a.sha256,
        'events', a.events, 'first_changed_at', billing_audit.instant(a.first_changed_at),
        'last_changed_at', billing_audit.instant(a.last_changed_at), 'reason', a.reason, 'archived_by', a.archived_by,
        'archived_at', billing_audit.instant(a.archived_at))
$$;

-- p: {}. Gives {archives: [..., each with its spans: [{stream, first_seq, last_seq, last_hash}] and erased: {erasure: events}]},
-- in the order in which they left, for whoever checks; nothing is judged here.
create function public.billing_audit_archives(p jsonb) returns jsonb
language sql stable security definer
set search_path = ''
as $$
    select jsonb_build_object('archives', coalesce(jsonb_agg(billing_audit.archive_json(a) || jsonb_build_object(
        'spans', (select coalesce(jsonb_agg(jsonb_build_object('stream', s.stream, 'first_seq', s.first_seq, 'last_seq', s.last_seq,
                'last_hash', encode(s.last_hash, 'hex')) order by s.stream collate "C"), '[]')
            from billing_audit.archived_spans as s where s.archive_id = a.id),
        'erased', (select coalesce(jsonb_object_agg(x.erasure_id, x.events), '{}') from (
            select x.erasure_id, count(*) as events
            from billing_audit.archived_spans as s
            join billing_audit.erased_events as x on x.stream = s.stream and x.seq between s.first_seq and s.last_seq
            where s.archive_id = a.id group by x.erasure_id) as x)) order by a.id), '[]'))
    from billing_audit.archives as a
$$;

-- The archives in which a query may find more: by the key of the event, else by when it was changed and stored.
create function billing_audit.archives_for(p jsonb) returns jsonb
language sql stable
set search_path = ''
as $$
    select coalesce(jsonb_agg(billing_audit.archive_json(a) order by a.id), '[]')
    from billing_audit.archives as a
    where case when p ->> 'event_key' is not null
        then a.id = (select billing_audit.archive_of(k.stream, k.seq) from billing_audit.event_keys as k where k.event_key = p ->> 'event_key')
        else (p ->> 'from' is null or a.last_changed_at >= (p ->> 'from')::timestamptz)
            and (p ->> 'to' is null or a.first_changed_at < (p ->> 'to')::timestamptz)
            and (p ->> 'recorded_from' is null or a.month + interval '1 month' > (p ->> 'recorded_from')::timestamptz at time zone 'UTC')
            and (p ->> 'recorded_to' is null or a.month < (p ->> 'recorded_to')::timestamptz at time zone 'UTC')
            and (p ->> 'sheet_id' is null or exists (select from billing_audit.archived_spans as s
                where s.archive_id = a.id and (s.stream = 'sheet:' || (p ->> 'sheet_id') or s.stream not like 'sheet:%')))
        end
$$;

call billing_audit.keep_private('billing_audit.archive_of(text, bigint)');
call billing_audit.keep_private('billing_audit.refuse_unless_archived()');
call billing_audit.keep_private('billing_audit.refuse_archived()');
call billing_audit.keep_private('billing_audit.hold_back_verdicts()');
call billing_audit.keep_private('billing_audit.archivable_spans(timestamptz)');
call billing_audit.keep_private('billing_audit.spans_text(jsonb)');
call billing_audit.keep_private('billing_audit.remove_archived(bigint)');
call billing_audit.keep_private('billing_audit.open_counts_of(bigint)');
call billing_audit.keep_private('billing_audit.forget_open_counts(billing_audit.open_counts[])');
call billing_audit.keep_private('billing_audit.archive_json(billing_audit.archives)');
call billing_audit.keep_private('billing_audit.archives_for(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_archivable(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_archive(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_archives(jsonb)');
