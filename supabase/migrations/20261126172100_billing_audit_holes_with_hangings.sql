-- A hole tells how many attachments and comments were found after it, and which could not be compared and why.

-- How many changes of these types a hole recovered, whatever happened to them.
create function billing_audit.recovered_of(h billing_audit.holes, variadic types text[]) returns bigint
language sql stable
set search_path = ''
as $$
    select coalesce(sum(k.n::bigint), 0)::bigint
    from jsonb_each_text(h.recovered) as k (kind, n)
    where split_part(k.kind, '_', 1) = any (types)
$$;

-- What of a sheet beside its cells could not be compared the last time, and why; null = nothing.
create function billing_audit.not_compared(sheet text) returns text
language sql stable
set search_path = ''
as $$
    select string_agg(format('%s (%s)', list, problem), '; ' order by list)
    from billing_audit.object_lists where sheet_id = sheet and problem is not null
$$;

-- What a hole is, in a sentence that goes on from "changes may have gone unseen:".
create or replace function billing_audit.hole_sentence(h billing_audit.holes) returns text
language sql stable
set search_path = ''
as $$
    select format('from %s to %s %s (%s); found by comparing afterwards: %s changed cells, %s rows added, %s rows deleted, %s attachments, %s comments%s',
        billing_audit.instant(h.from_at), billing_audit.instant(h.to_at),
        case h.reason
            when 'not_watched' then 'nothing ran that watched it'
            when 'unreachable' then 'Smartsheet could not be asked'
            when 'webhook_off' then 'its webhook was off, and it was watched by its version only'
            else 'no callbacks came, and it was watched by its version only' end,
        h.why, coalesce(h.recovered ->> 'cell_changed', '0'), coalesce(h.recovered ->> 'row_added', '0'),
        coalesce(h.recovered ->> 'row_deleted', '0'),
        billing_audit.recovered_of(h, 'attachment'), billing_audit.recovered_of(h, 'comment', 'discussion'),
        '; not compared: ' || billing_audit.not_compared(h.sheet_id))
$$;

-- p: sheet_id, reasons, at. The sheet has been compared after these holes: each ends, and becomes a change that waits for the
-- trail. Closing what is closed does nothing. Gives {event_keys}.
create or replace function public.billing_audit_close_holes(p jsonb) returns jsonb
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
                'rows deleted', coalesce(hole.recovered ->> 'row_deleted', '0'),
                'attachments', billing_audit.recovered_of(hole, 'attachment')::text,
                'comments', billing_audit.recovered_of(hole, 'comment', 'discussion')::text)
                || case when billing_audit.not_compared(hole.sheet_id) is null then '{}'::jsonb
                    else jsonb_build_object('not compared', billing_audit.not_compared(hole.sheet_id)) end,
            'changed_by', null, 'changed_by_kind', 'system', 'changed_at', billing_audit.instant(hole.to_at),
            'audit_run_id', format('gap:%s', hole.id), 'found_by', 'backfill', 'intermediate_unknown', false,
            'sheet_reference', null));
        keys := keys || key;
    end loop;
    return jsonb_build_object('event_keys', to_jsonb(keys));
end
$$;

call billing_audit.keep_private('billing_audit.recovered_of(billing_audit.holes, text[])');
call billing_audit.keep_private('billing_audit.not_compared(text)');
