-- What the pickers of a dialog offer where only the store is at hand: the sheets that were ever observed.

-- p: text (a part of the name; absent = all), limit (default 200). Gives {sheets: [{sheet_id, name, columns}]}, by name.
create function public.billing_audit_known_sheets(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    with found as (
        select s.sheet_id, s.name
        from billing_audit.sheets as s
        where coalesce(p ->> 'text', '') = '' or position(lower(p ->> 'text') in lower(s.name)) > 0
        order by lower(s.name), s.sheet_id
        limit least(coalesce((p ->> 'limit')::integer, 200), 1000)
    )
    select jsonb_build_object('sheets', coalesce(jsonb_agg(jsonb_build_object(
        'sheet_id', f.sheet_id, 'name', f.name,
        'columns', (
            select coalesce(jsonb_agg(c.title order by c.title), '[]')
            from billing_audit.sheet_columns as c where c.sheet_id = f.sheet_id and c.present))
        order by lower(f.name), f.sheet_id), '[]'))
    from found as f
$$;

call billing_audit.offer_to_service('public.billing_audit_known_sheets(jsonb)');
