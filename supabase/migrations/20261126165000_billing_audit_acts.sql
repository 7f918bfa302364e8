-- What people do in Billing Audit itself stands in the trail too: an approval, a verdict, an answer to an alert, a change in
-- the directory of people. Triggers write the event in the transaction of the act, whichever function (or hand) did it, so
-- that neither is ever without the other. An act that belongs to a sheet stands in that sheet's stream; the rest in `sheet:0`.

-- acts: partial events (lib/event/audit-event.ts), each with at least kind and issue_description. Appends them in order.
create function billing_audit.note_acts(acts jsonb) returns void
language plpgsql
set search_path = ''
as $$
declare
    now_    text := billing_audit.instant(billing_audit.clock());
    events_ jsonb;
begin
    select jsonb_agg(jsonb_build_object(
        'sheet_id', '0', 'sheet_name', '', 'violation_type', 'NONE', 'severity', 'LOW', 'changed_at', now_,
        'changed_by_kind', case when a.act ->> 'changed_by' is null then 'unknown' else 'person' end,
        'audit_run_id', k.event_key, 'event_key', k.event_key, 'currency', 'USD', 'intermediate_unknown', false,
        'suggested_fix', 'Nothing to do.') || a.act order by a.place)
    into events_
    from jsonb_array_elements(acts) with ordinality as a (act, place)
    cross join lateral (select format('act:%s:%s', a.act ->> 'kind', gen_random_uuid()) as event_key) as k;
    if events_ is not null then
        perform public.billing_audit_append(jsonb_build_object('events', events_));
    end if;
end
$$;

create function billing_audit.act_of_approvals() returns trigger
language plpgsql
set search_path = ''
as $$
begin
    perform billing_audit.note_acts((
        select jsonb_agg(jsonb_build_object(
            'kind', 'approval_given', 'sheet_id', n.sheet_id, 'sheet_name', coalesce(s.name, ''),
            'changed_by', n.approver, 'approval_id', n.id::text, 'new_value', n.reason,
            'issue_description', format('%s approved corrections from %s to %s: %s', n.approver,
                billing_audit.instant(n.valid_from), billing_audit.instant(n.valid_to), n.reason),
            'values', jsonb_build_object(
                'rows', nullif(array_to_string(n.row_ids, ', '), ''), 'columns', nullif(array_to_string(n.columns, ', '), ''),
                'work requests', nullif(array_to_string(n.work_requests, ', '), ''),
                'people', nullif(array_to_string(n.people, ', '), ''), 'ticket', n.ticket)) order by n.approved_at, n.id)
        from new_rows as n left join billing_audit.sheets as s using (sheet_id)));
    return null;
end
$$;
create trigger is_an_act after insert on billing_audit.approvals
    referencing new table as new_rows for each statement execute function billing_audit.act_of_approvals();

-- The verdict stands beside the event: same sheet, row, column and work request.
create function billing_audit.act_of_feedback() returns trigger
language plpgsql
set search_path = ''
as $$
begin
    perform billing_audit.note_acts((
        select jsonb_agg(jsonb_build_object(
            'kind', 'event_marked', 'sheet_id', e.sheet_id, 'sheet_name', coalesce(s.name, ''), 'row_id', e.row_id,
            'work_request', e.work_request, 'column_name', e.column_name, 'changed_by', n.by_name, 'new_value', n.mark,
            'issue_description', format('%s (%s) marked event %s: %s%s', n.by_name, n.by_role, n.event_key, n.mark,
                case when n.reason = '' then '' else ', ' || n.reason end),
            'values', jsonb_build_object('event', n.event_key, 'reason', nullif(n.reason, ''), 'right', n.by_role)) order by n.id)
        from new_rows as n
        join billing_audit.event_keys as k using (event_key)
        join billing_audit.audit_events as e on e.stream = k.stream and e.seq = k.seq
        left join billing_audit.sheets as s on s.sheet_id = e.sheet_id));
    return null;
end
$$;
create trigger is_an_act after insert on billing_audit.feedback
    referencing new table as new_rows for each statement execute function billing_audit.act_of_feedback();

