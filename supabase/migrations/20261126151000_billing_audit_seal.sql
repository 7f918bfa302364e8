-- The seal: every committed event becomes a leaf of one Merkle tree (RFC 6962) over all streams, and the head of the tree
-- is signed and kept as a checkpoint. Hashing and signing are done by the server, whose key no database ever sees; the
-- functions here hand out what is to be sealed and take what was, all of it or nothing.
--
-- Who seals names the size of the tree that was built upon. Two who seal at once build upon the same size, and the second
-- is refused: one order, no fork, without a lock that outlives a transaction.
--
-- Errors of this file: BA011 the tree was sealed further by another    BA012 what was to be sealed is not what is stored.

create table billing_audit.tree_leaves (
    leaf_index   bigint  primary key check (leaf_index >= 0),
    stream       text    not null,
    seq          bigint  not null check (seq > 0),
    hash         bytea   not null check (octet_length(hash) = 32),
    unique (stream, seq)
);
comment on table billing_audit.tree_leaves is 'Which event is which leaf: the one order over all streams, given once, without a gap.';
comment on column billing_audit.tree_leaves.hash is 'The event''s hash. The leaf is sha256(0x00 || hash).';

create table billing_audit.checkpoints (
    id          bigint       generated always as identity primary key,
    tree_size   bigint       not null check (tree_size >= 0),
    root        bytea        not null check (octet_length(root) = 32),
    note        text         not null check (octet_length(note) between 1 and 16384),
    sealed_at   timestamptz  not null
);
comment on table billing_audit.checkpoints is 'Signed heads of the tree, as C2SP tlog-checkpoint says. Never altered.';
comment on column billing_audit.checkpoints.note is 'The exact text that was signed and anchored.';
create index checkpoints_of_size on billing_audit.checkpoints (tree_size, id);

create table billing_audit.tree_state (
    only_one   boolean  primary key default true check (only_one),
    origin     text     not null check (origin <> ''),
    size       bigint   not null default 0 check (size >= 0),
    frontier   bytea    not null default '' check (octet_length(frontier) % 32 = 0)
);
comment on table billing_audit.tree_state is 'The edge of the tree, so that appending needs no look at what is in it. Can be made anew from the leaves.';
comment on column billing_audit.tree_state.origin is 'Names this log in every checkpoint, and its key.';
insert into billing_audit.tree_state (origin) values ('billing-audit/log/' || gen_random_uuid());

create table billing_audit.sealed_streams (
    stream   text    primary key,
    seq      bigint  not null check (seq > 0),
    hash     bytea   not null check (octet_length(hash) = 32)
);
comment on table billing_audit.sealed_streams is 'How far each chain is sealed, and the hash there. Can be made anew from the leaves.';

create table billing_audit.anchor_marks (
    anchor        text         primary key check (anchor <> ''),
    tree_size     bigint       check (tree_size >= 0),
    anchored_at   timestamptz,
    tried_at      timestamptz  not null,
    why           text
);
comment on table billing_audit.anchor_marks is 'What each anchor took last, for the status alone: a check asks the anchors themselves.';
comment on column billing_audit.anchor_marks.why is 'Why the last try failed; null = it worked.';

create trigger never_altered before update or delete on billing_audit.tree_leaves
    for each row execute function billing_audit.refuse_change();
create trigger never_truncated before truncate on billing_audit.tree_leaves
    for each statement execute function billing_audit.refuse_change();
create trigger never_altered before update or delete on billing_audit.checkpoints
    for each row execute function billing_audit.refuse_change();
create trigger never_truncated before truncate on billing_audit.checkpoints
    for each statement execute function billing_audit.refuse_change();
alter table billing_audit.tree_leaves enable always trigger never_altered;
alter table billing_audit.tree_leaves enable always trigger never_truncated;
alter table billing_audit.checkpoints enable always trigger never_altered;
alter table billing_audit.checkpoints enable always trigger never_truncated;

-- Chains that are longer than what is sealed of them.
create function billing_audit.unsealed_streams()
returns table (stream text, sealed_seq bigint, sealed_hash bytea, seq bigint)
language sql stable
set search_path = ''
as $$
    select s.stream, coalesce(t.seq, 0), coalesce(t.hash, billing_audit.genesis(s.stream)), s.seq
    from billing_audit.streams as s
    left join billing_audit.sealed_streams as t using (stream)
    where s.seq > coalesce(t.seq, 0)
$$;

