-- Attachments and comments that no callback told of: what Smartsheet lists is compared with what was last known. What is
-- found has the key that its callback would give it, so whichever comes second changes nothing.

alter table billing_audit.sheet_objects
    add column parent_id text,
    add column modified_at timestamptz,
    add column present boolean not null default true;
comment on column billing_audit.sheet_objects.parent_id is 'Of a comment its discussion, of an attachment to a comment that comment; null = none, or nobody can tell.';
comment on column billing_audit.sheet_objects.modified_at is 'The latest change that is known; null = from before it was kept.';
comment on column billing_audit.sheet_objects.present is 'False: deleted, or gone with the row, discussion or comment that it hung on.';

create table billing_audit.object_lists (
    sheet_id     text not null references billing_audit.sheets,
    list         text not null check (list in ('attachments', 'discussions')),
    version      bigint not null,
    is_known     boolean not null,
    problem      text,
    primary key (sheet_id, list)
);
comment on table billing_audit.object_lists is 'Up to which version of a sheet its lists of attachments and discussions were compared.';
comment on column billing_audit.object_lists.is_known is 'It was read as a whole once: what is new in it since then is a change.';
comment on column billing_audit.object_lists.problem is 'Why it could not be compared; null = it was.';

-- Attachments, discussions and comments. Their keys come from what happened to them, not from a count, so that late and
-- doubled callbacks change nothing. What stood there before is what was last seen. What was deleted once stays so.
create or replace function billing_audit.resolve_objects(p jsonb) returns jsonb
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
            type text, object_id text, action text, version bigint, row_id text, parent_id text, text text,
            changed_by text, changed_by_kind text, changed_at timestamptz)
    ), beside as materialized (
        select g.*, coalesce(g.row_id, k.row_id) as place,
            lag(g.said, 1, k.said) over (partition by g.type, g.object_id order by g.changed_at, g.action) as before,
            bool_or(g.action = 'deleted') over (partition by g.type, g.object_id) as is_deleted
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
        insert into billing_audit.sheet_objects as k
            (sheet_id, type, object_id, row_id, said, parent_id, modified_at, present)
        select distinct on (type, object_id) sheet, type, object_id, place,
            case when action = 'deleted' then null else said end, parent_id, changed_at, not is_deleted
        from beside order by type, object_id, changed_at desc, action = 'deleted' desc
        on conflict (sheet_id, type, object_id) do update
            set row_id = coalesce(excluded.row_id, k.row_id), said = excluded.said,
                parent_id = coalesce(excluded.parent_id, k.parent_id),
                modified_at = greatest(k.modified_at, excluded.modified_at), present = k.present and excluded.present
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

-- p: sheet_id. Gives {lists, objects}: the objects are those that should be there.
create function public.billing_audit_known_hangings(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
begin
    perform billing_audit.require(p, 'sheet_id');
    return jsonb_build_object(
        'lists', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'list', list, 'version', version, 'is_known', is_known, 'problem', problem) order by list), '[]')
            from billing_audit.object_lists where sheet_id = p ->> 'sheet_id'),
        'objects', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'type', o.type, 'object_id', o.object_id, 'row_id', o.row_id, 'parent_id', o.parent_id, 'text', o.said,
                'modified_at', billing_audit.instant(o.modified_at), 'row_is_gone', r.removed_as is not null)
                order by o.type, o.object_id), '[]')
            from billing_audit.sheet_objects as o
            left join billing_audit.sheet_rows as r on r.sheet_id = o.sheet_id and r.row_id = o.row_id
            where o.sheet_id = p ->> 'sheet_id' and o.present));
end
$$;

-- p: HangingsCompared (lib/store/hangings.ts). What it tells becomes changes; what it saw, or saw gone with its row or
-- discussion, is known without one. Gives {event_keys}.
create function public.billing_audit_resolve_hangings(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    sheet  text := p ->> 'sheet_id';
    keys   jsonb;
begin
    perform billing_audit.require(p, 'sheet_id', 'sheet_name', 'objects', 'seen', 'gone', 'lists', 'audit_run_id',
        'found_by');
    insert into billing_audit.sheets (sheet_id, name) values (sheet, p ->> 'sheet_name') on conflict do nothing;
    perform from billing_audit.sheets where sheet_id = sheet for update;

    -- What was known, and seemed gone, and is listed again was not made anew.
    keys := billing_audit.resolve_objects(p || jsonb_build_object('objects', (
        select coalesce(jsonb_agg(o.said order by o.n), '[]')
        from jsonb_array_elements(p -> 'objects') with ordinality as o (said, n)
        where o.said ->> 'action' <> 'created' or not exists (
            select from billing_audit.sheet_objects as k
            where k.sheet_id = sheet and k.type = o.said ->> 'type' and k.object_id = o.said ->> 'object_id'))));
    insert into billing_audit.sheet_objects as k
        (sheet_id, type, object_id, row_id, said, parent_id, modified_at, present)
    select sheet, s.type, s.object_id, s.row_id, nullif(s.text, ''), s.parent_id, s.modified_at, true
    from jsonb_to_recordset(p -> 'seen') as s (
        type text, object_id text, row_id text, parent_id text, text text, modified_at timestamptz)
    on conflict (sheet_id, type, object_id) do update
        set row_id = excluded.row_id, said = excluded.said, parent_id = excluded.parent_id,
            modified_at = greatest(k.modified_at, excluded.modified_at), present = true;
    update billing_audit.sheet_objects as k
    set present = false
    from jsonb_to_recordset(p -> 'gone') as g (type text, object_id text)
    where k.sheet_id = sheet and k.type = g.type and k.object_id = g.object_id;

    insert into billing_audit.object_lists as k (sheet_id, list, version, is_known, problem)
    select sheet, l.list, l.version, l.problem is null, l.problem
    from jsonb_to_recordset(p -> 'lists') as l (list text, version bigint, problem text)
    on conflict (sheet_id, list) do update
        set version = greatest(k.version, excluded.version), is_known = k.is_known or excluded.is_known,
            problem = excluded.problem;
    return jsonb_build_object('event_keys', keys);
end
$$;

call billing_audit.protect_table('billing_audit.object_lists');
grant select, insert, update on billing_audit.object_lists to billing_audit_owner;
call billing_audit.offer_to_service('public.billing_audit_known_hangings(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_resolve_hangings(jsonb)');
