-- What is usual: when changes are made, how much there was in each week and month, and what each person and sheet does, beside
-- this week. It reads the rollups, and of the trail only the latest priced changes of the few who are shown, so that it
-- answers alike at ten thousand events and at ten million.

-- The hours of a dimension as the business sees them. A change that an hour's end cuts in two zones stands in the hour that
-- it began in, UTC.
create function billing_audit.hours_of(dimension_ text, since timestamptz, until timestamptz, zone text)
returns table (key text, local timestamp, changes bigint)
language sql stable
set search_path = ''
as $$
    select key, start at time zone zone, changes from billing_audit.rollups
    where dimension = dimension_ and span = 'hour' and start >= billing_audit.hour_of(since) and start <= until
$$;

-- The median of the money that somebody's changes moved, by the latest 300 of them in a time. Null: none has an amount.
-- Its columns are those whose title says that they hold money (lib/settings/columns.ts), and `columns`, in small letters.
-- dimension_: person or sheet; key_: which.
create function billing_audit.typical_amount(
    dimension_ text, key_ text, since timestamptz, until timestamptz, columns text[]
) returns jsonb
language sql stable
set search_path = ''
as $$
    with latest as (
        select a.* from (
            select e.delta, e.currency, e.column_name from billing_audit.event_payloads as d
            join billing_audit.audit_events as e on e.stream = d.stream and e.seq = d.seq
            where dimension_ = 'person' and d.person = key_ and d.changed_at >= since and d.changed_at < until
            order by d.changed_at desc limit 300) as a
        union all
        select b.* from (
            select e.delta, e.currency, e.column_name from billing_audit.audit_events as e
            where dimension_ = 'sheet' and e.sheet_id = key_ and e.changed_at >= since and e.changed_at < until
            order by e.changed_at desc limit 300) as b
    )
    select jsonb_build_object('amount',
        round((percentile_cont(0.5) within group (order by abs(delta)))::numeric, 2)::text, 'currency', currency)
    from latest
    where delta is not null and (lower(btrim(column_name)) = any (columns)
        or (column_name ~* '\m(amount|cost|price|rate|total|units|value)\M' and column_name !~* '\m(qty|quantity)\M'))
    group by currency order by count(*) desc, currency limit 1
$$;

-- What the most active of a dimension did in the 12 weeks before a week, and in it. Who is most active is told by days (UTC),
-- so that hours are read of those alone who are shown.
create function billing_audit.subjects_of(
    dimension_ text, week timestamp, until timestamptz, zone text, size integer, columns text[]
) returns jsonb
language sql stable
set search_path = ''
as $$
    with frame as materialized (
        select (week - interval '12 weeks') at time zone zone as since, week at time zone zone as week_at
    ), most as materialized (
        select r.key
        from frame as f join billing_audit.rollups as r on r.dimension = dimension_ and r.span = 'day'
            and r.start >= billing_audit.day_of(f.since) and r.start <= until
        where r.key <> ''
        group by r.key
        order by coalesce(sum(r.changes) filter (where r.start >= billing_audit.day_of(f.week_at)), 0) desc,
            sum(r.changes) desc, r.key
        limit size
    ), hours as materialized (
        select h.key, h.local, h.changes, h.local >= week as is_now
        from billing_audit.hours_of(dimension_, (select since from frame), until, zone) as h
        where h.key = any (array(select key from most))
    ), by_hour as (
        select key, is_now, jsonb_object_agg(hour, changes) as hours from (
            select key, is_now, extract(hour from local)::integer as hour, sum(changes) as changes
            from hours group by 1, 2, 3) as each
        group by key, is_now
    ), sides as (
        select key, is_now, sum(changes) as changes, count(distinct local::date) as days from hours group by key, is_now
    ), told as (
        select s.key, s.is_now, jsonb_build_object('changes', s.changes, 'days', s.days, 'hours', b.hours,
            'typical', case when s.is_now
                then billing_audit.typical_amount(dimension_, s.key, f.week_at, until + interval '1 second', columns)
                else billing_audit.typical_amount(dimension_, s.key, f.since, f.week_at, columns) end) as side
        from sides as s join by_hour as b on b.key = s.key and b.is_now = s.is_now cross join frame as f
    )
    select coalesce(jsonb_agg(jsonb_build_object('key', key, 'before', before, 'now', now_)
        order by coalesce((now_ ->> 'changes')::bigint, 0) desc, coalesce((before ->> 'changes')::bigint, 0) desc, key), '[]')
    from (
        select key, (array_agg(side) filter (where not is_now))[1] as before, (array_agg(side) filter (where is_now))[1] as now_
        from told group by key) as each
