-- What a training and a scorer read: the trail in the order of storing, in pages, and only what features are made of. And a
-- job that nobody took can be withdrawn by who asked for it.

-- Whether a reviewer is the person whose change it is: by their address, or by the name that the directory has for it.
create function billing_audit.is_same_person(reviewer text, subject text) returns boolean
language sql stable
set search_path = ''
as $$
    select coalesce(lower(btrim(reviewer)) = lower(btrim(subject)), false) or exists (
        select from billing_audit.people
        where email = lower(btrim(subject)) and lower(btrim(name)) = lower(btrim(reviewer)))
$$;

-- p: after (the position up to which the caller has read; 0 = from the beginning), limit (events looked at; 2000 at most).
-- Gives {lines, next, settled, imported}: changes, what the directory of people said, verdicts and judgements (`subject` = whose change it
-- was, `is_own` = the reviewer's own), and erasures, in the order of storing. rule_score = rule points over 100, whether a model
-- spoke or not; null = nobody knows them, or the reasons were erased. next = the position to go on from, null at the end. Up to `settled` no event can come any
-- more: transactions that began before another may end after it, so what is younger than a minute may still get a neighbour.
-- imported = the positions of imported changes among the events looked at; billing_audit_imported_lines gives them by their time.
create function public.billing_audit_trail_lines(p jsonb) returns jsonb
language sql stable security definer
set search_path = ''
as $$
    with looked_at as materialized (
        select e.* from billing_audit.audit_events as e
        where e.position > coalesce((p ->> 'after')::bigint, 0)
        order by e.position
        limit least(greatest(coalesce((p ->> 'limit')::integer, 500), 1), 2000)
    ), read as (
        select e.position, jsonb_build_object(
            'position', e.position, 'event_key', e.event_key, 'kind', e.kind, 'sheet_id', e.sheet_id, 'row_id', e.row_id,
            'work_request', e.work_request, 'column_name', e.column_name, 'old_value', d.payload ->> 'old_value',
            'new_value', d.payload ->> 'new_value', 'delta', e.delta::text, 'changed_by', d.person,
            'changed_at', billing_audit.instant(e.changed_at), 'week_ending', e.week_ending, 'is_historical', e.is_historical,
            -- The points of the rules stand beside what a model says, whose own reasons have none.
            'rule_score', case when e.model_version is null then e.risk_score
                when jsonb_typeof(d.payload -> 'reasons') = 'array' then (
                    select round((least(100, coalesce(sum((r.reason ->> 'points')::numeric), 0)) / 100)::numeric, 6)
                    from jsonb_array_elements(d.payload -> 'reasons') as r (reason)) end)
            || case e.kind
                when 'row_added' then jsonb_build_object('values', d.payload -> 'values')
                when 'person_saved' then jsonb_build_object('about', d.payload -> 'values' ->> 'person')
                else '{}' end
            || case when e.kind not in ('event_marked', 'event_judged') then '{}' else (
                select jsonb_build_object('about', d.payload -> 'values' ->> 'event', 'subject', judged.person,
                    'is_own', billing_audit.is_same_person(d.person, judged.person))
                from (select (
                    select s.person from billing_audit.event_keys as k
                    join billing_audit.event_payloads as s on s.stream = k.stream and s.seq = k.seq
                    where k.event_key = d.payload -> 'values' ->> 'event') as person) as judged) end as line
        from looked_at as e
        left join billing_audit.event_payloads as d on d.stream = e.stream and d.seq = e.seq
        -- Nobody chose the time of a check, and a gap in the watch is nobody's doing.
        where billing_audit.is_change(e.kind) and e.kind not in ('sheet_checked', 'watch_gap')
            or e.kind in ('person_saved', 'person_removed', 'event_marked', 'event_judged', 'payloads_erased')
    )
    select jsonb_build_object(
        'lines', coalesce((select jsonb_agg(line order by position) from read), '[]'),
        'next', (select max(position) from looked_at),
        'imported', coalesce((select jsonb_agg(position order by position) from looked_at where kind = 'imported'), '[]'),
        'settled', coalesce(
            -- The first of the last minute, and their neighbours: by index, and not one for each event of a busy minute.
            (select min(young.position) - 1 from (
                select position from billing_audit.audit_events
                where recorded_at > (select billing_audit.clock() - interval '1 minute')
                order by recorded_at limit 500) as young),
            (select max(position) from billing_audit.audit_events), 0))
$$;
alter function public.billing_audit_trail_lines(jsonb) set enable_seqscan = off set jit = off;

-- History is read in the order of its own time, however late it was imported.
create index audit_events_imported on billing_audit.audit_events (changed_at, position) where kind = 'imported';

-- p: upto (a position; left out: all), after ({changed_at, position} of the last line that the caller has; left out = from the
-- beginning), limit (2000 at most). Gives {lines, next}: imported changes as billing_audit_trail_lines gives others, in the order
-- of their own time; next = what to give as `after`, null at the end.
create function public.billing_audit_imported_lines(p jsonb) returns jsonb
language sql stable security definer
set search_path = ''
as $$
    with read as materialized (
        select e.changed_at, e.position, jsonb_build_object(
            'position', e.position, 'event_key', e.event_key, 'kind', e.kind, 'sheet_id', e.sheet_id, 'row_id', e.row_id,
            'work_request', e.work_request, 'column_name', e.column_name, 'old_value', d.payload ->> 'old_value',
            'new_value', d.payload ->> 'new_value', 'delta', e.delta::text, 'changed_by', d.person,
            'changed_at', billing_audit.instant(e.changed_at), 'week_ending', e.week_ending, 'is_historical', e.is_historical,
            'rule_score', null) as line
        from billing_audit.audit_events as e
        left join billing_audit.event_payloads as d on d.stream = e.stream and d.seq = e.seq
        where e.kind = 'imported' and e.position <= coalesce((p ->> 'upto')::bigint, 9223372036854775807)
            and (e.changed_at, e.position) > (coalesce((p -> 'after' ->> 'changed_at')::timestamptz, '-infinity'),
                coalesce((p -> 'after' ->> 'position')::bigint, 0))
        order by e.changed_at, e.position
        limit least(greatest(coalesce((p ->> 'limit')::integer, 500), 1), 2000)
    )
    select jsonb_build_object(
        'lines', coalesce((select jsonb_agg(line order by changed_at, position) from read), '[]'),
        'next', (select jsonb_build_object('changed_at', changed_at, 'position', position)
            from read order by changed_at desc, position desc limit 1))
$$;
alter function public.billing_audit_imported_lines(jsonb) set enable_seqscan = off set jit = off;

-- p: job_id. Takes back a job that no server has begun. Gives {withdrawn}: false when one had it already, or it has ended.
create function public.billing_audit_withdraw_job(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
begin
    perform billing_audit.require(p, 'job_id');
    update billing_audit.jobs
    set state = 'failed', why = 'Withdrawn by who asked for it: no server took it.', ended_at = billing_audit.clock()
    where id = (p ->> 'job_id')::bigint and state = 'waiting' and attempts = 0;
    return jsonb_build_object('withdrawn', found);
end
$$;

call billing_audit.keep_private('billing_audit.is_same_person(text, text)');
call billing_audit.offer_to_service('public.billing_audit_trail_lines(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_imported_lines(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_withdraw_job(jsonb)');
