-- Reading the trail.

-- An event as it goes over wires; see lib/event/audit-event.ts. What was erased is null, or empty.
-- `approved_afterwards`, the id of the approval, is there only where one came later.
create function billing_audit.event_json(e billing_audit.audit_events, payload jsonb) returns jsonb
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

-- p: limit. Gives {events}, the last stored first; without the daily coverage.
create function public.billing_audit_recent(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    select jsonb_build_object('events', coalesce(jsonb_agg(
        billing_audit.event_json(r.entry, d.payload) order by (r.entry).position desc), '[]'))
    from (
        select e as entry from billing_audit.audit_events as e
        where e.kind <> 'coverage'
        order by e.position desc limit (p ->> 'limit')::integer
    ) as r
    left join billing_audit.event_payloads as d on d.stream = (r.entry).stream and d.seq = (r.entry).seq
$$;

-- The conditions of a query, each made of fixed text; values are only ever read from the parameter $1.
create function billing_audit.search_conditions(p jsonb) returns text
language sql immutable
set search_path = ''
as $$
    -- How a day was watched is no change: it is found only when asked for by its kind.
    select concat_ws(' and ', case when p ->> 'kind' is null then 'e.kind <> ''coverage''' end,
        coalesce(string_agg(c.condition, ' and '), 'true'))
    from (values
        ('kind', 'e.kind = $1 ->> ''kind'''),
        ('from', 'e.changed_at >= ($1 ->> ''from'')::timestamptz'),
        ('to', 'e.changed_at < ($1 ->> ''to'')::timestamptz'),
        ('sheet_id', 'e.sheet_id = $1 ->> ''sheet_id'''),
        ('row_id', 'e.row_id = $1 ->> ''row_id'''),
        ('work_request', 'e.work_request = $1 ->> ''work_request'''),
        ('column_name', 'e.column_name = $1 ->> ''column_name'''),
        ('changed_by', 'd.person = lower($1 ->> ''changed_by'')'),
        ('violation_type', 'e.violation_type = $1 ->> ''violation_type'''),
        ('severity', 'e.severity = $1 ->> ''severity'''),
        ('is_historical', 'e.is_historical = ($1 ->> ''is_historical'')::boolean'),
        ('risk_from', 'e.risk_score >= ($1 ->> ''risk_from'')::numeric'),
        ('text', 'strpos(lower(concat_ws(E''\n'', e.sheet_id, e.row_id, e.work_request, e.column_name, '
            'e.violation_type, e.audit_run_id, e.severity, e.predicted_category, d.payload ->> ''sheet_name'', '
            'd.payload ->> ''old_value'', d.payload ->> ''new_value'', d.payload ->> ''changed_by'', '
            'd.payload ->> ''issue_description'', d.payload ->> ''suggested_fix'', d.payload ->> ''ip_address'', '
            'd.payload ->> ''device_info'', d.payload ->> ''user_agent'')), lower($1 ->> ''text'')) > 0')
    ) as c (name, condition)
    where p ->> c.name is not null
$$;

-- p: a TrailQuery (lib/store/store.ts); `to` is exclusive. Gives {events, next}. Pages are by key, not by offset: an
-- event that is stored while somebody turns pages neither repeats nor hides another.
-- Orders: newest = happened last; delta = |delta|; money_at_risk = |delta| x max(risk, 0.05). No delta comes last.
create function public.billing_audit_search(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    sort_key   text;
    key_type   text := 'numeric';
    page_size  integer := least(greatest(coalesce((p ->> 'limit')::integer, 100), 1), 1000);
    after_     jsonb;
    page       jsonb;
    next_      text;
begin
    case coalesce(p ->> 'order', 'newest')
        when 'newest' then sort_key := 'e.changed_at'; key_type := 'timestamptz';
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
    execute format($query$
        with page as (
            select e as entry, d.payload, (%1$s)::text as sort_key, row_number() over (order by %1$s desc, e.position desc) as n
            from billing_audit.audit_events as e
            left join billing_audit.event_payloads as d on d.stream = e.stream and d.seq = e.seq
            where %2$s and ($2 is null or (%1$s, e.position) < (($2 ->> 1)::%3$s, ($2 ->> 2)::bigint))
            order by %1$s desc, e.position desc
            limit $3 + 1
        )
        select
            jsonb_agg(billing_audit.event_json(entry, payload) order by n) filter (where n <= $3),
            case when count(*) > $3 then max(translate(encode(convert_to(
                jsonb_build_array(coalesce($1 ->> 'order', 'newest'), sort_key, (entry).position)::text, 'UTF8'),
                'base64'), E'\n', '')) filter (where n = $3) end
        from page $query$, sort_key, billing_audit.search_conditions(p), key_type)
    into page, next_ using p, after_, page_size;
    return jsonb_build_object('events', coalesce(page, '[]'), 'next', next_);
end
$$;

call billing_audit.keep_private('billing_audit.event_json(billing_audit.audit_events, jsonb)');
call billing_audit.keep_private('billing_audit.search_conditions(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_recent(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_search(jsonb)');
