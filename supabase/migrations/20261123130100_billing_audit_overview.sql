-- The dashboard's overview: one call, one consistent look, aggregates only.

-- Changes whenever the page would: an event, a mark, a change that begins or ends to wait, a dead letter, a webhook's
-- status, a new minute. Cheap, so that it can be asked every second.
create function billing_audit.overview_version(now_ timestamptz) returns text
language sql stable
set search_path = ''
as $$
    select concat_ws(':',
        (select coalesce(sum(seq), 0) from billing_audit.streams),
        (select coalesce(max(id), 0) from billing_audit.feedback),
        (select count(*) from billing_audit.changes where state in ('waiting', 'leased')),
        (select count(*) from billing_audit.changes where attempts >= 8 and state in ('waiting', 'leased')),
        (select count(*) from billing_audit.webhook_events where state = 'dead'),
        (select count(*) from billing_audit.sheets),
        (select count(*) from billing_audit.webhooks where status = 'ENABLED'),
        to_char(now_ at time zone 'UTC', 'YYYYMMDDHH24MI'))
$$;

-- What is open, and what it may cost. Money has no meaning summed over currencies, so it is told for each.
create function billing_audit.open_concerns(risk_from numeric) returns jsonb
language sql stable
set search_path = ''
as $$
    with open as materialized (
        select e.delta, e.risk_score, e.currency, m.mark, m.by_name,
            billing_audit.needs_look(e.violation_type, e.severity, e.risk_score, risk_from) as needs_look,
            e.violation_type not in ('NONE', 'APPROVED_CORRECTION') as is_violation
        from billing_audit.audit_events as e
        left join billing_audit.last_marks as m on m.event_key = e.event_key
        where billing_audit.is_concern(e.violation_type, e.severity, e.risk_score)
            and (m.mark is null or m.mark = 'looking')
    ), money as (
        select currency, round(sum(abs(delta) * greatest(coalesce(risk_score, 0), 0.05)), 2) as amount, count(*) as changes
        from open where (needs_look or is_violation) and delta is not null group by currency
    ), lookers as (
        select by_name, count(*) as events from open where mark = 'looking' group by by_name
    )
    select jsonb_build_object(
        'look_at', (select count(*) from open where needs_look and mark is null),
        'looking', (select coalesce(sum(events), 0) from lookers),
        'looking_by', (select coalesce(jsonb_agg(jsonb_build_object('name', by_name, 'events', events)
            order by events desc, by_name), '[]') from lookers),
        'money_at_risk', (select coalesce(jsonb_agg(jsonb_build_object('currency', currency, 'amount', amount::text,
            'changes', changes) order by amount desc), '[]') from money))
$$;

create function billing_audit.overview_cards(now_ timestamptz, time_zone text, risk_from numeric) returns jsonb
language sql stable
set search_path = ''
as $$
    with today as (
        select date_trunc('day', now_ at time zone time_zone) at time zone time_zone as began
    ), stored_today as (
        select count(*) as events,
            count(*) filter (where coalesce(e.risk_score >= risk_from, false)) as high_risk
        from billing_audit.audit_events as e, today
        where e.recorded_at >= today.began and e.kind <> 'coverage'
    ), latest as (
        select recorded_at - changed_at as took, kind from billing_audit.audit_events
        where kind <> 'coverage' order by position desc limit 500
    ), trouble as (
        select recorded_at from billing_audit.audit_events as e
        where billing_audit.is_concern(e.violation_type, e.severity, e.risk_score)
            and (billing_audit.needs_look(e.violation_type, e.severity, e.risk_score, risk_from)
                or e.violation_type in ('WATCH_GAP', 'CONFIGURATION_WEAKENED'))
        order by position desc limit 1
    )
    select billing_audit.open_concerns(risk_from) || jsonb_build_object(
        'events', (select coalesce(sum(seq), 0) from billing_audit.streams)
            - (select count(*) from billing_audit.audit_events where kind = 'coverage'),
        'events_today', t.events,
        'high_risk_today', t.high_risk,
        'changes_waiting', (select count(*) from billing_audit.changes where state in ('waiting', 'leased')),
        'dead_letters', (select count(*) from billing_audit.changes where attempts >= 8 and state in ('waiting', 'leased'))
            + (select count(*) from billing_audit.webhook_events where state = 'dead'),
        'last_problem_at', (select billing_audit.instant(recorded_at) from trouble),
        'watching_since', (select billing_audit.instant(min(known_since)) from billing_audit.sheets),
        -- Of the 500 events stored last; what was found long after it happened (gaps, checks) says nothing about speed.
        'median_seconds_to_record', (
            select round((percentile_cont(0.5) within group (order by greatest(extract(epoch from took), 0)))::numeric, 1)
            from latest where kind not in ('watch_gap', 'sheet_checked')),
        'last_event_at', (select billing_audit.instant(max(recorded_at)) from billing_audit.audit_events
            where kind <> 'coverage'),
        -- No backups are made by this version of the store.
        'last_backup_at', null)
    from stored_today as t
