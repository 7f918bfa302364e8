-- Legal hold, and the erasure of what the trail holds of a person.
--
-- Erasing takes the payload away and leaves the salted commitment: every chain, proof and checkpoint holds as before. Who
-- erased, when and why stands in the trail, and `verify` tells of it; a payload that is gone without that is a finding.
-- What is held for a court is not erased.
--
-- Errors: BA005 no right    BA013 a legal hold forbids it    BA014 there is no such hold, or it was released already

create table billing_audit.legal_holds (
    id            bigint      generated always as identity primary key,
    person        text        check (person = lower(person) and person <> ''),
    sheet_id      text        check (sheet_id ~ '^\d{1,20}$'),
    changed_from  timestamptz,
    changed_to    timestamptz,
    reason        text        not null check (reason <> ''),
    set_by        text        not null check (set_by <> ''),
    set_at        timestamptz not null
);
comment on table billing_audit.legal_holds is 'Events that must stay whole: all that fit every field given; none given = everything.';
comment on column billing_audit.legal_holds.changed_to is 'Exclusive.';

create table billing_audit.legal_hold_releases (
    hold_id      bigint      primary key references billing_audit.legal_holds,
    reason       text        not null check (reason <> ''),
    released_by  text        not null check (released_by <> ''),
    released_at  timestamptz not null
);
comment on table billing_audit.legal_hold_releases is 'Holds that have ended; the rest is in force.';

create table billing_audit.erasures (
    id         bigint      generated always as identity primary key,
    reason     text        not null check (reason <> ''),
    erased_by  text        not null check (erased_by <> ''),
    erased_at  timestamptz not null,
    events     bigint      not null check (events >= 0)
);
comment on table billing_audit.erasures is 'Who erased, when and why. Whose data it was is not kept: that would be what was to be erased.';

create table billing_audit.erased_events (
    stream      text   not null,
    seq         bigint not null,
    erasure_id  bigint not null references billing_audit.erasures,
    primary key (stream, seq)
);
comment on table billing_audit.erased_events is 'Events whose payload was erased.';
create index erased_events_of_erasure on billing_audit.erased_events (erasure_id);

do $$
declare
    name text;
