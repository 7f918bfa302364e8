-- Coverage: for each sheet and day one entry in the trail that says how it was watched. Nobody can tell from "no changes"
-- alone whether nothing happened or nobody looked.
--
-- While it runs, a Runtime says every minute which sheets it is asked to watch, and how it does. That makes spans; what
-- lies between spans is a gap. A crash or a power cut needs no farewell: the span simply ends with the last minute told.

create table billing_audit.watched_sheets (
    sheet_id     text        primary key check (sheet_id ~ '^\d{1,20}$'),
    since        timestamptz not null,
    wanted_at    timestamptz not null check (wanted_at >= since),
    left_at      timestamptz,
    owed_from    date        not null
);
comment on table billing_audit.watched_sheets is 'Sheets that a node has asked to watch, and from which day on their coverage is still to be recorded.';
comment on column billing_audit.watched_sheets.wanted_at is 'When a Runtime last said that a node asks for the sheet, whether it could be watched or not.';
comment on column billing_audit.watched_sheets.left_at is 'Nobody asks for it any more, since then. Null while it is asked for, and while nothing runs that could say so.';
comment on column billing_audit.watched_sheets.owed_from is 'The first business day without an entry in the trail.';

create table billing_audit.watch_spans (
    id               bigint      generated always as identity primary key,
    sheet_id         text        not null references billing_audit.watched_sheets,
    day              date        not null,
    how              text        not null check (how in ('webhook', 'polling')),
    began_at         timestamptz not null,
    seen_at          timestamptz not null check (seen_at >= began_at),
    compares         integer     not null default 0 check (compares >= 0),
    first_version    bigint,
    last_version     bigint
);
comment on table billing_audit.watch_spans is 'When a sheet was watched without a break, and how. Dropped 40 days after its day was recorded.';
comment on column billing_audit.watch_spans.day is 'Business day; a span ends at midnight, business time.';
comment on column billing_audit.watch_spans.compares is 'How often the sheet''s version was compared with the last known one.';
create index audit_events_coverage on billing_audit.audit_events (sheet_id) where kind = 'coverage';
create index watch_spans_of_day on billing_audit.watch_spans (sheet_id, day, began_at);

-- Two signs of life further apart than this have a gap between them; a Runtime gives one a minute.
create function billing_audit.longest_silence() returns interval
language sql immutable
return interval '3 minutes';

-- Goes on with the span of a sheet, or begins another: after a silence, on another day, or when it is watched otherwise.
create function billing_audit.extend_span(
    sheet text, how_ text, at timestamptz, day_ date, day_start timestamptz, compares_ integer, version_ bigint
) returns void
language plpgsql
set search_path = ''
as $$
declare
    last      billing_audit.watch_spans;
    begins    timestamptz := at;
begin
    select * into last from billing_audit.watch_spans where sheet_id = sheet order by id desc limit 1;
    if last.id is not null and last.seen_at >= at - billing_audit.longest_silence() then
        if last.day = day_ and last.how = how_ then
            update billing_audit.watch_spans
            set seen_at = greatest(seen_at, at), compares = compares + compares_,
                first_version = coalesce(first_version, version_), last_version = coalesce(version_, last_version)
            where id = last.id;
            return;
        end if;
        -- No moment is lost between the two.
        begins := case when last.day = day_ then at else greatest(last.seen_at, day_start) end;
        update billing_audit.watch_spans set seen_at = greatest(seen_at, begins) where id = last.id;
    end if;
    insert into billing_audit.watch_spans (sheet_id, day, how, began_at, seen_at, compares, first_version, last_version)
    values (sheet, day_, how_, begins, greatest(begins, at), compares_, version_, version_);
end
$$;

