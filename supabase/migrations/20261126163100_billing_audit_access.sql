-- The access log: who signed in and who could not, sessions that ended, who changed people, flows, settings and programs,
-- and what Smartsheet's Event Reporting tells of sign-ins, shares, exports, deletions and tokens.
--
-- Each is an entry of the chain `access` of the trail: hashed, sealed and anchored as changes are, its personal half
-- erasable as theirs. There is no second table that could say something else; `access_event` is a view.
-- event_key = access:<kind>:<id given by the source>, so that what is told twice is recorded once.

create index audit_events_access_kind on billing_audit.audit_events (split_part(event_key, ':', 2), seq)
    where stream = 'access';
create index audit_events_access_time on billing_audit.audit_events (changed_at desc, seq desc) where stream = 'access';

-- How far a reader is: Event Reporting in Smartsheet's stream, a node in ours.
create table billing_audit.access_readers (
    reader      text         primary key check (reader <> ''),
    position    text,
    state       text         not null default 'ok' check (state in ('ok', 'waiting', 'error', 'off')),
    why         text         not null default '',
    read_at     timestamptz  not null
);
comment on table billing_audit.access_readers is 'One row per reader of access events. Moved in the transaction that records what was read.';
comment on column billing_audit.access_readers.position is 'Smartsheet''s streamPosition, or a number of the chain `access`; null = nothing read yet.';
comment on column billing_audit.access_readers.why is 'In a sentence, where it does not read.';

-- Which person saved which sheet from where, as Event Reporting tells: what the origin of a change is found by. It holds
-- nothing that the trail needs to be checked by, and goes after some days.
create table billing_audit.sheet_activity (
    event_id     text         primary key check (event_id <> ''),
    sheet_id     text         not null check (sheet_id ~ '^\d{1,20}$'),
    person       text         not null check (person = lower(person) and person <> ''),
    happened_at  timestamptz  not null,
    source       text         not null,
    ip_address   text
);
comment on table billing_audit.sheet_activity is 'Saves of sheets told by Event Reporting. Kept for 7 days.';
comment on column billing_audit.sheet_activity.source is 'As Smartsheet says: WEB_APP, MOBILE_IOS, API_UNDEFINED_APP, ...';
comment on column billing_audit.sheet_activity.ip_address is 'Smartsheet names it only for its web app; null = not told.';
create index sheet_activity_of on billing_audit.sheet_activity (sheet_id, person, happened_at);
create index sheet_activity_old on billing_audit.sheet_activity (happened_at);