begin
    foreach name in array array['legal_holds', 'legal_hold_releases', 'erasures', 'erased_events'] loop
        execute format('create trigger never_altered before update or delete on billing_audit.%I
            for each row execute function billing_audit.refuse_change()', name);
        execute format('create trigger never_truncated before truncate on billing_audit.%I
            for each statement execute function billing_audit.refuse_change()', name);
        execute format('alter table billing_audit.%I enable always trigger never_altered', name);
        execute format('alter table billing_audit.%I enable always trigger never_truncated', name);
        execute format('call billing_audit.protect_table(%L)', 'billing_audit.' || name);
        execute format('grant select, insert on billing_audit.%I to billing_audit_owner', name);
    end loop;
end
$$;
grant delete on billing_audit.event_payloads to billing_audit_owner;
grant delete on billing_audit.people to billing_audit_owner;

-- Who keeps the trail, and may therefore hold and erase: an administrator, by name. Gives the name.
create function billing_audit.keeper(p jsonb) returns text
language plpgsql stable
set search_path = ''
as $$
declare
    who record := billing_audit.caller(p);
begin
    if who.name is null then
        raise exception using errcode = 'BA005', message = 'Nobody is signed in, so nothing was done.',
            hint = 'Sign in as an administrator.';
    elsif who.role is distinct from 'admin' then
        raise exception using errcode = 'BA005', message = format('%s may not do this: it takes an administrator.', who.name),
            hint = 'Ask an administrator.';
    elsif coalesce(btrim(p ->> 'reason'), '') = '' then
        raise exception using errcode = 'BA001', message = 'A reason is needed.',
            hint = 'Say in a sentence why, so that an auditor understands it later.';
    end if;
    return who.name;
end
$$;

-- Writes into the chain `keeping` what was done to the trail itself.
create function billing_audit.note_keeping(kind text, key text, by_name text, sentence text, facts jsonb) returns void
language sql
set search_path = ''
as $$
    select public.billing_audit_append(jsonb_build_object('concern', 'keeping', 'events', jsonb_build_array(jsonb_build_object(
        'event_key', key, 'kind', kind, 'sheet_id', '0', 'sheet_name', '', 'violation_type', 'NONE', 'severity', 'LOW',
        'changed_at', billing_audit.instant(billing_audit.clock()), 'changed_by', by_name, 'changed_by_kind', 'person',
        'audit_run_id', key, 'currency', 'USD', 'intermediate_unknown', false, 'issue_description', sentence,
        'suggested_fix', 'Nothing to do.', 'values', facts))))
$$;

create function billing_audit.hold_json(h billing_audit.legal_holds) returns jsonb
language sql stable
set search_path = ''
as $$
    select jsonb_build_object('id', h.id::text, 'person', h.person, 'sheet_id', h.sheet_id,
        'from', billing_audit.instant(h.changed_from), 'to', billing_audit.instant(h.changed_to), 'reason', h.reason,
        'set_by', h.set_by, 'set_at', billing_audit.instant(h.set_at))
$$;

-- The holds in force that an event of these facts falls under.
create function billing_audit.holds_on(who text, sheet text, at timestamptz) returns setof billing_audit.legal_holds
language sql stable
set search_path = ''
as $$
    select h.* from billing_audit.legal_holds as h
    where not exists (select from billing_audit.legal_hold_releases as r where r.hold_id = h.id)
        and (h.person is null or h.person = who) and (h.sheet_id is null or h.sheet_id = sheet)
        and (h.changed_from is null or at >= h.changed_from) and (h.changed_to is null or at < h.changed_to)
$$;

-- p: person, sheet_id, from, to (each may be left out), reason, by, role. Gives {hold}.
create function public.billing_audit_hold(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    by_    text := billing_audit.keeper(p);
    made   billing_audit.legal_holds;
begin
    -- Nobody erases meanwhile what is held from now on.
    perform pg_advisory_xact_lock(hashtextextended('billing_audit:holds', 0));
    insert into billing_audit.legal_holds (person, sheet_id, changed_from, changed_to, reason, set_by, set_at)
    values (lower(p ->> 'person'), p ->> 'sheet_id', (p ->> 'from')::timestamptz, (p ->> 'to')::timestamptz,
        btrim(p ->> 'reason'), by_, billing_audit.clock())
    returning * into made;
    perform billing_audit.note_keeping('legal_hold_set', format('hold:%s:set', made.id), by_,
        format('Legal hold %s was set: %s', made.id, made.reason),
        jsonb_build_object('hold', made.id::text, 'sheet', made.sheet_id, 'person', made.person,
            'from', billing_audit.instant(made.changed_from), 'to', billing_audit.instant(made.changed_to)));
    return jsonb_build_object('hold', billing_audit.hold_json(made));
end
$$;

-- p: hold_id, reason, by, role. Gives {hold}.
create function public.billing_audit_release_hold(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    by_    text := billing_audit.keeper(p);
    held   billing_audit.legal_holds;
begin
    perform billing_audit.require(p, 'hold_id');
    select * into held from billing_audit.legal_holds where id::text = p ->> 'hold_id';
    if held.id is null or exists (select from billing_audit.legal_hold_releases where hold_id = held.id) then
        raise exception using errcode = 'BA014', message = format('There is no hold %s in force.', p ->> 'hold_id'),
            hint = 'List the holds with "billing-audit hold list".';
    end if;
    insert into billing_audit.legal_hold_releases (hold_id, reason, released_by, released_at)
    values (held.id, btrim(p ->> 'reason'), by_, billing_audit.clock());
    perform billing_audit.note_keeping('legal_hold_released', format('hold:%s:released', held.id), by_,
        format('Legal hold %s was released: %s', held.id, btrim(p ->> 'reason')), jsonb_build_object('hold', held.id::text));
    return jsonb_build_object('hold', billing_audit.hold_json(held));
end
$$;

-- p: {}. Gives {holds}: those in force, the oldest first.
create function public.billing_audit_holds(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    select jsonb_build_object('holds', coalesce(jsonb_agg(billing_audit.hold_json(h) order by h.id), '[]'))
    from billing_audit.legal_holds as h
    where not exists (select from billing_audit.legal_hold_releases as r where r.hold_id = h.id)
$$;

-- The payloads that are about a person: of what they changed, and of what was done to them in the directory.
create function billing_audit.payloads_of(who text) returns table (stream text, seq bigint, changed_at timestamptz)
language sql stable
set search_path = ''
as $$
    select d.stream, d.seq, d.changed_at from billing_audit.event_payloads as d where d.person = who
    union
    select d.stream, d.seq, d.changed_at from billing_audit.event_payloads as d
    where d.stream in ('sheet:0', 'keeping') and lower(d.payload -> 'values' ->> 'person') = who
$$;

-- p: person, reason, by, role, dry_run. Erases the payloads of all that the person changed, and the person from the
-- directory, from changes that are recorded, and from the rollups; all of it or nothing. Gives {events, first_at, last_at,
-- erasure_id (null when it was a dry run)}.
-- A change that waits to be recorded still names the person: it is refused until that is done.
create function public.billing_audit_erase(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    by_      text := billing_audit.keeper(p);
    who      text := lower(btrim(p ->> 'person'));
    is_dry   boolean := coalesce((p ->> 'dry_run')::boolean, true);
    -- Found once: what is recorded meanwhile is neither counted nor erased, so that both numbers agree for ever.
    found_   record;
    held     billing_audit.legal_holds;
    made     billing_audit.erasures;
begin
    perform billing_audit.require(p, 'person');
    -- Nobody sets a hold meanwhile, nor erases the same.
    perform pg_advisory_xact_lock(hashtextextended('billing_audit:holds', 0));
    select count(*) as events, min(d.changed_at) as first_at, max(d.changed_at) as last_at,
        array_agg(d.stream order by d.stream, d.seq) as streams, array_agg(d.seq order by d.stream, d.seq) as seqs
    into found_ from billing_audit.payloads_of(who) as d;
    select h.* into held
    from unnest(found_.streams, found_.seqs) as d (stream, seq)
    join billing_audit.audit_events as e on e.stream = d.stream and e.seq = d.seq
    cross join lateral billing_audit.holds_on(who, e.sheet_id, e.changed_at) as h
    limit 1;
    if held.id is null then
        select h.* into held from billing_audit.holds_on(who, null, null) as h where h.sheet_id is null limit 1;
    end if;
    if held.id is not null then
        raise exception using errcode = 'BA013',
            message = format('Legal hold %s of %s forbids to erase this: %s', held.id, billing_audit.instant(held.set_at), held.reason),
            hint = 'Whoever set the hold can release it: "billing-audit hold release".';
    elsif exists (select from billing_audit.changes where person = who and state in ('waiting', 'leased')) then
        raise exception using errcode = 'BA001', message = 'Changes of this person wait to be recorded.',
            hint = 'Wait until they are in the trail, then erase.';
    end if;
    if not is_dry then
        insert into billing_audit.erasures (reason, erased_by, erased_at, events)
        values (btrim(p ->> 'reason'), by_, billing_audit.clock(), found_.events) returning * into made;
        insert into billing_audit.erased_events (stream, seq, erasure_id)
        select d.stream, d.seq, made.id from unnest(found_.streams, found_.seqs) as d (stream, seq);
        delete from billing_audit.event_payloads as d using billing_audit.erased_events as x
        where x.erasure_id = made.id and d.stream = x.stream and d.seq = x.seq;
        delete from billing_audit.people where email = who;
        update billing_audit.changes set changed_by = null where person = who;
        perform billing_audit.forget_in_rollups(who);
        perform billing_audit.note_keeping('payloads_erased', format('erasure:%s', made.id), by_,
            format('The personal data and values of %s events of one person were erased: %s', made.events, made.reason),
            jsonb_build_object('erasure', made.id::text, 'events', made.events::text));
    end if;
    return jsonb_build_object('events', found_.events, 'first_at', billing_audit.instant(found_.first_at),
        'last_at', billing_audit.instant(found_.last_at), 'erasure_id', made.id::text);
end
$$;

-- What was counted for a person is counted for nobody.
create function billing_audit.forget_in_rollups(who text) returns void
language sql
set search_path = ''
as $$
    with gone as (
        delete from billing_audit.rollups where dimension = 'person' and key = who returning *
    )
    insert into billing_audit.rollups as r (dimension, span, start, key, changes)
    select dimension, span, start, '', changes from gone order by span, start
    on conflict (dimension, span, start, key) do update set changes = r.changes + excluded.changes;
    with gone as (
        delete from billing_audit.look_rollups where person = who returning *
    )
    insert into billing_audit.look_rollups as r (person, span, start, hundredth, changes)
    select '', span, start, hundredth, changes from gone order by span, start, hundredth
    on conflict (span, person, start, hundredth) do update set changes = r.changes + excluded.changes
$$;

-- p: after ({stream, seq}, left out at the beginning), stream (left out: all), limit (1..1000). Every event as it is
-- stored, chain by chain, for whoever checks: nothing is judged here. `columns` is what the preimage would be if it were
-- written from the columns today; `erasure` is the one that took the payload away. Gives {events: [...]}.
create or replace function public.billing_audit_seal_events(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    select jsonb_build_object('events', coalesce(jsonb_agg(jsonb_build_object(
        'stream', e.stream, 'seq', e.seq, 'event_key', e.event_key, 'recorded_at', billing_audit.instant(e.recorded_at),
        'sheet_id', e.sheet_id, 'previous_hash', encode(e.previous_hash, 'hex'), 'preimage', e.preimage,
        'columns', billing_audit.event_preimage(e), 'hash', encode(e.hash, 'hex'),
        'commitment', encode(e.commitment, 'hex'),
        'salt', encode(d.salt, 'hex'), 'payload', d.payload::text,
        'payload_fits', d.seq is null or (d.event_key = e.event_key and d.changed_at = e.changed_at),
        'key_fits', coalesce(k.stream = e.stream and k.seq = e.seq, false),
        'leaf_index', l.leaf_index, 'leaf_hash', encode(l.hash, 'hex'), 'erasure', x.erasure_id::text) order by e.stream, e.seq), '[]'))
    from (
        select * from billing_audit.audit_events
        where (p ->> 'stream' is null or stream = p ->> 'stream')
            and (p -> 'after' is null or (stream, seq) > (p #>> '{after,stream}', (p #>> '{after,seq}')::bigint))
        order by stream, seq
        limit least(greatest(coalesce((p ->> 'limit')::integer, 1000), 1), 1000)
    ) as page_
    join billing_audit.audit_events as e using (stream, seq)
    left join billing_audit.event_payloads as d on d.stream = e.stream and d.seq = e.seq
    left join billing_audit.event_keys as k on k.event_key = e.event_key
    left join billing_audit.erased_events as x on x.stream = e.stream and x.seq = e.seq
    left join billing_audit.tree_leaves as l on l.stream = e.stream and l.seq = e.seq
$$;

call billing_audit.keep_private('billing_audit.keeper(jsonb)');
call billing_audit.keep_private('billing_audit.note_keeping(text, text, text, text, jsonb)');
call billing_audit.keep_private('billing_audit.hold_json(billing_audit.legal_holds)');
call billing_audit.keep_private('billing_audit.holds_on(text, text, timestamptz)');
call billing_audit.keep_private('billing_audit.payloads_of(text)');
call billing_audit.keep_private('billing_audit.forget_in_rollups(text)');
call billing_audit.offer_to_service('public.billing_audit_hold(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_release_hold(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_holds(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_erase(jsonb)');
