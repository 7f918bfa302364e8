-- Where a change came from: a program that writes with a person's token is told from the person, by the name that it gives
-- itself. What we wrote ourselves makes no change, and the last known cells follow it.

alter table billing_audit.audit_events drop constraint audit_events_changed_by_kind_check;
alter table billing_audit.audit_events add constraint audit_events_changed_by_kind_check
    check (changed_by_kind in ('person', 'api_client', 'automation', 'form', 'cell_link', 'system', 'unknown'));

-- Removed rows: a change with the last known values; the values are forgotten, the row stays marked. A row that the same
-- read also saw is there, and a removal older than the last read of the row is stale.
create or replace function billing_audit.resolve_removed(p jsonb) returns jsonb
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
            as g (row_id text, action text, changed_by text, changed_by_kind text, changed_at timestamptz, ours boolean)
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
        where not (p ->> 'baseline')::boolean and not coalesce(g.ours, false)
        order by g.changed_at, g.row_id
        returning event_key
    )
    select coalesce(jsonb_agg(event_key), '[]') into keys from inserted;
    return keys;
end
$$;

-- Rows and their cells. Told from top to bottom:
--   observed   the rows of this read that are not older than what is known
--   cells      their cells beside what is known of them
--   steps      the values that each cell held, one after another
--   fresh      those that are not known yet: not up to the known value at its known time, not older than it
--   compared   each beside the value before it; equal neighbours are no change
--   made       the changes, with the revision that each gives its cell; what we wrote ourselves is none
--   before     each row's values before the first of its changes, by title
--   after      what had changed in the row up to each moment; cells of one save share their time and are shown together
create or replace function billing_audit.resolve_rows(p jsonb) returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    sheet     text := p ->> 'sheet_id';
    at        timestamptz := (p ->> 'observed_at')::timestamptz;
    baseline  boolean := (p ->> 'baseline')::boolean;
    keys      jsonb;
