-- What a cap does with an alert (20261126181100): the riskiest findings are told at once, the rest in a summary the next
-- morning. Alerts are raised, told, shown and seen with that in mind.

-- As before (20261123120300), but a summary that waits for the morning goes with the hour's.
create or replace function billing_audit.fold(mail billing_audit.alert_mails, at_ timestamptz, due timestamptz) returns void
language plpgsql
set search_path = ''
as $$
declare
    digest bigint;
begin
    digest := billing_audit.digest_for(mail.rule_id, mail.recipient, mail.severity, at_, due);
    update billing_audit.alerts set mail_id = digest where mail_id = mail.id;
    -- Its Message-ID would have been; the row stays to say what became of it.
    update billing_audit.alert_mails
    set state = 'folded', ended_at = at_, last_error = format('Moved into summary %s: the hour''s mails were used up.', digest)
    where id = mail.id;
end
$$;

-- The recipient's summary that has not gone yet; it goes when the first of what it holds is due.
create function billing_audit.digest_for(rule_ text, recipient_ text, severity_ text, at_ timestamptz, due timestamptz) returns bigint
language plpgsql
set search_path = ''
as $$
declare
    digest bigint;
begin
    insert into billing_audit.alert_mails (recipient, rule_id, kind, severity, created_at, next_at)
    values (recipient_, rule_, 'digest', severity_, at_, due)
    on conflict (recipient) where kind = 'digest' and message_id is null do update set
        severity = case when billing_audit.severity_rank(excluded.severity) > billing_audit.severity_rank(alert_mails.severity)
            then excluded.severity else alert_mails.severity end,
        next_at = least(alert_mails.next_at, excluded.next_at)
    returning id into digest;
    return digest;
end
$$;

-- Seven in the morning after, business time: when what the cap held back is told.
create function billing_audit.next_morning(rule billing_audit.alert_rules, at_ timestamptz) returns timestamptz
language sql stable
set search_path = ''
as $$
    select (date_trunc('day', at_ at time zone z.zone) + interval '1 day 7 hours') at time zone z.zone
    from (select coalesce(rule.frame ->> 'timeZone', 'UTC') as zone) as z
$$;

-- The mail of an alert that was held back and waits no longer, as another rule tells it at once. Null: one of its own. The
-- summary that it leaves is never empty: it goes at once instead, and a summary that has gone already has told it.
create function billing_audit.summary_instead(alert billing_audit.alerts, at_ timestamptz) returns bigint
language plpgsql
set search_path = ''
as $$
begin
    if not exists (select from billing_audit.alert_mails where id = alert.mail_id and message_id is null) then
        return alert.mail_id;
    elsif exists (select from billing_audit.alerts where mail_id = alert.mail_id and id <> alert.id) then
        return null;
    end if;
    update billing_audit.alert_mails set next_at = least(next_at, at_) where id = alert.mail_id;
    return alert.mail_id;
end
$$;

-- The reasons of several rules, each once, in the order in which they were given. What is told at once says no more that it
-- waited.
create function billing_audit.with_why(before_ jsonb, also jsonb, held_ boolean) returns jsonb
language sql immutable
set search_path = ''
as $$
    select coalesce(jsonb_agg(why order by place), '[]')
    from (
        select why, min(place) as place
        from jsonb_array_elements(before_ || also) with ordinality as w (why, place)
        where held_ or why ->> 'code' is distinct from 'held'
        group by why) as each
$$;