-- An answer to an alert of an event is feedback too, and noted there; a notice has no event.
create function billing_audit.act_of_answers() returns trigger
language plpgsql
set search_path = ''
as $$
begin
    perform billing_audit.note_acts((
        select jsonb_agg(jsonb_build_object(
            'kind', 'notice_answered', 'changed_by', n.person, 'new_value', n.decision,
            'issue_description', format('%s answered the notice %s: %s%s', n.person, n.event_key, n.decision,
                case when n.reason = '' then '' else ', ' || n.reason end),
            'values', jsonb_build_object('notice', n.event_key, 'reason', nullif(n.reason, ''))) order by n.id)
        from new_rows as n
        where not exists (select from billing_audit.event_keys as k where k.event_key = n.event_key)));
    return null;
end
$$;
create trigger is_an_act after insert on billing_audit.alert_answers
    referencing new table as new_rows for each statement execute function billing_audit.act_of_answers();

-- What an auditor asks of a person; when it was saved is the event's time.
create function billing_audit.person_text(d billing_audit.people) returns text
language sql stable
set search_path = ''
as $$
    select jsonb_build_object(
        'name', d.name, 'role', d.role, 'access_level', d.access_level, 'supervisor', d.supervisor,
        'department', d.department, 'last_review_at', billing_audit.instant(d.last_review_at), 'active', d.active)::text
$$;

