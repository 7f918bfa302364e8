-- Search by any field, and without a wait: one call looks at so many events at most and then says how to go on, so that
-- a question about what is rare, or nowhere, is answered in pages too and never reads ten million rows at once.

create index audit_events_of_work_request on billing_audit.audit_events (work_request, changed_at desc);

-- The conditions of a query, each made of fixed text; values are only ever read from the parameter $1.
--   which = 'seek'     what an index finds: it bounds what is looked at
--   which = 'event'    what is compared with each event that is looked at
--   which = 'payload'  the same, by the erasable half
-- In the orders by amount only rows and work requests are sought: of anything else there may be too many to sort.
-- `e` is how the event is named where the condition stands.
create function billing_audit.search_conditions(p jsonb, which text, e text) returns text
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
        ('recorded_from', 'event', '{e}.recorded_at >= ($1 ->> ''recorded_from'')::timestamptz'),
        ('recorded_to', 'event', '{e}.recorded_at < ($1 ->> ''recorded_to'')::timestamptz'),
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

-- p: a TrailQuery (lib/store/store.ts); `to` is exclusive. Gives {events, next}. Pages are by key, not by offset: an
-- event that is stored while somebody turns pages neither repeats nor hides another. A page may be short, even empty, and
-- have a `next`: then so many events were looked at as one call looks at.
-- Orders: newest = happened last; delta = |delta|; money_at_risk = |delta| x max(risk, 0.05). No delta comes last.
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
    seek       text := billing_audit.search_conditions(p, 'seek', 'e');
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
        from billing_audit.audit_events as e %5$s
        where %2$s and %6$s and ($2 is null or (%1$s, %4$s) < (($2 ->> 1)::%3$s, ($2 ->> 2)::bigint))
        order by %1$s desc, e.position desc $query$,
        sort_key,
        -- How a day was watched, who signed in and what people did here is no change: it is found only when asked for by
        -- its kind, or by its key. What weakens is found like a change.
        case
            when p ->> 'kind' is not null then 'true'
            when p ->> 'event_key' is not null then 'e.kind not in (''coverage'', ''access'')'
            else 'billing_audit.is_news(e.kind, e.violation_type)' end, key_type, 'e.position',
        case when by_person then 'join billing_audit.event_payloads as d on d.stream = e.stream and d.seq = e.seq' else '' end,
        coalesce(case when by_person then replace(seek, 'e.changed_at', 'd.changed_at') else seek end, 'true'));
    execute format($query$
        with page as (
            select s.entry, d.payload, s.sort_key::text as sort_key, row_number() over (order by s.sort_key desc, s.position desc) as n
            from (select e as entry, e.stream, e.seq, e.position, %1$s as sort_key %2$s limit $4) as s
            left join billing_audit.event_payloads as d on d.stream = s.stream and d.seq = s.seq
            where %3$s
            order by s.sort_key desc, s.position desc
            limit $3 + 1
        )
        select
            jsonb_agg(billing_audit.event_json(entry, payload) order by n) filter (where n <= $3), count(*),
            max(billing_audit.page_mark($1, sort_key, (entry).position)) filter (where n = $3)
        from page $query$, sort_key, sought, coalesce(nullif(rest, ''), 'true'))
    into page, found_, next_ using p, after_, page_size, looks_at;
    if found_ <= page_size and rest <> '' then
        -- Not filled: either that was all, or so many were looked at as one call looks at.
        execute format('select billing_audit.page_mark($1, (%1$s)::text, e.position) %2$s offset $3 - 1 limit 1', sort_key, sought)
        into next_ using p, after_, looks_at;
    elsif found_ <= page_size then
        next_ := null;
    end if;
    return jsonb_build_object('events', coalesce(page, '[]'), 'next', next_);
end
$$;

-- Where a page ends: the order it is of, and the keys of its last event.
create function billing_audit.page_mark(p jsonb, sort_key text, place bigint) returns text
language sql immutable
set search_path = ''
as $$
    select translate(encode(convert_to(
        jsonb_build_array(coalesce(p ->> 'order', 'newest'), sort_key, place)::text, 'UTF8'), 'base64'), E'\n', '')
$$;

alter function public.billing_audit_search(jsonb) set jit = off;
drop function billing_audit.search_conditions(jsonb);
call billing_audit.keep_private('billing_audit.search_conditions(jsonb, text, text)');
call billing_audit.keep_private('billing_audit.page_mark(jsonb, text, bigint)');
