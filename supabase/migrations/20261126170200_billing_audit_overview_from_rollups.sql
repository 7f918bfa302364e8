-- The overview reads the rollups. What lies at the edges of a time, in a part of an hour, is still counted in the trail,
-- so that every number is as exact as before.

-- Thresholds count in hundredths; cut off, so that a finer one shows more rather than less.
create or replace function billing_audit.risk_from(p jsonb) returns numeric
language sql immutable
set search_path = ''
as $$
    select greatest(floor(coalesce((p ->> 'risk_from')::numeric, 0.7) * 100) / 100, 0.4)
$$;

create or replace function billing_audit.open_concerns(risk_from numeric) returns jsonb
language sql stable
set search_path = ''
as $$
    with open as materialized (
        select *, hundredth >= floor(risk_from * 100) as needs_look from billing_audit.open_counts where events > 0
    ), money as (
        select currency, round(sum(money), 2) as amount, sum(priced) as changes
        from open where needs_look or is_violation group by currency having sum(priced) > 0
    ), lookers as (
        select looker, sum(events) as events from open where looker <> '' group by looker
    )
    select jsonb_build_object(
        'look_at', (select coalesce(sum(events), 0) from open where needs_look and looker = ''),
        'looking', (select coalesce(sum(events), 0) from lookers),
        'looking_by', (select coalesce(jsonb_agg(jsonb_build_object('name', looker, 'events', events)
            order by events desc, looker), '[]') from lookers),
        'money_at_risk', (select coalesce(jsonb_agg(jsonb_build_object('currency', currency, 'amount', amount::text,
            'changes', changes) order by amount desc), '[]') from money))
$$;

-- Events in the trail that are changes.
create function billing_audit.events_recorded() returns bigint
language sql stable
set search_path = ''
as $$
    select coalesce(sum(seq - apart), 0)::bigint from billing_audit.streams
$$;

-- What was stored since a moment: how much, and how much of it of a risk from the threshold on.
create function billing_audit.stored_since(began timestamptz, risk_from numeric, out events bigint, out high_risk bigint)
language sql stable
set search_path = ''
as $$
    with whole as (
        select changes, key from billing_audit.rollups
        where dimension = 'stored' and span = 'hour' and start >= billing_audit.hour_of(began + interval '59 minutes 59.999 seconds')
        union all
        select 1, case when risk_score >= 0.4 then floor(risk_score * 100)::integer::text else '' end
        from billing_audit.audit_events
        where recorded_at >= began and recorded_at < billing_audit.hour_of(began + interval '59 minutes 59.999 seconds')
            and billing_audit.is_change(kind)
    )
    select coalesce(sum(changes), 0)::bigint,
        coalesce(sum(changes) filter (where nullif(key, '')::integer >= floor(risk_from * 100)), 0)::bigint
    from whole
$$;

-- Of a dimension, by key: what the rollups hold of whole hours. Days are read in the middle, hours at both ends.
create function billing_audit.rolled_up(dimension_ text, from_hour timestamptz, to_hour timestamptz)
returns table (key text, changes bigint)
language sql stable
set search_path = ''
as $$
    with days as (
        select billing_audit.day_of(from_hour + interval '23 hours') as first, billing_audit.day_of(to_hour) as last
    ), parts as (
        select case when first < last then first else to_hour end as first, case when first < last then last else to_hour end as last
        from days
    )
    select r.key, sum(r.changes)::bigint
    from (
        select h.key, h.changes from billing_audit.rollups as h
        where h.dimension = dimension_ and h.span = 'hour' and h.start >= from_hour and h.start < (select first from parts)
        union all
        select d.key, d.changes from billing_audit.rollups as d
        where d.dimension = dimension_ and d.span = 'day'
            and d.start >= (select first from parts) and d.start < (select last from parts)
        union all
        select h.key, h.changes from billing_audit.rollups as h
        where h.dimension = dimension_ and h.span = 'hour' and h.start >= (select last from parts) and h.start < to_hour
    ) as r
    group by r.key
$$;

-- The whole hours of a time. An hour at either end counts as whole when nothing of it lies outside the time, so that a busy
-- hour that is not over yet is not counted event by event. Without a whole hour both are `until`.
create function billing_audit.whole_hours(since timestamptz, until timestamptz, out from_hour timestamptz, out to_hour timestamptz)
language sql stable
set search_path = ''
as $$
    select case when first < last then first else until end, case when first < last then last else until end
    from (
        select
            case when exists (
                select from billing_audit.audit_events where billing_audit.is_change(kind)
                    and changed_at >= billing_audit.hour_of(since) and changed_at < since)
                then billing_audit.hour_of(since) + interval '1 hour' else billing_audit.hour_of(since) end as first,
            case when exists (
                select from billing_audit.audit_events where billing_audit.is_change(kind)
                    and changed_at > until and changed_at < billing_audit.hour_of(until) + interval '1 hour')
                then billing_audit.hour_of(until) else billing_audit.hour_of(until) + interval '1 hour' end as last
    ) as h
