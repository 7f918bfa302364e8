-- Changes on their way to the trail.

-- p: sheet_ids (a list, or "all"), limit, lease_seconds. Gives {changes}, oldest first. What was leased and not recorded
-- in time is handed out again, for as long as it takes: a change never dies of waiting. Those that were handed out less
-- often come before: changes that cannot be recorded, however many, do not keep newer ones from the trail.
create function public.billing_audit_lease_changes(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    now_   timestamptz := billing_audit.clock();
    every  boolean := p -> 'sheet_ids' = '"all"';
    wanted text[] := billing_audit.texts(p -> 'sheet_ids');
    leased jsonb;
begin
    perform billing_audit.require(p, 'sheet_ids', 'limit', 'lease_seconds');
    with free as (
        select id
        from billing_audit.changes
        where state in ('waiting', 'leased') and (state = 'waiting' or leased_until <= now_)
            and (every or sheet_id = any (wanted))
        order by least(attempts, 10), changed_at, id
        limit (p ->> 'limit')::integer
        for update skip locked
    ), taken as (
        update billing_audit.changes as c
        set state = 'leased', attempts = attempts + 1,
            leased_until = now_ + make_interval(secs => (p ->> 'lease_seconds')::double precision)
        from free
        where c.id = free.id
        returning c.id, c.changed_at, c.body
    )
    select jsonb_agg(body order by changed_at, id) into leased from taken;
    return jsonb_build_object('changes', coalesce(leased, '[]'));
end
$$;

-- p: event_keys. Gives back what was leased and not recorded, as if it had not been handed out. Gives {}.
create function public.billing_audit_release_changes(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
begin
    perform billing_audit.require(p, 'event_keys');
    update billing_audit.changes
    set state = 'waiting', leased_until = null, attempts = greatest(attempts - 1, 0)
    where event_key = any (billing_audit.texts(p -> 'event_keys')) and state = 'leased';
    return '{}';
end
$$;

-- p: {}. Gives the counts of lib/store/store.ts, StoreCounts.
create function public.billing_audit_counts(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    with callbacks as (
        select count(*) as waiting, min(received_at) as oldest
        from billing_audit.webhook_events where state in ('waiting', 'leased')
    ), open_changes as (
        select
            count(*) filter (where state = 'waiting') as waiting,
            count(*) filter (where state = 'leased') as leased,
            count(*) filter (where attempts >= 8) as failing,
            min(found_at) as oldest
        from billing_audit.changes where state in ('waiting', 'leased')
    )
    select jsonb_build_object(
        'callbacks_waiting', k.waiting,
        'callbacks_dead', (select count(*) from billing_audit.webhook_events where state = 'dead'),
        'changes_waiting', c.waiting,
        'changes_leased', c.leased,
        'changes_dead', c.failing,
        -- Days of coverage are in the trail, and nothing that happened to a sheet.
        'events', (select coalesce(sum(seq), 0) from billing_audit.streams)
            - (select count(*) from billing_audit.audit_events where kind = 'coverage'),
        'oldest_waiting_at', billing_audit.instant(least(k.oldest, c.oldest)))
    from callbacks as k, open_changes as c
$$;

call billing_audit.offer_to_service('public.billing_audit_lease_changes(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_release_changes(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_counts(jsonb)');
