-- Rows whose cells may have held other values in between: their changes wait, provisional, until history tells the steps.
-- What callbacks said of them is kept with them, so that a restart forgets nothing and the callbacks can end.

create table billing_audit.unexplained_rows (
    sheet_id       text        not null references billing_audit.sheets,
    row_id         text        not null,
    since          timestamptz not null default billing_audit.clock(),
    round          integer     not null default 1,
    stake          numeric     not null,
    events         jsonb       not null,
    net            jsonb,
    seen_at        timestamptz not null,
    audit_run_id   text        not null,
    found_by       text        not null,
    primary key (sheet_id, row_id)
);
comment on table billing_audit.unexplained_rows is 'Rows that wait for their cells'' history, at most half an hour.';
comment on column billing_audit.unexplained_rows.round is 'Rises with each new word of a callback: whoever explains an older round has not heard all.';
comment on column billing_audit.unexplained_rows.net is 'The row as it is recorded if nothing more can be learned; null when no value is another than the known.';

-- The net change of rows that are gone before their history was read: it happened before they were removed.
create function billing_audit.resolve_given_up(p jsonb) returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    sheet  text := p ->> 'sheet_id';
    keys   jsonb := '[]';
    one    billing_audit.unexplained_rows;
begin
    for one in
        delete from billing_audit.unexplained_rows as u
        where u.sheet_id = sheet and u.row_id in (
            select g.row_id from jsonb_to_recordset(coalesce(p -> 'given_up', '[]')) as g (row_id text, round integer)
            union all
            select g.row_id from jsonb_to_recordset(p -> 'removed') as g (row_id text)
            where not exists (
                select from jsonb_to_recordset(p -> 'rows') as r (row_id text) where r.row_id = g.row_id))
        returning *
    loop
        if one.net is not null and not exists (
            select from billing_audit.sheet_rows as k
            where k.sheet_id = sheet and k.row_id = one.row_id and k.removed_as is not null)
        then
            keys := keys || billing_audit.resolve_rows(p || jsonb_build_object(
                'rows', jsonb_build_array(one.net), 'observed_at', billing_audit.instant(one.seen_at),
                'audit_run_id', one.audit_run_id, 'found_by', one.found_by));
        end if;
    end loop;
    return keys;
end
$$;

-- Rows begin to wait, hear more of callbacks, or wait no more.
create function billing_audit.keep_unexplained(p jsonb) returns void
language plpgsql
set search_path = ''
as $$
begin
    insert into billing_audit.unexplained_rows as u
        (sheet_id, row_id, since, stake, events, net, seen_at, audit_run_id, found_by)
    select p ->> 'sheet_id', d.row_id, coalesce((p ->> 'deferred_at')::timestamptz, billing_audit.clock()), d.stake, d.events, d.net, (p ->> 'observed_at')::timestamptz,
        p ->> 'audit_run_id', p ->> 'found_by'
    from jsonb_to_recordset(coalesce(p -> 'deferred', '[]')) as d (row_id text, stake numeric, events jsonb, net jsonb)
    on conflict (sheet_id, row_id) do update set
        round = u.round + case when u.events @> excluded.events then 0 else 1 end,
        stake = greatest(u.stake, excluded.stake),
        events = u.events || coalesce((select jsonb_agg(e) from jsonb_array_elements(excluded.events) as e
            where not u.events @> jsonb_build_array(e)), '[]'),
        net = case when excluded.seen_at >= u.seen_at then excluded.net else u.net end,
        seen_at = greatest(u.seen_at, excluded.seen_at);
    delete from billing_audit.unexplained_rows as u
    using jsonb_to_recordset(coalesce(p -> 'explained', '[]')) as x (row_id text, round integer)
    where u.sheet_id = p ->> 'sheet_id' and u.row_id = x.row_id and u.round = x.round;
end
$$;