$$;

-- The tenth that a risk lies in, 0..9; 1 lies in the last. Null stays null.
create function billing_audit.tenth(risk_score numeric) returns integer
language sql immutable
return case when risk_score = 1 then 9 else floor(risk_score * 10)::integer end;

-- Charts over `days` up to `until`: how many changes by time and severity, by tenth of risk, by sheet. One scan.
-- Hours up to 7 days, days above: never more than 168 places on the axis, 504 numbers.
create function billing_audit.overview_charts(until timestamptz, days integer, time_zone text) returns jsonb
language sql stable
set search_path = ''
as $$
    with frame as (
        select unit, step, date_trunc(unit, until at time zone time_zone) as last_place,
            date_trunc(unit, until at time zone time_zone) - step * (case unit when 'hour' then days * 24 else days end - 1)
                as first_place
        from (select case when days <= 7 then 'hour' else 'day' end as unit,
            case when days <= 7 then interval '1 hour' else interval '1 day' end as step) as u
    ), counted as materialized (
        select date_trunc(f.unit, e.changed_at at time zone time_zone) as place, e.severity,
            billing_audit.tenth(e.risk_score) as tenth, e.sheet_id, count(*) as changes,
            grouping(date_trunc(f.unit, e.changed_at at time zone time_zone), e.severity) = 0 as is_place,
            grouping(billing_audit.tenth(e.risk_score)) = 0 as is_tenth, grouping(e.sheet_id) = 0 as is_sheet
        from billing_audit.audit_events as e, frame as f
        where e.kind <> 'coverage' and e.changed_at >= f.first_place at time zone time_zone and e.changed_at <= until
        group by grouping sets (
            (date_trunc(f.unit, e.changed_at at time zone time_zone), e.severity),
            (billing_audit.tenth(e.risk_score)), (e.sheet_id))
    ), timeline as (
        select p.place,
            coalesce(sum(c.changes) filter (where c.severity = 'LOW'), 0) as low,
            coalesce(sum(c.changes) filter (where c.severity = 'MEDIUM'), 0) as medium,
            coalesce(sum(c.changes) filter (where c.severity = 'HIGH'), 0) as high
        from frame as f
        cross join lateral generate_series(f.first_place, f.last_place, f.step) as p (place)
        left join counted as c on c.is_place and c.place = p.place
        group by p.place
    )
    select jsonb_build_object(
        'unit', (select unit from frame),
        'timeline', (select jsonb_agg(jsonb_build_object(
            'at', to_char(place, case f.unit when 'hour' then 'FMDD Mon HH24:MI' else 'FMDD Mon' end),
            'low', low, 'medium', medium, 'high', high) order by place) from timeline, frame as f),
        'histogram', (select jsonb_agg(jsonb_build_object('tenth', b, 'changes', coalesce(c.changes, 0)) order by b)
            from generate_series(0, 9) as b left join counted as c on c.is_tenth and c.tenth = b),
        'unscored', coalesce((select changes from counted where is_tenth and tenth is null), 0),
        'by_sheet', (select coalesce(jsonb_object_agg(sheet_id, changes), '{}') from counted where is_sheet))
$$;

