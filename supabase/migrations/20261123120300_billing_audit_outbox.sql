-- The outbox: which mail goes next, to whom it was handed, and how that ended.

-- What a mail holds, for composing: the 100 worst alerts in full, and all of them by count.
create function billing_audit.mail_content(mail billing_audit.alert_mails) returns jsonb
language sql stable
set search_path = ''
as $$
    with held as materialized (
        select
            a.id, a.severity, a.always, a.why, a.notice, a.raised_at, e, d.payload, e.sheet_id, e.column_name,
            e.currency, e.delta, d.payload ->> 'changed_by' as person, d.payload ->> 'sheet_name' as sheet_name
        from billing_audit.alerts as a
        left join billing_audit.audit_events as e on e.stream = a.stream and e.seq = a.seq
        left join billing_audit.event_payloads as d on d.stream = a.stream and d.seq = a.seq
        where a.mail_id = mail.id
    ), worst as (
        select * from held
        order by billing_audit.severity_rank(severity) desc, coalesce(abs(delta), -1) desc, id
        limit 100
    ), tallied as (
        select jsonb_build_object(
            'person', min(person), 'sheet_id', sheet_id, 'sheet_name', max(sheet_name), 'column_name', column_name,
            'severity', severity, 'currency', currency, 'count', count(*), 'delta', sum(delta)::text) as tally,
            count(*) as size
        from held
        group by lower(person), sheet_id, column_name, severity, currency
    )
    select jsonb_build_object(
        'total', (select count(*) from held),
        'since', billing_audit.instant(coalesce(
            (select opened_at from billing_audit.alert_groups where id = mail.group_id), (select min(raised_at) from held))),
        'tallies', (select jsonb_agg(tally order by size desc, tally) from tallied),
        'alerts', (select jsonb_agg(jsonb_build_object(
                'severity', severity, 'always', always, 'why', why, 'notice', notice,
                'event', case when notice is null then billing_audit.event_json(e, payload) end)
            order by billing_audit.severity_rank(severity) desc, coalesce(abs(delta), -1) desc, id) from worst))
$$;

-- The mail as it is handed to a sender.
create function billing_audit.mail_json(mail billing_audit.alert_mails) returns jsonb
language sql stable
set search_path = ''
as $$
    select jsonb_build_object(
        'mail_id', mail.id::text, 'rule_id', mail.rule_id, 'kind', mail.kind, 'recipient', mail.recipient,
        'severity', mail.severity, 'message_id', mail.message_id, 'attempts', mail.attempts,
        'first_attempt_at', billing_audit.instant(mail.first_attempt_at), 'last_error', mail.last_error,
        'state', mail.state, 'frame', r.frame, 'mails_per_hour', r.mails_per_hour, 'group_minutes', r.group_minutes,
        'in_reply_to', case when mail.kind = 'update' then (
            select f.message_id from billing_audit.alert_mails as f
            where f.group_id = mail.group_id and f.kind = 'first' and f.state <> 'folded') end)
        || billing_audit.mail_content(mail)
    from billing_audit.alert_rules as r where r.rule_id = mail.rule_id
$$;

-- Where a mail that ended in the middle goes. Not yet handed over: nothing was sent, so it is simply tried again.
-- Handed over: it may have been delivered. A HIGH one is sent again under the same Message-ID, at most three times in
-- all; any other waits for a person.
create function billing_audit.put_back(mail billing_audit.alert_mails, at_ timestamptz, next_ timestamptz, why text) returns text
language plpgsql
set search_path = ''
as $$
declare
    again boolean := mail.handed_over_at is null or (mail.severity = 'HIGH' and mail.hand_overs < 3);
begin
    update billing_audit.alert_mails
    set state = case when again then 'pending' else 'uncertain' end, leased_by = null, leased_until = null,
        handed_over_at = case when again then null else handed_over_at end, next_at = next_,
        last_error = coalesce(why, last_error), ended_at = case when again then null else at_ end
    where id = mail.id;
    return case when again then 'pending' else 'uncertain' end;