-- p: nothing. Gives {origin, size, frontier (hashes in hex, one text), unsealed, oldest_unsealed_at, checkpoint (the last
-- one's {id, tree_size, note, sealed_at}, or null), anchors: [{anchor, tree_size, anchored_at, tried_at, why}]}.
create function public.billing_audit_seal_state(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    select jsonb_build_object(
        'origin', t.origin, 'size', t.size, 'frontier', encode(t.frontier, 'hex'),
        'unsealed', (select coalesce(sum(u.seq - u.sealed_seq), 0) from billing_audit.unsealed_streams() as u),
        'oldest_unsealed_at', (
            select billing_audit.instant(min(e.recorded_at))
            from billing_audit.unsealed_streams() as u
            join billing_audit.audit_events as e on e.stream = u.stream and e.seq = u.sealed_seq + 1),
        'checkpoint', (
            select jsonb_build_object('id', c.id, 'tree_size', c.tree_size, 'note', c.note,
                'sealed_at', billing_audit.instant(c.sealed_at))
            from billing_audit.checkpoints as c order by c.id desc limit 1),
        'anchors', (
            select coalesce(jsonb_agg(jsonb_build_object('anchor', a.anchor, 'tree_size', a.tree_size,
                'anchored_at', billing_audit.instant(a.anchored_at), 'tried_at', billing_audit.instant(a.tried_at),
                'why', a.why) order by a.anchor), '[]')
            from billing_audit.anchor_marks as a))
    from billing_audit.tree_state as t
$$;

-- p: limit (1..1000). What comes next into the tree, in order: {events: [{stream, seq, sealed_hash (of the event before,
-- where that is sealed; else null), previous_hash, preimage, hash}]}. A chain with a hole is handed out up to the hole:
-- its rest stays unsealed, and is told as such.
create function public.billing_audit_seal_next(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    select jsonb_build_object('events', coalesce(jsonb_agg(jsonb_build_object(
        'stream', n.stream, 'seq', n.seq, 'sealed_hash', n.sealed_hash, 'previous_hash', encode(n.previous_hash, 'hex'),
        'preimage', n.preimage, 'hash', encode(n.hash, 'hex')) order by n.position), '[]'))
    from (
        select u.stream, e.seq, e.position, e.previous_hash, e.preimage, e.hash,
            case when e.seq = u.sealed_seq + 1 then encode(u.sealed_hash, 'hex') end as sealed_hash
        from billing_audit.unsealed_streams() as u
        cross join lateral (
            select a.*, row_number() over (order by a.seq) as place
            from billing_audit.audit_events as a
            where a.stream = u.stream and a.seq > u.sealed_seq
            order by a.seq
            limit least(greatest(coalesce((p ->> 'limit')::integer, 1000), 1), 1000)
        ) as e
        where e.seq = u.sealed_seq + e.place
        order by e.position
        limit least(greatest(coalesce((p ->> 'limit')::integer, 1000), 1), 1000)
    ) as n
$$;

-- p: from_size, entries ([{stream, seq, hash}] in order; may be empty, when only the key changes), frontier, root (hex),
-- note, sealed_at. Adds the leaves and the checkpoint, all or nothing. Gives {size, checkpoint_id}.
create function public.billing_audit_seal_commit(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    state     billing_audit.tree_state;
    count_    bigint := jsonb_array_length(p -> 'entries');
    added     bigint;
    made      bigint;
begin
    perform billing_audit.require(p, 'from_size', 'entries', 'frontier', 'root', 'note', 'sealed_at');
    select * into strict state from billing_audit.tree_state for update;
    if state.size <> (p ->> 'from_size')::bigint then
        raise exception using errcode = 'BA011',
            message = format('The tree has %s leaves, not %s: another has sealed.', state.size, p ->> 'from_size'),
            hint = 'Ask for its state again and seal from there.';
    end if;
    insert into billing_audit.tree_leaves (leaf_index, stream, seq, hash)
    select state.size + g.place - 1, e.stream, e.seq, e.hash
    from jsonb_array_elements(p -> 'entries') with ordinality as g (entry, place)
    join billing_audit.audit_events as e
        on e.stream = g.entry ->> 'stream' and e.seq = (g.entry ->> 'seq')::bigint
        and e.hash = decode(g.entry ->> 'hash', 'hex');
    get diagnostics added = row_count;
    if added <> count_ or exists (
        select from billing_audit.tree_leaves as l
        left join billing_audit.sealed_streams as s using (stream)
        where l.leaf_index >= state.size
        group by l.stream, s.seq
        having min(l.seq) <> coalesce(s.seq, 0) + 1 or max(l.seq) <> coalesce(s.seq, 0) + count(*))
    then
        raise exception using errcode = 'BA012',
            message = 'The events to be sealed are not those that are stored next.',
            hint = 'Run "billing-audit verify": the trail may have been altered.';
    end if;
    insert into billing_audit.sealed_streams (stream, seq, hash)
    select distinct on (stream) stream, seq, hash from billing_audit.tree_leaves
    where leaf_index >= state.size order by stream, seq desc
    on conflict (stream) do update set seq = excluded.seq, hash = excluded.hash;
    update billing_audit.tree_state set size = state.size + count_, frontier = decode(p ->> 'frontier', 'hex');
    insert into billing_audit.checkpoints (tree_size, root, note, sealed_at)
    values (state.size + count_, decode(p ->> 'root', 'hex'), p ->> 'note', (p ->> 'sealed_at')::timestamptz)
    returning id into made;
    return jsonb_build_object('size', state.size + count_, 'checkpoint_id', made);
end
$$;

-- p: from (a leaf index), limit (1..10000). Gives {leaves: [{leaf_index, stream, seq, hash}]} from there on.
create function public.billing_audit_seal_leaves(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    select jsonb_build_object('leaves', coalesce(jsonb_agg(jsonb_build_object(
        'leaf_index', l.leaf_index, 'stream', l.stream, 'seq', l.seq, 'hash', encode(l.hash, 'hex'))
        order by l.leaf_index), '[]'))
    from (
        select * from billing_audit.tree_leaves
        where leaf_index >= (p ->> 'from')::bigint
        order by leaf_index
        limit least(greatest(coalesce((p ->> 'limit')::integer, 1000), 1), 10000)
    ) as l
$$;

-- p: after (an id, 0 for the first), sizes (left out: all), limit (1..1000). Gives {checkpoints: [{id, tree_size, root, note, sealed_at}]}.
create function public.billing_audit_seal_checkpoints(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    select jsonb_build_object('checkpoints', coalesce(jsonb_agg(jsonb_build_object(
        'id', c.id, 'tree_size', c.tree_size, 'root', encode(c.root, 'hex'), 'note', c.note,
        'sealed_at', billing_audit.instant(c.sealed_at)) order by c.id), '[]'))
    from (
        select * from billing_audit.checkpoints
        where id > coalesce((p ->> 'after')::bigint, 0)
            and (p -> 'sizes' is null or tree_size = any (
                array(select value::bigint from jsonb_array_elements_text(p -> 'sizes'))))
        order by id
        limit least(greatest(coalesce((p ->> 'limit')::integer, 1000), 1), 1000)
    ) as c
$$;

-- p: anchor, at, and tree_size (it worked) or why (it failed). Gives {}.
create function public.billing_audit_seal_anchored(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
begin
    perform billing_audit.require(p, 'anchor', 'at');
    insert into billing_audit.anchor_marks as a (anchor, tree_size, anchored_at, tried_at, why)
    values (p ->> 'anchor', (p ->> 'tree_size')::bigint,
        case when p ->> 'tree_size' is not null then (p ->> 'at')::timestamptz end, (p ->> 'at')::timestamptz, p ->> 'why')
    on conflict (anchor) do update set
        tree_size = coalesce(excluded.tree_size, a.tree_size),
        anchored_at = coalesce(excluded.anchored_at, a.anchored_at),
        tried_at = excluded.tried_at, why = excluded.why;
    return '{}';
end
$$;

-- p: after ({stream, seq}, left out at the beginning), stream (left out: all), limit (1..1000). Every event as it is
-- stored, chain by chain, for whoever checks: nothing is judged here. `columns` is what the preimage would be if it were
-- written from the columns today. Gives {events: [...]}.
create function public.billing_audit_seal_events(p jsonb) returns jsonb
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
        'leaf_index', l.leaf_index, 'leaf_hash', encode(l.hash, 'hex')) order by e.stream, e.seq), '[]'))
    from (
        select * from billing_audit.audit_events
        where (p ->> 'stream' is null or stream = p ->> 'stream')
            and (p -> 'after' is null or (stream, seq) > (p #>> '{after,stream}', (p #>> '{after,seq}')::bigint))
        order by stream, seq
        limit least(greatest(coalesce((p ->> 'limit')::integer, 1000), 1), 1000)
    ) as page_
    join billing_audit.audit_events as e using (stream, seq)
    left join billing_audit.event_payloads as d on d.stream = e.stream and d.seq = e.seq
    left join billing_audit.event_keys as k on k.event_key = e.event_key
    left join billing_audit.tree_leaves as l on l.stream = e.stream and l.seq = e.seq
$$;

-- p: nothing. Gives {streams: [{stream, seq, head}], strays}: the heads of the chains, and how many payloads and keys
-- belong to no event.
create function public.billing_audit_seal_heads(p jsonb) returns jsonb
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
                left join billing_audit.audit_events as e on e.stream = k.stream and e.seq = k.seq where e.seq is null
                limit 100) as s), '[]'))
$$;

call billing_audit.protect_table('billing_audit.tree_leaves');
call billing_audit.protect_table('billing_audit.checkpoints');
call billing_audit.protect_table('billing_audit.tree_state');
call billing_audit.protect_table('billing_audit.sealed_streams');
call billing_audit.protect_table('billing_audit.anchor_marks');
grant select, insert on billing_audit.tree_leaves to billing_audit_owner;
grant select, insert on billing_audit.checkpoints to billing_audit_owner;
grant select, update on billing_audit.tree_state to billing_audit_owner;
grant select, insert, update on billing_audit.sealed_streams to billing_audit_owner;
grant select, insert, update on billing_audit.anchor_marks to billing_audit_owner;
call billing_audit.keep_private('billing_audit.unsealed_streams()');
call billing_audit.offer_to_service('public.billing_audit_seal_state(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_seal_next(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_seal_commit(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_seal_leaves(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_seal_checkpoints(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_seal_anchored(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_seal_events(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_seal_heads(jsonb)');