$$;

create or replace function billing_audit.overview_charts(until timestamptz, days integer, time_zone text) returns jsonb
language sql stable
set search_path = ''
as $$
    with frame as materialized (
        select f.*, h.from_hour, h.to_hour,
            -- Where clocks differ from UTC by half an hour, the hours of rollups are no hours of the chart.
            date_part('minute', until at time zone time_zone) = date_part('minute', until at time zone 'UTC')
                and date_part('minute', f.first_place at time zone time_zone at time zone 'UTC') = 0 as is_whole
        from (
            select unit, step, date_trunc(unit, until at time zone time_zone) as last_place,
                date_trunc(unit, until at time zone time_zone)
                    - step * (case unit when 'hour' then days * 24 else days end - 1) as first_place
            from (select case when days <= 7 then 'hour' else 'day' end as unit,
                case when days <= 7 then interval '1 hour' else interval '1 day' end as step) as u
        ) as f
        cross join lateral billing_audit.whole_hours(f.first_place at time zone time_zone, until) as h
    ), edges as materialized (
        select e.changed_at, e.severity, e.risk_score, e.sheet_id
        from frame as f
        cross join lateral (
            select * from billing_audit.audit_events as a where billing_audit.is_change(a.kind)
                and a.changed_at >= f.first_place at time zone time_zone and a.changed_at < f.from_hour
            union all
            select * from billing_audit.audit_events as a where billing_audit.is_change(a.kind)
                and a.changed_at >= f.to_hour and a.changed_at <= until) as e
    ), places as materialized (
        select date_trunc(f.unit, c.at at time zone time_zone) as place, c.severity, sum(c.changes) as changes
        from frame as f, (
            select r.start as at, r.key as severity, r.changes from billing_audit.rollups as r
            where r.dimension = 'severity' and r.span = 'hour' and (select is_whole from frame)
                and r.start >= (select from_hour from frame) and r.start < (select to_hour from frame)
            union all
            select changed_at, severity, 1 from edges where (select is_whole from frame)
            union all
            select a.changed_at, a.severity, 1 from billing_audit.audit_events as a
            where not (select is_whole from frame) and billing_audit.is_change(a.kind)
                and a.changed_at >= (select first_place from frame) at time zone time_zone and a.changed_at <= until) as c
        group by 1, 2
    ), tenths as (
        select key, sum(changes) as changes from (
            select r.key, r.changes from frame as f, billing_audit.rolled_up('risk', f.from_hour, f.to_hour) as r
            union all
            select coalesce(billing_audit.tenth(risk_score)::text, ''), 1 from edges) as c
        group by key
    ), by_sheet as (
        select key, sum(changes) as changes from (
            select r.key, r.changes from frame as f, billing_audit.rolled_up('sheet', f.from_hour, f.to_hour) as r
            union all
            select sheet_id, 1 from edges) as c
        group by key
    ), timeline as (
        select p.place,
            coalesce(sum(c.changes) filter (where c.severity = 'LOW'), 0) as low,
            coalesce(sum(c.changes) filter (where c.severity = 'MEDIUM'), 0) as medium,
            coalesce(sum(c.changes) filter (where c.severity = 'HIGH'), 0) as high
        from frame as f
        cross join lateral generate_series(f.first_place, f.last_place, f.step) as p (place)
        left join places as c on c.place = p.place
        group by p.place
    )
    select jsonb_build_object(
        'unit', (select unit from frame),
        'timeline', (select jsonb_agg(jsonb_build_object(
            'at', to_char(place, case f.unit when 'hour' then 'FMDD Mon HH24:MI' else 'FMDD Mon' end),
            'low', low, 'medium', medium, 'high', high) order by place) from timeline, frame as f),
        'histogram', (select jsonb_agg(jsonb_build_object('tenth', b, 'changes', coalesce(c.changes, 0)) order by b)
            from generate_series(0, 9) as b left join tenths as c on c.key = b::text),
        'unscored', coalesce((select changes from tenths where key = ''), 0),
        'by_sheet', (select coalesce(jsonb_object_agg(key, changes), '{}') from by_sheet))
$$;

