-- The append and what reads single events, over the partitions of 20261127100000.

-- These take or give an event as a row, and know the old table by that row's type. Their text is as before.
drop function billing_audit.event_preimage(billing_audit.old_audit_events);
drop function billing_audit.event_json(billing_audit.old_audit_events, jsonb);
drop function billing_audit.events_page(text, text, bigint, integer);

-- Given the time of recording as it stands there, which all events of an append share.
create function billing_audit.preimage_of(e billing_audit.audit_events, recorded text) returns text
language sql stable
return jsonb_build_array(
    1, (e).stream, (e).seq, recorded, (e).event_key, (e).kind, (e).sheet_id, (e).row_id,
    (e).work_request, (e).column_name, (e).violation_type, (e).delta::text, (e).currency, (e).changed_by_kind,
    billing_audit.instant((e).changed_at), (e).week_ending, (e).is_historical, (e).audit_run_id, (e).severity, (e).risk_score,
    (e).anomaly_score, (e).predicted_category, (e).approval_id, (e).intermediate_unknown, (e).rules_hash, (e).model_version,
    (e).flow_version, encode((e).commitment, 'hex'))::text;

create function billing_audit.event_preimage(e billing_audit.audit_events) returns text
language sql stable
return billing_audit.preimage_of(e, billing_audit.instant((e).recorded_at));

-- The aggregate `chained` over this gives two hashes, one after the other: that of the event before, or the head of the
-- chain, and its own. So one walk through a chain tells both.
create or replace function billing_audit.next_hash(hash bytea, head bytea, preimage text) returns bytea
language sql immutable
return coalesce(substr(hash, 33), head) || sha256(coalesce(substr(hash, 33), head) || convert_to(preimage, 'UTF8'));

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
        -- Only where the event itself was told nothing.
        || case when payload ->> 'ip_address' is null then coalesce(billing_audit.origin_of(e.event_key), '{}') else '{}' end
$$;

-- A page of events as they are stored. of_stream: null = of all chains. After that event, which need not be there.
create function billing_audit.events_page(of_stream text, after_stream text, after_seq bigint, most integer)
returns setof billing_audit.audit_events
language plpgsql stable rows 1000
set search_path = ''
as $$
begin
    if of_stream is null then
        return query select * from billing_audit.audit_events as e
            where (e.stream, e.seq) > (after_stream, after_seq) order by e.stream, e.seq limit most;
    else
        return query select * from billing_audit.audit_events as e
            where e.stream = of_stream and (e.stream, e.seq) > (after_stream, after_seq) order by e.stream, e.seq limit most;
    end if;
end
$$;

call billing_audit.keep_private('billing_audit.preimage_of(billing_audit.audit_events, text)');
call billing_audit.keep_private('billing_audit.event_preimage(billing_audit.audit_events)');
call billing_audit.keep_private('billing_audit.event_json(billing_audit.audit_events, jsonb)');
call billing_audit.keep_private('billing_audit.events_page(text, text, bigint, integer)');

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
left join billing_audit.event_payloads as d on d.stream = e.stream and d.seq = e.seq and d.recorded_at = e.recorded_at
left join lateral (
    select billing_audit.origin_of(e.event_key) as origin where d.payload ->> 'ip_address' is null) as o on true;

