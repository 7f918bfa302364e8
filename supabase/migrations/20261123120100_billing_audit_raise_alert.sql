-- Raising alerts: from a recorded event to a place in a mail, in one transaction.

-- The mail that an alert belongs into. The caller holds the lock of the recipient.
-- A group's first mail tells of the row whose alert opened it (a row is a unit of work; its cells belong together), and
-- goes at once; whatever else the same person does in the same sheet follows as one update when the group closes.
create function billing_audit.mail_for_alert(
    rule billing_audit.alert_rules, recipient_ text, person_ text, topic_ text, row_ text, severity_ text, at_ timestamptz
) returns bigint
language plpgsql
set search_path = ''
as $$
declare
    group_     billing_audit.alert_groups;
    mail       billing_audit.alert_mails;
begin
    select * into group_ from billing_audit.alert_groups
    where recipient = recipient_ and person = person_ and topic = topic_ and closes_at > at_
    order by id desc limit 1;
    if not found then
        insert into billing_audit.alert_groups (recipient, person, topic, row_id, opened_at, closes_at)
        values (recipient_, person_, topic_, row_, at_, at_ + make_interval(mins => rule.group_minutes))
        returning * into group_;
        -- A second in which the other cells of the same edit may still join.
        insert into billing_audit.alert_mails (recipient, rule_id, kind, group_id, severity, created_at, next_at)
        values (recipient_, rule.rule_id, 'first', group_.id, severity_, at_, at_ + interval '1 second')
        returning * into mail;
        return mail.id;
    end if;
    select * into mail from billing_audit.alert_mails
    where group_id = group_.id and state = 'pending' and message_id is null
        and (kind = 'update' or (kind = 'first' and group_.row_id is not distinct from row_))
    order by kind limit 1;
    if found then
        update billing_audit.alert_mails set severity = severity_
        where id = mail.id and billing_audit.severity_rank(severity) < billing_audit.severity_rank(severity_);
        return mail.id;
    end if;
    insert into billing_audit.alert_mails (recipient, rule_id, kind, group_id, severity, created_at, next_at)
    values (recipient_, rule.rule_id, 'update', group_.id, severity_, at_, group_.closes_at)
    on conflict do nothing
    returning * into mail;
    if mail.id is null then
        -- The update has gone already (clocks of two processes may differ): a new group begins.
        update billing_audit.alert_groups set closes_at = least(closes_at, greatest(opened_at, at_)) where id = group_.id;
        return billing_audit.mail_for_alert(rule, recipient_, person_, topic_, row_, severity_, at_);
    end if;
    return mail.id;
end
$$;

-- Tells every recipient of one thing, each at most once. Gives how many were not told before.
create function billing_audit.tell(
    rule billing_audit.alert_rules, key_ text, recipients_ text[], place billing_audit.alerts, person_ text,
    topic_ text, row_ text, at_ timestamptz
) returns integer
language plpgsql
set search_path = ''
as $$
declare
    recipient_ text;
    new_       integer := 0;
    mail       bigint;
begin
    foreach recipient_ in array case when recipients_ = '{}' then array[''] else recipients_ end loop
        continue when exists (select from billing_audit.alerts where event_key = key_ and recipient = recipient_);
        mail := case when recipient_ <> '' then
            billing_audit.mail_for_alert(rule, recipient_, person_, topic_, row_, place.severity, at_) end;
        insert into billing_audit.alerts
            (event_key, recipient, rule_id, stream, seq, notice, severity, always, why, raised_at, mail_id)
        values (key_, recipient_, rule.rule_id, place.stream, place.seq, place.notice, place.severity, place.always,
            place.why, at_, mail);
        new_ := new_ + 1;
    end loop;
    return new_;
end
$$;

-- Takes the locks of recipients in one order, so that two callers never wait for each other.
create function billing_audit.lock_recipients(recipients text[]) returns void
language plpgsql
set search_path = ''
as $$
begin
    insert into billing_audit.alert_recipients (recipient)
    select distinct r from unnest(recipients) as r order by r on conflict do nothing;
    perform from billing_audit.alert_recipients where recipient = any (recipients) order by recipient for update;
end
$$;

