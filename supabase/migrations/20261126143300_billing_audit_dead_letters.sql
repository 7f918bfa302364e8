-- Callbacks that failed eight times: they are told of, listed, and put back to work by a person, whose name stays.

create table billing_audit.replays (
    id           bigint      generated always as identity primary key,
    sheet_id     text        not null,
    replayed_by  text        not null check (replayed_by <> ''),
    replayed_at  timestamptz not null,
    callbacks    bigint      not null check (callbacks > 0)
);
comment on table billing_audit.replays is 'Each time that dead letters of a sheet were put back to work. The trail says it too.';
create index replays_of_sheet on billing_audit.replays (sheet_id);

-- Once for each sheet that has dead letters, and once more for those that come after they were replayed.
create function billing_audit.tell_of_dead_letters() returns void
language plpgsql
set search_path = ''
as $$
declare
    sheet record;
begin
    for sheet in
        select e.sheet_id, count(*) as callbacks, (array_agg(e.why order by e.id desc))[1] as why,
            (select count(*) from billing_audit.replays as r where r.sheet_id = e.sheet_id) as replays,
            (select name from billing_audit.sheets as s where s.sheet_id = e.sheet_id) as name
        from billing_audit.webhook_events as e
        where e.state = 'dead'
        group by e.sheet_id
    loop
        perform public.billing_audit_raise_notice(jsonb_build_object(
            'notice_key', format('dead-letters:%s:%s', sheet.sheet_id, sheet.replays),
            'severity', 'HIGH',
            'title', format('Callbacks of sheet %s could not be worked on', coalesce('"' || sheet.name || '"', sheet.sheet_id)),
            'text', format('Callbacks of sheet %s failed in eight tries and are kept aside; nothing of them is lost. '
                || 'The last reason: %s Look for the cause, then put them back to work: billing-audit doctor --replay-dead',
                sheet.sheet_id, coalesce(sheet.why, 'unknown.'))));
    end loop;
end
$$;

