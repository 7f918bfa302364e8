-- One rate budget for each Smartsheet token, shared by all processes and hosts that stand on this store: Smartsheet counts
-- by token, so two programs that each keep within its limit break it together.
--
-- A process takes a small portion and uses it within a few seconds. What was granted stays in the book a little longer
-- than the minute, so that a portion used at its latest is still counted when Smartsheet counts it.

create table billing_audit.rate_budget (
    id           bigint      generated always as identity primary key,
    token_hash   bytea       not null check (octet_length(token_hash) = 32),
    holder       text        not null check (length(holder) between 1 and 200),
    granted_at   timestamptz not null,
    requests     integer     not null check (requests >= 0),
    history      integer     not null check (history >= 0)
);
comment on table billing_audit.rate_budget is 'Portions of each token''s minute that were granted, kept for 65 s.';
comment on column billing_audit.rate_budget.token_hash is 'SHA-256 of address and token: the token itself is nowhere in the store.';
comment on column billing_audit.rate_budget.holder is 'The process that took the portion.';
comment on column billing_audit.rate_budget.requests is 'By their weight: a cell history counts as 10.';
create index rate_budget_of_token on billing_audit.rate_budget (token_hash, granted_at);

-- How long a portion is in the book: the minute, and the 5 s within which it has to be used.
create function billing_audit.budget_minute() returns interval
language sql immutable
return interval '65 seconds';

-- When so much of what was granted after `since` has left a window of that length.
create function billing_audit.budget_free_at(hash bytea, since timestamptz, length_ interval, amount integer, of_history boolean)
returns timestamptz
language sql stable
set search_path = ''
as $$
    select min(granted_at) + length_
    from (
        select granted_at, sum(case when of_history then history else requests end) over (order by granted_at, id) as freed
        from billing_audit.rate_budget where token_hash = hash and granted_at > since
    ) as portions
    where freed >= amount
$$;

-- p: token_hash (64 hexadecimal digits), holder, least {requests, history}, most {requests, history}, per_minute {requests,
-- history}, at (left out: now). Grants between least and most, or nothing. A quarter of the minute at most is granted
-- within 10 s, so that a burst leaves something for who comes after it. Gives {requests, history (granted; both 0: wait),
-- wait_ms, used (requests within the minute, by all), holders (processes that took a portion within it)}.
create function public.billing_audit_take_budget(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    at_       timestamptz := billing_audit.moment(p);
    spans     interval[] := array[billing_audit.budget_minute(), interval '10 seconds'];
    whats     text[] := array['requests', 'history'];
    hash      bytea;
    limit_    integer;
    least_    integer;
    needed    integer;
    used      integer;
    free      integer;
    grants    integer[] := array[0, 0];
    free_at   timestamptz;
begin
    perform billing_audit.require(p, 'token_hash', 'holder', 'least', 'most', 'per_minute');
    hash := decode(p ->> 'token_hash', 'hex');
    -- One taker at a time for each token; the lock ends with the call.
    perform pg_advisory_xact_lock(hashtextextended('billing_audit.rate_budget ' || (p ->> 'token_hash'), 0));
    delete from billing_audit.rate_budget where token_hash = hash and granted_at <= at_ - billing_audit.budget_minute();
    for what in 1 .. 2 loop
        limit_ := (p -> 'per_minute' ->> whats[what])::integer;
        least_ := (p -> 'least' ->> whats[what])::integer;
        grants[what] := (p -> 'most' ->> whats[what])::integer;
        continue when least_ = 0;
        -- Crumbs are not handed out: each would cost a call, and leave crumbs again when it comes free.
        needed := greatest(least_, least(grants[what], limit_ / 30));
        for span in 1 .. 2 loop
            select coalesce(sum(case what when 1 then requests else history end), 0) into used
            from billing_audit.rate_budget where token_hash = hash and granted_at > at_ - spans[span];
            free := case span when 1 then limit_ else greatest(ceil(limit_ / 4.0)::integer, least_) end - used;
            if free < needed then
                free_at := greatest(free_at,
                    billing_audit.budget_free_at(hash, at_ - spans[span], spans[span], needed - free, what = 2));
            end if;
            grants[what] := least(grants[what], free);
        end loop;
    end loop;
    if free_at is null then
        insert into billing_audit.rate_budget (token_hash, holder, granted_at, requests, history)
        values (hash, p ->> 'holder', at_, grants[1], grants[2]);
    else
        grants := array[0, 0];
    end if;
    return (
        select jsonb_build_object('requests', grants[1], 'history', grants[2],
            'wait_ms', case when free_at is null then 0
                else greatest(20, ceil(extract(epoch from free_at - at_) * 1000))::integer end,
            'used', coalesce(sum(requests), 0), 'holders', count(distinct holder))
        from billing_audit.rate_budget where token_hash = hash);
end
$$;

-- p: at (left out: now). Gives {tokens: [{token_hash, used, history_used, holders}]}: what was granted within the minute.
create function public.billing_audit_budgets(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    select jsonb_build_object('tokens', coalesce(jsonb_agg(to_jsonb(t) order by t.token_hash), '[]'))
    from (
        select encode(token_hash, 'hex') as token_hash, sum(requests) as used, sum(history) as history_used,
            count(distinct holder) as holders
        from billing_audit.rate_budget
        where granted_at > billing_audit.moment(p) - billing_audit.budget_minute()
        group by token_hash
    ) as t
$$;

call billing_audit.protect_table('billing_audit.rate_budget');
grant select, insert, delete on billing_audit.rate_budget to billing_audit_owner;
call billing_audit.keep_private('billing_audit.budget_minute()');
call billing_audit.keep_private('billing_audit.budget_free_at(bytea, timestamptz, interval, integer, boolean)');
call billing_audit.offer_to_service('public.billing_audit_take_budget(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_budgets(jsonb)');
