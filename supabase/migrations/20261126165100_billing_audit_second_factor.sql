-- Who decides by an access token of their own (Supabase Auth, or ours in its form) must have signed in with a second factor:
-- row security is passed over inside our functions, so the functions ask. The service answers for whom it passes on: its
-- sign-in has let them in.
--
-- Error: BA007 the caller has not signed in with a second factor

create function billing_audit.demand_second_factor() returns void
language plpgsql stable
set search_path = ''
as $$
declare
    claims jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
begin
    if coalesce(claims ->> 'role' = 'service_role' or claims ->> 'aal' = 'aal2', false) then
        return;
    end if;
    raise exception using errcode = 'BA007', message = 'A decision takes a second factor, and this sign-in had none.',
        hint = 'Set up a second factor, sign in with it, then try again.';
end
$$;

-- Who calls, if they may decide. The service names whom it passes on, with the role that its sign-in gave them (`by`, `role`);
-- a person's own token says both, and had a second factor. No role is no right.
-- what: what was to be done, for the sentence
create function billing_audit.decider(p jsonb, what text) returns text
language plpgsql stable
set search_path = ''
as $$
declare
    who record := billing_audit.caller(p);
begin
    if who.name is null then
        raise exception using errcode = 'BA005', message = format('Nobody is signed in, so nothing was %s.', what),
            hint = 'Sign in as a manager or an administrator, then try again.';
    elsif who.role is null or who.role not in ('manager', 'admin') then
        raise exception using errcode = 'BA005',
            message = format('%s may look, but not decide: that takes a manager. Nothing was %s.', who.name, what),
            hint = 'Ask a manager or an administrator.';
    end if;
    perform billing_audit.demand_second_factor();
    return who.name;
end
$$;

-- p: event_key, mark (approved, false_alarm, looking), reason (may be empty for looking), by and role (from the service
-- alone). Gives {mark: {event_key, mark, reason, by, marked_at}}.
create or replace function public.billing_audit_mark(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    who     record;
    reason_ text := left(btrim(coalesce(p ->> 'reason', '')), 2000);
    now_    timestamptz := billing_audit.clock();
begin
    perform billing_audit.require(p, 'event_key', 'mark');
    perform billing_audit.decider(p, 'marked');
    who := billing_audit.caller(p);
    if p ->> 'mark' not in ('approved', 'false_alarm', 'looking') then
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

-- p: a NewApproval (lib/store/store.ts), with the role of the approver. Gives {approval}. What the trail holds and the
-- approval covers is marked as approved afterwards in the same transaction. A person who calls by a token is the approver,
-- with the role of the token, whatever the call says. Whoever it is, it takes a manager or an administrator.
create or replace function public.billing_audit_approve(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    saved     billing_audit.approvals;
    approver_ text := billing_audit.decider(p || jsonb_build_object('by', p ->> 'approver'), 'approved');
begin
    perform billing_audit.require(p || jsonb_build_object('approver', approver_), 'sheet_id', 'from', 'to', 'reason', 'approver');
    if lower(btrim(approver_)) in (
        select lower(btrim(each)) from unnest(billing_audit.texts(p -> 'people')) as each)
    then
        raise exception using errcode = 'BA003',
            message = format('%s cannot approve their own corrections.', approver_),
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
         (p ->> 'to')::timestamptz, p ->> 'reason', p ->> 'ticket', approver_)
    returning * into saved;
    perform billing_audit.approve_afterwards(saved, coalesce(p -> 'column_aliases', '{}'));
    return jsonb_build_object('approval', billing_audit.approval_json(saved));
end
$$;

call billing_audit.keep_private('billing_audit.demand_second_factor()');
call billing_audit.keep_private('billing_audit.decider(jsonb, text)');
grant execute on function public.billing_audit_approve(jsonb) to authenticated;
