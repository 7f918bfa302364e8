-- Appending to the trail, and checking that nobody rewrote it.

-- The text that is hashed, version 1. Every immutable column is in it, in a fixed order, in the formats of the wire.
create function billing_audit.event_preimage(e billing_audit.audit_events) returns text
language sql stable
set search_path = ''
as $$
    select jsonb_build_array(
        1, e.stream, e.seq, billing_audit.instant(e.recorded_at), e.event_key, e.kind, e.sheet_id, e.row_id,
        e.work_request, e.column_name, e.violation_type, e.delta::text, e.currency, e.changed_by_kind,
        billing_audit.instant(e.changed_at), e.week_ending, e.is_historical, e.audit_run_id, e.severity, e.risk_score,
        e.anomaly_score, e.predicted_category, e.approval_id, e.intermediate_unknown, e.rules_hash, e.model_version,
        e.flow_version, encode(e.commitment, 'hex'))::text
$$;

create function billing_audit.genesis(stream text) returns bytea
language sql immutable
set search_path = ''
as $$
    select sha256(convert_to('billing-audit:genesis:' || stream, 'UTF8'))
$$;

create function billing_audit.commit_to(salt bytea, payload jsonb) returns bytea
language sql immutable
set search_path = ''
as $$
    select sha256(salt || convert_to(payload::text, 'UTF8'))
$$;

-- The erasable half of an event: whatever is personal, was typed into a cell, or quotes a cell.
create function billing_audit.payload_of(event jsonb) returns jsonb
language sql immutable
set search_path = ''
as $$
    select jsonb_build_object(
        'sheet_name', event -> 'sheet_name', 'old_value', event -> 'old_value', 'new_value', event -> 'new_value',
        'changed_by', event -> 'changed_by', 'issue_description', event -> 'issue_description',
        'suggested_fix', event -> 'suggested_fix', 'sheet_reference', event -> 'sheet_reference',
        'ip_address', event -> 'ip_address', 'device_info', event -> 'device_info',
        'session_id', event -> 'session_id', 'user_agent', event -> 'user_agent',
        'reasons', coalesce(event -> 'reasons', '[]'), 'unknown_facts', coalesce(event -> 'unknown_facts', '[]'),
        'values', coalesce(event -> 'values', '{}'))
$$;

-- The chain as a window aggregate: each hash over the one before it, the first over the head of the stream.
create function billing_audit.next_hash(hash bytea, head bytea, preimage text) returns bytea
language sql immutable
set search_path = ''
as $$
    select sha256(coalesce(hash, head) || convert_to(preimage, 'UTF8'))
$$;
create aggregate billing_audit.chained(head bytea, preimage text) (sfunc = billing_audit.next_hash, stype = bytea);

-- An event without one of these cannot be recorded; the first such field is named with the event that lacks it.
create function billing_audit.require_of_events(events jsonb) returns void
language plpgsql immutable
set search_path = ''
as $$
declare
    lacking record;
begin
    select e.event ->> 'event_key' as event_key, n.name into lacking
    from jsonb_array_elements(events) as e (event)
    cross join unnest(array['event_key', 'kind', 'sheet_id', 'violation_type', 'changed_at', 'severity', 'audit_run_id',
        'currency', 'changed_by_kind', 'intermediate_unknown']) as n (name)
    where e.event ->> n.name is null
    limit 1;
    if found then
        raise exception using errcode = 'BA001',
            message = format('Event %s lacks "%s".', coalesce(lacking.event_key, 'without a key'), lacking.name),
            hint = 'The program and the store may be of different versions: run "billing-audit migrate".';
    end if;
end
$$;

