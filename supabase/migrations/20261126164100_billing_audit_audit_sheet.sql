-- The sheet "Billing Report Audit Log" in Smartsheet, to which each event can be written too.
--
-- How none is forgotten: the insert of an event's key puts the event into `audit_sheet_rows`, in the append's transaction.
-- How none is written twice: one process writes at a time (`audit_sheet_writer` is its lease); what waits is looked for in
-- the sheet before it is written, so that rows whose answer was lost, or after which the process died, are found there.

create table billing_audit.audit_sheet_writer (
    only_one       boolean     primary key default true check (only_one),
    is_on          boolean     not null default false,
    leased_by      text,
    leased_until   timestamptz,
    check ((leased_by is null) = (leased_until is null))
);
comment on table billing_audit.audit_sheet_writer is 'Whether events go to a sheet, and who writes them at the moment.';
insert into billing_audit.audit_sheet_writer default values;

create table billing_audit.audit_sheets (
    id            bigint      generated always as identity primary key,
    sheet_id      text        not null check (sheet_id ~ '^\d{1,20}$'),
    name          text        not null,
    columns       jsonb       not null check (jsonb_typeof(columns) = 'object'),
    began_at      timestamptz not null,
    ended_at      timestamptz check (ended_at >= began_at),
    why_ended     text        check (why_ended in ('full', 'gone', 'another'))
);
comment on table billing_audit.audit_sheets is 'Every sheet that events were written to; the one without an end is written now.';
comment on column billing_audit.audit_sheets.columns is 'Title as we call it to the id of the column, so that a renamed one is still found.';
create unique index audit_sheets_one_open on billing_audit.audit_sheets ((true)) where ended_at is null;

create table billing_audit.audit_sheet_rows (
    position     bigint      generated always as identity primary key,
    event_key    text        not null unique references billing_audit.event_keys,
    stream       text        not null,
    seq          bigint      not null,
    state        text        not null default 'waiting' check (state in ('waiting', 'written', 'theirs')),
    sheet_id     text,
    row_id       text,
    ended_at     timestamptz,
    check ((state = 'waiting') = (ended_at is null))
);
comment on table billing_audit.audit_sheet_rows is 'Events on their way to the sheet. theirs: audit_billing_changes.py had written that row already.';
create index audit_sheet_rows_waiting on billing_audit.audit_sheet_rows (position) where state = 'waiting';

-- On the keys, since these stay in one table whatever becomes of the events. Only what tells of sheets, or of less being
-- found or told: who signed in, who is in the directory and what was decided is not for all who share the sheet.
create function billing_audit.hand_to_audit_sheet() returns trigger
language plpgsql
set search_path = ''
as $$
begin
    if exists (select from billing_audit.audit_sheet_writer where is_on) then
        insert into billing_audit.audit_sheet_rows (event_key, stream, seq)
        select f.event_key, f.stream, f.seq
        from fresh as f
        join billing_audit.audit_events as e on e.stream = f.stream and e.seq = f.seq
        where billing_audit.is_news(e.kind, e.violation_type)
        order by f.stream, f.seq
        on conflict do nothing;
    end if;
    return null;
end
$$;
create trigger handed_to_audit_sheet after insert on billing_audit.event_keys
    referencing new table as fresh for each statement execute function billing_audit.hand_to_audit_sheet();

