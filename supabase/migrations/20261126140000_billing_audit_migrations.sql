-- Which migrations of ours a database has: asked by every program before it begins, so that one that is newer than its
-- database says "run billing-audit migrate" at the start, and not in the middle of its work.

-- Where the Supabase CLI and `billing-audit migrate` record them; there already, unless this file is run by hand.
create schema if not exists supabase_migrations;
create table if not exists supabase_migrations.schema_migrations (version text primary key, statements text[], name text);
grant usage on schema supabase_migrations to billing_audit_owner;
grant select on supabase_migrations.schema_migrations to billing_audit_owner;

-- Gives {versions: [...]}, in order; of our files alone, told by their name.
create function public.billing_audit_migrations(p jsonb) returns jsonb
language sql stable security definer
set search_path = ''
as $$
    select jsonb_build_object('versions', coalesce(jsonb_agg(m.version order by m.version), '[]'))
    from supabase_migrations.schema_migrations as m
    where starts_with(m.name, 'billing_audit_')
$$;

call billing_audit.offer_to_service('public.billing_audit_migrations(jsonb)');
