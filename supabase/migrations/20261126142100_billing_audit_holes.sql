-- Holes in the watch: times in which changes could not be seen, or no callback came to tell of them. Each is opened when it
-- is noticed, closed when the sheet has been compared after it, and is a change of kind watch_gap from then on: so it is
-- judged, told and recorded as any other, once, whatever restarts meanwhile.

create table billing_audit.holes (
    id           bigint      generated always as identity primary key,
    sheet_id     text        not null check (sheet_id ~ '^\d{1,20}$'),
    reason       text        not null check (reason in ('not_watched', 'unreachable', 'webhook_off', 'callback_missing')),
    why          text        not null check (why <> ''),
    from_at      timestamptz not null,
    to_at        timestamptz check (to_at >= from_at),
    noticed_at   timestamptz not null default billing_audit.clock(),
    recovered    jsonb,
    check ((to_at is null) = (recovered is null))
);
comment on table billing_audit.holes is 'When a sheet was not watched, or not as it should have been.';
comment on column billing_audit.holes.reason is 'not_watched: nothing ran that watched; unreachable: Smartsheet could not be asked; webhook_off: it was disabled; callback_missing: a change was seen by the version and no callback told of it.';
comment on column billing_audit.holes.noticed_at is 'Changes found from here to the end are what was recovered.';
comment on column billing_audit.holes.recovered is '{cell_changed, row_added, row_deleted, ...}: how many of each were found.';
create unique index holes_one_open on billing_audit.holes (sheet_id, reason) where to_at is null;

-- p: sheet_id, at, why. For a watch that begins: opens a hole where the last sign of life of the sheet's watch is older than
-- a silence may be, unless nobody has asked for the sheet since. Gives {open: [{reason, from}]}, all that are open.
create function public.billing_audit_find_holes(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    at_    timestamptz := billing_audit.moment(p);
    last   timestamptz;
begin
    perform billing_audit.require(p, 'sheet_id', 'why');
    select max(s.seen_at) into last
    from billing_audit.watch_spans as s
    join billing_audit.watched_sheets as w using (sheet_id)
    where s.sheet_id = p ->> 'sheet_id' and w.left_at is null;
    if last < at_ - billing_audit.longest_silence() then
        insert into billing_audit.holes (sheet_id, reason, why, from_at)
        values (p ->> 'sheet_id', 'not_watched', p ->> 'why', last)
        on conflict (sheet_id, reason) where to_at is null do nothing;
    end if;
    return jsonb_build_object('open', (
        select coalesce(jsonb_agg(jsonb_build_object('reason', reason, 'from', billing_audit.instant(from_at)) order by id), '[]')
        from billing_audit.holes where sheet_id = p ->> 'sheet_id' and to_at is null));
end
$$;

-- p: sheet_id, reason, why, from. Gives {is_open}: false only where a callback that was missed has come after all, perhaps to
-- another process.
create function public.billing_audit_open_hole(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
begin
    perform billing_audit.require(p, 'sheet_id', 'reason', 'why', 'from');
    if p ->> 'reason' = 'callback_missing' and exists (
        select from billing_audit.webhook_events
        where sheet_id = p ->> 'sheet_id' and received_at >= (p ->> 'from')::timestamptz) then
        return jsonb_build_object('is_open', false);
    end if;
    insert into billing_audit.holes (sheet_id, reason, why, from_at)
    values (p ->> 'sheet_id', p ->> 'reason', p ->> 'why', (p ->> 'from')::timestamptz)
    on conflict (sheet_id, reason) where to_at is null do nothing;
    return jsonb_build_object('is_open', true);
end
$$;

-- What a hole is, in a sentence that goes on from "changes may have gone unseen:".
create function billing_audit.hole_sentence(h billing_audit.holes) returns text
language sql stable
set search_path = ''
as $$
    select format('from %s to %s %s (%s); found by comparing afterwards: %s changed cells, %s rows added, %s rows deleted',
        billing_audit.instant(h.from_at), billing_audit.instant(h.to_at),
        case h.reason
            when 'not_watched' then 'nothing ran that watched it'
            when 'unreachable' then 'Smartsheet could not be asked'
            when 'webhook_off' then 'its webhook was off, and it was watched by its version only'
            else 'no callbacks came, and it was watched by its version only' end,
        h.why, coalesce(h.recovered ->> 'cell_changed', '0'), coalesce(h.recovered ->> 'row_added', '0'),
        coalesce(h.recovered ->> 'row_deleted', '0'))
$$;

-- p: sheet_id, reasons, at. The sheet has been compared after these holes: each ends, and becomes a change that waits for the
-- trail. Closing what is closed does nothing. Gives {event_keys}.
create function public.billing_audit_close_holes(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    at_    timestamptz := billing_audit.moment(p);
    hole   billing_audit.holes;
    keys   text[] := '{}';
    key    text;
begin
    perform billing_audit.require(p, 'sheet_id', 'reasons');
    for hole in
        select * from billing_audit.holes
        where sheet_id = p ->> 'sheet_id' and to_at is null and reason = any (billing_audit.texts(p -> 'reasons'))
        order by id for update
    loop
        update billing_audit.holes as h
        set to_at = greatest(at_, h.from_at), recovered = (
            select coalesce(jsonb_object_agg(kind, n), '{}') from (
                select kind, count(*) as n from billing_audit.changes
                where sheet_id = hole.sheet_id and found_at >= hole.noticed_at and kind <> 'watch_gap' group by kind) as k)
        where h.id = hole.id
        returning * into hole;
        key := format('%s:watch:gap:found:%s', hole.sheet_id, hole.id);
        insert into billing_audit.changes (event_key, kind, sheet_id, changed_at, body)
        values (key, 'watch_gap', hole.sheet_id, hole.to_at, jsonb_build_object(
            'event_key', key, 'kind', 'watch_gap', 'sheet_id', hole.sheet_id,
            'sheet_name', coalesce((select name from billing_audit.sheets where sheet_id = hole.sheet_id), ''),
            'row_id', null, 'column_id', null, 'column_name', null, 'old_value', null,
            'new_value', billing_audit.hole_sentence(hole),
            'values', jsonb_build_object(
                'from', billing_audit.instant(hole.from_at), 'to', billing_audit.instant(hole.to_at), 'reason', hole.reason,
                'why', hole.why, 'cells changed', coalesce(hole.recovered ->> 'cell_changed', '0'),
                'rows added', coalesce(hole.recovered ->> 'row_added', '0'),
                'rows deleted', coalesce(hole.recovered ->> 'row_deleted', '0')),
            'changed_by', null, 'changed_by_kind', 'system', 'changed_at', billing_audit.instant(hole.to_at),
            'audit_run_id', format('gap:%s', hole.id), 'found_by', 'backfill', 'intermediate_unknown', false,
            'sheet_reference', null));
        keys := keys || key;
    end loop;
    return jsonb_build_object('event_keys', to_jsonb(keys));
end
$$;

call billing_audit.protect_table('billing_audit.holes');
grant select, insert, update on billing_audit.holes to billing_audit_owner;
call billing_audit.keep_private('billing_audit.hole_sentence(billing_audit.holes)');
call billing_audit.offer_to_service('public.billing_audit_find_holes(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_open_hole(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_close_holes(jsonb)');