-- p: at, time_zone, running_since, sheets: [{sheet_id, how (webhook, polling, or null: it cannot be watched now),
-- compares (since the last call), version (the newest seen, or null)}]. A sheet that is not in the list for ten minutes,
-- while something runs, is not asked for any more. Gives {}.
create function public.billing_audit_watch_seen(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    now_       timestamptz := (p ->> 'at')::timestamptz;
    day_       date := (now_ at time zone (p ->> 'time_zone'))::date;
    day_start  timestamptz := day_::timestamp at time zone (p ->> 'time_zone');
    patience   interval := interval '10 minutes';
    seen       record;
begin
    perform billing_audit.require(p, 'at', 'time_zone', 'running_since', 'sheets');
    for seen in
        select * from jsonb_to_recordset(p -> 'sheets')
            as s (sheet_id text, how text, compares integer, version bigint) order by sheet_id
    loop
        insert into billing_audit.watched_sheets as w (sheet_id, since, wanted_at, owed_from)
        values (seen.sheet_id, now_, now_, day_)
        on conflict (sheet_id) do update set
            since = case when w.left_at is null then w.since else greatest(now_, w.since) end,
            owed_from = case when w.left_at is null then w.owed_from else greatest(w.owed_from, day_) end,
            wanted_at = greatest(w.wanted_at, now_),
            left_at = null;
        if seen.how is not null then
            perform billing_audit.extend_span(
                seen.sheet_id, seen.how, now_, day_, day_start, coalesce(seen.compares, 0), seen.version);
        end if;
    end loop;
    update billing_audit.watched_sheets
    set left_at = wanted_at
    where left_at is null and wanted_at < now_ - patience and (p ->> 'running_since')::timestamptz < now_ - patience;
    return '{}';
end
$$;

-- How a sheet was watched on a day, in facts: the part of the day for which somebody asked for it, and what is missing.
create function billing_audit.coverage_facts(w billing_audit.watched_sheets, day_ date, time_zone text) returns jsonb
language sql stable
set search_path = ''
as $$
    with owed as (
        select greatest(day_::timestamp at time zone time_zone, w.since) as from_at,
            least((day_ + 1)::timestamp at time zone time_zone, w.left_at) as to_at,
            day_::timestamp at time zone time_zone as day_start,
            (day_ + 1)::timestamp at time zone time_zone as day_end
    ), spans as materialized (
        select * from billing_audit.watch_spans where sheet_id = w.sheet_id and day = day_
    ), marks as (
        select began_at, seen_at from spans
        union all select from_at, from_at from owed
        union all select to_at, to_at from owed
    ), silences as (
        select max(seen_at) over (order by began_at, seen_at rows between unbounded preceding and 1 preceding) as from_at,
            began_at as to_at
        from marks
    ), gaps as (
        select from_at, to_at from silences where to_at - from_at > billing_audit.longest_silence()
    )
    select jsonb_build_object(
        'watched_from', (select billing_audit.instant(min(began_at)) from spans),
        'watched_to', (select billing_audit.instant(max(seen_at)) from spans),
        'how', (select string_agg(distinct how, ' and ' order by how desc) from spans),
        'gaps', (select coalesce(jsonb_agg(jsonb_build_object(
            'from', billing_audit.instant(from_at), 'to', billing_audit.instant(to_at)) order by from_at), '[]') from gaps),
        'gap_minutes', (select coalesce(round(sum(extract(epoch from to_at - from_at)) / 60), 0) from gaps),
        'compares', (select coalesce(sum(compares), 0) from spans),
        'version_from', (select first_version from spans where first_version is not null order by id limit 1),
        'version_to', (select last_version from spans where last_version is not null order by id desc limit 1),
        'rows', (select count(*) from billing_audit.sheet_rows where sheet_id = w.sheet_id and removed_as is null),
        'changes', (select count(*) from billing_audit.audit_events as e, owed
            where e.sheet_id = w.sheet_id and e.recorded_at >= owed.day_start and e.recorded_at < owed.day_end
                and e.kind not in ('coverage', 'sheet_checked', 'watch_gap')),
        'ends_at', (select billing_audit.instant(to_at) from owed))
$$;

-- The same in a sentence.
create function billing_audit.coverage_sentence(facts jsonb) returns text
language sql immutable
set search_path = ''
as $$
    select case
            when facts ->> 'how' is null then 'Not watched'
            when jsonb_array_length(facts -> 'gaps') = 0 then format('Watched by %s without a gap', facts ->> 'how')
            else format('Watched by %s, with %s min in %s missing', facts ->> 'how', facts ->> 'gap_minutes',
                case jsonb_array_length(facts -> 'gaps') when 1 then 'one gap' else jsonb_array_length(facts -> 'gaps') || ' gaps' end)
        end || format(': compared %s times, %s, %s rows, %s changes recorded.', facts ->> 'compares',
            case when facts ->> 'version_to' is null then 'no version seen'
                else format('version %s to %s', facts ->> 'version_from', facts ->> 'version_to') end,
            facts ->> 'rows', facts ->> 'changes')
$$;

create function billing_audit.coverage_event(w billing_audit.watched_sheets, day_ date, time_zone text) returns jsonb
language sql stable
set search_path = ''
as $$
    select jsonb_build_object(
        'event_key', format('sheet:%s:coverage:%s', w.sheet_id, day_), 'kind', 'coverage', 'sheet_id', w.sheet_id,
        'sheet_name', coalesce((select name from billing_audit.sheets where sheet_id = w.sheet_id), ''),
        'violation_type', 'NONE', 'severity', 'LOW', 'changed_at', facts ->> 'ends_at', 'changed_by_kind', 'system',
        'audit_run_id', format('coverage:%s', day_), 'currency', 'USD', 'intermediate_unknown', false,
        'issue_description', billing_audit.coverage_sentence(facts),
        'suggested_fix', case when jsonb_array_length(facts -> 'gaps') = 0 then 'Nothing to do.'
            else 'What changed in a gap was found by the next compare; values in between may be unknown. See the log for why.' end,
        -- As cell texts are: a flat list of words.
        'values', (select jsonb_object_agg(f.key, f.value #>> '{}') from jsonb_each(facts - 'ends_at' - 'gaps') as f)
            || jsonb_build_object('gaps', (
                select string_agg(format('%s to %s', g ->> 'from', g ->> 'to'), '; ')
                from jsonb_array_elements(facts -> 'gaps') as g)) || jsonb_build_object('day', day_, 'time_zone', time_zone))
    from billing_audit.coverage_facts(w, day_, time_zone) as facts
$$;

-- p: at, time_zone, limit (entries in this call, 200 at most). Appends one entry for each sheet and day that is over and
-- has none: after downtime for each day of it. Repeating it appends nothing. Gives {recorded, more}.
create function public.billing_audit_record_coverage(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    zone      text := p ->> 'time_zone';
    today     date;
    limit_    integer := least(greatest(coalesce((p ->> 'limit')::integer, 200), 1), 200);
    events_   jsonb;
    due       bigint;
begin
    perform billing_audit.require(p, 'at', 'time_zone');
    today := ((p ->> 'at')::timestamptz at time zone zone)::date;
    -- One at a time; whoever comes second finds nothing owed.
    perform from billing_audit.watched_sheets order by sheet_id for update;
    with owed as materialized (
        select w, d.day::date as day
        from billing_audit.watched_sheets as w
        cross join lateral generate_series(
            w.owed_from::timestamp,
            least(today - 1, (w.left_at at time zone zone)::date)::timestamp, interval '1 day') as d (day)
    ), taken as materialized (
        select * from owed order by day, (w).sheet_id limit limit_
    ), paid as (
        update billing_audit.watched_sheets as s set owed_from = t.last_day + 1
        from (select (w).sheet_id, max(day) as last_day from taken group by (w).sheet_id) as t
        where s.sheet_id = t.sheet_id
    ), dropped as (
        delete from billing_audit.watch_spans where day < today - 40
            and day < (select min(owed_from) from billing_audit.watched_sheets)
    )
    select (select count(*) from owed),
        jsonb_agg(billing_audit.coverage_event(t.w, t.day, zone) order by t.day, (t.w).sheet_id)
    into due, events_ from taken as t;
    if events_ is not null then
        perform public.billing_audit_append(jsonb_build_object('events', events_));
    end if;
    return jsonb_build_object('recorded', coalesce(jsonb_array_length(events_), 0), 'more', due > limit_);
end
$$;

call billing_audit.protect_table('billing_audit.watched_sheets');
call billing_audit.protect_table('billing_audit.watch_spans');
grant select, insert, update on billing_audit.watched_sheets to billing_audit_owner;
grant select, insert, update, delete on billing_audit.watch_spans to billing_audit_owner;
call billing_audit.keep_private('billing_audit.longest_silence()');
call billing_audit.keep_private('billing_audit.extend_span(text, text, timestamptz, date, timestamptz, integer, bigint)');
call billing_audit.keep_private('billing_audit.coverage_facts(billing_audit.watched_sheets, date, text)');
call billing_audit.keep_private('billing_audit.coverage_sentence(jsonb)');
call billing_audit.keep_private('billing_audit.coverage_event(billing_audit.watched_sheets, date, text)');
call billing_audit.offer_to_service('public.billing_audit_watch_seen(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_record_coverage(jsonb)');
