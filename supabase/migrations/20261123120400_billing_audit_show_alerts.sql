-- Alerts and outbox as people see them.

-- p: limit, only_open. Gives {alerts, unread, total}, the newest first, one for each event or notice. Unread = nobody has
-- answered it yet.
create function public.billing_audit_alerts(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    with told as (
        select event_key, max(id) as id, min(raised_at) as raised_at, bool_or(always) as always,
            jsonb_agg(jsonb_build_object('recipient', recipient, 'mail_id', mail_id::text) order by recipient)
                filter (where recipient <> '') as recipients
        from billing_audit.alerts group by event_key
    ), answered as (
        select t.*, w.answer
        from told as t
        left join lateral (
            select jsonb_build_object('decision', decision, 'person', person, 'reason', reason,
                'answered_at', billing_audit.instant(answered_at)) as answer
            from billing_audit.alert_answers as w where w.event_key = t.event_key order by id desc limit 1
        ) as w on true
    ), page as (
        select * from answered
        where answer is null or not coalesce((p ->> 'only_open')::boolean, false)
        order by id desc limit coalesce((p ->> 'limit')::integer, 100)
    )
    select jsonb_build_object(
        'total', (select count(*) from told),
        'unread', (select count(*) from answered where answer is null),
        'alerts', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'event_key', g.event_key, 'raised_at', billing_audit.instant(g.raised_at), 'severity', a.severity,
                'always', g.always, 'why', a.why, 'notice', a.notice, 'answer', g.answer,
                'recipients', (
                    select coalesce(jsonb_agg(r || jsonb_build_object('mail_state', m.state, 'mail_kind', m.kind)), '[]')
                    from jsonb_array_elements(g.recipients) as r
                    join billing_audit.alert_mails as m on m.id = (r ->> 'mail_id')::bigint),
                'event', case when a.notice is null then billing_audit.event_json(e, d.payload) end)
                order by g.id desc), '[]')
            from page as g
            join billing_audit.alerts as a on a.id = g.id
            left join billing_audit.audit_events as e on e.stream = a.stream and e.seq = a.seq
            left join billing_audit.event_payloads as d on d.stream = a.stream and d.seq = a.seq))
$$;

-- p: event_key, decision (approved, false_alarm, looking), person, reason, at. Who, why and when are kept for ever.
-- Gives {answered}: false when there is no such alert.
create function public.billing_audit_acknowledge_alert(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
begin
    perform billing_audit.require(p, 'event_key', 'decision', 'person', 'reason');
    insert into billing_audit.alert_answers (event_key, decision, person, reason, answered_at)
    select p ->> 'event_key', p ->> 'decision', p ->> 'person', p ->> 'reason', billing_audit.moment(p)
    where exists (select from billing_audit.alerts where event_key = p ->> 'event_key');
    return jsonb_build_object('answered', found);
end
$$;

-- p: limit. Gives {undecided, states, oldest_waiting_at, trouble}: events about which nobody has decided, mails by state,
-- and the mails that wait for a person or were tried in vain, the newest first.
create function public.billing_audit_outbox(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    select jsonb_build_object(
        'undecided', (select count(*) from billing_audit.alert_queue),
        'states', (
            select coalesce(jsonb_object_agg(state, size), '{}')
            from (select state, count(*) as size from billing_audit.alert_mails group by state) as s),
        'oldest_waiting_at', (
            select billing_audit.instant(min(created_at)) from billing_audit.alert_mails
            where state in ('pending', 'sending') and next_at <= billing_audit.moment(p)),
        'trouble', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'mail_id', t.id::text, 'recipient', t.recipient, 'kind', t.kind, 'state', t.state,
                'severity', t.severity, 'attempts', t.attempts, 'error', t.last_error,
                'next_at', case when t.state = 'pending' then billing_audit.instant(t.next_at) end) order by t.id desc), '[]')
            from (
                select * from billing_audit.alert_mails
                where state in ('dead', 'uncertain') or (state in ('pending', 'sending') and attempts > 0)
                order by id desc limit coalesce((p ->> 'limit')::integer, 20)
            ) as t))
$$;

-- p: mail_id, at. A person says that a dead or uncertain mail is to be sent again, under the same Message-ID.
-- Gives {retried}.
create function public.billing_audit_retry_mail(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
begin
    perform billing_audit.require(p, 'mail_id');
    update billing_audit.alert_mails
    set state = 'pending', next_at = billing_audit.moment(p), first_attempt_at = billing_audit.moment(p), ended_at = null,
        handed_over_at = null, hand_overs = 0, attempts = 0
    where id = (p ->> 'mail_id')::bigint and state in ('dead', 'uncertain');
    return jsonb_build_object('retried', found);
end
$$;

-- p: limit. Gives {mails}: those in trouble of which the second channel was not told: three tries in vain, refused for
-- good, or uncertain. The channel itself is tried five times.
create function public.billing_audit_untold_mails(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    select jsonb_build_object('mails', coalesce(jsonb_agg(billing_audit.mail_json(m) order by m.id), '[]'))
    from (
        select * from billing_audit.alert_mails
        where told_at is null and told_tries < 5
            and (state in ('dead', 'uncertain') or (state = 'pending' and attempts >= 3))
        order by id limit (p ->> 'limit')::integer
    ) as m
$$;

-- p: mail_id, told (whether the channel took it), at. Gives {}.
create function public.billing_audit_mark_told(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
begin
    perform billing_audit.require(p, 'mail_id', 'told');
    update billing_audit.alert_mails
    set told_tries = told_tries + 1, told_at = case when (p ->> 'told')::boolean then billing_audit.moment(p) end
    where id = (p ->> 'mail_id')::bigint and told_at is null;
    return '{}';
end
$$;

call billing_audit.offer_to_service('public.billing_audit_alerts(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_acknowledge_alert(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_outbox(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_retry_mail(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_untold_mails(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_mark_told(jsonb)');
