-- Approvals that come after the change: what was recorded without one is marked, and stays as it was recorded.

-- Said once, never altered: the first approval that covers an event counts.
create table billing_audit.approved_afterwards (
    event_key    text        primary key references billing_audit.event_keys,
    approval_id  uuid        not null references billing_audit.approvals,
    at           timestamptz not null default billing_audit.clock()
);
comment on table billing_audit.approved_afterwards is 'Historical changes that were recorded unapproved, and the approval that came later.';

create trigger never_altered before update or delete on billing_audit.approved_afterwards
    for each row execute function billing_audit.refuse_change();
create trigger never_truncated before truncate on billing_audit.approved_afterwards
    for each statement execute function billing_audit.refuse_change();
alter table billing_audit.approved_afterwards enable always trigger never_altered;
alter table billing_audit.approved_afterwards enable always trigger never_truncated;

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
create or replace function public.billing_audit_approve(p jsonb) returns jsonb
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

-- As before, and with `approved_afterwards`, the id of the approval, where one came later.
create or replace function billing_audit.event_json(e billing_audit.audit_events, payload jsonb) returns jsonb
language sql stable
set search_path = ''
as $$
    select jsonb_build_object(
            'timestamp', billing_audit.instant(e.recorded_at), 'sheet_id', e.sheet_id, 'row_id', e.row_id,
            'work_request', e.work_request, 'column_name', e.column_name, 'violation_type', e.violation_type,
            'delta', e.delta::text, 'changed_at', billing_audit.instant(e.changed_at), 'week_ending', e.week_ending,
            'is_historical', e.is_historical, 'audit_run_id', e.audit_run_id, 'severity', e.severity,
            'risk_score', e.risk_score, 'anomaly_score', e.anomaly_score,
            'predicted_category', e.predicted_category)
        || jsonb_build_object(
            'event_key', e.event_key, 'kind', e.kind, 'changed_by_kind', e.changed_by_kind, 'currency', e.currency,
            'approval_id', e.approval_id, 'intermediate_unknown', e.intermediate_unknown, 'rules_hash', e.rules_hash)
        || jsonb_build_object(
            'sheet_name', '', 'old_value', null, 'new_value', null, 'changed_by', null, 'issue_description', '',
            'suggested_fix', '', 'sheet_reference', null, 'ip_address', null, 'device_info', null, 'session_id', null,
            'user_agent', null, 'reasons', jsonb_build_array(), 'unknown_facts', jsonb_build_array(),
            'values', jsonb_build_object())
        || coalesce(payload, '{}')
        || coalesce((select jsonb_build_object('approved_afterwards', l.approval_id)
            from billing_audit.approved_afterwards as l where l.event_key = e.event_key), '{}')
$$;

call billing_audit.protect_table('billing_audit.approved_afterwards');
grant select, insert on billing_audit.approved_afterwards to billing_audit_owner;
call billing_audit.keep_private('billing_audit.same_title(text, jsonb)');
call billing_audit.keep_private('billing_audit.whole_work_request(text)');
call billing_audit.keep_private('billing_audit.approve_afterwards(billing_audit.approvals, jsonb)');
