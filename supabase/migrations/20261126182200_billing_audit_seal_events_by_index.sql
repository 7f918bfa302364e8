-- Reading the trail for a check goes by the index: a condition that may be left out ("is null or ...") is compared with each row
-- of the table, and each event was looked up twice. A page from the middle of a long chain took five times as long.

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

-- p: after ({stream, seq}, left out at the beginning), stream (left out: all), limit (1..1000). Every event as it is
-- stored, chain by chain, for whoever checks: nothing is judged here. `columns` is what the preimage would be if it were
-- written from the columns today; `erasure` is the one that took the payload away. Gives {events: [...]}.
create or replace function public.billing_audit_seal_events(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    select jsonb_build_object('events', coalesce(jsonb_agg(jsonb_build_object(
        'stream', e.stream, 'seq', e.seq, 'event_key', e.event_key, 'recorded_at', billing_audit.instant(e.recorded_at),
        'sheet_id', e.sheet_id, 'previous_hash', encode(e.previous_hash, 'hex'), 'preimage', e.preimage,
        'columns', billing_audit.event_preimage(e), 'hash', encode(e.hash, 'hex'),
        'commitment', encode(e.commitment, 'hex'),
        'salt', encode(d.salt, 'hex'), 'payload', d.payload::text,
        'payload_fits', d.seq is null or (d.event_key = e.event_key and d.changed_at = e.changed_at),
        'key_fits', coalesce(k.stream = e.stream and k.seq = e.seq, false),
        'leaf_index', l.leaf_index, 'leaf_hash', encode(l.hash, 'hex'), 'erasure', x.erasure_id::text) order by e.stream, e.seq), '[]'))
    from billing_audit.events_page(p ->> 'stream', coalesce(p #>> '{after,stream}', ''), coalesce((p #>> '{after,seq}')::bigint, 0),
        least(greatest(coalesce((p ->> 'limit')::integer, 1000), 1), 1000)) as e
    left join lateral (
        select * from billing_audit.event_payloads where stream = e.stream and seq = e.seq limit 1) as d on true
    left join lateral (select * from billing_audit.event_keys where event_key = e.event_key limit 1) as k on true
    left join lateral (select * from billing_audit.erased_events where stream = e.stream and seq = e.seq limit 1) as x on true
    left join lateral (select * from billing_audit.tree_leaves where stream = e.stream and seq = e.seq limit 1) as l on true
$$;
alter function public.billing_audit_seal_events(jsonb) set enable_seqscan = off set jit = off;

call billing_audit.keep_private('billing_audit.events_page(text, text, bigint, integer)');
