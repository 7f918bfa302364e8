-- Rollups: how many changes there were by hour and by day, kept by the append itself in the transaction that records them.
-- The dashboard's overview reads these and not the trail, so that it answers alike at ten thousand events and at ten
-- million. They are a shortcut and no evidence: `billing_audit.rebuild_rollups()` makes them anew from the trail.

create table billing_audit.rollups (
    dimension   text        not null check (dimension in ('severity', 'risk', 'sheet', 'person', 'category', 'stored')),
    span        text        not null check (span in ('hour', 'day')),
    start       timestamptz not null,
    key         text        not null,
    changes     bigint      not null,
    primary key (dimension, span, start, key)
) with (fillfactor = 80);
comment on table billing_audit.rollups is 'Changes by UTC hour and day of changed_at; "stored" by the hour of recorded_at. What is one says billing_audit.is_change.';
comment on column billing_audit.rollups.key is
    'severity; tenth of the risk, 0..9; sheet id; e-mail in lower case; predicted category; stored: hundredth of a risk from 0.4 on. Empty = nobody knows, or below.';

-- Who made what needs a look, so that the page of people need not read the trail.
create table billing_audit.look_rollups (
    person      text        not null,
    span        text        not null check (span in ('hour', 'day')),
    start       timestamptz not null,
    hundredth   smallint    not null check (hundredth between 40 and 101),
    changes     bigint      not null,
    primary key (span, person, start, hundredth)
) with (fillfactor = 80);
comment on column billing_audit.look_rollups.hundredth is 'Of the risk, cut off; 101 = it needs a look whatever the threshold is.';

-- What may need a look and has no verdict: counted when it is recorded, moved when somebody marks it.
create table billing_audit.open_counts (
    hundredth      smallint  not null check (hundredth between 0 and 101),
    is_violation   boolean   not null,
    currency       text      not null,
    looker         text      not null,
    events         bigint    not null,
    priced         bigint    not null,
    money          numeric   not null,
    primary key (hundredth, is_violation, currency, looker)
) with (fillfactor = 50);
comment on column billing_audit.open_counts.looker is 'Who is at it; empty = nobody.';
comment on column billing_audit.open_counts.money is 'Sum of |delta| x max(risk, 0.05) of those that have a delta (priced).';

alter table billing_audit.streams add column apart bigint not null default 0 check (apart >= 0);
alter table billing_audit.streams add column last_changed_at timestamptz;
comment on column billing_audit.streams.apart is 'How many of its events are no change (billing_audit.is_change).';
comment on column billing_audit.streams.last_changed_at is 'The latest changed_at of a change in it.';

-- These are inlined into what calls them ("return" and "begin atomic" are parsed now, so they need no search_path).
create function billing_audit.hour_of(at timestamptz) returns timestamptz
language sql immutable
return date_bin(interval '1 hour', at, timestamptz '2001-01-01 00:00:00+00');

create function billing_audit.day_of(at timestamptz) returns timestamptz
language sql immutable
return date_bin(interval '24 hours', at, timestamptz '2001-01-01 00:00:00+00');

-- The hundredth of the risk from which an event needs a look; 101 = from any. Null: below 0.4, and not by itself.
create function billing_audit.look_hundredth(violation_type text, severity text, risk_score numeric) returns smallint
language sql immutable
return case
    when severity = 'HIGH' and violation_type <> 'APPROVED_CORRECTION' then 101::smallint
    when risk_score >= 0.4 then floor(risk_score * 100)::smallint
end;

-- The hours of `rollups` in which an event counts; days are sums of hours.
create function billing_audit.rollup_places(
    severity text, risk_score numeric, sheet_id text, person text, category text, changed_at timestamptz, recorded_at timestamptz
)
returns table (dimension text, start timestamptz, key text)
language sql immutable
begin atomic
    select d.dimension, d.start, d.key
    from (values
        ('severity', billing_audit.hour_of(changed_at), severity),
        ('risk', billing_audit.hour_of(changed_at), coalesce(billing_audit.tenth(risk_score)::text, '')),
        ('sheet', billing_audit.hour_of(changed_at), sheet_id),
        ('person', billing_audit.hour_of(changed_at), coalesce(person, '')),
        ('category', billing_audit.hour_of(changed_at), coalesce(category, '')),
        ('stored', billing_audit.hour_of(recorded_at),
            coalesce(case when risk_score >= 0.4 then floor(risk_score * 100)::integer::text end, '')))
        as d (dimension, start, key);
end;

-- Moves an event in `open_counts` when somebody marks it. Locks in the order of the key, like everybody, so that two never
-- wait for each other.
create function billing_audit.count_marks() returns trigger
language plpgsql
set search_path = ''
as $$
declare
    new_     billing_audit.feedback;
    before_  billing_audit.feedback;
