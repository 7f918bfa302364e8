-- Resolution: what one read of a sheet saw becomes last known cells and changes, in one transaction.
--
-- Three helpers, each for one kind of thing (columns and removed rows here, rows with their cells in the next file); each
-- returns the event_keys of the changes that it inserted. They run while the sheet's row is locked, so that a sheet is
-- resolved by one at a time.

-- The change as it goes over wires; see lib/event/change.ts.
create function billing_audit.change_body(
    p jsonb, event_key text, kind text, row_id text, column_id text, column_name text, old_value text, new_value text,
    "values" jsonb, changed_by text, changed_by_kind text, changed_at timestamptz, intermediate_unknown boolean,
    sheet_reference text
) returns jsonb
language sql immutable
set search_path = ''
as $$
    select jsonb_build_object(
        'event_key', event_key, 'kind', kind,
        'sheet_id', p ->> 'sheet_id', 'sheet_name', p ->> 'sheet_name',
        'row_id', row_id, 'column_id', column_id, 'column_name', column_name,
        'old_value', old_value, 'new_value', new_value, 'values', coalesce("values", '{}'),
        'changed_by', changed_by, 'changed_by_kind', coalesce(changed_by_kind, 'unknown'),
        'changed_at', billing_audit.instant(changed_at),
        'audit_run_id', p ->> 'audit_run_id', 'found_by', p ->> 'found_by',
        'intermediate_unknown', intermediate_unknown, 'sheet_reference', sheet_reference)
$$;

-- Titles. A column with another title than before, or without any because it was deleted, is a change of its own: the
-- rules find columns by their titles. A read older than the last one is not asked.
create function billing_audit.resolve_columns(p jsonb) returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    sheet  text := p ->> 'sheet_id';
    at     timestamptz := (p ->> 'observed_at')::timestamptz;
    keys   jsonb;
begin
    if at < (select columns_seen_at from billing_audit.sheets where sheet_id = sheet) then
        return '[]';
    end if;
    with retitled as (
        select c.column_id, c.title as old_title, t.value as new_title, c.renames + 1 as renames,
            case when t.key is null then 'removed' else 'renamed' end as action
        from billing_audit.sheet_columns as c
        left join jsonb_each_text(p -> 'columns') as t on t.key = c.column_id
        where c.sheet_id = sheet and not (p ->> 'baseline')::boolean
            and case when t.key is null then c.present else c.title <> t.value end
    ), inserted as (
        insert into billing_audit.changes (event_key, kind, sheet_id, column_id, changed_at, body)
        select k.key, 'column_renamed', sheet, r.column_id, at, billing_audit.change_body(
            p, k.key, 'column_renamed', null, r.column_id, coalesce(r.new_title, r.old_title), r.old_title, r.new_title,
            '{}', null, 'unknown', at, false, null)
        from retitled as r
        cross join lateral (
            select format('%s:column:%s:%s:%s', sheet, r.column_id, r.action, r.renames) as key) as k
        order by r.column_id
        returning event_key
    )
    select coalesce(jsonb_agg(event_key), '[]') into keys from inserted;

    insert into billing_audit.sheet_columns as c (sheet_id, column_id, title)
    select sheet, t.key, t.value from jsonb_each_text(p -> 'columns') as t
    on conflict (sheet_id, column_id) do update
        set title = excluded.title, present = true,
            renames = c.renames + case when c.title <> excluded.title then 1 else 0 end
        where c.title <> excluded.title or not c.present;
    update billing_audit.sheet_columns
    set present = false, renames = renames + 1
    where sheet_id = sheet and present and not (p -> 'columns') ? column_id;
    update billing_audit.sheets set columns_seen_at = at where sheet_id = sheet;
    return keys;
end
$$;

-- Removed rows: a change with the last known values; the values are forgotten, the row stays marked. A row that the same
-- read also saw is there, and a removal older than the last read of the row is stale.
create function billing_audit.resolve_removed(p jsonb) returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    sheet  text := p ->> 'sheet_id';
    at     timestamptz := (p ->> 'observed_at')::timestamptz;
    keys   jsonb;
