-- What people say about recorded events, and the numbers that the dashboard shows.
--
-- Errors: BA005 the caller has no right to this, or is nobody    BA006 there is no such event

-- Said once, never altered: a change of mind is another row, and the last one of an event counts.
create table billing_audit.feedback (
    id           bigint      generated always as identity primary key,
    event_key    text        not null references billing_audit.event_keys,
    mark         text        not null check (mark in ('approved', 'false_alarm', 'looking')),
    reason       text        not null check (mark = 'looking' or reason <> ''),
    by_name      text        not null check (by_name <> ''),
    by_role      text        not null check (by_role <> ''),
    marked_at    timestamptz not null default billing_audit.clock()
);
comment on table billing_audit.feedback is 'Verdicts of people on events: approved, false_alarm, or looking (somebody is at it).';
comment on column billing_audit.feedback.by_role is 'The role that gave the right at that time; "alert" = answered from an alert.';
create index feedback_last on billing_audit.feedback (event_key, id desc) include (mark);

create trigger never_altered before update or delete on billing_audit.feedback
    for each row execute function billing_audit.refuse_change();
create trigger never_truncated before truncate on billing_audit.feedback
    for each statement execute function billing_audit.refuse_change();
alter table billing_audit.feedback enable always trigger never_altered;
alter table billing_audit.feedback enable always trigger never_truncated;

-- An alert that is answered is a verdict on its event too, so that the page and the mail never tell different stories.
create function billing_audit.feedback_of_answer() returns trigger
language plpgsql
set search_path = ''
as $$
begin
    insert into billing_audit.feedback (event_key, mark, reason, by_name, by_role, marked_at)
    select new.event_key, new.decision,
        case when new.decision = 'looking' then new.reason else coalesce(nullif(new.reason, ''), 'no reason given') end,
        new.person, coalesce(nullif(current_setting('billing_audit.marking_role', true), ''), 'alert'), new.answered_at
    where exists (select from billing_audit.event_keys where event_key = new.event_key);
    return null;
end
$$;

create trigger is_feedback after insert on billing_audit.alert_answers
    for each row execute function billing_audit.feedback_of_answer();

-- Whatever somebody may have to look at, by the widest settings; queries narrow it down. The predicate of indexes, so it
-- is parsed now ("return") and inlined later.
create function billing_audit.is_concern(violation_type text, severity text, risk_score numeric) returns boolean
language sql immutable
return violation_type not in ('NONE', 'APPROVED_CORRECTION') or severity = 'HIGH' or coalesce(risk_score >= 0.4, false);

-- What needs a look: high severity that nobody approved beforehand, or a risk from the threshold on.
create function billing_audit.needs_look(violation_type text, severity text, risk_score numeric, risk_from numeric)
returns boolean
language sql immutable
return (severity = 'HIGH' and violation_type <> 'APPROVED_CORRECTION') or coalesce(risk_score >= risk_from, false);

create index audit_events_concern on billing_audit.audit_events (position desc)
    include (event_key, violation_type, severity, risk_score, delta, currency)
    where billing_audit.is_concern(violation_type, severity, risk_score);
create index audit_events_concern_money on billing_audit.audit_events
    ((coalesce(abs(delta) * greatest(risk_score, 0.05), -1)) desc, position desc)
    where billing_audit.is_concern(violation_type, severity, risk_score);
-- Charts read these alone, not the table. The daily coverage of the watch is in the trail, and in no chart.
create index audit_events_charted on billing_audit.audit_events (changed_at) include (severity, risk_score, sheet_id)
    where kind <> 'coverage';
create index audit_events_stored on billing_audit.audit_events (recorded_at);
create index event_payloads_active on billing_audit.event_payloads (changed_at) include (person)
    where event_key not like 'sheet:%:coverage:%';

-- The last word on each event.
create view billing_audit.last_marks with (security_invoker = true) as
select distinct on (event_key) event_key, mark, reason, by_name, marked_at
from billing_audit.feedback
order by event_key, id desc;

-- Who calls. The service passes on whom it has verified; a person is who their token says, whatever the call says.
-- Without claims it is nobody.
create function billing_audit.caller(p jsonb, out name text, out role text)
language plpgsql stable
set search_path = ''
as $$
declare
    claims jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
begin
    if claims ->> 'role' = 'service_role' then
        name := nullif(btrim(p ->> 'by'), '');
        role := nullif(p ->> 'role', '');
    else
        name := claims ->> 'email';
        role := claims -> 'app_metadata' ->> 'billing_audit_role';
    end if;
end
$$;

