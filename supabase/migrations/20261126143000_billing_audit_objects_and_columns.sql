-- What happens to a sheet beside its cells and rows: attachments, discussions and comments; columns that are added or get
-- another type; and who renamed or deleted a column, where a callback says it.

alter table billing_audit.changes drop constraint changes_kind_check;
alter table billing_audit.changes add constraint changes_kind_check check (kind in (
    'cell_changed', 'row_added', 'row_deleted', 'row_moved', 'column_added', 'column_renamed', 'column_retyped',
    'attachment_created', 'attachment_updated', 'attachment_deleted', 'discussion_created', 'discussion_updated',
    'discussion_deleted', 'comment_created', 'comment_updated', 'comment_deleted', 'watch_gap'));

alter table billing_audit.sheet_columns
    add column column_type text,
    add column retypes integer not null default 0 check (retypes >= 0);
comment on column billing_audit.sheet_columns.column_type is 'As Smartsheet names it; null = not seen yet.';
comment on column billing_audit.sheet_columns.retypes is 'Counts changes of the type: the version in a column_retyped change''s key.';

create table billing_audit.sheet_objects (
    sheet_id     text not null references billing_audit.sheets,
    type         text not null check (type in ('attachment', 'discussion', 'comment')),
    object_id    text not null,
    row_id       text,
    said         text,
    primary key (sheet_id, type, object_id)
);
comment on table billing_audit.sheet_objects is 'Attachments, discussions and comments as last seen: a callback of their end names an id only.';
comment on column billing_audit.sheet_objects.said is 'Name of the file, first characters of the comment; null = unknown, or gone.';

-- Titles and types. A column that is new, has another title or type than before, or is gone, is a change of its own: the
-- rules find columns by their titles. A read older than the last one is not asked. A column's event names who did it, as
-- far as all events since the last read name the same one.
create or replace function billing_audit.resolve_columns(p jsonb) returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    sheet    text := p ->> 'sheet_id';
    at       timestamptz := (p ->> 'observed_at')::timestamptz;
    types    jsonb := coalesce(p -> 'column_types', '{}');
    seen_at  timestamptz;
    keys     jsonb;
begin
    select columns_seen_at into seen_at from billing_audit.sheets where sheet_id = sheet;
    if at < seen_at then
        return '[]';
    end if;
    with told as (
        select column_id,
            case when count(distinct (changed_by, changed_by_kind)) = 1 then max(changed_by) end as changed_by,
            case when count(distinct (changed_by, changed_by_kind)) = 1 then max(changed_by_kind) else 'unknown' end
                as changed_by_kind,
            max(changed_at) as changed_at
        from jsonb_to_recordset(coalesce(p -> 'column_events', '[]'))
            as e (column_id text, changed_by text, changed_by_kind text, changed_at timestamptz)
        where changed_at >= date_trunc('second', coalesce(seen_at, '-infinity'))
        group by column_id
    ), beside as (
        select coalesce(c.column_id, t.key) as column_id, c.title as old_title, t.value as new_title,
            coalesce(c.present, false) as was_there, t.key is not null as is_there, c.column_type as old_type,
            types ->> t.key as new_type, coalesce(c.renames, 0) as renames, coalesce(c.retypes, 0) as retypes
        from (select * from billing_audit.sheet_columns where sheet_id = sheet) as c
        full join jsonb_each_text(p -> 'columns') as t on t.key = c.column_id
    ), found as (
        select 'column_added' as kind, 'added' as action, column_id, renames + 1 as version, new_title as title,
            null as old_value, new_title as new_value
        from beside where not was_there and is_there
        union all
        select 'column_renamed', case when is_there then 'renamed' else 'removed' end, column_id, renames + 1,
            coalesce(new_title, old_title), old_title, new_title
        from beside where was_there and new_title is distinct from old_title
        union all
        select 'column_retyped', 'retyped', column_id, retypes + 1, new_title, old_type, new_type
        from beside where was_there and is_there and old_type <> new_type
    ), inserted as (
        insert into billing_audit.changes (event_key, kind, sheet_id, column_id, changed_by, changed_at, body)
        select k.key, f.kind, sheet, f.column_id, e.changed_by, coalesce(e.changed_at, at), billing_audit.change_body(
            p, k.key, f.kind, null, f.column_id, f.title, f.old_value, f.new_value,
            '{}', e.changed_by, e.changed_by_kind, coalesce(e.changed_at, at), false, null)
        from found as f
        left join told as e using (column_id)
        cross join lateral (
            select format('%s:column:%s:%s:%s', sheet, f.column_id, f.action, f.version) as key) as k
        where not (p ->> 'baseline')::boolean and seen_at is not null
        order by f.column_id, f.action
        returning event_key
    )
    select coalesce(jsonb_agg(event_key), '[]') into keys from inserted;

    insert into billing_audit.sheet_columns as c (sheet_id, column_id, title, column_type)
    select sheet, t.key, t.value, types ->> t.key from jsonb_each_text(p -> 'columns') as t
    on conflict (sheet_id, column_id) do update
        set title = excluded.title, present = true,
            renames = c.renames + case when c.title <> excluded.title then 1 else 0 end,
            column_type = coalesce(excluded.column_type, c.column_type),
            retypes = c.retypes + case when c.column_type <> excluded.column_type then 1 else 0 end
        where c.title <> excluded.title or not c.present
            or c.column_type is distinct from coalesce(excluded.column_type, c.column_type);
    update billing_audit.sheet_columns
    set present = false, renames = renames + 1
    where sheet_id = sheet and present and not (p -> 'columns') ? column_id;
    update billing_audit.sheets set columns_seen_at = at where sheet_id = sheet;
    return keys;
