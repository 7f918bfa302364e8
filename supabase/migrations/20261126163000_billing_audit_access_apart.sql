-- Who came and who did what, in the trail and apart from the changes: entries of the chain `access`, all of the kind `access`.
-- What counts, charts, searches or alerts on changes leaves them out, as it leaves out the daily coverage. The functions here
-- are as they were but for that, and `billing_audit_append` takes the name of a chain that is not a sheet's.

-- Whether an event of this kind tells of a change of what is watched. All others are acts of people here (verdicts, approvals,
-- people, configurations, legal holds), days of coverage and sign-ins: whatever counts or charts changes leaves those out.
-- These two are inlined into what calls them ("return" is parsed now, so they need no search_path).
create function billing_audit.is_change(kind text) returns boolean
language sql immutable
return kind in ('cell_changed', 'row_added', 'row_deleted', 'row_moved', 'column_added', 'column_renamed', 'column_retyped',
    'attachment_created', 'attachment_updated', 'attachment_deleted', 'discussion_created', 'discussion_updated',
    'discussion_deleted', 'comment_created', 'comment_updated', 'comment_deleted', 'watch_gap', 'sheet_checked');

-- Whether it is shown and told to those who look at changes: a change, or an act that weakens what is found or told.
create function billing_audit.is_news(kind text, violation_type text) returns boolean
language sql immutable
return billing_audit.is_change(kind) or violation_type <> 'NONE';

call billing_audit.keep_private('billing_audit.is_change(text)');
call billing_audit.keep_private('billing_audit.is_news(text, text)');

