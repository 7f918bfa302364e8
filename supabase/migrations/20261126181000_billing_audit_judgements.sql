-- Whether a finding was a real problem: what reviewers say of events so that risk can be learned, and the promise about
-- false alarms be measured. A verdict (`feedback`) settles a case; a judgement teaches. A verdict that settles as approved or
-- as a false alarm says "no real problem" too.
--
-- Errors: BA001 what was said is none of the words    BA005 the caller has no right to this, is nobody, or made the change
--         BA006 there is no such event                BA007 no second factor
--         BA016 the values of the event are gone: they were erased, or archived with it

-- Said once, never altered: a change of mind is another row, and the last one of an event and reviewer counts. Who made the
-- change is not copied here: it stands with the event, and is gone where that was erased.
create table billing_audit.judgements (
    id             bigint      generated always as identity primary key,
    event_key      text        not null references billing_audit.event_keys,
    verdict        text        not null check (verdict in ('true', 'false', 'unsure')),
    reviewer       text        not null check (reviewer <> ''),
    reviewer_role  text        not null check (reviewer_role <> ''),
    note           text        not null check (length(note) <= 2000),
    incident       text        check (length(incident) between 1 and 200),
    category       text        check (category ~ '^[a-z0-9_]{1,60}$'),
    marked_at      timestamptz not null default billing_audit.clock(),
    from_verdict   boolean     not null default false
);
comment on table billing_audit.judgements is 'Whether an event was a real problem: true, false or unsure, by each reviewer.';
comment on column billing_audit.judgements.incident is 'A name for what belongs together, such as a ticket; null = nobody has named it.';
comment on column billing_audit.judgements.category is 'The kind of problem, as predicted_category names them; null = nobody has said.';
comment on column billing_audit.judgements.from_verdict is 'Taken from a verdict in feedback, which has an event of its own.';
create index judgements_last on billing_audit.judgements (event_key, lower(reviewer), id desc);
create index judgements_true on billing_audit.judgements (event_key) where verdict = 'true';

create trigger never_altered before update or delete on billing_audit.judgements
    for each row execute function billing_audit.refuse_change();
create trigger never_truncated before truncate on billing_audit.judgements
    for each statement execute function billing_audit.refuse_change();
alter table billing_audit.judgements enable always trigger never_altered;
alter table billing_audit.judgements enable always trigger never_truncated;

-- A verdict on somebody's own change settles it as before, and teaches nothing; so does one on a change of which nobody can
-- tell any more who made it.
create function billing_audit.judgement_of_feedback() returns trigger
language plpgsql
set search_path = ''
as $$
begin
    insert into billing_audit.judgements (event_key, verdict, reviewer, reviewer_role, note, marked_at, from_verdict)
    select n.event_key, 'false', n.by_name, n.by_role, left(n.reason, 2000), n.marked_at, true
    from new_rows as n
    join billing_audit.event_keys as k using (event_key)
    join billing_audit.event_payloads as d on d.stream = k.stream and d.seq = k.seq
    where n.mark in ('approved', 'false_alarm') and not billing_audit.is_same_person(n.by_name, d.payload ->> 'changed_by')
    order by n.id;
    return null;
end
$$;
create trigger is_judgement after insert on billing_audit.feedback
    referencing new table as new_rows for each statement execute function billing_audit.judgement_of_feedback();

-- What was settled before this was kept.
insert into billing_audit.judgements (event_key, verdict, reviewer, reviewer_role, note, marked_at, from_verdict)
select f.event_key, 'false', f.by_name, f.by_role, left(f.reason, 2000), f.marked_at, true
from billing_audit.feedback as f
join billing_audit.event_keys as k using (event_key)
join billing_audit.event_payloads as d on d.stream = k.stream and d.seq = k.seq
where f.mark in ('approved', 'false_alarm') and not billing_audit.is_same_person(f.by_name, d.payload ->> 'changed_by')
order by f.id;