-- p: an Observation (lib/store/store.ts). Gives {event_keys}.
create or replace function public.billing_audit_resolve(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    sheet  text := p ->> 'sheet_id';
    keys   jsonb;
begin
    perform billing_audit.require(p, 'sheet_id', 'sheet_name', 'columns', 'rows', 'removed', 'baseline',
        'audit_run_id', 'found_by', 'callback_ids', 'observed_at');
    insert into billing_audit.sheets (sheet_id, name) values (sheet, p ->> 'sheet_name') on conflict do nothing;
    perform from billing_audit.sheets where sheet_id = sheet for update;

    keys := billing_audit.resolve_given_up(p) || billing_audit.resolve_columns(p) || billing_audit.resolve_removed(p)
        || billing_audit.resolve_rows(p) || billing_audit.resolve_objects(p);
    perform billing_audit.keep_unexplained(p);

    update billing_audit.sheets
    set name = p ->> 'sheet_name',
        version = greatest(version, (p ->> 'version')::bigint),
        compared_at = case when p ->> 'version' is null then compared_at
            else greatest(compared_at, (p ->> 'observed_at')::timestamptz) end
    where sheet_id = sheet;
    update billing_audit.webhook_events
    set state = 'done', leased_until = null, ended_at = billing_audit.clock()
    where id = any (billing_audit.texts(p -> 'callback_ids')::bigint[]) and state <> 'done';
    return jsonb_build_object('event_keys', keys);
end
$$;

-- p: sheet_id, limit, late_before (by the clock that deferred_at came from; default: half an hour ago). Gives {rows}:
-- those that have waited for so long first, then those on which most hangs.
create function public.billing_audit_unexplained(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    with turn as (
        select u.*,
            u.since <= coalesce((p ->> 'late_before')::timestamptz, billing_audit.clock() - interval '30 minutes') as is_late
        from billing_audit.unexplained_rows as u
        where u.sheet_id = p ->> 'sheet_id'
        order by is_late desc, u.stake desc, u.since, u.row_id
        limit (p ->> 'limit')::integer
    )
    select jsonb_build_object('rows', coalesce(jsonb_agg(jsonb_build_object(
        'row_id', row_id, 'round', round, 'since', billing_audit.instant(since), 'stake', stake,
        'audit_run_id', audit_run_id, 'found_by', found_by) order by is_late desc, stake desc, since, row_id), '[]'))
    from turn
$$;

-- p: sheet_id, row_ids (a list, or "all"). Gives {rows}; rows never seen, or removed, are left out, unless they
-- wait for their history.
create or replace function public.billing_audit_known_rows(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    -- Two ways in, of which one is empty: an `or` between them would look at every row of the sheet for a few.
    with asked as (
        select r.sheet_id, r.row_id, r.version, r.modified_at
        from billing_audit.sheet_rows as r
        where p -> 'row_ids' = '"all"' and r.sheet_id = p ->> 'sheet_id' and r.removed_as is null
        union all
        select r.sheet_id, r.row_id, r.version, r.modified_at
        from (select distinct unnest(billing_audit.texts(p -> 'row_ids')) as row_id) as w
        join billing_audit.sheet_rows as r
            on r.sheet_id = p ->> 'sheet_id' and r.row_id = w.row_id and r.removed_as is null
        union all
        -- Rows that were never seen, or are back, and wait: nothing is known of them but what callbacks said.
        select n.sheet_id, n.row_id, null, null
        from (select distinct unnest(billing_audit.texts(p -> 'row_ids')) as row_id) as w
        join billing_audit.unexplained_rows as n on n.sheet_id = p ->> 'sheet_id' and n.row_id = w.row_id
        where not exists (select from billing_audit.sheet_rows as r
            where r.sheet_id = n.sheet_id and r.row_id = n.row_id and r.removed_as is null)
    )
    select jsonb_build_object('rows', coalesce(jsonb_agg(jsonb_build_object(
        'row_id', a.row_id, 'version', a.version, 'modified_at', billing_audit.instant(a.modified_at),
        'cells', coalesce(c.cells, '{}')) || case when u.row_id is null then '{}'::jsonb else jsonb_build_object(
            'is_new', a.version is null, 'unexplained', jsonb_build_object('round', u.round, 'events', u.events)) end
        order by a.row_id), '[]'))
    from asked as a
    left join billing_audit.unexplained_rows as u on u.sheet_id = a.sheet_id and u.row_id = a.row_id
    left join lateral (
        select jsonb_object_agg(k.column_id, k.value) as cells
        from billing_audit.sheet_cells as k where k.sheet_id = a.sheet_id and k.row_id = a.row_id
    ) as c on true
$$;

-- p: {}. Gives the counts of lib/store/store.ts, StoreCounts.
create or replace function public.billing_audit_counts(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    with callbacks as (
        select count(*) as waiting, min(received_at) as oldest
        from billing_audit.webhook_events where state in ('waiting', 'leased')
    ), open_changes as (
        select
            count(*) filter (where state = 'waiting') as waiting,
            count(*) filter (where state = 'leased') as leased,
            count(*) filter (where attempts >= 8) as failing,
            min(found_at) as oldest
        from billing_audit.changes where state in ('waiting', 'leased')
    )
    select jsonb_build_object(
        'callbacks_waiting', k.waiting,
        'callbacks_dead', (select count(*) from billing_audit.webhook_events where state = 'dead'),
        'changes_waiting', c.waiting,
        'changes_leased', c.leased,
        'changes_provisional', (select count(*) from billing_audit.unexplained_rows),
        'changes_dead', c.failing,
        -- Days of coverage are in the trail, and nothing that happened to a sheet.
        'events', (select coalesce(sum(seq), 0) from billing_audit.streams)
            - (select count(*) from billing_audit.audit_events where kind = 'coverage'),
        'oldest_waiting_at', billing_audit.instant(least(k.oldest, c.oldest)))
    from callbacks as k, open_changes as c
$$;

call billing_audit.protect_table('billing_audit.unexplained_rows');
grant select, insert, update, delete on billing_audit.unexplained_rows to billing_audit_owner;
call billing_audit.keep_private('billing_audit.resolve_given_up(jsonb)');
call billing_audit.keep_private('billing_audit.keep_unexplained(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_unexplained(jsonb)');