-- p: events (AuditEvent, lib/event/audit-event.ts). Gives {appended: [{event_key, stream, seq, timestamp, is_new}]} in
-- the order of the events, and marks their changes done. A key that is in the trail already appends nothing.
-- The heads are locked in one order by everybody, so that two appends never wait for each other. All the rest is one
-- statement, told from top to bottom:
--   given     the events; of those that share a key the first counts
--   known     keys that are in the trail already
--   fresh     what is new, with its number in its stream, its salt and its erasable half
--   entries   the immutable half of each
--   told      the text of each that is hashed
--   chained   the hashes, each over the one before
create function public.billing_audit_append(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    now_       timestamptz := billing_audit.clock();
    streams_   text[];
    appended   jsonb;
begin
    perform billing_audit.require(p, 'events');
    perform billing_audit.require_of_events(p -> 'events');
    select array_agg(distinct 'sheet:' || (e ->> 'sheet_id')) into streams_ from jsonb_array_elements(p -> 'events') as e;
    insert into billing_audit.streams (stream, head)
    select s, billing_audit.genesis(s) from unnest(streams_) as s where s is not null order by s
    on conflict do nothing;
    perform from billing_audit.streams where stream = any (streams_) order by stream for update;

    with given as materialized (
        select e.event, e.place, e.event ->> 'event_key' as event_key, 'sheet:' || (e.event ->> 'sheet_id') as stream,
            row_number() over (partition by e.event ->> 'event_key' order by e.place) = 1 as is_first
        from jsonb_array_elements(p -> 'events') with ordinality as e (event, place)
    ), known as materialized (
        select k.event_key, k.stream, k.seq, a.recorded_at
        from billing_audit.event_keys as k
        join billing_audit.audit_events as a on a.stream = k.stream and a.seq = k.seq
        where k.event_key in (select event_key from given)
    ), fresh as materialized (
        select g.event_key, g.place, g.event, g.stream, h.head,
            h.seq + row_number() over (partition by g.stream order by g.place) as seq,
            -- 122 random bits out of the core, so that no extension is needed.
            uuid_send(gen_random_uuid()) as salt, billing_audit.payload_of(g.event) as payload
        from given as g
        join billing_audit.streams as h using (stream)
        where g.is_first and not exists (select from known where known.event_key = g.event_key)
    ), entries as materialized (
        select f.place, f.stream, f.seq, f.head, f.salt, f.payload, jsonb_populate_record(
            null::billing_audit.audit_events, f.event || jsonb_build_object(
                'stream', f.stream, 'seq', f.seq, 'recorded_at', now_,
                'commitment', billing_audit.commit_to(f.salt, f.payload))) as entry
        from fresh as f
    ), told as materialized (
        select *, billing_audit.event_preimage(entry) as preimage from entries
    ), chained as materialized (
        select *, billing_audit.chained(head, preimage) over (partition by stream order by seq) as hash from told
    ), inserted as (
        insert into billing_audit.audit_events (
            stream, seq, event_key, kind, recorded_at, sheet_id, row_id, work_request, column_name, violation_type,
            delta, currency, changed_by_kind, changed_at, week_ending, is_historical, audit_run_id, severity,
            risk_score, anomaly_score, predicted_category, approval_id, intermediate_unknown, rules_hash,
            model_version, flow_version, commitment, previous_hash, preimage, hash)
        select
            stream, seq, (entry).event_key, (entry).kind, now_, (entry).sheet_id, (entry).row_id,
            (entry).work_request, (entry).column_name, (entry).violation_type, (entry).delta, (entry).currency,
            (entry).changed_by_kind, (entry).changed_at, (entry).week_ending, (entry).is_historical,
            (entry).audit_run_id, (entry).severity, (entry).risk_score, (entry).anomaly_score,
            (entry).predicted_category, (entry).approval_id, (entry).intermediate_unknown, (entry).rules_hash,
            (entry).model_version, (entry).flow_version, (entry).commitment,
            lag(hash, 1, head) over (partition by stream order by seq), preimage, hash
        from chained
        order by place
    ), payloads as (
        insert into billing_audit.event_payloads (stream, seq, event_key, salt, payload, changed_at)
        select stream, seq, (entry).event_key, salt, payload, (entry).changed_at from chained
    ), keys as (
        insert into billing_audit.event_keys (event_key, stream, seq)
        select (entry).event_key, stream, seq from chained
    ), heads as (
        update billing_audit.streams as s set seq = c.seq, head = c.hash
        from (select distinct on (stream) stream, seq, hash from chained order by stream, seq desc) as c
        where s.stream = c.stream
    ), kept as (
        select event_key, stream, seq, recorded_at, false as is_new from known
        union all
        select (entry).event_key, stream, seq, now_, true from chained
    )
    select coalesce(jsonb_agg(jsonb_build_object(
        'event_key', k.event_key, 'stream', k.stream, 'seq', k.seq, 'is_new', k.is_new and g.is_first,
        'timestamp', billing_audit.instant(k.recorded_at)) order by g.place), '[]')
    into appended
    from given as g join kept as k using (event_key);

    update billing_audit.changes
    set state = 'done', done_at = now_, leased_until = null, body = null
    where event_key in (select e ->> 'event_key' from jsonb_array_elements(p -> 'events') as e) and state <> 'done';
    return jsonb_build_object('appended', appended);
end
$$;

-- p: stream. Recomputes the chain: numbers without a gap, each hash over the one before, each preimage equal to its
-- columns, each payload that is still there equal to its commitment, and the head equal to the last event.
-- Gives {ok, checked, first_bad_seq}. What it cannot see is a chain rewritten as a whole: that is what anchored
-- checkpoints are for.
create function public.billing_audit_verify(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    checked    bigint;
    last_seq   bigint;
    last_hash  bytea;
    first_bad  bigint;
    head       billing_audit.streams;
begin
    perform billing_audit.require(p, 'stream');
    select * into head from billing_audit.streams where stream = p ->> 'stream';
    select count(*), max(seq), min(seq) filter (where not good) into checked, last_seq, first_bad
    from (
        select e.seq,
            e.seq = row_number() over w
            and e.previous_hash = lag(e.hash, 1, billing_audit.genesis(e.stream)) over w
            and e.hash = sha256(e.previous_hash || convert_to(e.preimage, 'UTF8'))
            and e.preimage = billing_audit.event_preimage(e)
            and (d.seq is null or (
                e.commitment = billing_audit.commit_to(d.salt, d.payload)
                and d.event_key = e.event_key and d.changed_at = e.changed_at))
            and coalesce(k.stream = e.stream and k.seq = e.seq, false) as good
        from billing_audit.audit_events as e
        left join billing_audit.event_payloads as d on d.stream = e.stream and d.seq = e.seq
        left join billing_audit.event_keys as k on k.event_key = e.event_key
        where e.stream = p ->> 'stream'
        window w as (order by e.seq)
    ) as chain;
    select hash into last_hash from billing_audit.audit_events where stream = p ->> 'stream' and seq = last_seq;
    if first_bad is null and coalesce(head.seq, 0) <> coalesce(last_seq, 0) then
        first_bad := least(head.seq, last_seq) + 1;
        first_bad := coalesce(first_bad, 1);
    elsif first_bad is null and last_hash is distinct from head.head and last_seq is not null then
        first_bad := last_seq;
    end if;
    return jsonb_build_object('ok', first_bad is null, 'checked', checked, 'first_bad_seq', first_bad);
end
$$;

call billing_audit.keep_private('billing_audit.event_preimage(billing_audit.audit_events)');
call billing_audit.keep_private('billing_audit.genesis(text)');
call billing_audit.keep_private('billing_audit.commit_to(bytea, jsonb)');
call billing_audit.keep_private('billing_audit.payload_of(jsonb)');
call billing_audit.keep_private('billing_audit.next_hash(bytea, bytea, text)');
call billing_audit.keep_private('billing_audit.chained(bytea, text)');
call billing_audit.keep_private('billing_audit.require_of_events(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_append(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_verify(jsonb)');