begin
    for new_ in select * from recorded order by event_key, id loop
        -- One at a time for each event: what the one before has said is seen then.
        perform pg_advisory_xact_lock(hashtextextended('billing_audit:mark:' || new_.event_key, 0));
        select * into before_ from billing_audit.feedback
        where event_key = new_.event_key and id <> new_.id
            and (id < new_.id or id > (select max(r.id) from recorded as r where r.event_key = new_.event_key))
        order by id desc limit 1;
        continue when before_.id > new_.id;
        insert into billing_audit.open_counts as o (hundredth, is_violation, currency, looker, events, priced, money)
        select coalesce(billing_audit.look_hundredth(e.violation_type, e.severity, e.risk_score), 0),
            e.violation_type not in ('NONE', 'APPROVED_CORRECTION'), e.currency, m.looker, m.by,
            case when e.delta is null then 0 else m.by end,
            m.by * coalesce(abs(e.delta) * greatest(coalesce(e.risk_score, 0), 0.05), 0)
        from billing_audit.event_keys as k
        join billing_audit.audit_events as e on e.stream = k.stream and e.seq = k.seq
        cross join (
            select looker, sum(by)::integer as by from (
                select case before_.mark when 'looking' then before_.by_name else '' end as looker, -1 as by
                where before_.id is null or before_.mark = 'looking'
                union all
                select new_.by_name, 1 where new_.mark = 'looking') as each
            group by looker having sum(by) <> 0
        ) as m
        where k.event_key = new_.event_key and billing_audit.is_concern(e.violation_type, e.severity, e.risk_score)
        order by m.looker
        on conflict (hundredth, is_violation, currency, looker) do update set
            events = o.events + excluded.events, priced = o.priced + excluded.priced, money = o.money + excluded.money;
    end loop;
    return null;
end
$$;
-- After whatever the verdict appends to the trail: a chain is locked before the counts, as the append does.
create trigger is_counted after insert on billing_audit.feedback
    referencing new table as recorded for each statement execute function billing_audit.count_marks();

-- Makes all rollups anew from the trail: for a store that was made before they were kept, or filled past the append.
create procedure billing_audit.rebuild_rollups()
language plpgsql
set search_path = ''
as $$
begin
    lock table billing_audit.streams, billing_audit.feedback in exclusive mode;
    delete from billing_audit.rollups;
    delete from billing_audit.look_rollups;
    delete from billing_audit.open_counts;
    insert into billing_audit.rollups (dimension, span, start, key, changes)
    select r.dimension, 'hour', r.start, r.key, count(*)
    from billing_audit.audit_events as e
    left join billing_audit.event_payloads as d on d.stream = e.stream and d.seq = e.seq
    cross join lateral billing_audit.rollup_places(
        e.severity, e.risk_score, e.sheet_id, d.person, e.predicted_category, e.changed_at, e.recorded_at) as r
    where billing_audit.is_change(e.kind)
    group by r.dimension, r.start, r.key
    order by r.dimension, r.start, r.key;
    insert into billing_audit.rollups (dimension, span, start, key, changes)
    select dimension, 'day', billing_audit.day_of(start), key, sum(changes)
    from billing_audit.rollups where dimension <> 'stored' group by 1, 3, 4 order by 1, 3, 4;
    insert into billing_audit.look_rollups (person, span, start, hundredth, changes)
    select coalesce(d.person, ''), s.span, s.start,
        billing_audit.look_hundredth(e.violation_type, e.severity, e.risk_score) as hundredth, count(*)
    from billing_audit.audit_events as e
    left join billing_audit.event_payloads as d on d.stream = e.stream and d.seq = e.seq
    cross join lateral (values
        ('hour', billing_audit.hour_of(e.changed_at)), ('day', billing_audit.day_of(e.changed_at))) as s (span, start)
    where billing_audit.is_change(e.kind) and billing_audit.is_concern(e.violation_type, e.severity, e.risk_score)
        and billing_audit.look_hundredth(e.violation_type, e.severity, e.risk_score) is not null
    group by 1, 2, 3, 4 order by 2, 1, 3, 4;
    insert into billing_audit.open_counts (hundredth, is_violation, currency, looker, events, priced, money)
    select coalesce(billing_audit.look_hundredth(e.violation_type, e.severity, e.risk_score), 0),
        e.violation_type not in ('NONE', 'APPROVED_CORRECTION'), e.currency,
        case m.mark when 'looking' then m.by_name else '' end, count(*), count(e.delta),
        coalesce(sum(abs(e.delta) * greatest(coalesce(e.risk_score, 0), 0.05)), 0)
    from billing_audit.audit_events as e
    left join billing_audit.last_marks as m on m.event_key = e.event_key
    where billing_audit.is_concern(e.violation_type, e.severity, e.risk_score)
        and (m.mark is null or m.mark = 'looking')
    group by 1, 2, 3, 4;
    update billing_audit.streams as s set apart = c.apart, last_changed_at = c.last_changed_at
    from (
        select stream, count(*) filter (where not billing_audit.is_change(kind)) as apart,
            max(changed_at) filter (where billing_audit.is_change(kind)) as last_changed_at
        from billing_audit.audit_events group by stream
    ) as c
    where s.stream = c.stream;
end
$$;

call billing_audit.protect_table('billing_audit.rollups');
call billing_audit.protect_table('billing_audit.look_rollups');
call billing_audit.protect_table('billing_audit.open_counts');
grant select, insert, update, delete on billing_audit.rollups to billing_audit_owner;
grant select, insert, update, delete on billing_audit.look_rollups to billing_audit_owner;
grant select, insert, update on billing_audit.open_counts to billing_audit_owner;
revoke all on procedure billing_audit.rebuild_rollups() from public;
call billing_audit.keep_private('billing_audit.hour_of(timestamptz)');
call billing_audit.keep_private('billing_audit.day_of(timestamptz)');
call billing_audit.keep_private('billing_audit.look_hundredth(text, text, numeric)');
call billing_audit.keep_private('billing_audit.rollup_places(text, numeric, text, text, text, timestamptz, timestamptz)');
call billing_audit.keep_private('billing_audit.count_marks()');
call billing_audit.rebuild_rollups();
