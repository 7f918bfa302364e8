-- The directory of people may come from a Smartsheet sheet as well as from a file. What is read is shown beside what is known
-- before it is taken; whoever takes it is an administrator, and takes nothing that gives themselves more. A person whom the
-- sheet no longer names becomes inactive and stays.
--
-- Errors: BA018 somebody would change their own access; BA017 the directory has changed since it was shown

alter table billing_audit.people add column from_sheet text check (from_sheet ~ '^\d{1,20}$');
comment on column billing_audit.people.from_sheet is 'The sheet that named this person last; null = a file or a program.';

-- One row: where the directory comes from.
create table billing_audit.people_source (
    only_row    boolean      primary key default true check (only_row),
    sheet_id    text         not null check (sheet_id ~ '^\d{1,20}$'),
    sheet_name  text         not null,
    taken_at    timestamptz  not null default billing_audit.clock()
);
comment on table billing_audit.people_source is 'The sheet that the directory of people was taken from last. What was taken, and by whom, stands in the trail.';

-- That a sheet was taken is an act, also where nobody in it changed; who was changed how are acts of their own.
create function billing_audit.act_of_people_source() returns trigger
language plpgsql
set search_path = ''
as $$
begin
    perform billing_audit.note_acts((
        select jsonb_agg(jsonb_build_object('kind', 'people_taken',
            'changed_by', nullif(current_setting('billing_audit.by', true), ''), 'new_value', n.sheet_name,
            'issue_description', format('The directory of people was taken from the sheet "%s".', n.sheet_name),
            'values', jsonb_build_object('sheet', n.sheet_id)))
        from new_rows as n));
    return null;
end
$$;
create trigger is_an_act_first after insert on billing_audit.people_source
    referencing new table as new_rows for each statement execute function billing_audit.act_of_people_source();
create trigger is_an_act_again after update on billing_audit.people_source
    referencing new table as new_rows for each statement execute function billing_audit.act_of_people_source();

-- What the directory holds, as one mark: another mark, another directory.
create function billing_audit.directory_mark() returns text
language sql stable
set search_path = ''
as $$
    select encode(sha256(convert_to(coalesce(string_agg(format('%s %s %s', d.email, billing_audit.person_text(d),
        d.from_sheet), E'\n' order by d.email collate "C"), ''), 'UTF8')), 'hex')
    from billing_audit.people as d
$$;

-- Gives {people: [Person and from_sheet], in the order of their e-mails, source: {sheet_id, sheet_name, taken_at} or null,
-- mark: of what is shown here}.
create function public.billing_audit_directory(p jsonb) returns jsonb
language sql stable security definer
set search_path = ''
as $$
    select jsonb_build_object(
        'people', (select coalesce(jsonb_agg(billing_audit.person_text(d)::jsonb
            || jsonb_build_object('email', d.email, 'from_sheet', d.from_sheet) order by d.email collate "C"), '[]')
            from billing_audit.people as d),
        'source', (select jsonb_build_object('sheet_id', sheet_id, 'sheet_name', sheet_name,
            'taken_at', billing_audit.instant(taken_at)) from billing_audit.people_source),
        'mark', billing_audit.directory_mark())
$$;

-- Who calls, if they administer: as `decider` (20261126165100), for what takes more than a manager.
create function billing_audit.administrator(p jsonb, what text) returns text
language plpgsql stable
set search_path = ''
as $$
declare
    who record := billing_audit.caller(p);
begin
    if who.name is null or who.role is distinct from 'admin' then
        raise exception using errcode = 'BA005',
            message = format('%s may not do this: it takes an administrator. Nothing was %s.', coalesce(who.name, 'Nobody'), what),
            hint = 'Ask an administrator.';
    end if;
    perform billing_audit.demand_second_factor();
    return who.name;
end
$$;