-- p: events (AuditEvent, lib/event/audit-event.ts), concern (left out: each event stands in the chain of its sheet; else
-- all stand in the chain of that name). Gives {appended: [{event_key, stream, seq, timestamp, is_new}]} in
-- the order of the events, and marks their changes done. A key that is in the trail already appends nothing.
-- The heads are locked in one order by everybody, so that two appends never wait for each other. All the rest is one
-- statement, told from top to bottom:
--   given     the events; of those that share a key the first counts
--   known     keys that are in the trail already
--   fresh     what is new, with its number in its stream, its salt and its erasable half
--   entries   the immutable half of each
--   told      the text of each that is hashed
--   chained   the hashes, each over the one before
create or replace function public.billing_audit_append(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    now_       timestamptz := billing_audit.clock();
    streams_   text[];
    appended   jsonb;
begin
    perform billing_audit.require(p, 'events');
    perform billing_audit.require_of_events(p -> 'events');
    if p ->> 'concern' is not null and p ->> 'concern' !~ '^[a-z_]+$' then
        raise exception using errcode = 'BA001', message = format('"%s" is no concern.', p ->> 'concern'),
            hint = 'A concern is one word in small letters.';
    end if;
    select array_agg(distinct coalesce(p ->> 'concern', 'sheet:' || (e ->> 'sheet_id'))) into streams_
    from jsonb_array_elements(p -> 'events') as e;
    insert into billing_audit.streams (stream, head)
    select s, billing_audit.genesis(s) from unnest(streams_) as s where s is not null order by s
    on conflict do nothing;
    perform from billing_audit.streams where stream = any (streams_) order by stream for update;

    with given as materialized (
        select e.event, e.place, e.event ->> 'event_key' as event_key,
            coalesce(p ->> 'concern', 'sheet:' || (e.event ->> 'sheet_id')) as stream,
            row_number() over (partition by e.event ->> 'event_key' order by e.place) = 1 as is_first
        from jsonb_array_elements(p -> 'events') with ordinality as e (event, place)
    ), known as materialized (
        select k.event_key, k.stream, k.seq, a.recorded_at
        from billing_audit.event_keys as k
        join billing_audit.audit_events as a on a.stream = k.stream and a.seq = k.seq
        where k.event_key in (select event_key from given)
    ), fresh as materialized (
        select g.event_key, g.place, g.event, g.stream, h.head,
            h.seq + row_number() over (partition by g.stream order by g.place) as seq,
            -- 122 random bits out of the core, so that no extension is needed.
            uuid_send(gen_random_uuid()) as salt, billing_audit.payload_of(g.event) as payload
        from given as g
        join billing_audit.streams as h using (stream)
        where g.is_first and not exists (select from known where known.event_key = g.event_key)
    ), entries as materialized (
        select f.place, f.stream, f.seq, f.head, f.salt, f.payload, jsonb_populate_record(
            null::billing_audit.audit_events, f.event || jsonb_build_object(
                'stream', f.stream, 'seq', f.seq, 'recorded_at', now_,
                'commitment', billing_audit.commit_to(f.salt, f.payload))) as entry
        from fresh as f
    ), told as materialized (
        select *, billing_audit.event_preimage(entry) as preimage from entries
    ), chained as materialized (
        select *, billing_audit.chained(head, preimage) over (partition by stream order by seq) as hash from told
    ), inserted as (
        insert into billing_audit.audit_events (
            stream, seq, event_key, kind, recorded_at, sheet_id, row_id, work_request, column_name, violation_type,
            delta, currency, changed_by_kind, changed_at, week_ending, is_historical, audit_run_id, severity,
            risk_score, anomaly_score, predicted_category, approval_id, intermediate_unknown, rules_hash,
            model_version, flow_version, commitment, previous_hash, preimage, hash)
        select
            stream, seq, (entry).event_key, (entry).kind, now_, (entry).sheet_id, (entry).row_id,
            (entry).work_request, (entry).column_name, (entry).violation_type, (entry).delta, (entry).currency,
            (entry).changed_by_kind, (entry).changed_at, (entry).week_ending, (entry).is_historical,
            (entry).audit_run_id, (entry).severity, (entry).risk_score, (entry).anomaly_score,
            (entry).predicted_category, (entry).approval_id, (entry).intermediate_unknown, (entry).rules_hash,
            (entry).model_version, (entry).flow_version, (entry).commitment,
            lag(hash, 1, head) over (partition by stream order by seq), preimage, hash
        from chained
        order by place
    ), payloads as (
        insert into billing_audit.event_payloads (stream, seq, event_key, salt, payload, changed_at)
        select stream, seq, (entry).event_key, salt, payload, (entry).changed_at from chained
    ), keys as (
        insert into billing_audit.event_keys (event_key, stream, seq)
        select (entry).event_key, stream, seq from chained
    ), heads as (
        update billing_audit.streams as s set seq = c.seq, head = c.hash
        from (select distinct on (stream) stream, seq, hash from chained order by stream, seq desc) as c
        where s.stream = c.stream
    ), kept as (
        select event_key, stream, seq, recorded_at, false as is_new from known
        union all
        select (entry).event_key, stream, seq, now_, true from chained
    )
    select coalesce(jsonb_agg(jsonb_build_object(
        'event_key', k.event_key, 'stream', k.stream, 'seq', k.seq, 'is_new', k.is_new and g.is_first,
        'timestamp', billing_audit.instant(k.recorded_at)) order by g.place), '[]')
    into appended
    from given as g join kept as k using (event_key);

    update billing_audit.changes
    set state = 'done', done_at = now_, leased_until = null, body = null
    where event_key in (select e ->> 'event_key' from jsonb_array_elements(p -> 'events') as e) and state <> 'done';
    return jsonb_build_object('appended', appended);
end
$$;

-- p: limit. Gives {events}, the last stored first; without the daily coverage and without who signed in.
create or replace function public.billing_audit_recent(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    select jsonb_build_object('events', coalesce(jsonb_agg(
        billing_audit.event_json(r.entry, d.payload) order by (r.entry).position desc), '[]'))
    from (
        select e as entry from billing_audit.audit_events as e
        where e.kind not in ('coverage', 'access')
        order by e.position desc limit (p ->> 'limit')::integer
    ) as r
    left join billing_audit.event_payloads as d on d.stream = (r.entry).stream and d.seq = (r.entry).seq
$$;

-- The conditions of a query, each made of fixed text; values are only ever read from the parameter $1.
create or replace function billing_audit.search_conditions(p jsonb) returns text
language sql immutable
set search_path = ''
as $$
    -- How a day was watched and who signed in is no change: it is found only when asked for by its kind.
    select concat_ws(' and ', case when p ->> 'kind' is null then 'e.kind not in (''coverage'', ''access'')' end,
        coalesce(string_agg(c.condition, ' and '), 'true'))
    from (values
        ('kind', 'e.kind = $1 ->> ''kind'''),
        ('from', 'e.changed_at >= ($1 ->> ''from'')::timestamptz'),
        ('to', 'e.changed_at < ($1 ->> ''to'')::timestamptz'),
        ('sheet_id', 'e.sheet_id = $1 ->> ''sheet_id'''),
        ('row_id', 'e.row_id = $1 ->> ''row_id'''),
        ('work_request', 'e.work_request = $1 ->> ''work_request'''),
        ('column_name', 'e.column_name = $1 ->> ''column_name'''),
        ('changed_by', 'd.person = lower($1 ->> ''changed_by'')'),
        ('violation_type', 'e.violation_type = $1 ->> ''violation_type'''),
        ('severity', 'e.severity = $1 ->> ''severity'''),
        ('is_historical', 'e.is_historical = ($1 ->> ''is_historical'')::boolean'),
        ('risk_from', 'e.risk_score >= ($1 ->> ''risk_from'')::numeric'),
        ('text', 'strpos(lower(concat_ws(E''\n'', e.sheet_id, e.row_id, e.work_request, e.column_name, '
            'e.violation_type, e.audit_run_id, e.severity, e.predicted_category, d.payload ->> ''sheet_name'', '
            'd.payload ->> ''old_value'', d.payload ->> ''new_value'', d.payload ->> ''changed_by'', '
            'd.payload ->> ''issue_description'', d.payload ->> ''suggested_fix'', d.payload ->> ''ip_address'', '
            'd.payload ->> ''device_info'', d.payload ->> ''user_agent'')), lower($1 ->> ''text'')) > 0')
    ) as c (name, condition)
    where p ->> c.name is not null
$$;

-- p: {}. Gives the counts of lib/store/store.ts, StoreCounts.
create or replace function public.billing_audit_counts(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    with callbacks as (
        select count(*) as waiting, min(received_at) as oldest
        from billing_audit.webhook_events where state in ('waiting', 'leased')
    ), open_changes as (
        select
            count(*) filter (where state = 'waiting') as waiting,
            count(*) filter (where state = 'leased') as leased,
            count(*) filter (where attempts >= 8) as failing,
            min(found_at) as oldest
        from billing_audit.changes where state in ('waiting', 'leased')
    )
    select jsonb_build_object(
        'callbacks_waiting', k.waiting,
        'callbacks_dead', (select count(*) from billing_audit.webhook_events where state = 'dead'),
        'changes_waiting', c.waiting,
        'changes_leased', c.leased,
        'changes_provisional', (select count(*) from billing_audit.unexplained_rows),
        'changes_dead', c.failing,
        -- Days of coverage and who signed in are in the trail, and nothing that happened to a sheet.
        'events', (select coalesce(sum(seq), 0) from billing_audit.streams where stream <> 'access')
            - (select count(*) from billing_audit.audit_events where kind = 'coverage'),
        'oldest_waiting_at', billing_audit.instant(least(k.oldest, c.oldest)))
    from callbacks as k, open_changes as c
$$;

-- What one person did up to a moment. Changes that are not in the trail yet count; so do events that came another way; who signs in
-- has changed nothing.
create or replace function billing_audit.facts_of(who text, at timestamptz, within interval) returns jsonb
language sql stable
set search_path = ''
as $$
    select jsonb_build_object(
        'access_level', d.access_level,
        'last_review_at', billing_audit.instant(d.last_review_at),
        'last_active_at', billing_audit.instant(greatest(d.last_active_at, c.last_at, e.last_at)),
        'changes_in_window', w.count)
    from (select who) as given
    left join billing_audit.people as d on d.email = who
    cross join lateral (
        select max(changed_at) as last_at from billing_audit.changes where person = who and changed_at < at) as c
    cross join lateral (
        select max(changed_at) as last_at from billing_audit.event_payloads
        where person = who and changed_at < at and stream <> 'access') as e
    cross join lateral (
        select count(*) from (
            select event_key from billing_audit.changes
            where person = who and changed_at > at - within and changed_at <= at
            union
            select event_key from billing_audit.event_payloads
            where person = who and stream <> 'access' and changed_at > at - within and changed_at <= at
        ) as either) as w
$$;

-- p: event_key. Gives {event}: one event of the trail with its last mark, or null.
create or replace function public.billing_audit_event(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
begin
    perform billing_audit.require(p, 'event_key');
    return jsonb_build_object('event', (
        select billing_audit.event_json(e, d.payload) || jsonb_build_object('mark', (
            select billing_audit.mark_json(m) from billing_audit.last_marks as m where m.event_key = k.event_key))
        from billing_audit.event_keys as k
        join billing_audit.audit_events as e on e.stream = k.stream and e.seq = k.seq
        left join billing_audit.event_payloads as d on d.stream = k.stream and d.seq = k.seq
        where k.event_key = p ->> 'event_key' and e.kind not in ('coverage', 'access')));
end
$$;

create or replace function billing_audit.overview_cards(now_ timestamptz, time_zone text, risk_from numeric) returns jsonb
language sql stable
set search_path = ''
as $$
    with today as (
        select date_trunc('day', now_ at time zone time_zone) at time zone time_zone as began
    ), stored_today as (
        select count(*) as events,
            count(*) filter (where coalesce(e.risk_score >= risk_from, false)) as high_risk
        from billing_audit.audit_events as e, today
        where e.recorded_at >= today.began and e.kind not in ('coverage', 'access')
    ), trouble as (
        select recorded_at from billing_audit.audit_events as e
        where billing_audit.is_concern(e.violation_type, e.severity, e.risk_score)
            and (billing_audit.needs_look(e.violation_type, e.severity, e.risk_score, risk_from)
                or e.violation_type in ('WATCH_GAP', 'CONFIGURATION_WEAKENED'))
        order by position desc limit 1
    )
    select billing_audit.open_concerns(risk_from) || jsonb_build_object(
        'events', (select coalesce(sum(seq), 0) from billing_audit.streams where stream <> 'access')
            - (select count(*) from billing_audit.audit_events where kind = 'coverage'),
        'events_today', t.events,
        'high_risk_today', t.high_risk,
        'changes_waiting', (select count(*) from billing_audit.changes where state in ('waiting', 'leased')),
        'changes_provisional', (select count(*) from billing_audit.unexplained_rows),
        'dead_letters', (select count(*) from billing_audit.changes where attempts >= 8 and state in ('waiting', 'leased'))
            + (select count(*) from billing_audit.webhook_events where state = 'dead'),
        'last_problem_at', (select billing_audit.instant(recorded_at) from trouble),
        'watching_since', (select billing_audit.instant(min(known_since)) from billing_audit.sheets),
        'median_seconds_to_alert', billing_audit.median_seconds_to_alert(),
        'median_seconds_from_arrival', billing_audit.median_seconds_from_arrival(),
        'last_event_at', (select billing_audit.instant(max(recorded_at)) from billing_audit.audit_events
            where kind not in ('coverage', 'access')),
        -- No backups are made by this version of the store.
        'last_backup_at', null)
    from stored_today as t
$$;

-- Charts over `days` up to `until`: how many changes by time and severity, by tenth of risk, by sheet. One scan.
-- Hours up to 7 days, days above: never more than 168 places on the axis, 504 numbers.
create or replace function billing_audit.overview_charts(until timestamptz, days integer, time_zone text) returns jsonb
language sql stable
set search_path = ''
as $$
    with frame as (
        select unit, step, date_trunc(unit, until at time zone time_zone) as last_place,
            date_trunc(unit, until at time zone time_zone) - step * (case unit when 'hour' then days * 24 else days end - 1)
                as first_place
        from (select case when days <= 7 then 'hour' else 'day' end as unit,
            case when days <= 7 then interval '1 hour' else interval '1 day' end as step) as u
    ), counted as materialized (
        select date_trunc(f.unit, e.changed_at at time zone time_zone) as place, e.severity,
            billing_audit.tenth(e.risk_score) as tenth, e.sheet_id, count(*) as changes,
            grouping(date_trunc(f.unit, e.changed_at at time zone time_zone), e.severity) = 0 as is_place,
            grouping(billing_audit.tenth(e.risk_score)) = 0 as is_tenth, grouping(e.sheet_id) = 0 as is_sheet
        from billing_audit.audit_events as e, frame as f
        where e.kind not in ('coverage', 'access') and e.changed_at >= f.first_place at time zone time_zone and e.changed_at <= until
        group by grouping sets (
            (date_trunc(f.unit, e.changed_at at time zone time_zone), e.severity),
            (billing_audit.tenth(e.risk_score)), (e.sheet_id))
    ), timeline as (
        select p.place,
            coalesce(sum(c.changes) filter (where c.severity = 'LOW'), 0) as low,
            coalesce(sum(c.changes) filter (where c.severity = 'MEDIUM'), 0) as medium,
            coalesce(sum(c.changes) filter (where c.severity = 'HIGH'), 0) as high
        from frame as f
        cross join lateral generate_series(f.first_place, f.last_place, f.step) as p (place)
        left join counted as c on c.is_place and c.place = p.place
        group by p.place
    )
    select jsonb_build_object(
        'unit', (select unit from frame),
        'timeline', (select jsonb_agg(jsonb_build_object(
            'at', to_char(place, case f.unit when 'hour' then 'FMDD Mon HH24:MI' else 'FMDD Mon' end),
            'low', low, 'medium', medium, 'high', high) order by place) from timeline, frame as f),
        'histogram', (select jsonb_agg(jsonb_build_object('tenth', b, 'changes', coalesce(c.changes, 0)) order by b)
            from generate_series(0, 9) as b left join counted as c on c.is_tenth and c.tenth = b),
        'unscored', coalesce((select changes from counted where is_tenth and tenth is null), 0),
        'by_sheet', (select coalesce(jsonb_object_agg(sheet_id, changes), '{}') from counted where is_sheet))
$$;

-- The twenty most active people of the time.
create or replace function billing_audit.overview_people(since timestamptz, until timestamptz, risk_from numeric) returns jsonb
language sql stable
set search_path = ''
as $$
    with active as (
        select person, count(*) as changes from billing_audit.event_payloads
        where changed_at >= since and changed_at <= until and event_key not like 'sheet:%:coverage:%' and event_key not like 'access:%'
        group by person order by count(*) desc, person limit 20
    ), risky as (
        select d.person, count(*) as events
        from billing_audit.audit_events as e
        join billing_audit.event_payloads as d on d.stream = e.stream and d.seq = e.seq
        where billing_audit.is_concern(e.violation_type, e.severity, e.risk_score)
            and billing_audit.needs_look(e.violation_type, e.severity, e.risk_score, risk_from)
            and e.changed_at >= since and e.changed_at <= until
            and d.person in (select person from active)
        group by d.person
    )
    select coalesce(jsonb_agg(jsonb_build_object('person', a.person, 'changes', a.changes,
        'needs_look', coalesce(r.events, 0)) order by a.changes desc, a.person), '[]')
    from active as a left join risky as r on r.person = a.person
$$;

-- p: now, days (1..400), time_zone, risk_from, known (the version that is shown already, or null).
-- Gives {version, unchanged: true} when the known version still stands, else {version, unchanged: false, as_of, days,
-- until, cards, unit, timeline, histogram, unscored, people, sheets}; see lib/store/overview.ts.
-- Where nothing happened in the last `days`, the charts end with the last change instead: an old sheet is not an empty page.
create or replace function public.billing_audit_overview(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    now_      timestamptz := coalesce((p ->> 'now')::timestamptz, billing_audit.clock());
    days_     integer := least(greatest(coalesce((p ->> 'days')::integer, 7), 1), 400);
    zone      text := coalesce(p ->> 'time_zone', 'UTC');
    version   text := billing_audit.overview_version(now_);
    newest    timestamptz;
    until_    timestamptz := now_;
    charts    jsonb;
begin
    if p ->> 'known' = version then
        return jsonb_build_object('version', version, 'unchanged', true);
    end if;
    select max(changed_at) into newest from billing_audit.audit_events
    where changed_at <= now_ and billing_audit.is_change(kind);
    if newest < now_ - make_interval(days => days_) then
        until_ := newest;
    end if;
    charts := billing_audit.overview_charts(until_, days_, zone);
    return jsonb_build_object(
        'version', version, 'unchanged', false, 'as_of', billing_audit.instant(now_), 'days', days_,
        'until', billing_audit.instant(until_),
        'cards', billing_audit.overview_cards(now_, zone, billing_audit.risk_from(p)),
        'people', billing_audit.overview_people(until_ - make_interval(days => days_), until_, billing_audit.risk_from(p)),
        'sheets', billing_audit.overview_sheets(charts -> 'by_sheet')) || (charts - 'by_sheet');
end
$$;

-- In the transaction that records the event. Nothing is queued before an Alert node has ever been deployed.
create or replace function billing_audit.queue_for_alerts() returns trigger
language plpgsql
set search_path = ''
as $$
begin
    insert into billing_audit.alert_queue (stream, seq, position)
    select new.stream, new.seq, new.position
    where new.kind <> 'access' and exists (select from billing_audit.alert_rules where retired_at is null);
    return null;
end
$$;

-- The predicates of these indexes are the conditions above.
drop index billing_audit.audit_events_charted;
create index audit_events_charted on billing_audit.audit_events (changed_at) include (severity, risk_score, sheet_id)
    where kind not in ('coverage', 'access');
drop index billing_audit.event_payloads_active;
create index event_payloads_active on billing_audit.event_payloads (changed_at) include (person)
    where event_key not like 'sheet:%:coverage:%' and event_key not like 'access:%';