-- As before (20261123120100), but what is held back waits in the summary. What another rule tells the same recipient at once
-- waits no longer: it becomes that rule's. An alert is told once, whichever rules tell it; it says what each of them says, and
-- so does its mail as long as that has not gone.
create or replace function billing_audit.tell(
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
    before     billing_audit.alerts;
    held_      boolean := coalesce(place.held, false);
    said       jsonb := jsonb_build_object(rule.rule_id, jsonb_build_object('held', held_, 'always', place.always, 'why', place.why));
begin
    foreach recipient_ in array case when recipients_ = '{}' then array[''] else recipients_ end loop
        before := null;
        select * into before from billing_audit.alerts where event_key = key_ and recipient = recipient_;
        if before.id is not null and (held_ or not before.held) then
            -- What a rule told once at once stays told.
            update billing_audit.alerts as a set told_by = a.told_by || said, always = a.always or place.always,
                why = billing_audit.with_why(a.why, place.why, a.held)
            where a.id = before.id
                and (not a.told_by ? rule.rule_id or not held_ and (a.told_by -> rule.rule_id ->> 'held')::boolean);
            continue;
        end if;
        mail := case when before.mail_id is not null then billing_audit.summary_instead(before, at_) end;
        mail := case when recipient_ = '' or mail is not null then mail
            when held_ then billing_audit.digest_for(
                rule.rule_id, recipient_, place.severity, at_, billing_audit.next_morning(rule, at_))
            else billing_audit.mail_for_alert(rule, recipient_, person_, topic_, row_, place.severity, at_) end;
        insert into billing_audit.alerts
            (event_key, recipient, rule_id, stream, seq, notice, severity, always, why, raised_at, mail_id, held, told_by)
        values (key_, recipient_, rule.rule_id, place.stream, place.seq, place.notice, place.severity, place.always,
            place.why, at_, mail, held_, said)
        on conflict (event_key, recipient) do update set
            rule_id = excluded.rule_id, severity = excluded.severity, always = excluded.always,
            why = billing_audit.with_why(alerts.why, excluded.why, false), told_by = alerts.told_by || excluded.told_by,
            raised_at = excluded.raised_at, mail_id = excluded.mail_id, held = false;
        new_ := new_ + 1;
    end loop;
    return new_;
end
$$;

-- What became of the sittings of some alerts. alerts: [{event_key, rule_id, always, held}].
create function billing_audit.keep_findings(alerts jsonb, at_ timestamptz) returns void
language plpgsql
set search_path = ''
as $$
declare
    told record;
begin
    for told in
        select s.id, r.rule_id, r.findings_a_day, (a ->> 'always')::boolean as always,
            coalesce((a ->> 'held')::boolean, false) as held
        from jsonb_array_elements(alerts) as a
        join billing_audit.alert_rules as r on r.rule_id = a ->> 'rule_id'
        join billing_audit.event_keys as k on k.event_key = a ->> 'event_key'
        join billing_audit.audit_events as e on e.stream = k.stream and e.seq = k.seq
        left join billing_audit.event_payloads as d on d.stream = k.stream and d.seq = k.seq
        cross join lateral (
            select id from billing_audit.sittings
            where person = coalesce(d.person, 'kind:' || e.changed_by_kind)
                and e.changed_at between began_at and last_at
            order by last_at desc limit 1) as s
        order by s.id, r.rule_id
    loop
        if told.always then
            update billing_audit.sittings set always = true where id = told.id and not always;
        elsif told.findings_a_day is not null then
            -- What was told once stays told.
            insert into billing_audit.findings as f (sitting_id, rule_id, held, found_at)
            values (told.id, told.rule_id, told.held, at_)
            on conflict (sitting_id, rule_id) do update set held = excluded.held, found_at = excluded.found_at
            where f.held and not excluded.held;
        end if;
    end loop;
end
$$;

-- As before (20261123120100), and: an alert may be `held` for the summary; what leaves the queue is counted in sittings.
-- p: alerts [{event_key, rule_id, always, why, held}], decided [{stream, seq}], at. Puts each alert into the outbox, once for
-- each of its rule's recipients, and takes what was decided from the queue: all or nothing. What is always told is never held.
-- What is told at once comes first, whichever rule held it back. Gives {raised}: how many alerts are new, or wait no longer;
-- and {unrecorded}: the keys that are not in the trail, for which nothing was done.
create or replace function public.billing_audit_raise_alert(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    at_          timestamptz := billing_audit.moment(p);
    given        record;
    place        billing_audit.alerts;
    raised       integer := 0;
    unrecorded   jsonb := '[]';
    streams_     text[];
    seqs_        bigint[];
begin
    perform billing_audit.require(p, 'alerts');
    perform billing_audit.lock_recipients(array(
        select distinct unnest(r.recipients) from billing_audit.alert_rules as r
        join jsonb_array_elements(p -> 'alerts') as a on a ->> 'rule_id' = r.rule_id));
    for given in
        select
            a.alert ->> 'event_key' as event_key, (a.alert ->> 'always')::boolean as always, a.alert -> 'why' as why,
            coalesce((a.alert ->> 'held')::boolean, false) as held,
            r as rule, k.stream, k.seq, e.severity, e.sheet_id, e.row_id,
            coalesce(lower(d.payload ->> 'changed_by'), '') as person
        from jsonb_array_elements(p -> 'alerts') with ordinality as a (alert, place)
        join billing_audit.alert_rules as r on r.rule_id = a.alert ->> 'rule_id'
        left join billing_audit.event_keys as k on k.event_key = a.alert ->> 'event_key'
        left join billing_audit.audit_events as e on e.stream = k.stream and e.seq = k.seq
        left join billing_audit.event_payloads as d on d.stream = k.stream and d.seq = k.seq
        order by held, a.place
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
        place.held := given.held and not given.always;
        raised := raised + billing_audit.tell(given.rule, given.event_key, (given.rule).recipients, place,
            given.person, given.sheet_id, given.row_id, at_);
    end loop;
    -- Two who have decided the same events: the second leaves to the first what that is taking out, and counts it not.
    with gone as (
        delete from billing_audit.alert_queue as q
        using (
            select w.stream, w.seq from billing_audit.alert_queue as w
            join jsonb_to_recordset(p -> 'decided') as d (stream text, seq bigint) using (stream, seq)
            for update of w skip locked
        ) as mine
        where q.stream = mine.stream and q.seq = mine.seq
        returning q.stream, q.seq, q.position)
    select array_agg(stream order by position), array_agg(seq order by position) into streams_, seqs_ from gone;
    if streams_ is not null then
        -- Sittings of one person are laid together by one at a time.
        perform pg_advisory_xact_lock(hashtextextended('billing_audit:sittings', 0));
        perform billing_audit.keep_sittings(streams_, seqs_);
        perform billing_audit.keep_findings(p -> 'alerts', at_);
    end if;
    return jsonb_build_object('raised', raised, 'unrecorded', unrecorded);
end
$$;

-- As before (20261123120100), and the rules tell their cap.
create or replace function public.billing_audit_undecided_events(p jsonb) returns jsonb
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
                'rule_id', r.rule_id, 'risk_from', r.risk_from, 'severity_from', r.severity_from,
                'findings_a_day', r.findings_a_day) order by r.rule_id), '[]')
            from billing_audit.alert_rules as r where r.retired_at is null))
