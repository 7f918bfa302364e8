-- Search, and what is asked for each event that is shown, over months. A statement over partitions takes as long to plan as
-- there are months, some milliseconds for each two years; so what is called for each event is planned once for a session
-- (plpgsql keeps its plans) and not once for each call.

-- The conditions of a query, each made of fixed text; values are only ever read from the parameter $1.
--   which = 'seek'     what an index finds: it bounds what is looked at
--   which = 'event'    what is compared with each event that is looked at
--   which = 'payload'  the same, by the erasable half
-- In the orders by amount only rows and work requests are sought: of anything else there may be too many to sort.
-- `e` is how the event is named where the condition stands.
-- As before (20261126170300), but that the time of recording is sought: it leads to the months.
create or replace function billing_audit.search_conditions(p jsonb, which text, e text) returns text
language sql immutable
set search_path = ''
as $$
    select string_agg(replace(c.condition, '{e}', e), ' and ')
    from (values
        ('row_id', 'always', '{e}.row_id = $1 ->> ''row_id'''),
        ('work_request', 'always', '{e}.work_request = $1 ->> ''work_request'''),
        ('from', 'newest', '{e}.changed_at >= ($1 ->> ''from'')::timestamptz'),
        ('to', 'newest', '{e}.changed_at < ($1 ->> ''to'')::timestamptz'),
        ('sheet_id', 'newest', '{e}.sheet_id = $1 ->> ''sheet_id'''),
        ('changed_by', 'newest', 'd.person = lower($1 ->> ''changed_by'')'),
        ('kind', 'event', '{e}.kind = $1 ->> ''kind'''),
        ('event_key', 'event', '{e}.event_key = $1 ->> ''event_key'''),
        ('column_name', 'event', '{e}.column_name = $1 ->> ''column_name'''),
        ('violation_type', 'event', '{e}.violation_type = $1 ->> ''violation_type'''),
        ('severity', 'event', '{e}.severity = $1 ->> ''severity'''),
        ('is_historical', 'event', '{e}.is_historical = ($1 ->> ''is_historical'')::boolean'),
        ('risk_from', 'event', '{e}.risk_score >= ($1 ->> ''risk_from'')::numeric'),
        ('week_ending', 'event', '{e}.week_ending = ($1 ->> ''week_ending'')::date'),
        ('audit_run_id', 'event', '{e}.audit_run_id = $1 ->> ''audit_run_id'''),
        ('predicted_category', 'event', '{e}.predicted_category = $1 ->> ''predicted_category'''),
        ('changed_by_kind', 'event', '{e}.changed_by_kind = $1 ->> ''changed_by_kind'''),
        ('approval_id', 'event', '{e}.approval_id = $1 ->> ''approval_id'''),
        ('rules_hash', 'event', '{e}.rules_hash = $1 ->> ''rules_hash'''),
        ('currency', 'event', '{e}.currency = $1 ->> ''currency'''),
        ('recorded_from', 'always', '{e}.recorded_at >= ($1 ->> ''recorded_from'')::timestamptz'),
        ('recorded_to', 'always', '{e}.recorded_at < ($1 ->> ''recorded_to'')::timestamptz'),
        ('old_value', 'payload', 'd.payload ->> ''old_value'' = $1 ->> ''old_value'''),
        ('new_value', 'payload', 'd.payload ->> ''new_value'' = $1 ->> ''new_value'''),
        ('ip_address', 'payload', 'd.payload ->> ''ip_address'' = $1 ->> ''ip_address'''),
        ('session_id', 'payload', 'd.payload ->> ''session_id'' = $1 ->> ''session_id'''),
        ('text', 'payload', 'strpos(lower(concat_ws(E''\n'', {e}.sheet_id, {e}.row_id, {e}.work_request, {e}.column_name, '
            '{e}.violation_type, {e}.audit_run_id, {e}.severity, {e}.predicted_category, d.payload ->> ''sheet_name'', '
            'd.payload ->> ''old_value'', d.payload ->> ''new_value'', d.payload ->> ''changed_by'', '
            'd.payload ->> ''issue_description'', d.payload ->> ''suggested_fix'', d.payload ->> ''ip_address'', '
            'd.payload ->> ''device_info'', d.payload ->> ''user_agent'')), lower($1 ->> ''text'')) > 0')
    ) as c (name, sought, condition)
    cross join lateral (select case
        when c.sought = 'always' or c.sought = 'newest' and coalesce(p ->> 'order', 'newest') = 'newest' then 'seek'
        when c.sought = 'newest' and c.name = 'changed_by' then 'payload'
        when c.sought = 'newest' then 'event'
        else c.sought end as which) as w
    where p ->> c.name is not null and w.which = search_conditions.which
$$;

