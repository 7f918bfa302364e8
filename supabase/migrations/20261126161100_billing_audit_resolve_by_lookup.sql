-- A read of a few rows looks these up, whatever the size of the sheet. How many rows and cells a JSON holds is unknown to the
-- planner, which takes it for thousands and read all cells of the sheet to compare three: 0.4 s at 7,000 rows, for each row
-- whose history was read. A look-up that is limited cannot be turned into such a join.

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
        left join lateral (
            select * from billing_audit.sheet_rows as s where s.sheet_id = sheet and s.row_id = r.row_id limit 1
        ) as k on true
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
        left join lateral (
            select * from billing_audit.sheet_cells as s
            where s.sheet_id = sheet and s.row_id = o.row_id and s.column_id = c.column_id limit 1
        ) as k on true
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
            cross join lateral (
                select * from billing_audit.sheet_cells as s where s.sheet_id = sheet and s.row_id = m.row_id offset 0
            ) as k
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
