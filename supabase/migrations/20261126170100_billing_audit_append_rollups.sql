-- The append keeps the rollups, and does it in about a third of the time it took.

-- What the append does for each event is inlined into its one statement: a helper that sets a search_path is called for
-- each event as a query of its own instead. ("return" is parsed now, so its names are resolved once and for all.) None of
-- these is more than STABLE: they format times.
create or replace function billing_audit.instant(at timestamptz) returns text
language sql stable
return to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');

create or replace function billing_audit.event_preimage(e billing_audit.audit_events) returns text
language sql stable
return jsonb_build_array(
    1, (e).stream, (e).seq, billing_audit.instant((e).recorded_at), (e).event_key, (e).kind, (e).sheet_id, (e).row_id,
    (e).work_request, (e).column_name, (e).violation_type, (e).delta::text, (e).currency, (e).changed_by_kind,
    billing_audit.instant((e).changed_at), (e).week_ending, (e).is_historical, (e).audit_run_id, (e).severity, (e).risk_score,
    (e).anomaly_score, (e).predicted_category, (e).approval_id, (e).intermediate_unknown, (e).rules_hash, (e).model_version,
    (e).flow_version, encode((e).commitment, 'hex'))::text;

create or replace function billing_audit.commit_to(salt bytea, payload jsonb) returns bytea
language sql stable
return sha256(salt || convert_to(payload::text, 'UTF8'));

create or replace function billing_audit.payload_of(event jsonb) returns jsonb
language sql stable
return jsonb_build_object(
    'sheet_name', event -> 'sheet_name', 'old_value', event -> 'old_value', 'new_value', event -> 'new_value',
    'changed_by', event -> 'changed_by', 'issue_description', event -> 'issue_description',
    'suggested_fix', event -> 'suggested_fix', 'sheet_reference', event -> 'sheet_reference',
    'ip_address', event -> 'ip_address', 'device_info', event -> 'device_info',
    'session_id', event -> 'session_id', 'user_agent', event -> 'user_agent',
    'reasons', coalesce(event -> 'reasons', '[]'::jsonb), 'unknown_facts', coalesce(event -> 'unknown_facts', '[]'::jsonb),
    'values', coalesce(event -> 'values', '{}'::jsonb));

create or replace function billing_audit.next_hash(hash bytea, head bytea, preimage text) returns bytea
language sql immutable
return sha256(coalesce(hash, head) || convert_to(preimage, 'UTF8'));

-- Once for each call, not once for each event.
create function billing_audit.queue_recorded() returns trigger
language plpgsql
set search_path = ''
as $$
begin
    if exists (select from billing_audit.alert_rules where retired_at is null) then
        insert into billing_audit.alert_queue (stream, seq, position)
        select stream, seq, position from recorded where billing_audit.is_news(kind, violation_type);
    end if;
    return null;
end
$$;
drop trigger to_be_told on billing_audit.audit_events;
create trigger to_be_told after insert on billing_audit.audit_events
    referencing new table as recorded for each statement execute function billing_audit.queue_recorded();
drop function billing_audit.queue_for_alerts();
call billing_audit.keep_private('billing_audit.queue_recorded()');

-- p: events (AuditEvent, lib/event/audit-event.ts), concern (left out: each event stands in the chain of its sheet; else
-- all stand in the chain of that name). Gives {appended: [{event_key, stream, seq, timestamp, is_new}]} in
-- the order of the events, and marks their changes done. A key that is in the trail already appends nothing.
-- The heads are locked in one order by everybody, so that two appends never wait for each other. All the rest is one
-- statement, told from top to bottom:
--   given     the events; of those that share a key the first counts
--   known     keys that are in the trail already
--   fresh     what is new, with its number in its stream, its salt and its erasable half
--   entries   the immutable half of each
--   told      the text of each that is hashed
--   chained   the hashes, each over the one before
--   hours, rolled, looks, opened   the rollups in which each counts, in the order of their keys
create or replace function public.billing_audit_append(p jsonb) returns jsonb
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
    if p ->> 'concern' is not null and p ->> 'concern' !~ '^[a-z_]+$' then
        raise exception using errcode = 'BA001', message = format('"%s" is no concern.', p ->> 'concern'),
            hint = 'A concern is one word in small letters.';
    end if;
    select array_agg(distinct coalesce(p ->> 'concern', 'sheet:' || (e ->> 'sheet_id'))) into streams_
    from jsonb_array_elements(p -> 'events') as e;
    insert into billing_audit.streams (stream, head)
    select s, billing_audit.genesis(s) from unnest(streams_) as s where s is not null order by s
    on conflict do nothing;
    perform from billing_audit.streams where stream = any (streams_) order by stream for update;

    with given as materialized (
        select e.event, e.place, e.event ->> 'event_key' as event_key,
            coalesce(p ->> 'concern', 'sheet:' || (e.event ->> 'sheet_id')) as stream,
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
        update billing_audit.streams as s set seq = c.seq, head = c.hash, apart = s.apart + c.apart,
            last_changed_at = greatest(s.last_changed_at, c.last_changed_at)
        from (
            select stream, max(seq) as seq, (array_agg(hash order by seq desc))[1] as hash,
                count(*) filter (where not billing_audit.is_change((entry).kind)) as apart,
                max((entry).changed_at) filter (where billing_audit.is_change((entry).kind)) as last_changed_at
            from chained group by stream
        ) as c
        where s.stream = c.stream
    ), hours as materialized (
        select t.dimension, t.start, t.key, count(*) as changes
        from chained as c
        cross join lateral billing_audit.rollup_places(
            (c.entry).severity, (c.entry).risk_score, (c.entry).sheet_id, lower(c.payload ->> 'changed_by'),
            (c.entry).predicted_category, (c.entry).changed_at, now_) as t
        where billing_audit.is_change((c.entry).kind)
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
        select coalesce(lower(c.payload ->> 'changed_by'), ''), s.span, s.start, h.hundredth, count(*)
        from chained as c
        cross join lateral (select billing_audit.look_hundredth(
            (c.entry).violation_type, (c.entry).severity, (c.entry).risk_score) as hundredth) as h
        cross join lateral (values ('hour', billing_audit.hour_of((c.entry).changed_at)),
            ('day', billing_audit.day_of((c.entry).changed_at))) as s (span, start)
        where h.hundredth is not null and billing_audit.is_change((c.entry).kind)
        group by 1, 2, 3, 4 order by 2, 1, 3, 4
        on conflict (span, person, start, hundredth) do update set changes = r.changes + excluded.changes
    ), opened as (
        insert into billing_audit.open_counts as o (hundredth, is_violation, currency, looker, events, priced, money)
        select coalesce(billing_audit.look_hundredth(
                (c.entry).violation_type, (c.entry).severity, (c.entry).risk_score), 0),
            (c.entry).violation_type not in ('NONE', 'APPROVED_CORRECTION'), (c.entry).currency, '',
            count(*), count((c.entry).delta),
            coalesce(sum(abs((c.entry).delta) * greatest(coalesce((c.entry).risk_score, 0), 0.05)), 0)
        from chained as c
        where billing_audit.is_concern((c.entry).violation_type, (c.entry).severity, (c.entry).risk_score)
        group by 1, 2, 3 order by 1, 2, 3
        on conflict (hundredth, is_violation, currency, looker) do update set
            events = o.events + excluded.events, priced = o.priced + excluded.priced, money = o.money + excluded.money
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
