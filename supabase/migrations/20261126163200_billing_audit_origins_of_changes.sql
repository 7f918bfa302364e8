-- Where a change came from: its address, device, session and browser. Smartsheet's callbacks tell none of it; Event Reporting
-- tells of saves, late. The trail is never altered, so what is found out afterwards is an entry of its own in the chain
-- `access` (kind `origin_matched`), which names the change and how it was matched; when later news contradicts it, the next
-- entry (`origin_withdrawn`) takes it back. What nobody knows stays null.

create table billing_audit.event_origins (
    id          bigint  generated always as identity primary key,
    event_key   text    not null,
    seq         bigint  not null
);
comment on table billing_audit.event_origins is 'Which entries of the chain `access` tell of the origin of a change. The last one counts; none is altered.';
create index event_origins_of on billing_audit.event_origins (event_key, id desc);
create trigger never_altered before update or delete on billing_audit.event_origins
    for each row execute function billing_audit.refuse_change();
create trigger never_truncated before truncate on billing_audit.event_origins
    for each statement execute function billing_audit.refuse_change();
alter table billing_audit.event_origins enable always trigger never_altered;
alter table billing_audit.event_origins enable always trigger never_truncated;

-- What the last matching of a change found: {ip_address, device_info, session_id, user_agent, origin}, without what is
-- unknown. Null: it was never matched, or that was taken back, or erased.
create function billing_audit.origin_of(key text) returns jsonb
language sql stable
set search_path = ''
as $$
    select case when a.kind = 'origin_matched' then jsonb_strip_nulls(jsonb_build_object(
        'ip_address', a.ip_address, 'device_info', a.device_info, 'session_id', a.session_id, 'user_agent', a.user_agent,
        'origin', a.details - 'event_key' || jsonb_build_object('recorded_as', a.event_key))) end
    from (select seq from billing_audit.event_origins where event_key = key order by id desc limit 1) as o
    join billing_audit.access_event as a on a.seq = o.seq and a.details <> '{}'
$$;

-- As before, with what is known of the origin since.
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
        -- Only where the event itself was told nothing.
        || case when payload ->> 'ip_address' is null then coalesce(billing_audit.origin_of(e.event_key), '{}') else '{}' end
$$;

-- The 25 names, what an auditor resolves them with, and how the four of the origin are known.
create or replace view billing_audit.audit_event with (security_invoker = true) as
select
    billing_audit.instant(e.recorded_at) as timestamp,
    e.sheet_id,
    e.row_id,
    e.work_request,
    e.column_name,
    e.violation_type,
    d.payload ->> 'old_value' as old_value,
    d.payload ->> 'new_value' as new_value,
    e.delta::text as delta,
    d.payload ->> 'changed_by' as changed_by,
    billing_audit.instant(e.changed_at) as changed_at,
    e.week_ending,
    e.is_historical,
    e.audit_run_id,
    e.severity,
    d.payload ->> 'issue_description' as issue_description,
    d.payload ->> 'suggested_fix' as suggested_fix,
    d.payload ->> 'sheet_reference' as sheet_reference,
    coalesce(d.payload ->> 'ip_address', o.origin ->> 'ip_address') as ip_address,
    coalesce(d.payload ->> 'device_info', o.origin ->> 'device_info') as device_info,
    coalesce(d.payload ->> 'session_id', o.origin ->> 'session_id') as session_id,
    coalesce(d.payload ->> 'user_agent', o.origin ->> 'user_agent') as user_agent,
    e.risk_score,
    e.anomaly_score,
    e.predicted_category,
    e.stream,
    e.seq,
    e.event_key,
    e.rules_hash,
    e.model_version,
    e.flow_version,
    case when d.payload ->> 'ip_address' is null then o.origin -> 'origin' end as origin
from billing_audit.audit_events as e
left join billing_audit.event_payloads as d using (stream, seq)
left join lateral (
    select billing_audit.origin_of(e.event_key) as origin where d.payload ->> 'ip_address' is null) as o on true;
comment on view billing_audit.audit_event is 'The trail in the 25 names of the contract. What was erased, or is unknown, is null.';