-- p: alerts [{event_key, rule_id, always, why}], decided [{stream, seq}], at. Puts each alert into the outbox, once for
-- each of its rule's recipients, and takes what was decided from the queue: all or nothing.
-- Gives {raised}: how many alerts are new; and {unrecorded}: the keys that are not in the trail, for which nothing was done.
create function public.billing_audit_raise_alert(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    at_          timestamptz := billing_audit.moment(p);
    given        record;
    place        billing_audit.alerts;
    raised       integer := 0;
    unrecorded   jsonb := '[]';
begin
    perform billing_audit.require(p, 'alerts');
    perform billing_audit.lock_recipients(array(
        select distinct unnest(r.recipients) from billing_audit.alert_rules as r
        join jsonb_array_elements(p -> 'alerts') as a on a ->> 'rule_id' = r.rule_id));
    for given in
        select
            a.alert ->> 'event_key' as event_key, (a.alert ->> 'always')::boolean as always, a.alert -> 'why' as why,
            r as rule, k.stream, k.seq, e.severity, e.sheet_id, e.row_id,
            coalesce(lower(d.payload ->> 'changed_by'), '') as person
        from jsonb_array_elements(p -> 'alerts') with ordinality as a (alert, place)
        join billing_audit.alert_rules as r on r.rule_id = a.alert ->> 'rule_id'
        left join billing_audit.event_keys as k on k.event_key = a.alert ->> 'event_key'
        left join billing_audit.audit_events as e on e.stream = k.stream and e.seq = k.seq
        left join billing_audit.event_payloads as d on d.stream = k.stream and d.seq = k.seq
        order by a.place
    loop
        if given.stream is null then
            unrecorded := unrecorded || to_jsonb(given.event_key);
            continue;
        end if;
        place.stream := given.stream;
        place.seq := given.seq;
        place.severity := given.severity;
        place.always := given.always;
        place.why := given.why;
        raised := raised + billing_audit.tell(given.rule, given.event_key, (given.rule).recipients, place,
            given.person, given.sheet_id, given.row_id, at_);
    end loop;
    -- Two who have decided the same events: the second leaves to the first what that is taking out.
    delete from billing_audit.alert_queue as q
    using (
        select w.stream, w.seq from billing_audit.alert_queue as w
        join jsonb_to_recordset(p -> 'decided') as d (stream text, seq bigint) using (stream, seq)
        for update of w skip locked
    ) as mine
    where q.stream = mine.stream and q.seq = mine.seq;
    return jsonb_build_object('raised', raised, 'unrecorded', unrecorded);
end
$$;

-- p: notice_key, severity, title, text, at, and recipients (left out: those of every rule in force). For what is no
-- change of a sheet: the watch itself, or alerting. The same key is told once. Gives {raised}.
create function public.billing_audit_raise_notice(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    at_     timestamptz := billing_audit.moment(p);
    rule    billing_audit.alert_rules;
    told    text[];
    place   billing_audit.alerts;
    raised  integer := 0;
begin
    perform billing_audit.require(p, 'notice_key', 'severity', 'title', 'text');
    place.severity := p ->> 'severity';
    place.always := true;
    place.notice := jsonb_build_object('title', p ->> 'title', 'text', p ->> 'text');
    place.why := jsonb_build_array(jsonb_build_object(
        'code', 'watch', 'because', 'It weakens the watch itself. This is always told.'));
    perform billing_audit.lock_recipients(billing_audit.texts(p -> 'recipients') || array(
        select distinct unnest(recipients) from billing_audit.alert_rules where retired_at is null));
    for rule in
        select * from billing_audit.alert_rules
        where case when p ? 'rule_id' then rule_id = p ->> 'rule_id' else retired_at is null end
        order by rule_id
    loop
        told := case when p ? 'recipients' then billing_audit.texts(p -> 'recipients') else rule.recipients end;
        raised := raised + billing_audit.tell(rule, p ->> 'notice_key', told, place, '', 'notice', null, at_);
    end loop;
    return jsonb_build_object('raised', raised);
end
$$;

-- p: limit. Gives {events, rules}: recorded events about which nobody has decided, oldest first, and all rules in force.
-- Two who decide the same event at the same time raise the same alerts, once.
create function public.billing_audit_undecided_events(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    select jsonb_build_object(
        'events', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'stream', q.stream, 'seq', q.seq, 'event_key', e.event_key,
                'event', billing_audit.event_json(e, d.payload)) order by q.position), '[]')
            from (
                select * from billing_audit.alert_queue order by position limit (p ->> 'limit')::integer
            ) as q
            join billing_audit.audit_events as e on e.stream = q.stream and e.seq = q.seq
            left join billing_audit.event_payloads as d on d.stream = q.stream and d.seq = q.seq),
        'rules', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'rule_id', r.rule_id, 'risk_from', r.risk_from, 'severity_from', r.severity_from) order by r.rule_id), '[]')
            from billing_audit.alert_rules as r where r.retired_at is null))
$$;

call billing_audit.keep_private('billing_audit.mail_for_alert(billing_audit.alert_rules, text, text, text, text, text, timestamptz)');
call billing_audit.keep_private('billing_audit.tell(billing_audit.alert_rules, text, text[], billing_audit.alerts, text, text, text, timestamptz)');
call billing_audit.keep_private('billing_audit.lock_recipients(text[])');
call billing_audit.offer_to_service('public.billing_audit_raise_alert(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_raise_notice(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_undecided_events(jsonb)');
