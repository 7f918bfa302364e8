-- What else must know that months have left (20261126182100): searches, alerts, the sealer, the check of a chain, and whoever
-- would count anew.

-- As before (20261126170300); and which months are archived, in which there may be more: the last page says so, and any
-- page of a question that its pages do not lead up to them, being of another order or of a time.
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
    return jsonb_build_object('events', coalesce(page, '[]'), 'next', next_, 'archived',
        case when next_ is null or coalesce(p ->> 'order', 'newest') <> 'newest' or p ->> 'from' is not null
            or p ->> 'recorded_from' is not null
            then billing_audit.archives_for(p) else '[]'::jsonb end);
end
$$;
alter function public.billing_audit_search(jsonb) set jit = off;

-- As before (20261123120400), without what waits for the summary (20261126181110), and without what is archived.
-- p: limit, only_open. Gives {alerts, unread, total}, the newest first, one for each event or notice. Unread = nobody has
-- answered it yet; of what is archived only the total is told.
create or replace function public.billing_audit_alerts(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    with told as (
        select event_key, max(id) as id, min(raised_at) as raised_at, bool_or(always) as always,
            jsonb_agg(jsonb_build_object('recipient', recipient, 'mail_id', mail_id::text) order by recipient)
                filter (where recipient <> '') as recipients
        from billing_audit.alerts where not held group by event_key
    ), here as (
        -- Archived: it was told of an event that is not here any more, and nobody can answer it.
        select t.* from told as t
        join billing_audit.alerts as a on a.id = t.id
        where not exists (
            select from billing_audit.archived_spans as s where s.stream = a.stream and s.last_seq >= a.seq)
    ), answered as (
        select t.*, w.answer
        from here as t
        left join lateral (
            select jsonb_build_object('decision', decision, 'person', person, 'reason', reason,
                'answered_at', billing_audit.instant(answered_at)) as answer
            from billing_audit.alert_answers as w where w.event_key = t.event_key order by id desc limit 1
        ) as w on true
    ), page as (
        select * from answered
        where answer is null or not coalesce((p ->> 'only_open')::boolean, false)
        order by id desc limit coalesce((p ->> 'limit')::integer, 100)
    )
    select jsonb_build_object(
        'total', (select count(*) from told),
        'unread', (select count(*) from answered where answer is null),
        'alerts', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'event_key', g.event_key, 'raised_at', billing_audit.instant(g.raised_at), 'severity', a.severity,
                'always', g.always, 'why', a.why, 'notice', a.notice, 'answer', g.answer,
                'recipients', (
                    select coalesce(jsonb_agg(r || jsonb_build_object('mail_state', m.state, 'mail_kind', m.kind)), '[]')
                    from jsonb_array_elements(g.recipients) as r
                    join billing_audit.alert_mails as m on m.id = (r ->> 'mail_id')::bigint),
                'event', case when a.notice is null then billing_audit.event_json(e, d.payload) end)
                order by g.id desc), '[]')
            from page as g
            join billing_audit.alerts as a on a.id = g.id
            left join billing_audit.audit_events as e on e.stream = a.stream and e.seq = a.seq
            left join billing_audit.event_payloads as d on d.stream = a.stream and d.seq = a.seq))
$$;

-- As before (20261126151000); a key whose event was archived belongs to it.
create or replace function public.billing_audit_seal_heads(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    select jsonb_build_object(
        'streams', (select coalesce(jsonb_agg(jsonb_build_object(
            'stream', stream, 'seq', seq, 'head', encode(head, 'hex')) order by stream), '[]') from billing_audit.streams),
        'strays', coalesce((
            select jsonb_agg(event_key) from (
                select d.event_key from billing_audit.event_payloads as d
                left join billing_audit.audit_events as e on e.stream = d.stream and e.seq = d.seq where e.seq is null
                union all
                select k.event_key from billing_audit.event_keys as k
                left join billing_audit.audit_events as e on e.stream = k.stream and e.seq = k.seq
                where e.seq is null and billing_audit.archive_of(k.stream, k.seq) is null
                limit 100) as s), '[]'))
$$;

-- As before (20261123100700), from where the chain was archived on.
create or replace function public.billing_audit_verify(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    checked    bigint;
    last_seq   bigint;
    last_hash  bytea;
    first_bad  bigint;
    head       billing_audit.streams;
    archived   billing_audit.archived_spans;
begin
    perform billing_audit.require(p, 'stream');
    select * into head from billing_audit.streams where stream = p ->> 'stream';
    select * into archived from billing_audit.archived_spans as s where s.stream = p ->> 'stream' order by s.last_seq desc limit 1;
    select count(*), max(seq), min(seq) filter (where not good) into checked, last_seq, first_bad
    from (
        select e.seq,
            e.seq = coalesce(archived.last_seq, 0) + row_number() over w
            and e.previous_hash = lag(e.hash, 1, coalesce(archived.last_hash, billing_audit.genesis(e.stream))) over w
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
    last_hash := coalesce(last_hash, archived.last_hash);
    last_seq := coalesce(last_seq, archived.last_seq);
    if first_bad is null and coalesce(head.seq, 0) <> coalesce(last_seq, 0) then
        first_bad := least(head.seq, last_seq) + 1;
        first_bad := coalesce(first_bad, 1);
    elsif first_bad is null and last_hash is distinct from head.head and last_seq is not null then
        first_bad := last_seq;
    end if;
    return jsonb_build_object('ok', first_bad is null, 'checked', checked, 'first_bad_seq', first_bad);
end
$$;

-- Nothing can be counted anew that is not here: whoever needs to, after an archive, keeps what was counted.
alter procedure billing_audit.rebuild_rollups() rename to count_all_rollups;
create procedure billing_audit.rebuild_rollups()
language plpgsql
set search_path = ''
as $$
begin
    if exists (select from billing_audit.archives) then
        raise exception using errcode = 'BA015', message = 'Rollups cannot be made anew: months were archived, and would not be counted.',
            hint = 'The append keeps them; nothing is to be done.';
    end if;
    call billing_audit.count_all_rollups();
end
$$;
revoke all on procedure billing_audit.rebuild_rollups() from public;