begin
    if jsonb_array_length(p -> 'removed') = 0 then
        return '[]';
    end if;
    with gone as materialized (
        select distinct on (g.row_id) g.*, k.sheet_reference, coalesce(k.lifecycle, 0) + 1 as lifecycle
        from jsonb_to_recordset(p -> 'removed')
            as g (row_id text, action text, changed_by text, changed_by_kind text, changed_at timestamptz)
        left join billing_audit.sheet_rows as k on k.sheet_id = sheet and k.row_id = g.row_id
        where (k.row_id is null or (k.removed_as is null and at >= k.seen_at))
            and not exists (
                select from jsonb_to_recordset(p -> 'rows') as r (row_id text) where r.row_id = g.row_id)
        order by g.row_id, g.changed_at
    ), last_values as (
        select c.row_id, jsonb_object_agg(t.title, c.value) as cells
        from gone
        join billing_audit.sheet_cells as c on c.sheet_id = sheet and c.row_id = gone.row_id
        join billing_audit.sheet_columns as t on t.sheet_id = sheet and t.column_id = c.column_id and t.present
        group by c.row_id
    ), marked as (
        insert into billing_audit.sheet_rows (sheet_id, row_id, version, seen_at, removed_as, lifecycle)
        select sheet, row_id, 0, at, action, lifecycle from gone
        on conflict (sheet_id, row_id) do update
            set removed_as = excluded.removed_as, seen_at = excluded.seen_at, lifecycle = excluded.lifecycle
    ), forgotten as (
        update billing_audit.sheet_cells as c set value = null
        from gone
        where c.sheet_id = sheet and c.row_id = gone.row_id and c.value is not null
    ), inserted as (
        insert into billing_audit.changes (event_key, kind, sheet_id, row_id, changed_by, changed_at, body)
        select k.key, 'row_' || g.action, sheet, g.row_id, g.changed_by, g.changed_at, billing_audit.change_body(
            p, k.key, 'row_' || g.action, g.row_id, null, null, null, null, v.cells,
            g.changed_by, g.changed_by_kind, g.changed_at, false, g.sheet_reference)
        from gone as g
        left join last_values as v using (row_id)
        cross join lateral (select format('%s:row:%s:%s:%s', sheet, g.row_id, g.action, g.lifecycle) as key) as k
        where not (p ->> 'baseline')::boolean
        order by g.changed_at, g.row_id
        returning event_key
    )
    select coalesce(jsonb_agg(event_key), '[]') into keys from inserted;
    return keys;
end
$$;

-- p: an Observation (lib/store/store.ts). Gives {event_keys}.
create function public.billing_audit_resolve(p jsonb) returns jsonb
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

    keys := billing_audit.resolve_columns(p) || billing_audit.resolve_removed(p) || billing_audit.resolve_rows(p);

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

-- p: sheet_id. Gives {sheet}, null when it was never observed.
create function public.billing_audit_sheet(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    select jsonb_build_object('sheet', (
        select jsonb_build_object(
            'sheet_id', s.sheet_id, 'name', s.name, 'version', s.version,
            'compared_at', billing_audit.instant(s.compared_at),
            'columns', (
                select coalesce(jsonb_object_agg(c.column_id, c.title), '{}')
                from billing_audit.sheet_columns as c where c.sheet_id = s.sheet_id and c.present),
            'row_count', (
                select count(*) from billing_audit.sheet_rows as r
                where r.sheet_id = s.sheet_id and r.removed_as is null))
        from billing_audit.sheets as s where s.sheet_id = p ->> 'sheet_id'))
$$;

-- p: sheet_id, row_ids (a list, or "all"). Gives {rows}; rows never seen, or removed, are left out.
create function public.billing_audit_known_rows(p jsonb) returns jsonb
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
    )
    select jsonb_build_object('rows', coalesce(jsonb_agg(jsonb_build_object(
        'row_id', a.row_id, 'version', a.version, 'modified_at', billing_audit.instant(a.modified_at),
        'cells', coalesce(c.cells, '{}')) order by a.row_id), '[]'))
    from asked as a
    left join lateral (
        select jsonb_object_agg(k.column_id, k.value) as cells
        from billing_audit.sheet_cells as k where k.sheet_id = a.sheet_id and k.row_id = a.row_id
    ) as c on true
$$;

call billing_audit.keep_private('billing_audit.change_body(jsonb, text, text, text, text, text, text, text, jsonb, text, text, timestamptz, boolean, text)');
call billing_audit.keep_private('billing_audit.resolve_columns(jsonb)');
call billing_audit.keep_private('billing_audit.resolve_removed(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_resolve(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_sheet(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_known_rows(jsonb)');
