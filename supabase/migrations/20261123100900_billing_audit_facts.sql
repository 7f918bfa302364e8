-- Facts for the rules: people, what they did lately, and approvals.

create function billing_audit.approval_json(a billing_audit.approvals) returns jsonb
language sql stable
set search_path = ''
as $$
    select jsonb_build_object(
        'id', a.id, 'sheet_id', a.sheet_id, 'row_ids', a.row_ids, 'work_requests', a.work_requests,
        'columns', a.columns, 'people', a.people, 'from', billing_audit.instant(a.valid_from),
        'to', billing_audit.instant(a.valid_to), 'reason', a.reason, 'ticket', a.ticket, 'approver', a.approver)
$$;

-- A title as it is compared: see canonicalTitle in lib/settings/columns.ts. aliases: other spelling in lower case to title.
create function billing_audit.same_title(title text, aliases jsonb) returns text
language sql immutable
set search_path = ''
as $$
    select lower(coalesce(aliases ->> lower(tidy), tidy)) from (select btrim(regexp_replace(title, '\s+', ' ', 'g'))) as t (tidy)
$$;

-- A work request up to the first dot: see lib/event/work-request.ts.
create function billing_audit.whole_work_request(cell text) returns text
language sql immutable
set search_path = ''
as $$
    select nullif(btrim(split_part(cell, '.', 1), E' \t\r\n'), '')
$$;

-- Marks what an approval covers, by the same conditions as approvalFor in nodes/billing-rules/approvals.ts: sheet, row or
-- work request, column, person and time; never the approver's own change, nor one of nobody knows whom. A row whose work
-- request was changed is approved under the one it had.
create function billing_audit.approve_afterwards(a billing_audit.approvals, aliases jsonb) returns void
language sql
set search_path = ''
as $$
    insert into billing_audit.approved_afterwards (event_key, approval_id, at)
    select e.event_key, a.id, a.approved_at
    from billing_audit.audit_events as e
    join billing_audit.event_payloads as d on d.stream = e.stream and d.seq = e.seq
    cross join lateral (select billing_audit.same_title(e.column_name, aliases) as title, btrim(d.person) as editor) as n
    cross join lateral (select case when n.title = 'work request #'
        then coalesce(billing_audit.whole_work_request(d.payload ->> 'old_value'), e.work_request)
        else e.work_request end as work_request) as w
    where e.sheet_id = a.sheet_id and e.changed_at between a.valid_from and a.valid_to
        and e.violation_type in ('HISTORICAL_CHANGE', 'HISTORICAL_ROW_ADDED', 'HISTORICAL_ROW_DELETED')
        and e.approval_id is null
        and n.editor <> '' and n.editor <> lower(btrim(a.approver))
        and (cardinality(a.people) = 0 or n.editor in (select lower(btrim(each)) from unnest(a.people) as each))
        and (cardinality(a.columns) = 0
            or n.title in (select billing_audit.same_title(each, aliases) from unnest(a.columns) as each))
        and (cardinality(a.row_ids) + cardinality(a.work_requests) = 0 or e.row_id = any (a.row_ids)
            or w.work_request in (select billing_audit.whole_work_request(each) from unnest(a.work_requests) as each))
    order by e.position
    on conflict do nothing
$$;

-- p: a NewApproval (lib/store/store.ts). Gives {approval}. What the trail holds and the approval covers is marked as
-- approved afterwards in the same transaction.
create function public.billing_audit_approve(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    saved billing_audit.approvals;
begin
    perform billing_audit.require(p, 'sheet_id', 'from', 'to', 'reason', 'approver');
    if lower(btrim(p ->> 'approver')) in (
        select lower(btrim(each)) from unnest(billing_audit.texts(p -> 'people')) as each)
    then
        raise exception using errcode = 'BA003',
            message = format('%s cannot approve their own corrections.', p ->> 'approver'),
            detail = 'The approver is among the people that the approval covers.',
            hint = 'Let somebody else approve, or take the approver off the list of people.';
    end if;
    if (p ->> 'to')::timestamptz < (p ->> 'from')::timestamptz then
        raise exception using errcode = 'BA004',
            message = 'The approval ends before it begins.',
            hint = 'Swap "from" and "to".';
    end if;
    insert into billing_audit.approvals
        (sheet_id, row_ids, work_requests, columns, people, valid_from, valid_to, reason, ticket, approver)
    values
        (p ->> 'sheet_id', billing_audit.texts(p -> 'row_ids'), billing_audit.texts(p -> 'work_requests'),
         billing_audit.texts(p -> 'columns'), billing_audit.texts(p -> 'people'), (p ->> 'from')::timestamptz,
         (p ->> 'to')::timestamptz, p ->> 'reason', p ->> 'ticket', p ->> 'approver')
    returning * into saved;
    perform billing_audit.approve_afterwards(saved, coalesce(p -> 'column_aliases', '{}'));
    return jsonb_build_object('approval', billing_audit.approval_json(saved));
end
$$;

-- p: requests [{sheet_id, at}]. Gives {answers}: for each request the approvals of the sheet in force at that time,
-- both ends included, first approved first.
create function public.billing_audit_approvals(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    select jsonb_build_object('answers', coalesce(jsonb_agg(coalesce(a.list, '[]') order by r.place), '[]'))
    from jsonb_array_elements(p -> 'requests') with ordinality as r (request, place)
    left join lateral (
        select jsonb_agg(billing_audit.approval_json(a) order by a.approved_at, a.id) as list
        from billing_audit.approvals as a
        where a.sheet_id = r.request ->> 'sheet_id'
            and (r.request ->> 'at')::timestamptz between a.valid_from and a.valid_to
    ) as a on true
$$;

-- What one person did up to a moment. Changes that are not in the trail yet count; so do events that came another way.
create function billing_audit.facts_of(who text, at timestamptz, within interval) returns jsonb
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
        select max(changed_at) as last_at from billing_audit.event_payloads where person = who and changed_at < at) as e
    cross join lateral (
        select count(*) from (
            select event_key from billing_audit.changes
            where person = who and changed_at > at - within and changed_at <= at
            union
            select event_key from billing_audit.event_payloads
            where person = who and changed_at > at - within and changed_at <= at
        ) as either) as w
$$;

-- p: requests [{person, at, within_minutes}]. Gives {answers}: PersonFacts (lib/store/store.ts) for each.
create function public.billing_audit_person_facts(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    select jsonb_build_object('answers', coalesce(jsonb_agg(billing_audit.facts_of(
        lower(r.request ->> 'person'), (r.request ->> 'at')::timestamptz,
        make_interval(secs => 60 * (r.request ->> 'within_minutes')::double precision)) order by r.place), '[]'))
    from jsonb_array_elements(p -> 'requests') with ordinality as r (request, place)
$$;

-- p: people (Person, lib/store/store.ts). Who is not named stays as is. Gives {}.
create function public.billing_audit_save_people(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
begin
    perform billing_audit.require(p, 'people');
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
    return '{}';
end
$$;

call billing_audit.keep_private('billing_audit.approval_json(billing_audit.approvals)');
call billing_audit.keep_private('billing_audit.same_title(text, jsonb)');
call billing_audit.keep_private('billing_audit.whole_work_request(text)');
call billing_audit.keep_private('billing_audit.approve_afterwards(billing_audit.approvals, jsonb)');
call billing_audit.keep_private('billing_audit.facts_of(text, timestamptz, interval)');
call billing_audit.offer_to_service('public.billing_audit_approve(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_approvals(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_person_facts(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_save_people(jsonb)');
