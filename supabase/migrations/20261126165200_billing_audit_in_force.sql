-- What was in force: `rules_hash`, `model_version` and `flow_version` of an event are each the SHA-256 of a text that is kept
-- here from its first use on, so that an auditor can read by which rules, flow and model an event was judged.

create table billing_audit.in_force_texts (
    hash           text        primary key check (hash ~ '^[0-9a-f]{64}$'),
    kind           text        not null check (kind in ('rules', 'flow', 'model')),
    body           text        not null,
    first_used_at  timestamptz not null default billing_audit.clock(),
    check (hash = encode(sha256(convert_to(body, 'UTF8')), 'hex'))
);
comment on table billing_audit.in_force_texts is 'Rules, flows and descriptions of models by their SHA-256, from their first use on. Never altered.';
comment on column billing_audit.in_force_texts.body is 'The exact text: canonical JSON. Secrets are not in it.';

create trigger never_altered before update or delete on billing_audit.in_force_texts
    for each row execute function billing_audit.refuse_change();
create trigger never_truncated before truncate on billing_audit.in_force_texts
    for each statement execute function billing_audit.refuse_change();
alter table billing_audit.in_force_texts enable always trigger never_altered;
alter table billing_audit.in_force_texts enable always trigger never_truncated;

-- p: texts [{kind (rules, flow, model), text}]. Keeps each once; the first kind counts. Gives {hashes}, in their order.
create function public.billing_audit_keep_in_force(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    hashes jsonb;
begin
    perform billing_audit.require(p, 'texts');
    with given as (
        select g.place, g.one ->> 'kind' as kind, g.one ->> 'text' as body,
            encode(sha256(convert_to(g.one ->> 'text', 'UTF8')), 'hex') as hash
        from jsonb_array_elements(p -> 'texts') with ordinality as g (one, place)
    ), kept as (
        insert into billing_audit.in_force_texts (hash, kind, body)
        select distinct on (hash) hash, kind, body from given order by hash, place
        on conflict (hash) do nothing
    )
    select jsonb_agg(hash order by place) into hashes from given;
    return jsonb_build_object('hashes', coalesce(hashes, '[]'));
end
$$;

-- p: hashes. Gives {texts: [{hash, kind, text, first_used_at}]}, by when they were first used; what is not known is left out.
create function public.billing_audit_in_force(p jsonb) returns jsonb
language sql stable security definer
set search_path = ''
as $$
    select jsonb_build_object('texts', coalesce(jsonb_agg(jsonb_build_object(
        'hash', f.hash, 'kind', f.kind, 'text', f.body, 'first_used_at', billing_audit.instant(f.first_used_at))
        order by f.first_used_at, f.hash), '[]'))
    from billing_audit.in_force_texts as f
    where f.hash = any (billing_audit.texts(p -> 'hashes'))
$$;

call billing_audit.protect_table('billing_audit.in_force_texts');
grant select, insert on billing_audit.in_force_texts to billing_audit_owner;
call billing_audit.offer_to_service('public.billing_audit_keep_in_force(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_in_force(jsonb)');