-- A judgement stands beside its event in the trail; one out of a verdict is told by the verdict's event.
create function billing_audit.act_of_judgements() returns trigger
language plpgsql
set search_path = ''
as $$
begin
    perform billing_audit.note_acts((
        select jsonb_agg(jsonb_build_object(
            'kind', 'event_judged', 'sheet_id', e.sheet_id, 'sheet_name', coalesce(s.name, ''), 'row_id', e.row_id,
            'work_request', e.work_request, 'column_name', e.column_name, 'changed_by', n.reviewer, 'new_value', n.verdict,
            'issue_description', format('%s (%s) said of event %s whether it was a real problem: %s%s', n.reviewer,
                n.reviewer_role, n.event_key, case n.verdict when 'true' then 'yes' when 'false' then 'no' else 'not sure' end,
                case when n.note = '' then '' else ', ' || n.note end),
            'values', jsonb_build_object('event', n.event_key, 'note', nullif(n.note, ''), 'incident', n.incident,
                'category', n.category, 'right', n.reviewer_role)) order by n.id)
        from new_rows as n
        join billing_audit.event_keys as k using (event_key)
        join billing_audit.audit_events as e on e.stream = k.stream and e.seq = k.seq
        left join billing_audit.sheets as s on s.sheet_id = e.sheet_id
        where not n.from_verdict));
    return null;
end
$$;
create trigger is_an_act after insert on billing_audit.judgements
    referencing new table as new_rows for each statement execute function billing_audit.act_of_judgements();

create function billing_audit.judgement_json(j billing_audit.judgements) returns jsonb
language sql stable
set search_path = ''
as $$
    select jsonb_build_object('event_key', j.event_key, 'verdict', j.verdict, 'by', j.reviewer, 'note', j.note,
        'incident', j.incident, 'category', j.category, 'marked_at', billing_audit.instant(j.marked_at))
    where j.event_key is not null
$$;