end
$$;

-- Attachments, discussions and comments. Their keys come from what happened to them, not from a count, so that late and
-- doubled callbacks change nothing. What stood there before is what was last seen.
create function billing_audit.resolve_objects(p jsonb) returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    sheet  text := p ->> 'sheet_id';
    keys   jsonb;
begin
    if coalesce(jsonb_array_length(p -> 'objects'), 0) = 0 then
        return '[]';
    end if;
    with given as materialized (
        select o.*, nullif(o.text, '') as said,
            format('%s:%s:%s:%s:%s', sheet, o.type, o.object_id, o.action, o.version) as key
        from jsonb_to_recordset(p -> 'objects') as o (
            type text, object_id text, action text, version bigint, row_id text, text text, changed_by text,
            changed_by_kind text, changed_at timestamptz)
    ), beside as materialized (
        select g.*, coalesce(g.row_id, k.row_id) as place,
            lag(g.said, 1, k.said) over (partition by g.type, g.object_id order by g.changed_at, g.action) as before
        from given as g
        left join billing_audit.sheet_objects as k
            on k.sheet_id = sheet and k.type = g.type and k.object_id = g.object_id
    ), cells as (
        select c.row_id, jsonb_object_agg(t.title, c.value) as "values"
        from (select distinct place as row_id from beside) as b
        join billing_audit.sheet_cells as c on c.sheet_id = sheet and c.row_id = b.row_id
        join billing_audit.sheet_columns as t on t.sheet_id = sheet and t.column_id = c.column_id and t.present
        group by c.row_id
    ), kept as (
        insert into billing_audit.sheet_objects as k (sheet_id, type, object_id, row_id, said)
        select distinct on (type, object_id) sheet, type, object_id, place,
            case when action = 'deleted' then null else said end
        from beside order by type, object_id, changed_at desc, action = 'deleted' desc
        on conflict (sheet_id, type, object_id) do update
            set row_id = coalesce(excluded.row_id, k.row_id), said = excluded.said
    ), inserted as (
        insert into billing_audit.changes (event_key, kind, sheet_id, row_id, changed_by, changed_at, body)
        select b.key, b.type || '_' || b.action, sheet, b.place, b.changed_by, b.changed_at, billing_audit.change_body(
            p, b.key, b.type || '_' || b.action, b.place, null, null,
            case when b.action = 'created' then null else b.before end,
            case when b.action = 'deleted' then null else b.said end,
            c.values, b.changed_by, b.changed_by_kind, b.changed_at, false, r.sheet_reference)
        from beside as b
        left join cells as c on c.row_id = b.place
        left join billing_audit.sheet_rows as r on r.sheet_id = sheet and r.row_id = b.place
        order by b.changed_at, b.key
        on conflict (event_key) do nothing
        returning event_key
    )
    select coalesce(jsonb_agg(event_key), '[]') into keys from inserted;
    return keys;
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

    keys := billing_audit.resolve_columns(p) || billing_audit.resolve_removed(p) || billing_audit.resolve_rows(p)
        || billing_audit.resolve_objects(p);

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

call billing_audit.protect_table('billing_audit.sheet_objects');
grant select, insert, update on billing_audit.sheet_objects to billing_audit_owner;
call billing_audit.keep_private('billing_audit.resolve_objects(jsonb)');