end
$$;

-- Moves what a mail holds into the recipient's digest, which goes when the hour is over.
create function billing_audit.fold(mail billing_audit.alert_mails, at_ timestamptz, due timestamptz) returns void
language plpgsql
set search_path = ''
as $$
declare
    digest bigint;
begin
    insert into billing_audit.alert_mails (recipient, rule_id, kind, severity, created_at, next_at)
    values (mail.recipient, mail.rule_id, 'digest', mail.severity, at_, due)
    on conflict (recipient) where kind = 'digest' and message_id is null do update set
        severity = case when billing_audit.severity_rank(excluded.severity) > billing_audit.severity_rank(alert_mails.severity)
            then excluded.severity else alert_mails.severity end
    returning id into digest;
    update billing_audit.alerts set mail_id = digest where mail_id = mail.id;
    -- Its Message-ID would have been; the row stays to say what became of it.
    update billing_audit.alert_mails
    set state = 'folded', ended_at = at_, last_error = format('Moved into summary %s: the hour''s mails were used up.', digest)
    where id = mail.id;
end
$$;

-- Whether a mail that was never tried may go now. The hour begins with the first mail after the last hour was over; a
-- digest is not counted, since it stands for what the count held back. The caller holds the recipient's lock.
create function billing_audit.may_go(mail billing_audit.alert_mails, at_ timestamptz) returns boolean
language plpgsql
set search_path = ''
as $$
declare
    hour_   billing_audit.alert_recipients;
    rule    billing_audit.alert_rules;
begin
    select * into hour_ from billing_audit.alert_recipients where recipient = mail.recipient;
    select * into rule from billing_audit.alert_rules where rule_id = mail.rule_id;
    if hour_.hour_from is null or at_ >= hour_.hour_from + interval '1 hour' then
        hour_.hour_from := at_;
        hour_.mails := 0;
    end if;
    if mail.kind <> 'digest' and hour_.mails >= rule.mails_per_hour then
        perform billing_audit.fold(mail, at_, hour_.hour_from + interval '1 hour');
        return false;
    end if;
    update billing_audit.alert_recipients
    set hour_from = hour_.hour_from, mails = hour_.mails + case when mail.kind = 'digest' then 0 else 1 end
    where recipient = mail.recipient;
    return true;
end
$$;