-- The twenty most active people of the time.
create function billing_audit.overview_people(since timestamptz, until timestamptz, risk_from numeric) returns jsonb
language sql stable
set search_path = ''
as $$
    with active as (
        select person, count(*) as changes from billing_audit.event_payloads
        where changed_at >= since and changed_at <= until and event_key not like 'sheet:%:coverage:%'
        group by person order by count(*) desc, person limit 20
    ), risky as (
        select d.person, count(*) as events
        from billing_audit.audit_events as e
        join billing_audit.event_payloads as d on d.stream = e.stream and d.seq = e.seq
        where billing_audit.is_concern(e.violation_type, e.severity, e.risk_score)
            and billing_audit.needs_look(e.violation_type, e.severity, e.risk_score, risk_from)
            and e.changed_at >= since and e.changed_at <= until
            and d.person in (select person from active)
        group by d.person
    )
    select coalesce(jsonb_agg(jsonb_build_object('person', a.person, 'changes', a.changes,
        'needs_look', coalesce(r.events, 0)) order by a.changes desc, a.person), '[]')
    from active as a left join risky as r on r.person = a.person
$$;

create function billing_audit.overview_sheets(by_sheet jsonb) returns jsonb
language sql stable
set search_path = ''
as $$
    select coalesce(jsonb_agg(jsonb_build_object(
        'sheet_id', s.sheet_id, 'name', s.name, 'changes', coalesce((by_sheet ->> s.sheet_id)::bigint, 0),
        'watched_by', case when w.enabled then 'webhook' else 'polling' end,
        'compared_at', billing_audit.instant(s.compared_at),
        'last_change_at', (select billing_audit.instant(max(e.changed_at)) from billing_audit.audit_events as e
            where e.sheet_id = s.sheet_id and e.kind <> 'coverage')) order by s.name, s.sheet_id), '[]')
    from (select * from billing_audit.sheets order by name, sheet_id limit 500) as s
    left join lateral (
        select bool_or(status = 'ENABLED') as enabled from billing_audit.webhooks where sheet_id = s.sheet_id) as w on true
$$;

-- p: now, days (1..400), time_zone, risk_from, known (the version that is shown already, or null).
-- Gives {version, unchanged: true} when the known version still stands, else {version, unchanged: false, as_of, days,
-- until, cards, unit, timeline, histogram, unscored, people, sheets}; see lib/store/overview.ts.
-- Where nothing happened in the last `days`, the charts end with the last change instead: an old sheet is not an empty page.
create function public.billing_audit_overview(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    now_      timestamptz := coalesce((p ->> 'now')::timestamptz, billing_audit.clock());
    days_     integer := least(greatest(coalesce((p ->> 'days')::integer, 7), 1), 400);
    zone      text := coalesce(p ->> 'time_zone', 'UTC');
    version   text := billing_audit.overview_version(now_);
    newest    timestamptz;
    until_    timestamptz := now_;
    charts    jsonb;
begin
    if p ->> 'known' = version then
        return jsonb_build_object('version', version, 'unchanged', true);
    end if;
    select max(changed_at) into newest from billing_audit.audit_events
    where changed_at <= now_ and kind <> 'coverage';
    if newest < now_ - make_interval(days => days_) then
        until_ := newest;
    end if;
    charts := billing_audit.overview_charts(until_, days_, zone);
    return jsonb_build_object(
        'version', version, 'unchanged', false, 'as_of', billing_audit.instant(now_), 'days', days_,
        'until', billing_audit.instant(until_),
        'cards', billing_audit.overview_cards(now_, zone, billing_audit.risk_from(p)),
        'people', billing_audit.overview_people(until_ - make_interval(days => days_), until_, billing_audit.risk_from(p)),
        'sheets', billing_audit.overview_sheets(charts -> 'by_sheet')) || (charts - 'by_sheet');
end
$$;

call billing_audit.keep_private('billing_audit.overview_version(timestamptz)');
call billing_audit.keep_private('billing_audit.open_concerns(numeric)');
call billing_audit.keep_private('billing_audit.overview_cards(timestamptz, text, numeric)');
call billing_audit.keep_private('billing_audit.tenth(numeric)');
call billing_audit.keep_private('billing_audit.overview_charts(timestamptz, integer, text)');
call billing_audit.keep_private('billing_audit.overview_people(timestamptz, timestamptz, numeric)');
call billing_audit.keep_private('billing_audit.overview_sheets(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_overview(jsonb)');