create or replace function billing_audit.overview_people(since timestamptz, until timestamptz, risk_from numeric) returns jsonb
language sql stable
set search_path = ''
as $$
    with hours as materialized (
        select h.*, d.first as from_day, d.last as to_day
        from billing_audit.whole_hours(since, until) as h
        cross join lateral (
            select billing_audit.day_of(h.from_hour + interval '23 hours') as first, billing_audit.day_of(h.to_hour) as last) as d
    ), active as materialized (
        select key as person, sum(changes) as changes from (
            select r.key, r.changes from hours as h, billing_audit.rolled_up('person', h.from_hour, h.to_hour) as r
            union all
            select coalesce(d.person, ''), 1 from hours as h
            cross join lateral (
                select stream, seq from billing_audit.audit_events
                where changed_at >= since and changed_at < h.from_hour and billing_audit.is_change(kind)
                union all
                select stream, seq from billing_audit.audit_events
                where changed_at >= h.to_hour and changed_at <= until and billing_audit.is_change(kind)) as e
            join billing_audit.event_payloads as d on d.stream = e.stream and d.seq = e.seq
        ) as c
        group by key order by sum(changes) desc, nullif(key, '') limit 20
    ), spans as (
        -- Days in the middle, hours at both ends; hours alone where there is no whole day.
        select 'day' as span, from_day as first, to_day as beyond from hours where from_day < to_day
        union all
        select 'hour', from_hour, case when from_day < to_day then from_day else to_hour end from hours
        union all
        select 'hour', to_day, to_hour from hours where from_day < to_day
    ), edges as materialized (
        select e.stream, e.seq, e.violation_type, e.severity, e.risk_score from hours as h
        cross join lateral (
            select * from billing_audit.audit_events as a
            where billing_audit.is_change(a.kind) and a.changed_at >= since and a.changed_at < h.from_hour
            union all
            select * from billing_audit.audit_events as a
            where billing_audit.is_change(a.kind) and a.changed_at >= h.to_hour and a.changed_at <= until) as e
    ), risky as (
        select person, sum(changes) as events from (
            select a.person, l.changes
            from active as a cross join spans as s
            cross join lateral (
                select sum(r.changes) as changes from billing_audit.look_rollups as r
                where r.span = s.span and r.person = a.person and r.start >= s.first and r.start < s.beyond
                    and r.hundredth >= floor(risk_from * 100)) as l
            union all
            select coalesce(d.person, ''), 1
            from edges as e
            left join lateral (
                select person from billing_audit.event_payloads where stream = e.stream and seq = e.seq limit 1) as d on true
            where billing_audit.needs_look(e.violation_type, e.severity, e.risk_score, risk_from)
        ) as c
        group by person
    )
    select coalesce(jsonb_agg(jsonb_build_object('person', nullif(a.person, ''), 'changes', a.changes,
        'needs_look', coalesce(r.events, 0)) order by a.changes desc, nullif(a.person, '')), '[]')
    from active as a left join risky as r on r.person = a.person
$$;

create or replace function billing_audit.overview_sheets(by_sheet jsonb) returns jsonb
language sql stable
set search_path = ''
as $$
    select coalesce(jsonb_agg(jsonb_build_object(
        'sheet_id', s.sheet_id, 'name', s.name, 'changes', coalesce((by_sheet ->> s.sheet_id)::bigint, 0),
        'watched_by', case when w.enabled then 'webhook' else 'polling' end,
        'compared_at', billing_audit.instant(s.compared_at),
        'last_change_at', (select billing_audit.instant(t.last_changed_at) from billing_audit.streams as t
            where t.stream = 'sheet:' || s.sheet_id)) order by s.name, s.sheet_id), '[]')
    from (select * from billing_audit.sheets order by name, sheet_id limit 500) as s
    left join lateral (
        select bool_or(status = 'ENABLED') as enabled from billing_audit.webhooks where sheet_id = s.sheet_id) as w on true
$$;

-- As before (20261126130000): of changes alone.
create or replace function billing_audit.median_seconds_to_alert() returns numeric
language sql stable
set search_path = ''
as $$
    with told as (
        select a.stream, a.seq, min(a.raised_at) as raised_at, max(a.id) as id
        from (select * from billing_audit.alerts where stream is not null order by id desc limit 2000) as a
        group by a.stream, a.seq order by max(a.id) desc limit 500
    )
    select round((percentile_cont(0.5) within group (
        order by greatest(extract(epoch from t.raised_at - e.changed_at), 0)))::numeric, 1)
    from told as t
    join billing_audit.audit_events as e on e.stream = t.stream and e.seq = t.seq
    left join billing_audit.sheets as s on s.sheet_id = e.sheet_id
    where billing_audit.is_change(e.kind) and e.kind not in ('watch_gap', 'sheet_checked')
        and e.changed_at >= coalesce(s.known_since, '-infinity')
