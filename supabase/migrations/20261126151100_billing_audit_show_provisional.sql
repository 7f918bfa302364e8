-- The overview tells how many rows are provisional: their changes wait for their cells' history.

-- Changes whenever the page would: an event, a mark, an alert, a change that begins or ends to wait, a dead letter, a
-- webhook's status, a new minute. Cheap, so that it can be asked every second.
create or replace function billing_audit.overview_version(now_ timestamptz) returns text
language sql stable
set search_path = ''
as $$
    select concat_ws(':',
        (select coalesce(sum(seq), 0) from billing_audit.streams),
        (select coalesce(max(id), 0) from billing_audit.feedback),
        (select coalesce(max(id), 0) from billing_audit.alerts),
        (select count(*) from billing_audit.changes where state in ('waiting', 'leased')),
        (select count(*) from billing_audit.changes where attempts >= 8 and state in ('waiting', 'leased')),
        (select count(*) from billing_audit.webhook_events where state = 'dead'),
        (select count(*) from billing_audit.unexplained_rows),
        (select count(*) from billing_audit.sheets),
        (select count(*) from billing_audit.webhooks where status = 'ENABLED'),
        to_char(now_ at time zone 'UTC', 'YYYYMMDDHH24MI'))
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
        'changes_provisional', (select count(*) from billing_audit.unexplained_rows),
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
