-- What the pages, the sealer and the tellers ask again and again is planned once for a session, and not once for each call:
-- over months of partitions planning takes longer than what it plans. A function of SQL is planned for each call, one of
-- plpgsql once; their plans are the same, as neither knows its parameters when it is planned. So each of these, one query
-- each, becomes `begin return (its query); end`, with its settings as they are; a name that is both is a column's before it
-- is a parameter's, as in SQL. None is worth compiling to machine code.
do $$
declare
    signature  regprocedure;
    body       text;
begin
    foreach signature in array array[
        'billing_audit.overview_cards(timestamptz, text, numeric)', 'billing_audit.overview_charts(timestamptz, integer, text)',
        'billing_audit.overview_people(timestamptz, timestamptz, numeric)', 'billing_audit.median_seconds_to_alert()',
        'billing_audit.median_seconds_from_arrival()', 'billing_audit.facts_of(text, timestamptz, interval)',
        'billing_audit.typical_amount(text, text, timestamptz, timestamptz, text[])',
        'billing_audit.coverage_facts(billing_audit.watched_sheets, date, text)',
        'public.billing_audit_recent(jsonb)', 'public.billing_audit_alerts(jsonb)', 'public.billing_audit_event(jsonb)',
        'public.billing_audit_seal_state(jsonb)', 'public.billing_audit_seal_next(jsonb)', 'public.billing_audit_seal_events(jsonb)',
        'public.billing_audit_undecided_events(jsonb)', 'public.billing_audit_trail_lines(jsonb)',
        'public.billing_audit_imported_lines(jsonb)', 'public.billing_audit_lease_audit_rows(jsonb)']::regprocedure[]
    loop
        if (select l.lanname from pg_language as l join pg_proc as p on p.prolang = l.oid where p.oid = signature) <> 'plpgsql' then
            body := (select prosrc from pg_proc where oid = signature);
            execute replace(replace(pg_get_functiondef(signature), E'\n LANGUAGE sql\n', E'\n LANGUAGE plpgsql\n'),
                body, format(E'\n#variable_conflict use_column\nbegin\n    return (%s);\nend\n', body));
        end if;
        execute format('alter function %s set plan_cache_mode = force_generic_plan', signature);
    end loop;
    for signature in
        select p.oid from pg_proc as p
        where (p.pronamespace = 'billing_audit'::regnamespace or p.pronamespace = 'public'::regnamespace and p.proname like 'billing\_audit\_%')
            and p.prokind = 'f' and p.prosrc ~ 'audit_events|event_payloads|access_event'
    loop
        execute format('alter function %s set jit = off', signature);
    end loop;
end
$$;

-- These two give more than one value. As before (20261126170200).
create or replace function billing_audit.whole_hours(since timestamptz, until timestamptz, out from_hour timestamptz, out to_hour timestamptz)
language plpgsql stable
set search_path = ''
set jit = off
set plan_cache_mode = force_generic_plan
as $$
declare
    first  timestamptz := billing_audit.hour_of(since);
    last   timestamptz := billing_audit.hour_of(until);
begin
    if exists (select from billing_audit.audit_events as e where billing_audit.is_change(e.kind)
        and e.changed_at >= first and e.changed_at < since)
    then
        first := first + interval '1 hour';
    end if;
    if not exists (select from billing_audit.audit_events as e where billing_audit.is_change(e.kind)
        and e.changed_at > until and e.changed_at < last + interval '1 hour')
    then
        last := last + interval '1 hour';
    end if;
    from_hour := case when first < last then first else until end;
    to_hour := case when first < last then last else until end;
end
$$;

create or replace function billing_audit.stored_since(began timestamptz, risk_from numeric, out events bigint, out high_risk bigint)
language plpgsql stable
set search_path = ''
set jit = off
set plan_cache_mode = force_generic_plan
as $$
declare
    whole  timestamptz := billing_audit.hour_of(began + interval '59 minutes 59.999 seconds');
begin
    select coalesce(sum(s.changes), 0), coalesce(sum(s.changes) filter (where nullif(s.key, '')::integer >= floor(risk_from * 100)), 0)
    into events, high_risk
    from (
        select r.changes, r.key from billing_audit.rollups as r where r.dimension = 'stored' and r.span = 'hour' and r.start >= whole
        union all
        select 1, case when e.risk_score >= 0.4 then floor(e.risk_score * 100)::integer::text else '' end
        from billing_audit.audit_events as e
        where e.recorded_at >= began and e.recorded_at < whole and billing_audit.is_change(e.kind)
    ) as s;
end
$$;