$$;

create or replace function billing_audit.overview_cards(now_ timestamptz, time_zone text, risk_from numeric) returns jsonb
language sql stable
set search_path = ''
as $$
    with today as (
        select date_trunc('day', now_ at time zone time_zone) at time zone time_zone as began
    ), stored_today as (
        select s.* from today, billing_audit.stored_since(today.began, risk_from) as s
    ), trouble as (
        select recorded_at from billing_audit.audit_events as e
        where billing_audit.is_concern(e.violation_type, e.severity, e.risk_score)
            and (billing_audit.needs_look(e.violation_type, e.severity, e.risk_score, risk_from)
                or e.violation_type in ('WATCH_GAP', 'CONFIGURATION_WEAKENED'))
        order by position desc limit 1
    )
    select billing_audit.open_concerns(risk_from) || jsonb_build_object(
        'events', billing_audit.events_recorded(),
        'events_today', t.events,
        'high_risk_today', t.high_risk,
        'changes_waiting', (select count(*) from billing_audit.changes where state in ('waiting', 'leased')),
        'changes_provisional', (select count(*) from billing_audit.unexplained_rows),
        'dead_letters', (select count(*) from billing_audit.changes where attempts >= 8 and state in ('waiting', 'leased'))
            + (select count(*) from billing_audit.webhook_events where state = 'dead'),
        'last_problem_at', (select billing_audit.instant(recorded_at) from trouble),
        'watching_since', (select billing_audit.instant(min(known_since)) from billing_audit.sheets),
        'median_seconds_to_alert', billing_audit.median_seconds_to_alert(),
        'median_seconds_from_arrival', billing_audit.median_seconds_from_arrival(),
        'last_event_at', (select billing_audit.instant(max(recorded_at)) from billing_audit.audit_events
            where billing_audit.is_change(kind)),
        -- No backups are made by this version of the store.
        'last_backup_at', null)
    from stored_today as t
$$;