-- The person is named in `values` alone, so that an erasure finds it; one who was removed is not named again.
create function billing_audit.acts_on_people(before billing_audit.people, after billing_audit.people) returns jsonb
language sql stable
set search_path = ''
as $$
    select jsonb_build_object(
        'kind', case when after.email is null then 'person_removed' else 'person_saved' end,
        'changed_by', coalesce(nullif(current_setting('billing_audit.by', true), ''),
            nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email'),
        'old_value', case when before.email is not null and after.email is not null then billing_audit.person_text(before) end,
        'new_value', case when after.email is not null then billing_audit.person_text(after) end,
        'issue_description', case when after.email is null then 'A person was removed from the directory.'
            when before.email is null then 'A person was added to the directory.'
            else 'What the directory says of a person was changed.' end,
        'values', case when after.email is null then '{}' else jsonb_build_object('person', after.email) end)
$$;

create function billing_audit.act_of_people() returns trigger
language plpgsql
set search_path = ''
as $$
begin
    if tg_op = 'INSERT' then
        perform billing_audit.note_acts((select jsonb_agg(billing_audit.acts_on_people(null, n) order by n.email)
            from new_rows as n));
    elsif tg_op = 'DELETE' then
        perform billing_audit.note_acts((select jsonb_agg(billing_audit.acts_on_people(o, null)) from old_rows as o));
    else
        perform billing_audit.note_acts((select jsonb_agg(billing_audit.acts_on_people(o, n) order by n.email)
            from new_rows as n join old_rows as o using (email)
            where billing_audit.person_text(o) <> billing_audit.person_text(n)));
    end if;
    return null;
end
$$;
create trigger is_an_act_added after insert on billing_audit.people
    referencing new table as new_rows for each statement execute function billing_audit.act_of_people();
create trigger is_an_act_changed after update on billing_audit.people
    referencing old table as old_rows new table as new_rows for each statement execute function billing_audit.act_of_people();
create trigger is_an_act_removed after delete on billing_audit.people
    referencing old table as old_rows for each statement execute function billing_audit.act_of_people();

-- p: people (Person, lib/store/store.ts), by (who saves them, where that is known). Who is not named stays as is. Gives {}.
create or replace function public.billing_audit_save_people(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
begin
    perform billing_audit.require(p, 'people');
    perform set_config('billing_audit.by', coalesce(p ->> 'by', ''), true);
    insert into billing_audit.people
        (email, name, role, access_level, supervisor, department, last_review_at, active)
    select distinct on (lower(g.email))
        lower(g.email), g.name, g.role, g.access_level, g.supervisor, g.department, g.last_review_at, g.active
    from jsonb_to_recordset(p -> 'people') as g (
        email text, name text, role text, access_level integer, supervisor text, department text,
        last_review_at timestamptz, active boolean)
    order by lower(g.email)
    on conflict (email) do update set
        name = excluded.name, role = excluded.role, access_level = excluded.access_level,
        supervisor = excluded.supervisor, department = excluded.department,
        last_review_at = excluded.last_review_at, active = excluded.active, saved_at = billing_audit.clock();
    perform set_config('billing_audit.by', '', true);
    return '{}';
end
$$;

-- What one person did up to a moment. Changes that are not in the trail yet count; so do events that came another way.
-- A verdict or an approval shows that the person is active, but is no change of a sheet.
create or replace function billing_audit.facts_of(who text, at timestamptz, within interval) returns jsonb
language sql stable
set search_path = ''
as $$
    select jsonb_build_object(
        'access_level', d.access_level,
        'last_review_at', billing_audit.instant(d.last_review_at),
        'last_active_at', billing_audit.instant(greatest(d.last_active_at, c.last_at, e.last_at)),
        'changes_in_window', w.count)
    from (select who) as given
    left join billing_audit.people as d on d.email = who
    cross join lateral (
        select max(changed_at) as last_at from billing_audit.changes where person = who and changed_at < at) as c
    cross join lateral (
        select max(changed_at) as last_at from billing_audit.event_payloads
        where person = who and changed_at < at and stream <> 'access') as e
    cross join lateral (
        select count(*) from (
            select event_key from billing_audit.changes
            where person = who and changed_at > at - within and changed_at <= at
            union
            select d.event_key
            from billing_audit.event_payloads as d
            join billing_audit.audit_events as a on a.stream = d.stream and a.seq = d.seq
            where d.person = who and d.changed_at > at - within and d.changed_at <= at and billing_audit.is_change(a.kind)
        ) as either) as w
$$;

-- As before (20261123140000): of the events of a sheet, its changes are counted, not what people did about them here.
create or replace function billing_audit.coverage_facts(w billing_audit.watched_sheets, day_ date, time_zone text) returns jsonb
language sql stable
set search_path = ''
as $$
    with owed as (
        select greatest(day_::timestamp at time zone time_zone, w.since) as from_at,
            least((day_ + 1)::timestamp at time zone time_zone, w.left_at) as to_at,
            day_::timestamp at time zone time_zone as day_start,
            (day_ + 1)::timestamp at time zone time_zone as day_end
    ), spans as materialized (
        select * from billing_audit.watch_spans where sheet_id = w.sheet_id and day = day_
    ), marks as (
        select began_at, seen_at from spans
        union all select from_at, from_at from owed
        union all select to_at, to_at from owed
    ), silences as (
        select max(seen_at) over (order by began_at, seen_at rows between unbounded preceding and 1 preceding) as from_at,
            began_at as to_at
        from marks
    ), gaps as (
        select from_at, to_at from silences where to_at - from_at > billing_audit.longest_silence()
    )
    select jsonb_build_object(
        'watched_from', (select billing_audit.instant(min(began_at)) from spans),
        'watched_to', (select billing_audit.instant(max(seen_at)) from spans),
        'how', (select string_agg(distinct how, ' and ' order by how desc) from spans),
        'gaps', (select coalesce(jsonb_agg(jsonb_build_object(
            'from', billing_audit.instant(from_at), 'to', billing_audit.instant(to_at)) order by from_at), '[]') from gaps),
        'gap_minutes', (select coalesce(round(sum(extract(epoch from to_at - from_at)) / 60), 0) from gaps),
        'compares', (select coalesce(sum(compares), 0) from spans),
        'version_from', (select first_version from spans where first_version is not null order by id limit 1),
        'version_to', (select last_version from spans where last_version is not null order by id desc limit 1),
        'rows', (select count(*) from billing_audit.sheet_rows where sheet_id = w.sheet_id and removed_as is null),
        'changes', (select count(*) from billing_audit.audit_events as e, owed
            where e.sheet_id = w.sheet_id and e.recorded_at >= owed.day_start and e.recorded_at < owed.day_end
                and billing_audit.is_change(e.kind) and e.kind not in ('sheet_checked', 'watch_gap')),
        'ends_at', (select billing_audit.instant(to_at) from owed))
$$;

call billing_audit.keep_private('billing_audit.note_acts(jsonb)');
call billing_audit.keep_private('billing_audit.act_of_approvals()');
call billing_audit.keep_private('billing_audit.act_of_feedback()');
call billing_audit.keep_private('billing_audit.act_of_answers()');
call billing_audit.keep_private('billing_audit.act_of_people()');
call billing_audit.keep_private('billing_audit.person_text(billing_audit.people)');
call billing_audit.keep_private('billing_audit.acts_on_people(billing_audit.people, billing_audit.people)');