$$;

-- p: now, time_zone, money_columns (titles in small letters, beside those that say it), size (people and sheets shown, 1..50, default 12).
-- Gives {until (now, or the last change where nothing happened for four weeks), week (the Monday that this week began with),
-- first_change_at (null: there is none), by_hour: [{weekday 1..7, hour, changes}] of the 12 weeks before this one,
-- weeks: [{week, changes, high}] 26 of them, months: [{month, changes, high}] 12 of them, people, sheets: [{key, name,
-- before, now}], each side {changes, days (with a change), hours: {hour: changes}, typical: {amount, currency}} or null}.
create function public.billing_audit_patterns(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    zone      text := coalesce(p ->> 'time_zone', 'UTC');
    size      integer := least(greatest(coalesce((p ->> 'size')::integer, 12), 1), 50);
    columns_  text[] := billing_audit.texts(p -> 'money_columns');
    until_    timestamptz := coalesce((p ->> 'now')::timestamptz, billing_audit.clock());
    last_     timestamptz := (select max(last_changed_at) from billing_audit.streams);
    week_     timestamp;
    month_    timestamp;
    answer    jsonb;
begin
    if last_ < until_ - interval '28 days' then
        until_ := last_;
    end if;
    week_ := date_trunc('week', until_ at time zone zone);
    month_ := date_trunc('month', until_ at time zone zone);
    with hours as materialized (
        select * from billing_audit.hours_of('severity',
            least(month_ - interval '11 months', week_ - interval '25 weeks') at time zone zone, until_, zone)
    ), week_places as (
        select w, coalesce(sum(h.changes), 0) as changes, coalesce(sum(h.changes) filter (where h.key = 'HIGH'), 0) as high
        from generate_series(week_ - interval '25 weeks', week_, interval '1 week') as w
        left join hours as h on date_trunc('week', h.local) = w
        group by w
    ), month_places as (
        select m, coalesce(sum(h.changes), 0) as changes, coalesce(sum(h.changes) filter (where h.key = 'HIGH'), 0) as high
        from generate_series(month_ - interval '11 months', month_, interval '1 month') as m
        left join hours as h on date_trunc('month', h.local) = m
        group by m
    ), places as (
        select extract(isodow from local)::integer as weekday, extract(hour from local)::integer as hour, sum(changes) as changes
        from hours where local >= week_ - interval '12 weeks' and local < week_ group by 1, 2
    )
    select jsonb_build_object(
        'until', billing_audit.instant(until_), 'week', to_char(week_, 'YYYY-MM-DD'),
        'first_change_at', (
            select billing_audit.instant(min(start)) from billing_audit.rollups where dimension = 'severity' and span = 'day'),
        'by_hour', (select coalesce(jsonb_agg(jsonb_build_object('weekday', weekday, 'hour', hour, 'changes', changes)
            order by weekday, hour), '[]') from places),
        'weeks', (select jsonb_agg(jsonb_build_object('week', to_char(w, 'YYYY-MM-DD'), 'changes', changes, 'high', high)
            order by w) from week_places),
        'months', (select jsonb_agg(jsonb_build_object('month', to_char(m, 'YYYY-MM'), 'changes', changes, 'high', high)
            order by m) from month_places))
    into answer;
    return answer || jsonb_build_object(
        'people', (select coalesce(jsonb_agg(each || jsonb_build_object('name', each ->> 'key') order by place), '[]')
            from jsonb_array_elements(billing_audit.subjects_of('person', week_, until_, zone, size, columns_))
                with ordinality as t (each, place)),
        'sheets', (select coalesce(jsonb_agg(each || jsonb_build_object('name', coalesce(s.name, '')) order by place), '[]')
            from jsonb_array_elements(billing_audit.subjects_of('sheet', week_, until_, zone, size, columns_))
                with ordinality as t (each, place)
            left join billing_audit.sheets as s on s.sheet_id = each ->> 'key'));
end
$$;

call billing_audit.keep_private('billing_audit.hours_of(text, timestamptz, timestamptz, text)');
call billing_audit.keep_private('billing_audit.typical_amount(text, text, timestamptz, timestamptz, text[])');
call billing_audit.keep_private('billing_audit.subjects_of(text, timestamp, timestamptz, text, integer, text[])');
call billing_audit.offer_to_service('public.billing_audit_patterns(jsonb)');