$$;

-- As before (20261123120200), and a smaller cap tells less at once.
create or replace function billing_audit.weakened(old_ billing_audit.alert_rules, new_ billing_audit.alert_rules) returns text[]
language sql stable
set search_path = ''
as $$
    select coalesce(array_agg(w.sentence), '{}')
    from (
        select format('Alerts now begin at a risk of %s instead of %s.', round(new_.risk_from * 100), round(old_.risk_from * 100))
        where new_.risk_from > old_.risk_from
        union all
        select format('Alerts now begin at severity %s instead of %s.', new_.severity_from, old_.severity_from)
        where billing_audit.severity_rank(new_.severity_from) > billing_audit.severity_rank(old_.severity_from)
        union all
        select format('At most %s findings a day are told at once instead of %s; the rest waits for a summary.',
            new_.findings_a_day, coalesce(old_.findings_a_day::text, 'all'))
        where new_.findings_a_day < coalesce(old_.findings_a_day, 2147483647)
        union all
        select format('%s gets no alerts any more.', r)
        from unnest(old_.recipients) as r where r <> all (new_.recipients)
    ) as w (sentence)
$$;

-- As before (20261126164000), and findings_a_day: left out or null = no cap.
-- p: rule_id, recipients, risk_from, severity_from, mails_per_hour, group_minutes, frame, findings_a_day, quietly, at.
-- Gives {is_new, weakened}. A rule that tells less than before is told to those who were told before.
create or replace function public.billing_audit_save_alert_rule(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    at_    timestamptz := billing_audit.moment(p);
    old_   billing_audit.alert_rules;
    new_   billing_audit.alert_rules;
    weaker text[] := '{}';
begin
    perform billing_audit.require(p, 'rule_id', 'recipients', 'risk_from', 'severity_from', 'mails_per_hour',
        'group_minutes', 'frame');
    select * into old_ from billing_audit.alert_rules where rule_id = p ->> 'rule_id' for update;
    new_.recipients := array(select distinct lower(r) from unnest(billing_audit.texts(p -> 'recipients')) as r order by 1);
    new_.risk_from := (p ->> 'risk_from')::numeric;
    new_.severity_from := p ->> 'severity_from';
    new_.findings_a_day := (p ->> 'findings_a_day')::integer;
    insert into billing_audit.alert_rules as r
        (rule_id, recipients, risk_from, severity_from, mails_per_hour, group_minutes, frame, findings_a_day, saved_at)
    values (p ->> 'rule_id', new_.recipients, new_.risk_from, new_.severity_from, (p ->> 'mails_per_hour')::integer,
        (p ->> 'group_minutes')::integer, p -> 'frame', new_.findings_a_day, at_)
    on conflict (rule_id) do update set
        recipients = excluded.recipients, risk_from = excluded.risk_from, severity_from = excluded.severity_from,
        mails_per_hour = excluded.mails_per_hour, group_minutes = excluded.group_minutes, frame = excluded.frame,
        findings_a_day = excluded.findings_a_day,
        edition = r.edition + case when r.retired_at is null and (r.recipients, r.risk_from, r.severity_from, coalesce(r.findings_a_day, 0))
            = (excluded.recipients, excluded.risk_from, excluded.severity_from, coalesce(excluded.findings_a_day, 0)) then 0 else 1 end,
        saved_at = excluded.saved_at, retired_at = null
    returning * into new_;
    if old_.rule_id is not null and old_.retired_at is null then
        weaker := billing_audit.weakened(old_, new_);
    end if;
    if weaker <> '{}' and not coalesce((p ->> 'quietly')::boolean, false) then
        perform public.billing_audit_raise_notice(jsonb_build_object(
            'notice_key', format('alert-rule:%s:%s', new_.rule_id, new_.edition), 'rule_id', new_.rule_id,
            'severity', 'HIGH', 'title', 'Alerts were made to tell less', 'text', array_to_string(weaker, ' '),
            'recipients', to_jsonb(old_.recipients), 'at', billing_audit.instant(at_)));
    end if;
    return jsonb_build_object('is_new', old_.rule_id is null, 'weakened', to_jsonb(weaker));
end
$$;

-- As before (20261126130000), without what waits for the summary: a bell that counts it would undo the cap.
create or replace function public.billing_audit_seen_alerts(p jsonb) returns jsonb
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
    select count(distinct event_key) into total_ from billing_audit.alerts where not held;
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

call billing_audit.keep_private('billing_audit.digest_for(text, text, text, timestamptz, timestamptz)');
call billing_audit.keep_private('billing_audit.summary_instead(billing_audit.alerts, timestamptz)');
call billing_audit.keep_private('billing_audit.next_morning(billing_audit.alert_rules, timestamptz)');
call billing_audit.keep_private('billing_audit.with_why(jsonb, jsonb, boolean)');
call billing_audit.keep_private('billing_audit.keep_findings(jsonb, timestamptz)');

-- A function that was replaced must be told again (20261126170900).
alter function public.billing_audit_raise_alert(jsonb) set enable_seqscan = off set jit = off;
alter function public.billing_audit_undecided_events(jsonb) set enable_seqscan = off set jit = off;
