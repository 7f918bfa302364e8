-- What every Supabase project has and plain PostgreSQL or PGlite lacks: the API roles and the schema `auth` with the
-- two functions that read the caller's claims. Never run on Supabase. Safe to run again and again.

do $$
begin
    if not exists (select from pg_catalog.pg_roles where rolname = 'anon') then
        create role anon nologin noinherit;
    end if;
    if not exists (select from pg_catalog.pg_roles where rolname = 'authenticated') then
        create role authenticated nologin noinherit;
    end if;
    if not exists (select from pg_catalog.pg_roles where rolname = 'service_role') then
        -- On Supabase this role also bypasses row security. Ours needs no table at all, so it does not.
        create role service_role nologin noinherit;
    end if;
    if not exists (select from pg_catalog.pg_roles where rolname = 'authenticator') then
        create role authenticator nologin noinherit;
        grant anon, authenticated, service_role to authenticator;
    end if;
end
$$;

create schema if not exists auth;
grant usage on schema auth to anon, authenticated, service_role;

-- The claims of the verified access token, or null outside of a request.
create or replace function auth.jwt() returns jsonb
language sql stable
set search_path = ''
as $$
    select nullif(pg_catalog.current_setting('request.jwt.claims', true), '')::jsonb
$$;

-- The id of the signed-in person, or null.
create or replace function auth.uid() returns uuid
language sql stable
set search_path = ''
as $$
    select nullif(auth.jwt() ->> 'sub', '')::uuid
$$;