-- p: sender, lease_seconds, domain, at. Hands out the most urgent mail that is due, to this sender alone, until the
-- lease ends. Gives {mail, next_at}: mail null when none is due; next_at is when to ask again, null = nothing waits.
create function public.billing_audit_lease_mail(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    at_    timestamptz := billing_audit.moment(p);
    mail   billing_audit.alert_mails;
begin
    perform billing_audit.require(p, 'sender', 'lease_seconds', 'domain');
    for mail in
        select * from billing_audit.alert_mails where state = 'sending' and leased_until <= at_ for update skip locked
    loop
        perform billing_audit.put_back(mail, at_, at_, 'The sender ended before the mail did.');
    end loop;
    loop
        mail := null;
        select m.* into mail
        from billing_audit.alert_mails as m join billing_audit.alert_recipients as r on r.recipient = m.recipient
        where m.state = 'pending' and m.next_at <= at_
        order by billing_audit.severity_rank(m.severity) desc, m.next_at, m.id
        limit 1
        for update of m, r skip locked;
        exit when mail.id is null or mail.message_id is not null;
        exit when billing_audit.may_go(mail, at_);
    end loop;
    if mail.id is null then
        return jsonb_build_object('mail', null, 'next_at', (
            select billing_audit.instant(min(case state when 'sending' then leased_until else next_at end))
            from billing_audit.alert_mails where state in ('pending', 'sending')));
    end if;
    update billing_audit.alert_mails as m
    set state = 'sending', attempts = attempts + 1, first_attempt_at = coalesce(first_attempt_at, at_),
        leased_by = p ->> 'sender', leased_until = at_ + make_interval(secs => (p ->> 'lease_seconds')::double precision),
        handed_over_at = null,
        message_id = coalesce(message_id, format('<%s@%s>', left(encode(sha256(convert_to((
            select jsonb_build_array(m.recipient, m.kind, jsonb_agg(a.event_key order by a.event_key))::text
            from billing_audit.alerts as a where a.mail_id = m.id), 'UTF8')), 'hex'), 40), p ->> 'domain'))
    where id = mail.id
    returning * into mail;
    return jsonb_build_object('mail', billing_audit.mail_json(mail), 'next_at', null);
end
$$;

-- p: mail_id, sender, outcome, error, next_at, at. outcome: handed_over (about to give the text to the mail server),
-- sent, later (try again at next_at), cut (handed over, and no answer came), dead. Gives {settled, state}: settled
-- false when the lease was lost; then another sender has the mail, and this one must not send it.
create function public.billing_audit_settle_mail(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    at_     timestamptz := billing_audit.moment(p);
    mail    billing_audit.alert_mails;
    state_  text;
begin
    perform billing_audit.require(p, 'mail_id', 'sender', 'outcome');
    select * into mail from billing_audit.alert_mails
    where id = (p ->> 'mail_id')::bigint and state = 'sending' and leased_by = p ->> 'sender'
        -- A late end is still the end, while nobody else has begun; a late beginning is not.
        and (leased_until > at_ or p ->> 'outcome' <> 'handed_over')
    for update;
    if not found then
        return jsonb_build_object('settled', false, 'state', null);
    end if;
    case p ->> 'outcome'
        when 'handed_over' then
            update billing_audit.alert_mails set handed_over_at = at_, hand_overs = hand_overs + 1 where id = mail.id;
            state_ := 'sending';
        when 'later' then
            -- The server said no after all: nothing was delivered, and the hand-over does not count.
            update billing_audit.alert_mails set hand_overs = hand_overs - 1
            where id = mail.id and handed_over_at is not null;
            mail.handed_over_at := null;
            state_ := billing_audit.put_back(mail, at_, (p ->> 'next_at')::timestamptz, p ->> 'error');
        when 'cut' then
            state_ := billing_audit.put_back(mail, at_, (p ->> 'next_at')::timestamptz, p ->> 'error');
        when 'sent', 'dead' then
            state_ := p ->> 'outcome';
            update billing_audit.alert_mails
            set state = state_, leased_by = null, leased_until = null, ended_at = at_,
                last_error = case when state_ = 'dead' then p ->> 'error' end
            where id = mail.id;
        else raise exception using errcode = 'BA001', message = format('"%s" is no outcome of a mail.', p ->> 'outcome'),
            hint = 'Use handed_over, sent, later, cut or dead.';
    end case;
    return jsonb_build_object('settled', true, 'state', state_);
end
$$;

-- p: at. For the sole owner of a store, when it starts: whoever held a lease is gone. Gives {}.
create function public.billing_audit_reclaim_mail(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    at_   timestamptz := billing_audit.moment(p);
    mail  billing_audit.alert_mails;
begin
    for mail in select * from billing_audit.alert_mails where state = 'sending' for update loop
        perform billing_audit.put_back(mail, at_, at_, 'The sender ended before the mail did.');
    end loop;
    return '{}';
end
$$;

call billing_audit.keep_private('billing_audit.mail_content(billing_audit.alert_mails)');
call billing_audit.keep_private('billing_audit.mail_json(billing_audit.alert_mails)');
call billing_audit.keep_private('billing_audit.put_back(billing_audit.alert_mails, timestamptz, timestamptz, text)');
call billing_audit.keep_private('billing_audit.fold(billing_audit.alert_mails, timestamptz, timestamptz)');
call billing_audit.keep_private('billing_audit.may_go(billing_audit.alert_mails, timestamptz)');
call billing_audit.offer_to_service('public.billing_audit_lease_mail(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_settle_mail(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_reclaim_mail(jsonb)');
