-- As before (20261126170200); and how many events the trail has been given in all, sign-ins, acts of people and days of coverage
-- with them; and on a server, which keeps the trail in months, what of it lies in no month. That is empty, or events of a
-- month for which no partition could be made in time. What an archive let stay (20261127100300) lies there by right, and is
-- older than the end of the archived month.

-- Counted up to a hundred thousand: this is asked each minute. Null where there are no months. As the owner of the tables:
-- nobody else may read one partition by its name.
create function billing_audit.lies_in_rest(out events bigint, out since timestamptz)
language plpgsql stable security definer
set search_path = ''
set jit = off
as $$
begin
    if billing_audit.keeps_months() then
        select count(*), min(r.recorded_at) into events, since
        from (
            select e.recorded_at from billing_audit.audit_events_rest as e
            where e.recorded_at >= coalesce(
                (select (max(a.month) + interval '1 month') at time zone 'UTC' from billing_audit.archives as a), '-infinity')
            order by e.recorded_at limit 100000) as r;
    end if;
end
$$;
call billing_audit.keep_private('billing_audit.lies_in_rest()');

-- p: {}. Gives the counts of lib/store/store.ts, StoreCounts.
create or replace function public.billing_audit_counts(p jsonb) returns jsonb
language sql security definer
set search_path = ''
set jit = off
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
        'changes_provisional', (select count(*) from billing_audit.unexplained_rows),
        'changes_dead', c.failing,
        -- Days of coverage, who signed in and what people do here are in the trail, and nothing that happened to a sheet.
        'events', billing_audit.events_recorded(),
        'events_in_all', (select coalesce(sum(seq), 0)::bigint from billing_audit.streams),
        'events_in_rest', r.events,
        'in_rest_since', billing_audit.instant(r.since),
        'oldest_waiting_at', billing_audit.instant(least(k.oldest, c.oldest)))
    from callbacks as k, open_changes as c, billing_audit.lies_in_rest() as r
$$;
