-- What each person has seen of the alerts; how long an alert takes; one event with its mark.
--
-- Unread = raised since this person last looked. It is kept as a count of the alerts that there were, and not as the id
-- of the last: ids are given out before they are committed, so an id that was passed by could be missed. Alerts are
-- never deleted, so what is there above the count has not been seen.

create table billing_audit.alert_readers (
    person     text        primary key check (person <> ''),
    seen       bigint      not null check (seen >= 0),
    seen_at    timestamptz not null
);
comment on table billing_audit.alert_readers is 'How many alerts there were when a person last looked at them on the dashboard.';
comment on column billing_audit.alert_readers.person is 'As the sign-in knows them, in lower case.';
comment on column billing_audit.alert_readers.seen is 'Counts events and notices that were told, not mails.';

-- p: seen (how many alerts the page showed; left out: nothing is recorded), by and role (from the service alone), at.
-- Everybody who is signed in may look, each for themselves. Nobody can have seen more than there is, or unsee anything.
-- Gives {by, seen, total}.
create function public.billing_audit_seen_alerts(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    who      record;
    total_   bigint;
    seen_    bigint;
begin
    who := billing_audit.caller(p);
    if who.name is null then
        raise exception using errcode = 'BA005', message = 'Nobody is signed in, so nobody has seen the alerts.',
            hint = 'Sign in; then each person has a count of their own.';
    elsif who.role is null or who.role not in ('viewer', 'auditor', 'manager', 'admin') then
        raise exception using errcode = 'BA005', message = format('%s has no role that may look.', who.name),
            hint = 'Ask an administrator for a role.';
    elsif p ? 'seen' and coalesce(jsonb_typeof(p -> 'seen') <> 'number' or (p ->> 'seen')::numeric < 0, true) then
        raise exception using errcode = 'BA001', message = format('"%s" is not a number of alerts.', p ->> 'seen'),
            hint = 'Give the total that was shown.';
    end if;
    select count(distinct event_key) into total_ from billing_audit.alerts;
    if p ? 'seen' then
        insert into billing_audit.alert_readers as r (person, seen, seen_at)
        values (lower(who.name), least(floor((p ->> 'seen')::numeric), total_), billing_audit.moment(p))
        on conflict (person) do update set seen = greatest(r.seen, excluded.seen), seen_at = excluded.seen_at
        returning r.seen into seen_;
    else
        select seen into seen_ from billing_audit.alert_readers where person = lower(who.name);
    end if;
    return jsonb_build_object('by', who.name, 'seen', coalesce(seen_, 0), 'total', total_);
end
$$;

-- p: event_key. Gives {event}: one event of the trail with its last mark, or null.
create function public.billing_audit_event(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
begin
    perform billing_audit.require(p, 'event_key');
    return jsonb_build_object('event', (
        select billing_audit.event_json(e, d.payload) || jsonb_build_object('mark', (
            select billing_audit.mark_json(m) from billing_audit.last_marks as m where m.event_key = k.event_key))
        from billing_audit.event_keys as k
        join billing_audit.audit_events as e on e.stream = k.stream and e.seq = k.seq
        left join billing_audit.event_payloads as d on d.stream = k.stream and d.seq = k.seq
        where k.event_key = p ->> 'event_key' and e.kind <> 'coverage'));
end
$$;

-- From the edit to the moment its alert was raised (it is shown, and stands in the outbox, from then on): the median of
-- the 500 alerts raised last. What was edited before its sheet was watched could not have been told sooner, and what was
-- found long after it happened (gaps, checks) says nothing about speed. Null = no such alert yet.
create function billing_audit.median_seconds_to_alert() returns numeric
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
    where e.kind not in ('watch_gap', 'sheet_checked', 'coverage')
        and e.changed_at >= coalesce(s.known_since, '-infinity')
$$;

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
        'dead_letters', (select count(*) from billing_audit.changes where attempts >= 8 and state in ('waiting', 'leased'))
            + (select count(*) from billing_audit.webhook_events where state = 'dead'),
        'last_problem_at', (select billing_audit.instant(recorded_at) from trouble),
        'watching_since', (select billing_audit.instant(min(known_since)) from billing_audit.sheets),
        'median_seconds_to_alert', billing_audit.median_seconds_to_alert(),
        'last_event_at', (select billing_audit.instant(max(recorded_at)) from billing_audit.audit_events
            where kind <> 'coverage'),
        -- No backups are made by this version of the store.
        'last_backup_at', null)
    from stored_today as t
$$;

call billing_audit.protect_table('billing_audit.alert_readers');
grant select, insert, update on billing_audit.alert_readers to billing_audit_owner;
call billing_audit.keep_private('billing_audit.median_seconds_to_alert()');
call billing_audit.offer_to_service('public.billing_audit_seen_alerts(jsonb)');
grant execute on function public.billing_audit_seen_alerts(jsonb) to authenticated;
call billing_audit.offer_to_service('public.billing_audit_event(jsonb)');