-- p: event_key, verdict (true, false, unsure; a text), note, incident and category (may be left out), by and role (from the
-- service alone). Gives {judgement: {event_key, verdict, by, note, incident, category, marked_at}}.
create function public.billing_audit_judge(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    who       record;
    subject_  text;
    is_gone   boolean;
    said      billing_audit.judgements;
begin
    perform billing_audit.require(p, 'event_key', 'verdict');
    who := billing_audit.caller(p);
    if who.name is null then
        raise exception using errcode = 'BA005', message = 'Nobody is signed in, so nothing was judged.',
            hint = 'Sign in as an auditor, a manager or an administrator, then try again.';
    elsif who.role is null or who.role not in ('auditor', 'manager', 'admin') then
        raise exception using errcode = 'BA005',
            message = format('%s may look, but not judge: that takes an auditor or a manager. Nothing was judged.', who.name),
            hint = 'Ask an auditor, a manager or an administrator.';
    end if;
    perform billing_audit.demand_second_factor();
    if p ->> 'verdict' not in ('true', 'false', 'unsure') then
        raise exception using errcode = 'BA001', message = format('"%s" is no judgement.', left(p ->> 'verdict', 60)),
            hint = 'Use true (a real problem), false (fine) or unsure.';
    elsif p ->> 'category' is not null and p ->> 'category' !~ '^[a-z0-9_]{1,60}$' then
        raise exception using errcode = 'BA001', message = format('"%s" is no category.', left(p ->> 'category', 60)),
            hint = 'Use small letters, digits and underscores, such as price_inflation, or leave it out.';
    elsif length(p ->> 'incident') not between 1 and 200 or length(p ->> 'note') > 2000 then
        raise exception using errcode = 'BA001', message = 'The note or the name of the incident is too long, or the name is empty.',
            hint = 'A note has at most 2,000 characters, the name of an incident 1 to 200.';
    end if;
    select d.payload ->> 'changed_by', d.stream is null into subject_, is_gone
    from billing_audit.event_keys as k
    left join billing_audit.event_payloads as d on d.stream = k.stream and d.seq = k.seq
    where k.event_key = p ->> 'event_key';
    if not found then
        raise exception using errcode = 'BA006', message = format('There is no event %s.', p ->> 'event_key'),
            hint = 'Load the page again.';
    elsif is_gone then
        raise exception using errcode = 'BA016',
            message = format('The values of event %s were erased or archived: nobody can judge it any more.', p ->> 'event_key'),
            hint = 'Nobody can tell who made this change. If it was archived, "billing-audit search --event-key" names the file.';
    elsif billing_audit.is_same_person(who.name, subject_) then
        raise exception using errcode = 'BA005', message = format('%s made this change, and so does not judge it.', who.name),
            hint = 'Ask another auditor or manager.';
    end if;
    insert into billing_audit.judgements (event_key, verdict, reviewer, reviewer_role, note, incident, category)
    values (p ->> 'event_key', p ->> 'verdict', who.name, who.role, btrim(coalesce(p ->> 'note', '')), p ->> 'incident',
        p ->> 'category')
    returning * into said;
    return jsonb_build_object('judgement', billing_audit.judgement_json(said));
end
$$;

-- p: event_keys. Gives {judgements}: the last word on each event that has one, whoever said it, in no order.
create function public.billing_audit_judgements(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    select jsonb_build_object('judgements', coalesce(jsonb_agg(billing_audit.judgement_json(j)), '[]'))
    from unnest(billing_audit.texts(p -> 'event_keys')) as asked (event_key)
    cross join lateral (
        select * from billing_audit.judgements as one where one.event_key = asked.event_key order by one.id desc limit 1) as j
$$;

-- p: limit (1..1000, default 500), after (the `next` of the page before). Gives {feedback: [{event_key, verdict, reviewer,
-- subject, marked_at, incident, category}], next}: the last judgement of each event and reviewer, the oldest first, and null
-- when it was the last page. Who changes their mind is on a later page again. subject: who made the change; null = nobody
-- knows, or it was erased.
create function public.billing_audit_list_feedback(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    page_size  integer := least(greatest(coalesce((p ->> 'limit')::integer, 500), 1), 1000);
    page       jsonb;
    next_      text;
begin
    if p ->> 'after' !~ '^\d{1,18}$' then
        raise exception using errcode = 'BA001', message = 'The page mark "after" cannot be read.',
            hint = 'Use the "next" of the page before, unchanged.';
    end if;
    with listed as (
        select j.*, row_number() over (order by j.id) as n
        from billing_audit.judgements as j
        where j.id > coalesce((p ->> 'after')::bigint, 0) and not exists (
            select from billing_audit.judgements as later
            where later.event_key = j.event_key and lower(later.reviewer) = lower(j.reviewer) and later.id > j.id)
        order by j.id limit page_size + 1
    )
    select jsonb_agg(jsonb_build_object('event_key', l.event_key, 'verdict', l.verdict, 'reviewer', l.reviewer,
            'subject', d.payload ->> 'changed_by', 'marked_at', billing_audit.instant(l.marked_at), 'incident', l.incident,
            'category', l.category) order by l.id) filter (where l.n <= page_size),
        case when count(*) > page_size then (max(l.id) filter (where l.n = page_size))::text end
    into page, next_
    from listed as l
    join billing_audit.event_keys as k using (event_key)
    left join billing_audit.event_payloads as d on d.stream = k.stream and d.seq = k.seq;
    return jsonb_build_object('feedback', coalesce(page, '[]'), 'next', next_);
end
$$;

call billing_audit.protect_table('billing_audit.judgements');
grant select, insert on billing_audit.judgements to billing_audit_owner;
call billing_audit.keep_private('billing_audit.judgement_of_feedback()');
call billing_audit.keep_private('billing_audit.act_of_judgements()');
call billing_audit.keep_private('billing_audit.judgement_json(billing_audit.judgements)');
call billing_audit.offer_to_service('public.billing_audit_judge(jsonb)');
grant execute on function public.billing_audit_judge(jsonb) to authenticated;
call billing_audit.offer_to_service('public.billing_audit_judgements(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_list_feedback(jsonb)');