-- The access log in words; what was erased is null.
create view billing_audit.access_event with (security_invoker = true) as
select
    e.seq,
    e.event_key,
    billing_audit.instant(e.recorded_at) as timestamp,
    split_part(e.event_key, ':', 2) as kind,
    d.payload #>> '{values,source}' as source,
    e.changed_at,
    d.payload ->> 'changed_by' as person,
    d.payload ->> 'issue_description' as happened,
    d.payload #>> '{values,sheet_id}' as sheet_id,
    nullif(d.payload ->> 'sheet_name', '') as sheet_name,
    d.payload ->> 'ip_address' as ip_address,
    d.payload ->> 'device_info' as device_info,
    d.payload ->> 'session_id' as session_id,
    d.payload ->> 'user_agent' as user_agent,
    coalesce(d.payload #> '{values,details}', '{}') as details
from billing_audit.audit_events as e
left join billing_audit.event_payloads as d on d.stream = e.stream and d.seq = e.seq
where e.stream = 'access';
comment on view billing_audit.access_event is 'The chain `access` of the trail, one row per entry.';

-- As it goes over wires: AccessEvent, lib/access/access-event.ts.
create function billing_audit.access_json(a billing_audit.access_event) returns jsonb
language sql stable
set search_path = ''
as $$
    select to_jsonb(a) - 'changed_at' || jsonb_build_object('happened_at', billing_audit.instant(a.changed_at))
$$;

-- An access event as an entry of the trail.
create function billing_audit.access_entry(e jsonb) returns jsonb
language sql immutable
set search_path = ''
as $$
    select jsonb_build_object(
        'event_key', format('access:%s:%s', e ->> 'kind', e ->> 'id'), 'kind', 'access',
        -- The immutable half names no sheet: what is counted by sheet are changes.
        'sheet_id', '0', 'sheet_name', coalesce(e ->> 'sheet_name', ''), 'violation_type', 'NONE', 'severity', 'LOW',
        'changed_at', e ->> 'happened_at', 'changed_by', e ->> 'person',
        'changed_by_kind', case when e ->> 'person' is null then 'unknown' else 'person' end,
        'audit_run_id', format('access:%s', e ->> 'source'), 'currency', 'USD', 'intermediate_unknown', false,
        'issue_description', e ->> 'happened', 'suggested_fix', '', 'ip_address', e -> 'ip_address',
        'device_info', e -> 'device_info', 'session_id', e -> 'session_id', 'user_agent', e -> 'user_agent',
        'values', jsonb_build_object('source', e ->> 'source', 'sheet_id', e -> 'sheet_id',
            'details', coalesce(e -> 'details', '{}')))
$$;

-- p: events (NewAccessEvent, lib/access/access-event.ts), and where a reader brings them: reader {reader, position, state,
-- why}, activity [{event_id, sheet_id, person, happened_at, source, ip_address}]. All or nothing, so that a position never
-- stands before what it says was read. Gives {recorded: [{event_key, seq, is_new}]} in the order of the events.
create function public.billing_audit_record_access(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    wrong     record;
    recorded  jsonb := '[]';
begin
    perform billing_audit.require(p, 'events');
    select e.event, n.name into wrong
    from jsonb_array_elements(p -> 'events') as e (event)
    cross join unnest(array['id', 'kind', 'source', 'happened_at', 'happened']) as n (name)
    where coalesce(e.event ->> n.name, '') = '' or (n.name = 'kind' and e.event ->> 'kind' !~ '^[a-z_]+$')
    limit 1;
    if found then
        raise exception using errcode = 'BA001',
            message = format('An access event lacks "%s", or has one that cannot be.', wrong.name),
            hint = 'The program and the store may be of different versions: run "billing-audit migrate".';
    end if;
    if jsonb_array_length(p -> 'events') > 0 then
        select public.billing_audit_append(jsonb_build_object('concern', 'access', 'events',
            jsonb_agg(billing_audit.access_entry(e.event) order by e.place))) -> 'appended'
        into recorded from jsonb_array_elements(p -> 'events') with ordinality as e (event, place);
    end if;
    insert into billing_audit.sheet_activity (event_id, sheet_id, person, happened_at, source, ip_address)
    select distinct on (a ->> 'event_id') a ->> 'event_id', a ->> 'sheet_id', lower(a ->> 'person'),
        (a ->> 'happened_at')::timestamptz, a ->> 'source', a ->> 'ip_address'
    from jsonb_array_elements(coalesce(p -> 'activity', '[]')) as a
    on conflict do nothing;
    if p -> 'reader' is not null then
        perform billing_audit.move_reader(p -> 'reader');
        delete from billing_audit.sheet_activity where happened_at < billing_audit.clock() - interval '7 days';
    end if;
    return jsonb_build_object('recorded', (
        select coalesce(jsonb_agg(jsonb_build_object(
            'event_key', r ->> 'event_key', 'seq', r -> 'seq', 'is_new', r -> 'is_new')), '[]')
        from jsonb_array_elements(recorded) as r));
end
$$;

-- A reader without a position keeps the one it has, and the time of its last read: it says only how it stands.
create function billing_audit.move_reader(r jsonb) returns void
language sql
set search_path = ''
as $$
    insert into billing_audit.access_readers as a (reader, position, state, why, read_at)
    values (r ->> 'reader', r ->> 'position', coalesce(r ->> 'state', 'ok'), coalesce(r ->> 'why', ''), billing_audit.clock())
    on conflict (reader) do update set
        position = coalesce(excluded.position, a.position), state = excluded.state, why = excluded.why,
        read_at = case when excluded.position is null and a.position is not null then a.read_at else excluded.read_at end
$$;

-- p: reader. Gives {reader: {reader, position, state, why, read_at}}, or null where it has read nothing yet.
create function public.billing_audit_access_reader(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
begin
    perform billing_audit.require(p, 'reader');
    return jsonb_build_object('reader', (
        select to_jsonb(r) || jsonb_build_object('read_at', billing_audit.instant(r.read_at))
        from billing_audit.access_readers as r where r.reader = p ->> 'reader'));
end
$$;

-- p: kinds, from, to (exclusive), person, sheet_id, text, after_seq (then in the order of the chain, else newest first),
-- after (the page before), limit (1..1000). Gives {events, next, last_seq: of the chain}.
create function public.billing_audit_access_events(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    in_order   boolean := p ->> 'after_seq' is not null;
    page_size  integer := least(greatest(coalesce((p ->> 'limit')::integer, 100), 1), 1000);
    kinds_     text[] := billing_audit.texts(p -> 'kinds');
    mark       text[] := string_to_array(p ->> 'after', '|');
    page       jsonb;
    next_      text;
begin
    if p ->> 'after' is not null and (p ->> 'after') !~ '^\d{4}-\d\d-\d\dT[\d:.]+Z\|\d+$' then
        raise exception using errcode = 'BA001', message = 'The page mark "after" cannot be read.',
            hint = 'Use the "next" of the page before, unchanged.';
    end if;
    with found as (
        select a, row_number() over (order by case when in_order then a.seq end, a.changed_at desc, a.seq desc) as n
        from billing_audit.access_event as a
        where (cardinality(kinds_) = 0 or a.kind = any (kinds_))
            and (p ->> 'from' is null or a.changed_at >= (p ->> 'from')::timestamptz)
            and (p ->> 'to' is null or a.changed_at < (p ->> 'to')::timestamptz)
            and (p ->> 'person' is null or lower(a.person) = lower(p ->> 'person'))
            and (p ->> 'sheet_id' is null or a.sheet_id = p ->> 'sheet_id')
            and (p ->> 'text' is null or strpos(lower(concat_ws(E'\n', a.person, a.happened, a.ip_address, a.user_agent,
                a.sheet_name, a.details::text)), lower(p ->> 'text')) > 0)
            and (not in_order or a.seq > (p ->> 'after_seq')::bigint)
            and (mark is null or (a.changed_at, a.seq) < (mark[1]::timestamptz, mark[2]::bigint))
        order by n limit page_size + 1
    )
    select jsonb_agg(billing_audit.access_json(a) order by n) filter (where n <= page_size),
        case when count(*) > page_size then max(format('%s|%s', billing_audit.instant((a).changed_at), (a).seq))
            filter (where n = page_size) end
    into page, next_ from found;
    return jsonb_build_object('events', coalesce(page, '[]'), 'next', next_,
        'last_seq', coalesce((select seq from billing_audit.streams where stream = 'access'), 0));
end
$$;

-- p: from, to. Gives {counts: {kind: how many}, people: [{person, sign_ins, failed, last_at, last_ip, addresses}], the one
-- who came last first, 50 at most, readers: [...] of Smartsheet's Event Reporting}.
create function public.billing_audit_access_overview(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
begin
    perform billing_audit.require(p, 'from', 'to');
    return (
        with found as materialized (
            select a.kind, a.person, a.changed_at, a.ip_address, a.seq from billing_audit.access_event as a
            where a.changed_at >= (p ->> 'from')::timestamptz and a.changed_at < (p ->> 'to')::timestamptz
        ), persons as (
            select person, count(*) filter (where kind = 'signed_in') as sign_ins,
                count(*) filter (where kind in ('sign_in_failed', 'sign_in_delayed')) as failed,
                max(changed_at) filter (where kind = 'signed_in') as last_at,
                (array_agg(ip_address order by changed_at desc, seq desc) filter (where kind = 'signed_in'))[1] as last_ip,
                count(distinct ip_address) filter (where kind = 'signed_in') as addresses, max(seq) as seq
            from found where kind in ('signed_in', 'sign_in_failed', 'sign_in_delayed') and person is not null
            group by person order by max(changed_at) desc, person limit 50
        )
        select jsonb_build_object(
            'counts', (select coalesce(jsonb_object_agg(kind, n), '{}')
                from (select kind, count(*) as n from found group by kind) as c),
            'people', (select coalesce(jsonb_agg(jsonb_build_object('person', person, 'sign_ins', sign_ins,
                'failed', failed, 'last_at', billing_audit.instant(last_at), 'last_ip', last_ip, 'addresses', addresses)
                order by last_at desc nulls last, person), '[]') from persons),
            'readers', (select coalesce(jsonb_agg(jsonb_build_object('reader', reader, 'state', state, 'why', why,
                'read_at', billing_audit.instant(read_at)) order by reader), '[]')
                from billing_audit.access_readers where reader like 'smartsheet:%')));
end
$$;

call billing_audit.protect_table('billing_audit.access_readers');
call billing_audit.protect_table('billing_audit.sheet_activity');
revoke all on billing_audit.access_event from public, anon, authenticated, service_role;
grant select on billing_audit.access_event to billing_audit_owner;
grant select, insert, update on billing_audit.access_readers to billing_audit_owner;
grant select, insert, delete on billing_audit.sheet_activity to billing_audit_owner;
call billing_audit.keep_private('billing_audit.access_json(billing_audit.access_event)');
call billing_audit.keep_private('billing_audit.access_entry(jsonb)');
call billing_audit.keep_private('billing_audit.move_reader(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_record_access(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_access_reader(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_access_events(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_access_overview(jsonb)');
