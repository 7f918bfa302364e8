-- How long an alert takes where the edits tell nothing of it.
--
-- median_seconds_to_alert() leaves out what was edited before its sheet was watched. Where the office's clock is
-- compressed (practice plays days in minutes), or a watch has just begun, that is everything, and a newcomer would see
-- no figure at all. When the news of a change arrived is always real: its callback, else the read that found it.

-- From the arrival of a change to the moment its alert was raised: the median of the 500 alerts raised last. A change
-- that came in a batch of callbacks counts from the first of them. Null = no alert of a change whose arrival is known.
create function billing_audit.median_seconds_from_arrival() returns numeric
language sql stable
set search_path = ''
as $$
    with told as (
        select a.stream, a.seq, min(a.raised_at) as raised_at, max(a.id) as id
        from (select * from billing_audit.alerts where stream is not null order by id desc limit 2000) as a
        group by a.stream, a.seq order by max(a.id) desc limit 500
    ), arrived as (
        select t.raised_at, least(c.found_at, (
            select min(w.received_at)
            from billing_audit.webhooks as h
            join billing_audit.webhook_events as w
                on w.webhook_id = h.webhook_id
                -- callback:<nonce>, or callbacks:<first>..<last>
                and w.nonce = split_part(regexp_replace(e.audit_run_id, '^callbacks?:', ''), '..', 1)
            where h.sheet_id = e.sheet_id)) as arrived_at
        from told as t
        join billing_audit.audit_events as e on e.stream = t.stream and e.seq = t.seq
        join billing_audit.changes as c on c.event_key = e.event_key
        where e.kind not in ('watch_gap', 'sheet_checked', 'coverage')
    )
    select round((percentile_cont(0.5) within group (
        order by greatest(extract(epoch from raised_at - arrived_at), 0)))::numeric, 1)
    from arrived
$$;

create or replace function billing_audit.overview_cards(now_ timestamptz, time_zone text, risk_from numeric) returns jsonb
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
        'median_seconds_to_alert', billing_audit.median_seconds_to_alert(),
        'median_seconds_from_arrival', billing_audit.median_seconds_from_arrival(),
        'last_event_at', (select billing_audit.instant(max(recorded_at)) from billing_audit.audit_events
            where kind <> 'coverage'),
        -- No backups are made by this version of the store.
        'last_backup_at', null)
    from stored_today as t
$$;

call billing_audit.keep_private('billing_audit.median_seconds_from_arrival()');
