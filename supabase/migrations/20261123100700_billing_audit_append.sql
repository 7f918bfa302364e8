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

-- The immutable half, without its place in the chain.
create function billing_audit.entry_of(event jsonb) returns billing_audit.audit_events
language plpgsql stable
set search_path = ''
as $$
declare
    entry billing_audit.audit_events;
begin
    perform billing_audit.require(event, 'event_key', 'kind', 'sheet_id', 'violation_type', 'changed_at', 'severity',
        'audit_run_id', 'currency', 'changed_by_kind', 'intermediate_unknown');
    entry.stream := 'sheet:' || (event ->> 'sheet_id');
    entry.event_key := event ->> 'event_key';
    entry.kind := event ->> 'kind';
    entry.sheet_id := event ->> 'sheet_id';
    entry.row_id := event ->> 'row_id';
    entry.work_request := event ->> 'work_request';
    entry.column_name := event ->> 'column_name';
    entry.violation_type := event ->> 'violation_type';
    entry.delta := (event ->> 'delta')::numeric;
    entry.currency := event ->> 'currency';
    entry.changed_by_kind := event ->> 'changed_by_kind';
    entry.changed_at := (event ->> 'changed_at')::timestamptz;
    entry.week_ending := (event ->> 'week_ending')::date;
    entry.is_historical := (event ->> 'is_historical')::boolean;
    entry.audit_run_id := event ->> 'audit_run_id';
    entry.severity := event ->> 'severity';
    entry.risk_score := (event ->> 'risk_score')::numeric;
    entry.anomaly_score := (event ->> 'anomaly_score')::numeric;
    entry.predicted_category := event ->> 'predicted_category';
    entry.approval_id := event ->> 'approval_id';
    entry.intermediate_unknown := (event ->> 'intermediate_unknown')::boolean;
    entry.rules_hash := event ->> 'rules_hash';
    entry.model_version := event ->> 'model_version';
    entry.flow_version := event ->> 'flow_version';
    return entry;
end
$$;

create function billing_audit.insert_entry(entry billing_audit.audit_events, salt bytea, payload jsonb) returns void
language sql
set search_path = ''
as $$
    insert into billing_audit.audit_events (
        stream, seq, event_key, kind, recorded_at, sheet_id, row_id, work_request, column_name, violation_type, delta,
        currency, changed_by_kind, changed_at, week_ending, is_historical, audit_run_id, severity, risk_score,
        anomaly_score, predicted_category, approval_id, intermediate_unknown, rules_hash, model_version, flow_version,
        commitment, previous_hash, preimage, hash)
    values (
        entry.stream, entry.seq, entry.event_key, entry.kind, entry.recorded_at, entry.sheet_id, entry.row_id,
        entry.work_request, entry.column_name, entry.violation_type, entry.delta, entry.currency,
        entry.changed_by_kind, entry.changed_at, entry.week_ending, entry.is_historical, entry.audit_run_id,
        entry.severity, entry.risk_score, entry.anomaly_score, entry.predicted_category, entry.approval_id,
        entry.intermediate_unknown, entry.rules_hash, entry.model_version, entry.flow_version, entry.commitment,
        entry.previous_hash, entry.preimage, entry.hash);
    insert into billing_audit.event_payloads (stream, seq, event_key, salt, payload, changed_at)
    values (entry.stream, entry.seq, entry.event_key, salt, payload, entry.changed_at);
    insert into billing_audit.event_keys (event_key, stream, seq) values (entry.event_key, entry.stream, entry.seq);
$$;

-- p: events (AuditEvent, lib/event/audit-event.ts). Gives {appended: [{event_key, stream, seq, timestamp, is_new}]} in
-- the order of the events, and marks their changes done. A key that is in the trail already appends nothing.
-- The heads are locked in one order by everybody, so that two appends never wait for each other.
create function public.billing_audit_append(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    now_       timestamptz := billing_audit.clock();
    streams_   text[];
    given      record;
    entry      billing_audit.audit_events;
    heads      billing_audit.streams[];
    head       billing_audit.streams;
    first_     billing_audit.event_keys;
    salt       bytea;
    payload    jsonb;
    appended   jsonb[] := array[]::jsonb[];
begin
    perform billing_audit.require(p, 'events');
    select array_agg(distinct 'sheet:' || (e ->> 'sheet_id')) into streams_ from jsonb_array_elements(p -> 'events') as e;
    insert into billing_audit.streams (stream, head)
    select s, billing_audit.genesis(s) from unnest(streams_) as s where s is not null order by s
    on conflict do nothing;
    perform from billing_audit.streams where stream = any (streams_) order by stream for update;
    select array_agg(h order by h.stream), array_agg(h.stream order by h.stream) into heads, streams_
    from billing_audit.streams as h where h.stream = any (streams_);

    for given in
        select e.event, e.place from jsonb_array_elements(p -> 'events') with ordinality as e (event, place)
        order by e.place
    loop
        select * into first_ from billing_audit.event_keys where event_key = given.event ->> 'event_key';
        if found then
            appended[given.place] := jsonb_build_object(
                'event_key', first_.event_key, 'stream', first_.stream, 'seq', first_.seq, 'is_new', false,
                'timestamp', (select billing_audit.instant(recorded_at) from billing_audit.audit_events
                    where stream = first_.stream and seq = first_.seq));
            continue;
        end if;
        entry := billing_audit.entry_of(given.event);
        head := heads[array_position(streams_, entry.stream)];
        payload := billing_audit.payload_of(given.event);
        -- 122 random bits out of the core, so that no extension is needed.
        salt := uuid_send(gen_random_uuid());
        entry.seq := head.seq + 1;
        entry.recorded_at := now_;
        entry.commitment := billing_audit.commit_to(salt, payload);
        entry.previous_hash := head.head;
        entry.preimage := billing_audit.event_preimage(entry);
        entry.hash := sha256(entry.previous_hash || convert_to(entry.preimage, 'UTF8'));
        perform billing_audit.insert_entry(entry, salt, payload);
        head.seq := entry.seq;
        head.head := entry.hash;
        heads[array_position(streams_, entry.stream)] := head;
        appended[given.place] := jsonb_build_object(
            'event_key', entry.event_key, 'stream', entry.stream, 'seq', entry.seq, 'is_new', true,
            'timestamp', billing_audit.instant(now_));
    end loop;
    update billing_audit.streams as s set seq = h.seq, head = h.head from unnest(heads) as h where s.stream = h.stream;

    update billing_audit.changes
    set state = 'done', done_at = now_, leased_until = null, body = null
    where event_key in (select e ->> 'event_key' from jsonb_array_elements(p -> 'events') as e) and state <> 'done';
    return jsonb_build_object('appended', to_jsonb(appended));
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
call billing_audit.keep_private('billing_audit.entry_of(jsonb)');
call billing_audit.keep_private('billing_audit.insert_entry(billing_audit.audit_events, bytea, jsonb)');
call billing_audit.offer_to_service('public.billing_audit_append(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_verify(jsonb)');