-- p: people (Person), by and role (from the service alone), sheet {sheet_id, sheet_name} where they come from one, mark (of
-- the directory that was shown; without it nothing was). All or nothing; the triggers of the table write the acts.
-- Who came from that sheet and is not among the people becomes inactive, but for whoever takes them. Gives {added, changed, made_inactive}.
create function public.billing_audit_take_people(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    by_     text := billing_audit.administrator(p, 'taken');
    sheet_  text := p #>> '{sheet,sheet_id}';
    given   billing_audit.people[];
    added   integer;
    changed integer;
    ended   integer := 0;
begin
    perform billing_audit.require(p, 'people');
    -- One at a time, so that what is compared here is what is replaced.
    perform pg_advisory_xact_lock(hashtextextended('billing_audit:people', 0));
    if p ->> 'mark' is not null and p ->> 'mark' <> billing_audit.directory_mark() then
        raise exception using errcode = 'BA017', message = 'The directory of people has changed since this was shown.',
            hint = 'Look at what would change once more, then take it.';
    end if;
    -- Who was in the table keeps what a list of people does not say.
    select array_agg(g.person) into given from (
        select distinct on (lower(g.email)) row(lower(g.email), g.name, g.role, g.access_level, g.supervisor, g.department,
            g.last_review_at, d.last_active_at, g.active, billing_audit.clock(), sheet_)::billing_audit.people as person
        from jsonb_to_recordset(p -> 'people') as g (
            email text, name text, role text, access_level integer, supervisor text, department text,
            last_review_at timestamptz, active boolean)
        left join billing_audit.people as d on d.email = lower(g.email)
        order by lower(g.email)) as g;
    perform billing_audit.refuse_own_access(by_, given);
    perform set_config('billing_audit.by', by_, true);
    select count(*) filter (where d.email is null),
        count(*) filter (where d.email is not null and billing_audit.person_text(d) <> billing_audit.person_text(g))
    into added, changed
    from unnest(given) as g left join billing_audit.people as d on d.email = g.email;
    insert into billing_audit.people select g.* from unnest(given) as g
    on conflict (email) do update set
        name = excluded.name, role = excluded.role, access_level = excluded.access_level,
        supervisor = excluded.supervisor, department = excluded.department, last_review_at = excluded.last_review_at,
        active = excluded.active, saved_at = excluded.saved_at, from_sheet = excluded.from_sheet;
    if sheet_ is not null then
        update billing_audit.people as d set active = false, saved_at = billing_audit.clock()
        where d.from_sheet = sheet_ and d.active and not billing_audit.is_same_person(by_, d.email)
            and not exists (select from unnest(given) as g where g.email = d.email);
        get diagnostics ended = row_count;
        insert into billing_audit.people_source (sheet_id, sheet_name)
        values (sheet_, coalesce(p #>> '{sheet,sheet_name}', ''))
        on conflict (only_row) do update set sheet_id = excluded.sheet_id, sheet_name = excluded.sheet_name,
            taken_at = excluded.taken_at;
    end if;
    perform set_config('billing_audit.by', '', true);
    return jsonb_build_object('added', added, 'changed', changed, 'made_inactive', ended);
end
$$;

-- Nobody gives themselves a role, an access level or a review, nor makes themselves active: somebody else has to take that.
-- Their line is the one with their e-mail or their name; known by the name alone they keep it, or the next call would miss them.
create function billing_audit.refuse_own_access(by_ text, given billing_audit.people[]) returns void
language plpgsql stable
set search_path = ''
as $$
begin
    if exists (
        select from unnest(given) as g left join billing_audit.people as d on d.email = g.email
        where (billing_audit.is_same_person(by_, g.email) or lower(btrim(g.name)) = lower(btrim(by_)))
            and (d.email is null or g.email <> lower(btrim(by_)) and g.name is distinct from d.name or (g.role, g.access_level, g.last_review_at) is distinct from
                (d.role, d.access_level, d.last_review_at) or g.active and not d.active))
    then
        raise exception using errcode = 'BA018',
            message = format('%s cannot change their own role, access level or review. Nothing was taken.', by_),
            hint = 'Leave your own line as it is; another administrator can take it.';
    end if;
end
$$;

call billing_audit.protect_table('billing_audit.people_source');
grant select, insert, update on billing_audit.people_source to billing_audit_owner;
call billing_audit.keep_private('billing_audit.act_of_people_source()');
call billing_audit.keep_private('billing_audit.directory_mark()');
call billing_audit.keep_private('billing_audit.administrator(jsonb, text)');
call billing_audit.keep_private('billing_audit.refuse_own_access(text, billing_audit.people[])');
call billing_audit.offer_to_service('public.billing_audit_directory(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_take_people(jsonb)');