-- p: from, to (changed_at), window_seconds, after (position), limit (1..1000). What the pure matching needs
-- (lib/access/match-origin.ts): {changes: [{event_key, sheet_id, person, changed_at, origin (what is recorded so far, or null),
-- saves: [...]: of the same sheet by the same person within the window}], sessions: of these people, next}.
create function public.billing_audit_origin_candidates(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    window_    interval;
    page_size  integer := least(greatest(coalesce((p ->> 'limit')::integer, 500), 1), 1000);
    changes_   jsonb;
    next_      text;
    people_    text[];
begin
    perform billing_audit.require(p, 'from', 'to', 'window_seconds');
    window_ := make_interval(secs => (p ->> 'window_seconds')::double precision);
    with page as materialized (
        select e.event_key, e.sheet_id, e.changed_at, e.position, btrim(d.person) as person
        from billing_audit.audit_events as e
        join billing_audit.event_payloads as d on d.stream = e.stream and d.seq = e.seq
        where e.changed_at >= (p ->> 'from')::timestamptz and e.changed_at < (p ->> 'to')::timestamptz
            and billing_audit.is_change(e.kind) and e.kind not in ('sheet_checked', 'watch_gap')
            and e.changed_by_kind = 'person' and btrim(d.person) <> '' and d.payload ->> 'ip_address' is null
            and e.position > coalesce((p ->> 'after')::bigint, 0)
        order by e.position limit page_size
    )
    select jsonb_agg(jsonb_build_object('event_key', c.event_key, 'sheet_id', c.sheet_id, 'person', c.person,
            'changed_at', billing_audit.instant(c.changed_at), 'origin', billing_audit.origin_of(c.event_key),
            'saves', (select coalesce(jsonb_agg(jsonb_build_object('event_id', s.event_id, 'source', s.source,
                    'happened_at', billing_audit.instant(s.happened_at), 'ip_address', s.ip_address)
                    order by s.happened_at, s.event_id), '[]')
                from billing_audit.sheet_activity as s
                where s.sheet_id = c.sheet_id and s.person = c.person
                    and s.happened_at between c.changed_at - window_ and c.changed_at + window_)) order by c.position),
        case when count(*) = page_size then max(c.position)::text end, array_agg(distinct c.person)
    into changes_, next_, people_ from page as c;
    return jsonb_build_object('changes', coalesce(changes_, '[]'), 'next', next_, 'sessions', (
        select coalesce(jsonb_agg(jsonb_build_object('person', lower(i.person), 'session_id', i.session_id,
            'ip_address', i.ip_address, 'user_agent', i.user_agent, 'device_info', i.device_info,
            'began_at', billing_audit.instant(i.changed_at), 'ended_at', billing_audit.instant(x.ended_at))
            order by i.changed_at, i.seq), '[]')
        from billing_audit.event_payloads as d
        join billing_audit.access_event as i on i.seq = d.seq and i.kind = 'signed_in' and i.session_id is not null
        left join lateral (
            select min(o.changed_at) as ended_at
            from billing_audit.event_payloads as c
            join billing_audit.access_event as o on o.seq = c.seq and o.kind = 'session_ended'
            where c.stream = 'access' and c.person = d.person and o.session_id = i.session_id) as x on true
        where d.stream = 'access' and d.person = any (people_)
            and d.changed_at between (p ->> 'from')::timestamptz - interval '30 days' and (p ->> 'to')::timestamptz));
end
$$;

-- p: origins [{event_key, kind (origin_matched or origin_withdrawn), person, happened, ip_address, device_info, session_id,
-- user_agent, details}]. One that says what is recorded already records nothing. Gives {recorded: how many}.
create function public.billing_audit_record_origins(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    events_   jsonb;
    recorded  jsonb;
begin
    perform billing_audit.require(p, 'origins');
    -- One at a time: two who match at once would tell the same twice.
    perform pg_advisory_xact_lock(hashtext('billing_audit.record_origins'));
    select jsonb_agg(n.origin || jsonb_build_object(
        'id', format('%s:%s', n.key, n.times + 1), 'source', 'matching', 'happened_at', billing_audit.instant(billing_audit.clock()),
        'details', n.origin -> 'details' || jsonb_build_object('event_key', n.key)) order by n.key)
    into events_
    from (
        select distinct on (o ->> 'event_key') o as origin, o ->> 'event_key' as key,
            (select count(*) from billing_audit.event_origins as g where g.event_key = o ->> 'event_key') as times,
            billing_audit.origin_of(o ->> 'event_key') as known
        from jsonb_array_elements(p -> 'origins') as o
        where exists (select from billing_audit.event_keys as k where k.event_key = o ->> 'event_key')
    ) as n
    where case when n.origin ->> 'kind' = 'origin_withdrawn' then n.known is not null
        else coalesce(n.known - 'origin', '{}') <> jsonb_strip_nulls(jsonb_build_object(
            'ip_address', n.origin -> 'ip_address', 'device_info', n.origin -> 'device_info',
            'session_id', n.origin -> 'session_id', 'user_agent', n.origin -> 'user_agent')) end;
    if events_ is null then
        return jsonb_build_object('recorded', 0);
    end if;
    recorded := public.billing_audit_record_access(jsonb_build_object('events', events_)) -> 'recorded';
    insert into billing_audit.event_origins (event_key, seq)
    select e.event #>> '{details,event_key}', (r.recorded ->> 'seq')::bigint
    from jsonb_array_elements(events_) with ordinality as e (event, place)
    join jsonb_array_elements(recorded) with ordinality as r (recorded, place) using (place)
    order by place;
    return jsonb_build_object('recorded', jsonb_array_length(events_));
end
$$;

call billing_audit.protect_table('billing_audit.event_origins');
grant select, insert on billing_audit.event_origins to billing_audit_owner;
call billing_audit.keep_private('billing_audit.origin_of(text)');
call billing_audit.offer_to_service('public.billing_audit_origin_candidates(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_record_origins(jsonb)');