begin
    with observed as materialized (
        select distinct on (r.row_id)
            r.*, k.row_id is null as is_new, k.removed_as is not null as is_back,
            coalesce(k.lifecycle, 0) + case when (k.row_id is null or k.removed_as is not null) and not baseline
                then 1 else 0 end as lifecycle,
            k.row_id is null or k.removed_as is not null or r.version > k.version as is_fresh
        from jsonb_to_recordset(p -> 'rows') as r (
            row_id text, version bigint, created_at timestamptz, created_by text, modified_at timestamptz,
            modified_by text, cells jsonb, sheet_reference text, ours boolean)
        left join billing_audit.sheet_rows as k on k.sheet_id = sheet and k.row_id = r.row_id
        where case
            when k.row_id is null then true
            when k.removed_as is not null then at > k.seen_at
            when r.version = k.version then at >= k.seen_at
            else r.version > k.version end
        order by r.row_id, r.version desc
    ), cells as materialized (
        select
            o.row_id, o.is_new, o.is_back, c.column_id, c.steps, coalesce(c.intermediate_unknown, false) as skipped,
            jsonb_array_length(c.steps) as last_step, k.row_id is not null as is_known, k.value as known_value,
            k.changed_at as known_at, coalesce(k.revision, 0) as known_revision
        from observed as o
        cross join lateral jsonb_to_recordset(o.cells)
            as c (column_id text, steps jsonb, intermediate_unknown boolean)
        left join billing_audit.sheet_cells as k
            on k.sheet_id = sheet and k.row_id = o.row_id and k.column_id = c.column_id
    ), steps as materialized (
        select
            c.row_id, c.column_id, c.is_new, c.is_back, c.skipped, c.last_step, c.is_known, c.known_value, c.known_at,
            c.known_revision, s.step, nullif(s.said ->> 'value', '') as value, s.said ->> 'changed_by' as changed_by,
            s.said ->> 'changed_by_kind' as changed_by_kind, (s.said ->> 'changed_at')::timestamptz as changed_at,
            s.said ->> 'change_agent' as agent, coalesce((s.said ->> 'ours')::boolean, false) as ours
        from cells as c
        cross join lateral jsonb_array_elements(c.steps) with ordinality as s (said, step)
    ), placed as (
        select s.*, max(step) filter (
            where not is_back and changed_at = known_at and value is not distinct from known_value
        ) over (partition by row_id, column_id) as known_step
        from steps as s
    ), fresh as (
        select * from placed
        where step > coalesce(known_step, 0)
            and (not is_known or is_back or step = last_step or changed_at >= known_at)
    ), paired as (
        select f.*, lag(value, 1, known_value) over (partition by row_id, column_id order by step) as old_value
        from fresh as f
    ), compared as materialized (
        select q.*, known_revision + count(*) filter (where is_change)
            over (partition by row_id, column_id order by step) as revision
        from (
            select *, value is distinct from old_value and not baseline and not is_back and not (is_new and step = 1)
                and not ours as is_change
            from paired
        ) as q
    ), titles as materialized (
        select column_id, title from billing_audit.sheet_columns where sheet_id = sheet and present
    ), made as materialized (
        select c.*, t.title from compared as c left join titles as t using (column_id) where is_change
    ), before as (
        select row_id, jsonb_object_agg(title, value) as cells
        from (
            select k.row_id, t.title, k.value
            from (select distinct row_id from made where not is_new) as m
            join billing_audit.sheet_cells as k on k.sheet_id = sheet and k.row_id = m.row_id
            join titles as t on t.column_id = k.column_id
            union all
            select c.row_id, t.title, c.value
            from compared as c
            join titles as t using (column_id)
            where not baseline and ((c.is_new and c.step = 1) or (c.is_back and c.step = c.last_step))
        ) as b
        group by row_id
    ), at_moment as (
        select distinct on (row_id, changed_at, column_id) row_id, changed_at, title, value
        from made
        where title is not null
        order by row_id, changed_at, column_id, step desc
    ), after as (
        select distinct on (row_id, changed_at) row_id, changed_at, cells
        from (
            select row_id, changed_at, jsonb_object_agg(title, value) over (
                partition by row_id order by changed_at range between unbounded preceding and current row) as cells
            from at_moment
        ) as a
    ), makers as (
        select distinct on (o.row_id)
            o.row_id,
            coalesce(o.created_by, c.changed_by) as changed_by,
            case when o.created_by is not null and o.created_by is distinct from c.changed_by then 'person'
                else c.changed_by_kind end as changed_by_kind,
            coalesce(o.created_at, c.changed_at, at) as changed_at, c.agent
        from observed as o
        left join compared as c on c.row_id = o.row_id and c.step = 1
        where o.is_new
        order by o.row_id, c.changed_by is not distinct from o.created_by desc, c.changed_at
    ), kept_rows as (
        insert into billing_audit.sheet_rows as k
            (sheet_id, row_id, version, created_at, created_by, modified_at, modified_by, sheet_reference, seen_at,
             lifecycle)
        select sheet, row_id, version, created_at, created_by, modified_at, modified_by, sheet_reference, at, lifecycle
        from observed
        where is_fresh
        on conflict (sheet_id, row_id) do update set
            version = greatest(k.version, excluded.version), created_at = excluded.created_at,
            created_by = excluded.created_by, modified_at = excluded.modified_at, modified_by = excluded.modified_by,
            sheet_reference = excluded.sheet_reference, seen_at = greatest(k.seen_at, excluded.seen_at),
            lifecycle = excluded.lifecycle, removed_as = null
    ), kept_cells as (
        insert into billing_audit.sheet_cells (sheet_id, row_id, column_id, value, changed_at, revision)
        select distinct on (row_id, column_id) sheet, row_id, column_id, value, changed_at, revision
        from compared
        where step = last_step
            and (not is_known or is_back or revision > known_revision or value is distinct from known_value)
        order by row_id, column_id
        on conflict (sheet_id, row_id, column_id) do update set
            value = excluded.value, changed_at = excluded.changed_at, revision = excluded.revision
    ), found as (
        select
            0 as rank, o.row_id, null as column_id, 0::bigint as step, m.changed_by, m.changed_at,
            format('%s:row:%s:added:%s', sheet, o.row_id, o.lifecycle) as key, 'row_added' as kind, null as title,
            null as old_value, null as value, b.cells, m.changed_by_kind, false as skipped, o.sheet_reference,
            m.agent
        from observed as o
        left join before as b using (row_id)
        left join makers as m using (row_id)
        where o.is_new and not baseline and not coalesce(o.ours, false)
        union all
        -- Nobody says who brought a row back; it is found now.
        select 0, o.row_id, null, 0, null, at, format('%s:row:%s:added:%s', sheet, o.row_id, o.lifecycle), 'row_added',
            null, null, null, b.cells, 'unknown', false, o.sheet_reference, null
        from observed as o
        left join before as b using (row_id)
        where o.is_back and not baseline
        union all
        select
            1, m.row_id, m.column_id, m.step, m.changed_by, m.changed_at,
            format('%s:%s:%s:%s', sheet, m.row_id, m.column_id, m.revision), 'cell_changed',
            coalesce(m.title, m.column_id), m.old_value, m.value,
            coalesce(b.cells, '{}') || coalesce(a.cells, '{}')
                || jsonb_build_object(coalesce(m.title, m.column_id), m.value),
            m.changed_by_kind, m.skipped, o.sheet_reference, m.agent
        from made as m
        join observed as o using (row_id)
        left join before as b using (row_id)
        left join after as a on a.row_id = m.row_id and a.changed_at = m.changed_at
    ), inserted as (
        insert into billing_audit.changes (event_key, kind, sheet_id, row_id, column_id, changed_by, changed_at, body)
        select key, kind, sheet, row_id, column_id, changed_by, changed_at, billing_audit.change_body(
            p, key, kind, row_id, column_id, title, old_value, value, cells, changed_by, changed_by_kind, changed_at,
            skipped, sheet_reference) || case when agent is null then '{}'::jsonb
                else jsonb_build_object('change_agent', agent) end
        from found
        order by changed_at, rank, row_id, column_id, step
        returning event_key
    )
    select coalesce(jsonb_agg(event_key), '[]') into keys from inserted;
    return keys;
end
$$;
