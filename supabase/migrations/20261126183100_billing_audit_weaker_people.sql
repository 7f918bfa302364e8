-- What takes points away from a person's changes, or lets more people approve them, weakens detection as a threshold does
-- that is raised (DESIGN §3): the act says so, and those are told who are told of changes. It is judged where it is written,
-- so it is told whichever program (or hand) did it.
--
--   directory   an access level that is raised, or not known any more: fewer points for a low one. A review that is not known
--               any more: it is overdue no longer. A new person, a later review and a name do not weaken.
--   sign-in     an account that may decide and could not before: its verdicts and approvals end alerts.

-- Why a directory entry is judged by less than before; null: it is not.
create function billing_audit.person_weakened(before billing_audit.people, after billing_audit.people) returns text
language sql stable
set search_path = ''
as $$
    select nullif(concat_ws(' ',
        case when after.access_level > before.access_level then format('Their access level was raised from %s to %s.',
                before.access_level, after.access_level)
            when before.access_level is not null and after.access_level is null then
                format('Their access level, %s, is not known any more.', before.access_level) end,
        case when before.last_review_at is not null and after.last_review_at is null then
            'When their access was last reviewed is not known any more.' end), '')
    where before.email is not null and after.email is not null
$$;

-- What makes an act one that weakens.
create function billing_audit.weakening_act(subject text) returns jsonb
language sql immutable
set search_path = ''
as $$
    select jsonb_build_object('violation_type', 'CONFIGURATION_WEAKENED', 'severity', 'HIGH', 'column_name', subject,
        'sheet_name', 'Billing Audit itself',
        'suggested_fix', 'Ask who changed it why. If nobody knows, set it back.')
$$;

-- As before (20261126165000), and an act that weakens says so.
create or replace function billing_audit.acts_on_people(before billing_audit.people, after billing_audit.people) returns jsonb
language sql stable
set search_path = ''
as $$
    select jsonb_build_object(
        'kind', case when after.email is null then 'person_removed' else 'person_saved' end,
        'changed_by', coalesce(nullif(current_setting('billing_audit.by', true), ''),
            nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email'),
        'old_value', case when before.email is not null and after.email is not null then billing_audit.person_text(before) end,
        'new_value', case when after.email is not null then billing_audit.person_text(after) end,
        'issue_description', concat_ws(' ', case when after.email is null then 'A person was removed from the directory.'
            when before.email is null then 'A person was added to the directory.'
            else 'What the directory says of a person was changed.' end, w.why),
        'values', case when after.email is null then '{}' else jsonb_build_object('person', after.email) end)
        || case when w.why is null then '{}' else billing_audit.weakening_act('Directory of people') end
    from (select billing_audit.person_weakened(before, after) as why) as w
$$;

-- As before (20261126165000), and of acts that weaken those are told who are told of changes by now.
create or replace function billing_audit.note_acts(acts jsonb) returns void
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
    if events_ is null then
        return;
    end if;
    perform public.billing_audit_append(jsonb_build_object('events', events_));
    if events_ @> '[{"violation_type": "CONFIGURATION_WEAKENED"}]' then
        perform billing_audit.tell_of_weakening(
            (select coalesce(jsonb_agg(jsonb_build_object('rule_id', rule_id, 'recipients', to_jsonb(recipients))), '[]')
                from billing_audit.alert_rules where retired_at is null),
            events_, billing_audit.clock());
    end if;
end
$$;

-- Accounts that may decide from now on and could not before. The access log tells of each what it may do before and after
-- (details.rights); null is nothing.
create function billing_audit.note_wider_rights(events jsonb) returns void
language sql
set search_path = ''
as $$
    select billing_audit.note_acts(jsonb_agg(jsonb_build_object('kind', 'rights_given',
            'changed_by', e.event #>> '{details,by}', 'old_value', r.before, 'new_value', r.after,
            'issue_description', format('%s may decide from now on, as %s (before: %s): what they approve is not alerted.',
                e.event ->> 'person', r.after, coalesce(r.before, 'nothing')),
            'values', jsonb_build_object('person', e.event ->> 'person'))
        || billing_audit.weakening_act('Accounts: role') order by e.place))
    from jsonb_array_elements(events) with ordinality as e (event, place)
    cross join lateral (select e.event #>> '{details,rights,before}' as before, e.event #>> '{details,rights,after}' as after) as r
    where e.event ->> 'kind' = 'person_changed' and r.after in ('manager', 'admin')
        and (r.before is null or r.before not in ('manager', 'admin'))
$$;

-- As before (20261126163100), and what a person may do from now on is judged with it: both or neither. What is told twice is
-- judged once.
create or replace function public.billing_audit_record_access(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    wrong     record;
    recorded  jsonb := '[]';
begin
    perform billing_audit.require(p, 'events');
    select e.event, n.name into wrong
    from jsonb_array_elements(p -> 'events') as e (event)
    cross join unnest(array['id', 'kind', 'source', 'happened_at', 'happened']) as n (name)
    where coalesce(e.event ->> n.name, '') = '' or (n.name = 'kind' and e.event ->> 'kind' !~ '^[a-z_]+$')
    limit 1;
    if found then
        raise exception using errcode = 'BA001',
            message = format('An access event lacks "%s", or has one that cannot be.', wrong.name),
            hint = 'The program and the store may be of different versions: run "billing-audit migrate".';
    end if;
    if jsonb_array_length(p -> 'events') > 0 then
        select public.billing_audit_append(jsonb_build_object('concern', 'access', 'events',
            jsonb_agg(billing_audit.access_entry(e.event) order by e.place))) -> 'appended'
        into recorded from jsonb_array_elements(p -> 'events') with ordinality as e (event, place);
        perform billing_audit.note_wider_rights((
            select coalesce(jsonb_agg(e.event order by e.place), '[]')
            from jsonb_array_elements(p -> 'events') with ordinality as e (event, place)
            where (recorded -> (e.place::integer - 1) ->> 'is_new')::boolean));
    end if;
    insert into billing_audit.sheet_activity (event_id, sheet_id, person, happened_at, source, ip_address)
    select distinct on (a ->> 'event_id') a ->> 'event_id', a ->> 'sheet_id', lower(a ->> 'person'),
        (a ->> 'happened_at')::timestamptz, a ->> 'source', a ->> 'ip_address'
    from jsonb_array_elements(coalesce(p -> 'activity', '[]')) as a
    on conflict do nothing;
    if p -> 'reader' is not null then
        perform billing_audit.move_reader(p -> 'reader');
        delete from billing_audit.sheet_activity where happened_at < billing_audit.clock() - interval '7 days';
    end if;
    return jsonb_build_object('recorded', (
        select coalesce(jsonb_agg(jsonb_build_object(
            'event_key', r ->> 'event_key', 'seq', r -> 'seq', 'is_new', r -> 'is_new')), '[]')
        from jsonb_array_elements(recorded) as r));
end
$$;

call billing_audit.keep_private('billing_audit.person_weakened(billing_audit.people, billing_audit.people)');
call billing_audit.keep_private('billing_audit.weakening_act(text)');
call billing_audit.keep_private('billing_audit.note_wider_rights(jsonb)');
