-- Erasing a person reaches the tables that came beside the trail, and what others' entries of the access log say of them.

comment on table billing_audit.look_rollups is 'Changes that need a look by person and UTC hour and day: counts of the trail, made anew by rebuild_rollups().';
comment on table billing_audit.open_counts is 'Events that may need a look and have no verdict: counts of the trail, made anew by rebuild_rollups().';

-- The payloads that are about a person: of what they changed and of how they signed in, of what was done to them in the
-- directory, and of what the access log tells that others did with them (a sheet shared with them, say). What stands in
-- `keeping` stays: it says who held and who erased, of whom a hold was, and how many an erasure took.
create or replace function billing_audit.payloads_of(who text) returns table (stream text, seq bigint, changed_at timestamptz)
language sql stable
set search_path = ''
as $$
    select d.stream, d.seq, d.changed_at from billing_audit.event_payloads as d
    where d.person = who and d.stream <> 'keeping'
    union
    select d.stream, d.seq, d.changed_at from billing_audit.event_payloads as d
    where d.stream = 'sheet:0' and lower(d.payload -> 'values' ->> 'person') = who
    union
    select d.stream, d.seq, d.changed_at from billing_audit.event_payloads as d
    -- An address, not a word: an account called "admin" is in many a sentence.
    where d.stream = 'access' and who like '%@%' and strpos(lower(d.payload::text), who) > 0
        and lower(d.payload::text) ~ ('(?<![a-z0-9._%+-])' || regexp_replace(who, '([^a-z0-9@])', '\\\1', 'g') || '(?!\.?[a-z0-9_-])')
$$;

-- p: person, reason, by, role, dry_run. Erases the payloads of all that the person changed, and the person from the
-- directory, from changes that are recorded, from what is known of rows, from the marks of the access log, from what alerts
-- are grouped by, and from the rollups; all of it or nothing. Gives {events, first_at, last_at, erasure_id (null when it was
-- a dry run)}.
-- A change that waits to be recorded still names the person: it is refused until that is done.
create or replace function public.billing_audit_erase(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    by_      text := billing_audit.keeper(p);
    who      text := lower(btrim(p ->> 'person'));
    is_dry   boolean := coalesce((p ->> 'dry_run')::boolean, true);
    found_   record;
    held     billing_audit.legal_holds;
    made     billing_audit.erasures;
begin
    perform billing_audit.require(p, 'person');
    -- Nobody sets a hold meanwhile, nor erases the same.
    perform pg_advisory_xact_lock(hashtextextended('billing_audit:holds', 0));
    -- Looked for once: an event that is recorded meanwhile is neither counted nor erased.
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
        select stream, seq, made.id from unnest(found_.streams, found_.seqs) as d (stream, seq);
        delete from billing_audit.event_payloads as d using billing_audit.erased_events as x
        where x.erasure_id = made.id and d.stream = x.stream and d.seq = x.seq;
        perform set_config('billing_audit.by', by_, true);
        delete from billing_audit.people where email = who;
        perform set_config('billing_audit.by', '', true);
        update billing_audit.changes set changed_by = null where person = who;
        perform billing_audit.forget_beside_trail(who);
        perform billing_audit.forget_in_rollups(who);
        perform billing_audit.note_keeping('payloads_erased', format('erasure:%s', made.id), by_,
            format('The personal data and values of %s events of one person were erased: %s', made.events, made.reason),
            jsonb_build_object('erasure', made.id::text, 'events', made.events::text));
    end if;
    return jsonb_build_object('events', found_.events, 'first_at', billing_audit.instant(found_.first_at),
        'last_at', billing_audit.instant(found_.last_at), 'erasure_id', made.id::text);
end
$$;

-- What is kept beside the trail and names who changed something. A row that is seen again in Smartsheet says again who
-- changed it there.
create function billing_audit.forget_beside_trail(who text) returns void
language sql
set search_path = ''
as $$
    delete from billing_audit.sheet_activity where person = who;
    delete from billing_audit.alert_readers where person = who;
    update billing_audit.alert_groups set person = '' where person = who;
    update billing_audit.sheet_rows
    set created_by = case when lower(created_by) = who then null else created_by end,
        modified_by = case when lower(modified_by) = who then null else modified_by end
    where who in (lower(created_by), lower(modified_by))
$$;

grant delete on billing_audit.alert_readers to billing_audit_owner;
call billing_audit.keep_private('billing_audit.forget_beside_trail(text)');