-- p: on. From now on events go to the sheet, or do not. Gives {was_on}.
create function public.billing_audit_switch_audit_sheet(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    was_on   boolean;
begin
    perform billing_audit.require(p, 'on');
    select is_on into was_on from billing_audit.audit_sheet_writer for update;
    update billing_audit.audit_sheet_writer set is_on = (p ->> 'on')::boolean;
    return jsonb_build_object('was_on', was_on);
end
$$;

-- p: worker, seconds, limit, sole (nobody else can have this store open), at. Whoever holds the lease writes; holding it,
-- he gets the events that wait, the oldest first: the same again until they are marked.
-- Gives {held, sheet: {sheet_id, name, columns} or null, rows: [{event_key, event}], waiting}.
create function public.billing_audit_lease_audit_rows(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    at_    timestamptz := billing_audit.moment(p);
begin
    perform billing_audit.require(p, 'worker', 'seconds', 'limit');
    update billing_audit.audit_sheet_writer
    set leased_by = p ->> 'worker', leased_until = at_ + make_interval(secs => (p ->> 'seconds')::numeric::double precision)
    where leased_by is null or leased_by = p ->> 'worker' or leased_until < at_
        or coalesce((p ->> 'sole')::boolean, false);
    if not found then
        return jsonb_build_object('held', false, 'sheet', null, 'rows', '[]'::jsonb, 'waiting', 0);
    end if;
    return jsonb_build_object(
        'held', true,
        'sheet', (select jsonb_build_object('sheet_id', sheet_id, 'name', name, 'columns', columns)
                  from billing_audit.audit_sheets where ended_at is null),
        'rows', (
            select coalesce(jsonb_agg(jsonb_build_object('event_key', w.event_key,
                'event', billing_audit.event_json(e, d.payload)) order by w.position), '[]')
            from (
                select * from billing_audit.audit_sheet_rows where state = 'waiting'
                order by position limit (p ->> 'limit')::integer
            ) as w
            join billing_audit.audit_events as e on e.stream = w.stream and e.seq = w.seq
            left join billing_audit.event_payloads as d on d.stream = w.stream and d.seq = w.seq),
        'waiting', (select count(*) from billing_audit.audit_sheet_rows where state = 'waiting'));
end
$$;

-- p: worker, sheet_id, rows [{event_key, row_id, state}], at. Gives {held}; without the lease nothing is marked.
create function public.billing_audit_mark_audit_rows(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    at_    timestamptz := billing_audit.moment(p);
begin
    perform billing_audit.require(p, 'worker', 'sheet_id', 'rows');
    perform from billing_audit.audit_sheet_writer where leased_by = p ->> 'worker' for update;
    if not found then
        return jsonb_build_object('held', false);
    end if;
    update billing_audit.audit_sheet_rows as w
    set state = r.state, row_id = r.row_id, sheet_id = p ->> 'sheet_id', ended_at = at_
    from jsonb_to_recordset(p -> 'rows') as r (event_key text, row_id text, state text)
    where w.event_key = r.event_key and w.state = 'waiting';
    return jsonb_build_object('held', true);
end
$$;

-- p: worker. Lets another process write. Gives {}.
create function public.billing_audit_release_audit_rows(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
begin
    perform billing_audit.require(p, 'worker');
    update billing_audit.audit_sheet_writer set leased_by = null, leased_until = null where leased_by = p ->> 'worker';
    return '{}';
end
$$;

-- p: worker, sheet_id, name, columns, why_ended (of the sheet before), events (AuditEvent, what is told of it), at. From
-- now on this sheet is written; the one before is kept and known. Gives {held}.
create function public.billing_audit_save_audit_sheet(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    at_    timestamptz := billing_audit.moment(p);
begin
    perform billing_audit.require(p, 'worker', 'sheet_id', 'name', 'columns', 'events');
    perform from billing_audit.audit_sheet_writer where leased_by = p ->> 'worker' for update;
    if not found then
        return jsonb_build_object('held', false);
    end if;
    update billing_audit.audit_sheets set name = p ->> 'name', columns = p -> 'columns'
    where ended_at is null and sheet_id = p ->> 'sheet_id';
    if found then
        return jsonb_build_object('held', true);
    end if;
    update billing_audit.audit_sheets
    set ended_at = greatest(at_, began_at), why_ended = coalesce(p ->> 'why_ended', 'another')
    where ended_at is null;
    insert into billing_audit.audit_sheets (sheet_id, name, columns, began_at)
    values (p ->> 'sheet_id', p ->> 'name', p -> 'columns', at_);
    if jsonb_array_length(p -> 'events') > 0 then
        perform public.billing_audit_append(jsonb_build_object('events', p -> 'events'));
    end if;
    return jsonb_build_object('held', true);
end
$$;

-- Gives {sheet_ids}: every sheet that events were ever written to. None of them is a billing sheet.
create function public.billing_audit_audit_sheets(p jsonb) returns jsonb
language sql stable security definer
set search_path = ''
as $$
    select jsonb_build_object('sheet_ids', coalesce(jsonb_agg(distinct sheet_id), '[]')) from billing_audit.audit_sheets
$$;

call billing_audit.protect_table('billing_audit.audit_sheet_writer');
call billing_audit.protect_table('billing_audit.audit_sheets');
call billing_audit.protect_table('billing_audit.audit_sheet_rows');
grant select, update on billing_audit.audit_sheet_writer to billing_audit_owner;
grant select, insert, update on billing_audit.audit_sheets to billing_audit_owner;
grant select, insert, update on billing_audit.audit_sheet_rows to billing_audit_owner;
call billing_audit.keep_private('billing_audit.hand_to_audit_sheet()');
call billing_audit.offer_to_service('public.billing_audit_switch_audit_sheet(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_lease_audit_rows(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_mark_audit_rows(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_release_audit_rows(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_save_audit_sheet(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_audit_sheets(jsonb)');