-- p: event_key, mark (approved, false_alarm, looking), reason (may be empty for looking), by and role (from the service
-- alone). Gives {mark: {event_key, mark, reason, by, marked_at}}.
create function public.billing_audit_mark(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    who     record;
    reason_ text := left(btrim(coalesce(p ->> 'reason', '')), 2000);
    now_    timestamptz := billing_audit.clock();
begin
    perform billing_audit.require(p, 'event_key', 'mark');
    who := billing_audit.caller(p);
    if who.name is null then
        raise exception using errcode = 'BA005', message = 'Nobody is signed in, so nothing was marked.',
            hint = 'Sign in, then mark the event again.';
    elsif who.role is null or who.role not in ('manager', 'admin') then
        raise exception using errcode = 'BA005',
            message = format('%s may look, but not decide: that takes a manager.', who.name),
            hint = 'Ask a manager or an administrator to mark the event.';
    elsif p ->> 'mark' not in ('approved', 'false_alarm', 'looking') then
        raise exception using errcode = 'BA001', message = format('"%s" is not a mark.', p ->> 'mark'),
            hint = 'Use approved, false_alarm or looking.';
    elsif reason_ = '' and p ->> 'mark' <> 'looking' then
        raise exception using errcode = 'BA001', message = 'A verdict needs a reason.',
            hint = 'Say in a sentence why, so that an auditor understands it later.';
    elsif not exists (select from billing_audit.event_keys where event_key = p ->> 'event_key') then
        raise exception using errcode = 'BA006', message = format('There is no event %s.', p ->> 'event_key'),
            hint = 'Load the page again.';
    end if;
    if exists (select from billing_audit.alerts where event_key = p ->> 'event_key') then
        -- Its trigger writes the feedback.
        perform set_config('billing_audit.marking_role', who.role, true);
        insert into billing_audit.alert_answers (event_key, decision, person, reason, answered_at)
        values (p ->> 'event_key', p ->> 'mark', who.name, reason_, now_);
    else
        insert into billing_audit.feedback (event_key, mark, reason, by_name, by_role, marked_at)
        values (p ->> 'event_key', p ->> 'mark', reason_, who.name, who.role, now_);
    end if;
    return jsonb_build_object('mark', jsonb_build_object('event_key', p ->> 'event_key', 'mark', p ->> 'mark',
        'reason', reason_, 'by', who.name, 'marked_at', billing_audit.instant(now_)));
end
$$;

create function billing_audit.mark_json(m billing_audit.last_marks) returns jsonb
language sql stable
set search_path = ''
as $$
    select jsonb_build_object('event_key', m.event_key, 'mark', m.mark, 'reason', m.reason, 'by', m.by_name,
        'marked_at', billing_audit.instant(m.marked_at))
    where m.event_key is not null
$$;

-- p: event_keys. Gives {marks}: the last mark of each event that has one, in no order.
create function public.billing_audit_marks(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    select jsonb_build_object('marks', coalesce(jsonb_agg(billing_audit.mark_json(m)), '[]'))
    from billing_audit.last_marks as m where m.event_key = any (billing_audit.texts(p -> 'event_keys'))
$$;

-- p: risk_from, order (newest stored, or money_at_risk), limit (1..100), after (the page before). Gives {events, next}:
-- what needs a look and has no verdict, each with its `mark` (null, or that somebody is looking).
create function public.billing_audit_needs_look(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    by_money  boolean := coalesce(p ->> 'order', 'newest') = 'money_at_risk';
    sort_key  text := case when by_money then 'coalesce(abs(e.delta) * greatest(e.risk_score, 0.05), -1)' else 'e.position' end;
    page_size integer := least(greatest(coalesce((p ->> 'limit')::integer, 20), 1), 100);
    after_    numeric[] := null;
    page      jsonb;
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
    execute format($query$
        with page as (
            select e as entry, d.payload,
                (m.event_key, m.mark, m.reason, m.by_name, m.marked_at)::billing_audit.last_marks as mark, (%1$s)::text as sort_key,
                row_number() over (order by %1$s desc, e.position desc) as n
            from billing_audit.audit_events as e
            -- Looked up one by one: a page ends after a few, and most have none.
            left join lateral (
                select f.event_key, f.mark, f.reason, f.by_name, f.marked_at
                from billing_audit.feedback as f where f.event_key = e.event_key order by f.id desc limit 1) as m on true
            left join billing_audit.event_payloads as d on d.stream = e.stream and d.seq = e.seq
            where billing_audit.is_concern(e.violation_type, e.severity, e.risk_score)
                and billing_audit.needs_look(e.violation_type, e.severity, e.risk_score, $1)
                and (m.mark is null or m.mark = 'looking')
                and ($2 is null or (%1$s, e.position) < (($2)[1], ($2)[2]::bigint))
            order by %1$s desc, e.position desc
            limit $3 + 1
        )
        select
            jsonb_agg(billing_audit.event_json(entry, payload)
                || jsonb_build_object('mark', billing_audit.mark_json(mark)) order by n) filter (where n <= $3),
            case when count(*) > $3 then max(sort_key || ':' || (entry).position) filter (where n = $3) end
        from page $query$, sort_key)
    into page, next_ using billing_audit.risk_from(p), after_, page_size;
    return jsonb_build_object('events', coalesce(page, '[]'), 'next', next_);
end
$$;

-- The threshold of a call; never below what the index of concerns holds.
create function billing_audit.risk_from(p jsonb) returns numeric
language sql immutable
set search_path = ''
as $$
    select greatest(coalesce((p ->> 'risk_from')::numeric, 0.7), 0.4)
$$;

call billing_audit.protect_table('billing_audit.feedback');
grant select, insert on billing_audit.feedback to billing_audit_owner;
revoke all on billing_audit.last_marks from public, anon, authenticated, service_role;
grant select on billing_audit.last_marks to billing_audit_owner;
call billing_audit.keep_private('billing_audit.feedback_of_answer()');
call billing_audit.keep_private('billing_audit.is_concern(text, text, numeric)');
call billing_audit.keep_private('billing_audit.needs_look(text, text, numeric, numeric)');
call billing_audit.keep_private('billing_audit.caller(jsonb)');
call billing_audit.keep_private('billing_audit.mark_json(billing_audit.last_marks)');
call billing_audit.keep_private('billing_audit.risk_from(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_mark(jsonb)');
grant execute on function public.billing_audit_mark(jsonb) to authenticated;
call billing_audit.offer_to_service('public.billing_audit_marks(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_needs_look(jsonb)');