-- As before (20261126182110), month by month: a person's events are led by the payloads, which are in the order of time
-- within each month, and not joined to all events.
-- p: a TrailQuery (lib/store/store.ts); `to` is exclusive. Gives {events, next, archived}.
create or replace function public.billing_audit_search(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    sort_key   text;
    key_type   text := 'numeric';
    page_size  integer := least(greatest(coalesce((p ->> 'limit')::integer, 100), 1), 1000);
    rest       text := concat_ws(' and ', billing_audit.search_conditions(p, 'event', '(s.entry)'),
        billing_audit.search_conditions(p, 'payload', '(s.entry)'));
    -- Payloads are looked up one by one.
    looks_at   integer := case when billing_audit.search_conditions(p, 'payload', '') is null then 8000 else 2500 end;
    by_person  boolean := p ->> 'changed_by' is not null and coalesce(p ->> 'order', 'newest') = 'newest';
    -- How the event is named, where it is found by its payload and where it is found by itself.
    event_     text := case when by_person then '(e.entry)' else 'e' end;
    seek       text := replace(replace(billing_audit.search_conditions(p, 'seek', event_),
        '(e.entry).changed_at', 'd.changed_at'), '(e.entry).recorded_at', 'd.recorded_at');
    after_     jsonb;
    sought     text;
    page       jsonb;
    found_     integer;
    next_      text;
begin
    case coalesce(p ->> 'order', 'newest')
        -- A person's events are found by their payloads, which carry the time as well.
        when 'newest' then sort_key := case when by_person then 'd' else 'e' end || '.changed_at'; key_type := 'timestamptz';
        when 'delta' then sort_key := 'coalesce(abs(e.delta), -1)';
        when 'money_at_risk' then sort_key := 'coalesce(abs(e.delta) * greatest(e.risk_score, 0.05), -1)';
        else raise exception using errcode = 'BA001',
            message = format('"%s" is not an order of the trail.', p ->> 'order'),
            hint = 'Use newest, delta or money_at_risk.';
    end case;
    if p ->> 'after' is not null then
        begin
            after_ := convert_from(decode(p ->> 'after', 'base64'), 'UTF8')::jsonb;
        exception when others then
            raise exception using errcode = 'BA001', message = 'The page mark "after" cannot be read.',
                hint = 'Use the "next" of the page before, unchanged.';
        end;
        if after_ ->> 0 <> coalesce(p ->> 'order', 'newest') then
            raise exception using errcode = 'BA001', message = 'The page mark "after" is of another order.',
                hint = 'Keep the order while turning pages.';
        end if;
    end if;
    sought := format($query$
        from %5$s
        where %2$s and %6$s and ($2 is null or (%1$s, %4$s) < (($2 ->> 1)::%3$s, ($2 ->> 2)::bigint))
        order by %1$s desc, e.position desc $query$,
        sort_key,
        -- How a day was watched, who signed in and what people did here is no change: it is found only when asked for by
        -- its kind, or by its key. What weakens is found like a change.
        case
            when p ->> 'kind' is not null then 'true'
            when p ->> 'event_key' is not null then event_ || '.kind not in (''coverage'', ''access'')'
            else format('billing_audit.is_news(%1$s.kind, %1$s.violation_type)', event_) end, key_type, 'e.position',
        case when by_person then 'billing_audit.event_payloads as d cross join lateral (
                select a as entry, a.position from billing_audit.audit_events as a
                where a.stream = d.stream and a.seq = d.seq and a.recorded_at = d.recorded_at limit 1) as e'
            else 'billing_audit.audit_events as e' end,
        coalesce(seek, 'true'));
    execute format($query$
        with page as (
            select s.entry, d.payload, s.sort_key::text as sort_key, row_number() over (order by s.sort_key desc, s.position desc) as n
            from (select %4$s as entry, e.position, %1$s as sort_key %2$s limit $4) as s
            left join lateral (
                select v.payload, v.person from billing_audit.event_payloads as v
                where v.stream = (s.entry).stream and v.seq = (s.entry).seq and v.recorded_at = (s.entry).recorded_at limit 1) as d on true
            where %3$s
            order by s.sort_key desc, s.position desc
            limit $3 + 1
        )
        select
            jsonb_agg(billing_audit.event_json(entry, payload) order by n) filter (where n <= $3), count(*),
            max(billing_audit.page_mark($1, sort_key, (entry).position)) filter (where n = $3)
        from page $query$, sort_key, sought, coalesce(nullif(rest, ''), 'true'), event_)
    into page, found_, next_ using p, after_, page_size, looks_at;
    if found_ <= page_size and rest <> '' then
        -- Not filled: either that was all, or so many were looked at as one call looks at.
        execute format('select billing_audit.page_mark($1, (%1$s)::text, e.position) %2$s offset $3 - 1 limit 1', sort_key, sought)
        into next_ using p, after_, looks_at;
    elsif found_ <= page_size then
        next_ := null;
    end if;
    return jsonb_build_object('events', coalesce(page, '[]'), 'next', next_, 'archived',
        case when next_ is null or coalesce(p ->> 'order', 'newest') <> 'newest' or p ->> 'from' is not null
            or p ->> 'recorded_from' is not null
            then billing_audit.archives_for(p) else '[]'::jsonb end);
end
$$;

-- As before (20261126163200); the chain of accesses is looked into only where there is something to find.
create or replace function billing_audit.origin_of(key text) returns jsonb
language plpgsql stable
set search_path = ''
as $$
declare
    told   bigint;
    found_ billing_audit.access_event;
begin
    select o.seq into told from billing_audit.event_origins as o where o.event_key = key order by o.id desc limit 1;
    if told is not null then
        select a.* into found_ from billing_audit.access_event as a where a.seq = told and a.details <> '{}';
    end if;
    return case when found_.kind = 'origin_matched' then jsonb_strip_nulls(jsonb_build_object(
        'ip_address', found_.ip_address, 'device_info', found_.device_info, 'session_id', found_.session_id,
        'user_agent', found_.user_agent, 'origin', found_.details - 'event_key' || jsonb_build_object('recorded_as', found_.event_key))) end;
end
$$;