-- p: risk_from, order (newest stored, or money_at_risk), limit (1..100), after (the page before). Gives {events, next}:
-- what needs a look and has no verdict, each with its `mark` (null, or that somebody is looking). Looked at in portions: how
-- much of it has a verdict already cannot be known beforehand, and the planner would read all of it to be sure.
create or replace function public.billing_audit_needs_look(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    by_money  boolean := coalesce(p ->> 'order', 'newest') = 'money_at_risk';
    sort_key  text := case when by_money then 'coalesce(abs(e.delta) * greatest(e.risk_score, 0.05), -1)' else 'e.position' end;
    page_size integer := least(greatest(coalesce((p ->> 'limit')::integer, 20), 1), 100);
    after_    numeric[] := null;
    page      jsonb := '[]';
    part      jsonb;
    found_    bigint;
    looked_at bigint;
    last_     text;
    given_    text;
    next_     text;
begin
    if coalesce(p ->> 'order', 'newest') not in ('newest', 'money_at_risk') then
        raise exception using errcode = 'BA001', message = format('"%s" is not an order.', p ->> 'order'),
            hint = 'Use newest or money_at_risk.';
    elsif p ->> 'after' ~ '^-?\d+(\.\d+)?:\d+$' then
        after_ := string_to_array(p ->> 'after', ':')::numeric[];
    elsif p ->> 'after' is not null then
        raise exception using errcode = 'BA001', message = 'The page mark "after" cannot be read.',
            hint = 'Use the "next" of the page before, unchanged.';
    end if;
    loop
        execute format($query$
            with looked_at as materialized (
                select e as entry, %1$s as sort_key, e.position
                from billing_audit.audit_events as e
                where billing_audit.is_concern(e.violation_type, e.severity, e.risk_score)
                    and billing_audit.needs_look(e.violation_type, e.severity, e.risk_score, $1)
                    and ($2 is null or (%1$s, e.position) < (($2)[1], ($2)[2]::bigint))
                order by %1$s desc, e.position desc
                limit 500
            ), open as materialized (
                select l.*, (m.event_key, m.mark, m.reason, m.by_name, m.marked_at)::billing_audit.last_marks as mark,
                    row_number() over (order by l.sort_key desc, l.position desc) as n
                from looked_at as l
                left join lateral (
                    select f.event_key, f.mark, f.reason, f.by_name, f.marked_at
                    from billing_audit.feedback as f where f.event_key = (l.entry).event_key order by f.id desc limit 1) as m on true
                where m.mark is null or m.mark = 'looking'
                order by l.sort_key desc, l.position desc
                limit $3 + 1
            )
            select
                jsonb_agg(billing_audit.event_json(o.entry, d.payload)
                    || jsonb_build_object('mark', billing_audit.mark_json(o.mark)) order by o.n) filter (where o.n <= $3),
                count(*), (array_agg(o.sort_key || ':' || o.position order by o.n desc) filter (where o.n <= $3))[1],
                (select array[sort_key, position]::numeric[] from looked_at order by sort_key, position limit 1),
                (select count(*) from looked_at)
            from open as o
            left join lateral (
                select payload from billing_audit.event_payloads
                where stream = (o.entry).stream and seq = (o.entry).seq limit 1) as d on true $query$, sort_key)
        into part, found_, last_, after_, looked_at using billing_audit.risk_from(p), after_, page_size;
        page := page || coalesce(part, '[]');
        given_ := coalesce(last_, given_);
        if found_ > page_size then
            next_ := given_;
            exit;
        end if;
        exit when looked_at < 500;
        page_size := page_size - found_;
    end loop;
    return jsonb_build_object('events', page, 'next', next_);
end
$$;

-- p: {}. Gives the counts of lib/store/store.ts, StoreCounts.
create or replace function public.billing_audit_counts(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    with callbacks as (
        select count(*) as waiting, min(received_at) as oldest
        from billing_audit.webhook_events where state in ('waiting', 'leased')
    ), open_changes as (
        select
            count(*) filter (where state = 'waiting') as waiting,
            count(*) filter (where state = 'leased') as leased,
            count(*) filter (where attempts >= 8) as failing,
            min(found_at) as oldest
        from billing_audit.changes where state in ('waiting', 'leased')
    )
    select jsonb_build_object(
        'callbacks_waiting', k.waiting,
        'callbacks_dead', (select count(*) from billing_audit.webhook_events where state = 'dead'),
        'changes_waiting', c.waiting,
        'changes_leased', c.leased,
        'changes_provisional', (select count(*) from billing_audit.unexplained_rows),
        'changes_dead', c.failing,
        -- Days of coverage, who signed in and what people do here are in the trail, and nothing that happened to a sheet.
        'events', billing_audit.events_recorded(),
        'oldest_waiting_at', billing_audit.instant(least(k.oldest, c.oldest)))
    from callbacks as k, open_changes as c
$$;

call billing_audit.keep_private('billing_audit.events_recorded()');
call billing_audit.keep_private('billing_audit.stored_since(timestamptz, numeric)');
call billing_audit.keep_private('billing_audit.rolled_up(text, timestamptz, timestamptz)');
call billing_audit.keep_private('billing_audit.whole_hours(timestamptz, timestamptz)');

-- p: limit. Gives {events}, the last stored first, with what people did here; without the daily coverage and without who
-- signed in. Payloads are looked up one by one: how few they are is not known when the query is planned.
create or replace function public.billing_audit_recent(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    select jsonb_build_object('events', coalesce(jsonb_agg(
        billing_audit.event_json(r.entry, d.payload) order by (r.entry).position desc), '[]'))
    from (
        select e as entry from billing_audit.audit_events as e
        where e.kind not in ('coverage', 'access')
        order by e.position desc limit (p ->> 'limit')::integer
    ) as r
    left join lateral (
        select payload from billing_audit.event_payloads
        where stream = (r.entry).stream and seq = (r.entry).seq limit 1) as d on true
$$;

-- What is asked while somebody waits reads little by indexes, and the planner thinks it reads much: compiling such a query
-- takes a second, running it a few milliseconds.
alter function public.billing_audit_overview(jsonb) set jit = off;
alter function public.billing_audit_needs_look(jsonb) set jit = off;
alter function public.billing_audit_recent(jsonb) set jit = off;
alter function public.billing_audit_counts(jsonb) set jit = off;
alter function public.billing_audit_append(jsonb) set jit = off;

-- Charts read the rollups now; the parts of hours at their edges are found by audit_events_newest. Two indexes less to keep.
drop index billing_audit.audit_events_charted;
drop index billing_audit.event_payloads_active;

-- A server of the version before may have appended since the rollups were first made, and counted nothing; also a call of it
-- that was waiting for a head while `billing_audit_append` was replaced. They are made anew, while nobody can append: from
-- here on every append keeps them.
call billing_audit.rebuild_rollups();