-- p: limit, lease_seconds, sheet_ids (a list, or "all"; absent = all). Gives {callbacks}, oldest first. One that was
-- handed out eight times and never ended, for example because it ends the process each time, becomes a dead letter.
create or replace function public.billing_audit_lease_callbacks(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    now_   timestamptz := billing_audit.clock();
    leased jsonb;
begin
    perform billing_audit.require(p, 'limit', 'lease_seconds');
    update billing_audit.webhook_events
    set state = 'dead', leased_until = null, ended_at = now_, why = coalesce(why, 'Never finished in eight tries.')
    where state = 'leased' and leased_until <= now_ and attempts >= 8;
    if found then
        perform billing_audit.tell_of_dead_letters();
    end if;

    with free as (
        select id
        from billing_audit.webhook_events
        where ((state = 'waiting' and coalesce(retry_at <= now_, true)) or (state = 'leased' and leased_until <= now_))
            and (coalesce(p -> 'sheet_ids', '"all"') = '"all"' or sheet_id = any (billing_audit.texts(p -> 'sheet_ids')))
        order by id
        limit (p ->> 'limit')::integer
        for update skip locked
    ), taken as (
        update billing_audit.webhook_events as e
        set state = 'leased', attempts = attempts + 1, retry_at = null,
            leased_until = now_ + make_interval(secs => (p ->> 'lease_seconds')::double precision)
        from free
        where e.id = free.id
        returning e.*
    )
    select jsonb_agg(jsonb_build_object(
        'id', t.id::text, 'webhook_id', t.webhook_id, 'nonce', t.nonce, 'sheet_id', t.sheet_id,
        'body', translate(encode(t.body, 'base64'), E'\n', ''), 'complete', t.complete,
        'received_at', billing_audit.instant(t.received_at), 'attempts', t.attempts) order by t.id)
    into leased from taken as t;
    return jsonb_build_object('callbacks', coalesce(leased, '[]'));
end
$$;

-- p: ids, why, retry_in_seconds. Puts callbacks back, or to the dead letters after the eighth try. Each waits for another
-- half to whole of that time, so that those that failed together do not come back together. Gives {dead}.
create or replace function public.billing_audit_fail_callbacks(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    now_ timestamptz := billing_audit.clock();
    dead bigint;
begin
    perform billing_audit.require(p, 'ids', 'why', 'retry_in_seconds');
    with failed as (
        update billing_audit.webhook_events
        set state = case when attempts >= 8 then 'dead' else 'waiting' end,
            ended_at = case when attempts >= 8 then now_ end,
            retry_at = now_ + make_interval(secs => (p ->> 'retry_in_seconds')::double precision * (0.5 + random() / 2)),
            leased_until = null,
            why = p ->> 'why'
        where id = any (billing_audit.texts(p -> 'ids')::bigint[]) and state in ('waiting', 'leased')
        returning state
    )
    select count(*) filter (where state = 'dead') into dead from failed;
    if dead > 0 then
        perform billing_audit.tell_of_dead_letters();
    end if;
    return jsonb_build_object('dead', dead);
end
$$;

-- p: limit. Gives {callbacks}: the dead letters, the oldest first, without their bodies.
create function public.billing_audit_dead_callbacks(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    with dead as (
        select * from billing_audit.webhook_events where state = 'dead' order by id limit (p ->> 'limit')::integer
    )
    select jsonb_build_object('callbacks', coalesce(jsonb_agg(jsonb_build_object(
        'id', id::text, 'sheet_id', sheet_id, 'webhook_id', webhook_id, 'nonce', nonce, 'attempts', attempts,
        'received_at', billing_audit.instant(received_at), 'dead_since', billing_audit.instant(ended_at), 'why', why)
        order by id), '[]'))
    from dead
$$;

-- p: ids (a list, or "all"), by. Puts dead letters back to work, as if they had never been tried, and writes into the
-- trail of each sheet who did it. What they tell of and is recorded already is not recorded twice. Gives {replayed}.
create function public.billing_audit_replay_dead(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    now_      timestamptz := billing_audit.clock();
    events_   jsonb;
    replayed_ bigint;
begin
    perform billing_audit.require(p, 'ids', 'by');
    with back as (
        update billing_audit.webhook_events
        set state = 'waiting', attempts = 0, ended_at = null, retry_at = null, leased_until = null
        where state = 'dead'
            and (p -> 'ids' = '"all"' or id = any (billing_audit.texts(p -> 'ids')::bigint[]))
        returning sheet_id
    ), noted as (
        insert into billing_audit.replays (sheet_id, replayed_by, replayed_at, callbacks)
        select sheet_id, p ->> 'by', now_, count(*) from back group by sheet_id order by sheet_id
        returning *
    )
    select sum(n.callbacks), jsonb_agg(jsonb_build_object(
        'event_key', format('%s:callbacks:%s:replayed:1', n.sheet_id, n.id), 'kind', 'callbacks_replayed',
        'sheet_id', n.sheet_id, 'sheet_name', coalesce(s.name, ''), 'violation_type', 'NONE', 'severity', 'LOW',
        'changed_by', n.replayed_by, 'changed_by_kind', 'person', 'changed_at', billing_audit.instant(now_),
        'audit_run_id', format('replay:%s', n.id), 'currency', 'USD', 'intermediate_unknown', false,
        'new_value', format('%s callbacks', n.callbacks),
        'issue_description', format('%s callbacks that had failed eight times were put back to work.', n.callbacks),
        'suggested_fix', 'Nothing to do.') order by n.sheet_id)
    into replayed_, events_
    from noted as n left join billing_audit.sheets as s using (sheet_id);
    if events_ is not null then
        perform public.billing_audit_append(jsonb_build_object('events', events_));
    end if;
    return jsonb_build_object('replayed', coalesce(replayed_, 0));
end
$$;

call billing_audit.protect_table('billing_audit.replays');
grant select, insert on billing_audit.replays to billing_audit_owner;
call billing_audit.keep_private('billing_audit.tell_of_dead_letters()');
call billing_audit.offer_to_service('public.billing_audit_dead_callbacks(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_replay_dead(jsonb)');
