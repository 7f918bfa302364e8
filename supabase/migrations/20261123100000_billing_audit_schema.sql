-- The private schema, the role that owns our functions, and the few helpers that all of them use.
--
-- Nobody reaches a table directly. All access goes through functions `public.billing_audit_<verb>(p jsonb) returns jsonb`
-- that run as `billing_audit_owner`, a role that cannot log in and holds only the rights named in these files. Tables
-- belong to whoever migrates, so their owner's rights are not the functions' rights. Row security is enabled on every
-- table, with one policy for that role: a table right given to another role by mistake still shows no row.
--
-- Written for a migrating role that is not a superuser (Supabase's `postgres`): it needs CREATEROLE, CREATE on the
-- database and the right to grant CREATE on schema public.
--
-- Errors raised here carry SQLSTATE BAnnn, a message, and a hint that says what to do:
--   BA001 the call itself is wrong    BA002 unknown webhook    BA003 an approver may not be among the people approved
--   BA004 an approval ends before it begins    BA010 the trail is append-only

do $$
begin
    if not exists (select from pg_catalog.pg_roles where rolname = 'billing_audit_owner') then
        create role billing_audit_owner nologin noinherit;
    end if;
    -- Needed to hand functions over to that role; a superuser needs it not, and is not harmed by it.
    execute pg_catalog.format('grant billing_audit_owner to %I', current_user);
end
$$;

create schema billing_audit;
comment on schema billing_audit is 'Private: reached only through public.billing_audit_* functions. Never expose it by an API.';
revoke all on schema billing_audit from public;
grant usage on schema billing_audit to billing_audit_owner;

-- A time as it stands on wires and in what is hashed: 2026-01-31T09:00:00.000Z.
create function billing_audit.instant(at timestamptz) returns text
language sql immutable
set search_path = ''
as $$
    select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

-- The present to the millisecond: what is stored is what is shown.
create function billing_audit.clock() returns timestamptz
language sql volatile
set search_path = ''
as $$
    select date_trunc('milliseconds', clock_timestamp())
$$;

-- A list of texts out of jsonb; an absent list is empty.
create function billing_audit.texts(list jsonb) returns text[]
language sql immutable
set search_path = ''
as $$
    select coalesce(array_agg(value), array[]::text[])
    from jsonb_array_elements_text(case when jsonb_typeof(list) = 'array' then list else '[]'::jsonb end)
$$;

-- Refuses a call that lacks something, by its name.
create function billing_audit.require(p jsonb, variadic names text[]) returns void
language plpgsql immutable
set search_path = ''
as $$
declare
    missing text;
begin
    select string_agg(format('"%s"', name), ', ') into missing from unnest(names) as name where p -> name is null;
    if missing is not null then
        raise exception using errcode = 'BA001',
            message = format('The call lacks %s.', missing),
            hint = 'The program and the store may be of different versions: run "billing-audit migrate".';
    end if;
end
$$;

-- Hands a function of schema public to `billing_audit_owner` and lets only the service call it. The owner of a function
-- must be able to create in its schema at that moment (PostgreSQL checks), and at no other.
create procedure billing_audit.offer_to_service(signature regprocedure)
language plpgsql
as $$
begin
    grant create on schema public to billing_audit_owner;
    execute format('alter function %s owner to billing_audit_owner', signature);
    revoke create on schema public from billing_audit_owner;
    execute format('revoke all on function %s from public, anon, authenticated', signature);
    execute format('grant execute on function %s to service_role', signature);
end
$$;

-- Hides a helper of schema billing_audit from all but our own functions.
create procedure billing_audit.keep_private(signature regprocedure)
language plpgsql
as $$
begin
    execute format('revoke all on function %s from public, anon, authenticated, service_role', signature);
    execute format('grant execute on function %s to billing_audit_owner', signature);
end
$$;

-- Closes a table to everybody, then opens it to our functions by row security; rights on it are granted one by one.
create procedure billing_audit.protect_table(name regclass)
language plpgsql
as $$
begin
    execute format('revoke all on table %s from public, anon, authenticated, service_role', name);
    execute format('alter table %s enable row level security', name);
    execute format('create policy functions_only on %s to billing_audit_owner using (true) with check (true)', name);
end
$$;

revoke all on procedure billing_audit.offer_to_service(regprocedure) from public;
revoke all on procedure billing_audit.keep_private(regprocedure) from public;
revoke all on procedure billing_audit.protect_table(regclass) from public;
call billing_audit.keep_private('billing_audit.instant(timestamptz)');
call billing_audit.keep_private('billing_audit.clock()');
call billing_audit.keep_private('billing_audit.texts(jsonb)');
call billing_audit.keep_private('billing_audit.require(jsonb, text[])');