-- The access log in words; what was erased is null.
create or replace view billing_audit.access_event with (security_invoker = true) as
select
    e.seq,
    e.event_key,
    billing_audit.instant(e.recorded_at) as timestamp,
    split_part(e.event_key, ':', 2) as kind,
    d.payload #>> '{values,source}' as source,
    e.changed_at,
    d.payload ->> 'changed_by' as person,
    d.payload ->> 'issue_description' as happened,
    d.payload #>> '{values,sheet_id}' as sheet_id,
    nullif(d.payload ->> 'sheet_name', '') as sheet_name,
    d.payload ->> 'ip_address' as ip_address,
    d.payload ->> 'device_info' as device_info,
    d.payload ->> 'session_id' as session_id,
    d.payload ->> 'user_agent' as user_agent,
    coalesce(d.payload #> '{values,details}', '{}') as details
from billing_audit.audit_events as e
left join billing_audit.event_payloads as d on d.stream = e.stream and d.seq = e.seq and d.recorded_at = e.recorded_at
where e.stream = 'access';

-- Nothing stands on the old tables any more.
drop table billing_audit.old_event_payloads;
drop table billing_audit.old_audit_events;

-- As before (20261126182000): the directory tells when an event was recorded, so that a key which comes again is answered
-- from there, and an event's payload lies in its event's month.
-- p: events (AuditEvent, lib/event/audit-event.ts), concern (left out: each event stands in the chain of its sheet; else
-- all stand in the chain of that name). Gives {appended: [{event_key, stream, seq, timestamp, is_new}]} in
-- the order of the events, and marks their changes done. A key that is in the trail already appends nothing; `timestamp` is
-- null where its event left the database before the directory told when it had been recorded.
-- The heads are locked in one order by everybody, so that two appends never wait for each other. All the rest is one
-- statement, told from top to bottom:
--   asked     the keys, each with its salt; of those that share a key the first counts
--   known     keys that are in the trail already
--   fresh     what is new, with its number in its stream
--   given     the events in columns, each with its place in the order of storing and its erasable half
--   bound     both together, with the commitment to the erasable half
--   told      the text of each that is hashed
--   hashed, chained   the hashes, each over the one before, told by one walk
--   alike, hours, rolled, looks, opened   the rollups in which each counts, in the order of their keys
-- Only what is read more than once is kept in between; "offset 0" has what is made there made once.
create or replace function public.billing_audit_append(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    now_       timestamptz := billing_audit.clock();
    now_text   text := billing_audit.instant(now_);
    concern_   text := p ->> 'concern';
    events_    jsonb := p -> 'events';
    keys_      text[];
    chains_    text[];
    streams_   text[];
    is_lacking boolean;
    appended   jsonb;
begin
    if events_ is null then
        perform billing_audit.require(p, 'events');
    end if;
    select array_agg(e.event_key order by e.place), array_agg(e.stream order by e.place), array_agg(distinct e.stream),
        bool_or(e.event_key is null or e.sheet_id is null)
    into keys_, chains_, streams_, is_lacking
    from (
        select l.place, l.event ->> 'event_key' as event_key, l.event ->> 'sheet_id' as sheet_id,
            coalesce(concern_, 'sheet:' || (l.event ->> 'sheet_id')) as stream
        from jsonb_array_elements(events_) with ordinality as l (event, place)) as e;
    if is_lacking then
        perform billing_audit.require_of_events(events_);
    elsif concern_ !~ '^[a-z_]+$' then
        raise exception using errcode = 'BA001', message = format('"%s" is no concern.', concern_),
            hint = 'A concern is one word in small letters.';
    end if;
    insert into billing_audit.streams (stream, head)
    select s, billing_audit.genesis(s) from unnest(streams_) as s
    where not exists (select from billing_audit.streams as k where k.stream = s) order by s
    on conflict do nothing;
    perform from billing_audit.streams where stream = any (streams_) order by stream for update;

    with asked as materialized (
        select a.event_key, a.stream, a.place, row_number() over (partition by a.event_key order by a.place) = 1 as is_first,
            -- 122 random bits out of the core, so that no extension is needed.
            uuid_send(gen_random_uuid()) as salt
        from unnest(keys_, chains_) with ordinality as a (event_key, stream, place)
    ), known as materialized (
        select k.event_key, k.stream, k.seq, k.recorded_at from billing_audit.event_keys as k where k.event_key = any (keys_)
    ), fresh as (
        select a.place, a.stream, a.salt, h.head, h.seq + row_number() over (partition by a.stream order by a.place) as seq
        from asked as a
        join billing_audit.streams as h using (stream)
        where a.is_first and not exists (select from known where known.event_key = a.event_key)
    ), given as (
        -- Without the event's JSON: what is carried from here to the end is held in memory.
        select e.event_key, e.kind, e.sheet_id, e.row_id, e.work_request, e.column_name, e.violation_type, e.delta, e.currency,
            e.changed_by_kind, e.changed_at, e.week_ending, e.is_historical, e.audit_run_id, e.severity, e.risk_score,
            e.anomaly_score, e.predicted_category, e.approval_id, e.intermediate_unknown, e.rules_hash, e.model_version,
            e.flow_version, e.place, nextval('billing_audit.audit_events_position') as position,
            billing_audit.payload_from(e.event, e.rest) as payload
        from (
            select *, billing_audit.without_columns(event) as rest
            from rows from (
                jsonb_to_recordset(events_) as (event_key text, kind text, sheet_id text, row_id text, work_request text,
                    column_name text, violation_type text, delta numeric, currency text, changed_by_kind text,
                    changed_at timestamptz, week_ending date, is_historical boolean, audit_run_id text, severity text,
                    risk_score numeric(7, 6), anomaly_score numeric(7, 6), predicted_category text, approval_id text,
                    intermediate_unknown boolean, rules_hash text, model_version text, flow_version text),
                jsonb_array_elements(events_)
            ) with ordinality as e (event_key, kind, sheet_id, row_id, work_request, column_name, violation_type, delta,
                currency, changed_by_kind, changed_at, week_ending, is_historical, audit_run_id, severity, risk_score,
                anomaly_score, predicted_category, approval_id, intermediate_unknown, rules_hash, model_version, flow_version,
                event, place)
            -- Or else it would be taken away from the event three times.
            offset 0
        ) as e
        where e.kind is not null and e.violation_type is not null and e.changed_at is not null and e.severity is not null
                and e.audit_run_id is not null and e.currency is not null and e.changed_by_kind is not null
                and e.intermediate_unknown is not null
            or billing_audit.require_of_events(events_) is null
        offset 0
    ), bound as (
        select g.*, f.stream, f.seq, f.head, f.salt, billing_audit.commit_to(f.salt, g.payload) as commitment,
            lower(g.payload ->> 'changed_by') as person, billing_audit.is_change(g.kind) as is_change
        from given as g
        join fresh as f using (place)
        offset 0
    ), told as (
        select b.*, billing_audit.preimage_of(row(stream, seq, null, event_key, kind, now_, sheet_id, row_id, work_request,
            column_name, violation_type, delta, currency, changed_by_kind, changed_at, week_ending, is_historical, audit_run_id,
            severity, risk_score, anomaly_score, predicted_category, approval_id, intermediate_unknown, rules_hash,
            model_version, flow_version, commitment, null, null, null)::billing_audit.audit_events, now_text) as preimage
        from bound as b
        offset 0
    ), hashed as (
        select *, billing_audit.chained(head, preimage) over (partition by stream order by seq) as hashes from told
        offset 0
    ), chained as materialized (
        select *, substr(hashes, 1, 32) as previous_hash, substr(hashes, 33) as hash from hashed
    ), inserted as (
        insert into billing_audit.audit_events (
            stream, seq, position, event_key, kind, recorded_at, sheet_id, row_id, work_request, column_name, violation_type,
            delta, currency, changed_by_kind, changed_at, week_ending, is_historical, audit_run_id, severity,
            risk_score, anomaly_score, predicted_category, approval_id, intermediate_unknown, rules_hash,
            model_version, flow_version, commitment, previous_hash, preimage, hash)
        select
            stream, seq, position, event_key, kind, now_, sheet_id, row_id, work_request, column_name, violation_type, delta, currency,
            changed_by_kind, changed_at, week_ending, is_historical, audit_run_id, severity, risk_score, anomaly_score,
            predicted_category, approval_id, intermediate_unknown, rules_hash, model_version, flow_version, commitment,
            previous_hash, preimage, hash
        from chained
    ), payloads as (
        insert into billing_audit.event_payloads (stream, seq, event_key, salt, payload, changed_at, recorded_at)
        select stream, seq, event_key, salt, payload, changed_at, now_ from chained
    ), keys as (
        insert into billing_audit.event_keys (event_key, stream, seq, recorded_at)
        select event_key, stream, seq, now_ from chained
    ), heads as (
        update billing_audit.streams as s set seq = c.seq, head = c.hash, apart = s.apart + c.apart,
            last_changed_at = greatest(s.last_changed_at, c.last_changed_at)
        from (
            select stream, max(seq) as seq, (array_agg(hash order by seq desc))[1] as hash,
                count(*) filter (where not is_change) as apart, max(changed_at) filter (where is_change) as last_changed_at
            from chained group by stream
        ) as c
        where s.stream = c.stream
    ), alike as (
        select severity, risk_score, sheet_id, person, predicted_category, billing_audit.hour_of(changed_at) as hour,
            count(*) as changes
        from chained where is_change
        group by 1, 2, 3, 4, 5, 6
    ), hours as materialized (
        select t.dimension, t.start, t.key, sum(a.changes)::bigint as changes
        from alike as a
        cross join lateral billing_audit.rollup_places(
            a.severity, a.risk_score, a.sheet_id, a.person, a.predicted_category, a.hour, now_) as t
        group by t.dimension, t.start, t.key
    ), rolled as (
        insert into billing_audit.rollups as r (dimension, span, start, key, changes)
        select dimension, span, start, key, changes from (
            select dimension, 'hour' as span, start, key, changes from hours
            union all
            select dimension, 'day', billing_audit.day_of(start), key, sum(changes) from hours
            where dimension <> 'stored' group by dimension, billing_audit.day_of(start), key) as each
        order by dimension, span, start, key
        on conflict (dimension, span, start, key) do update set changes = r.changes + excluded.changes
    ), looks as (
        insert into billing_audit.look_rollups as r (person, span, start, hundredth, changes)
        select coalesce(c.person, ''), s.span, s.start, h.hundredth, count(*)
        from chained as c
        cross join lateral (select billing_audit.look_hundredth(c.violation_type, c.severity, c.risk_score) as hundredth) as h
        cross join lateral (values ('hour', billing_audit.hour_of(c.changed_at)),
            ('day', billing_audit.day_of(c.changed_at))) as s (span, start)
        where h.hundredth is not null and c.is_change
        group by 1, 2, 3, 4 order by 2, 1, 3, 4
        on conflict (span, person, start, hundredth) do update set changes = r.changes + excluded.changes
    ), opened as (
        insert into billing_audit.open_counts as o (hundredth, is_violation, currency, looker, events, priced, money)
        select coalesce(billing_audit.look_hundredth(c.violation_type, c.severity, c.risk_score), 0),
            c.violation_type not in ('NONE', 'APPROVED_CORRECTION'), c.currency, '', count(*), count(c.delta),
            coalesce(sum(abs(c.delta) * greatest(coalesce(c.risk_score, 0), 0.05)), 0)
        from chained as c
        where billing_audit.is_concern(c.violation_type, c.severity, c.risk_score)
        group by 1, 2, 3 order by 1, 2, 3
        on conflict (hundredth, is_violation, currency, looker) do update set
            events = o.events + excluded.events, priced = o.priced + excluded.priced, money = o.money + excluded.money
    ), kept as (
        select event_key, stream, seq, billing_audit.instant(recorded_at) as at, false as is_new from known
        union all
        select event_key, stream, seq, now_text, true from chained
    )
    select coalesce(jsonb_agg(jsonb_build_object('event_key', k.event_key, 'stream', k.stream, 'seq', k.seq,
        'is_new', k.is_new and a.is_first, 'timestamp', k.at) order by a.place), '[]')
    into appended
    from asked as a join kept as k using (event_key);

    update billing_audit.changes
    set state = 'done', done_at = now_, leased_until = null, body = null
    where event_key = any (keys_) and state <> 'done';
    return jsonb_build_object('appended', appended);
end
$$;
-- Planning its statement takes as long as running it for one event, and every plan of it comes out the same.
alter function public.billing_audit_append(jsonb) set enable_seqscan = off set jit = off set plan_cache_mode = force_generic_plan;
