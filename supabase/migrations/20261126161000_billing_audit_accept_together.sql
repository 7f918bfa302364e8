-- Callbacks that arrive at the same time are committed together, and each sender is told of its own. Where the way to the
-- database has a form for bytes, bodies travel as bytes: writing them into JSON and reading them out again cost as much as
-- storing them.

-- Stores a callback that is not here yet, with these bytes as its body; p as billing_audit_accept_callback takes it, where a
-- body is not looked at. One whose webhook was forgotten meanwhile is accepted for the sheet that it names itself: it was
-- answered 200, or will be. Gives whether it is new.
create function billing_audit.keep_callback(p jsonb, bytes bytea) returns boolean
language plpgsql volatile
set search_path = ''
as $$
declare
    webhook     text := p ->> 'webhook_id';
    is_complete boolean := coalesce((p ->> 'complete')::boolean, true);
    sheet       text;
begin
    if not p ?& array['webhook_id', 'nonce'] then
        perform billing_audit.require(p, 'webhook_id', 'nonce');
    end if;
    select sheet_id into sheet from billing_audit.webhooks where webhook_id = webhook;
    sheet := coalesce(sheet, p ->> 'sheet_id');
    if sheet is null then
        raise exception using errcode = 'BA002',
            message = format('Webhook %s is not known here.', webhook),
            hint = 'Save the webhook before its callbacks are accepted.';
    end if;
    insert into billing_audit.webhook_events
        (webhook_id, sheet_id, nonce, body_sha256, body, received_at, complete, matched_secret)
    values
        (webhook, sheet, p ->> 'nonce',
         case when is_complete then sha256(bytes) else decode(p ->> 'body_sha256', 'hex') end,
         bytes, coalesce((p ->> 'received_at')::timestamptz, billing_audit.clock()), is_complete, p ->> 'matched_secret')
    on conflict do nothing;
    return found;
end
$$;
call billing_audit.keep_private('billing_audit.keep_callback(jsonb, bytea)');

-- The same with the body in p.
create or replace function billing_audit.keep_callback(p jsonb) returns boolean
language plpgsql volatile
set search_path = ''
as $$
begin
    if not p ?| array['body', 'body_text'] then
        perform billing_audit.require(p, 'webhook_id', 'nonce', 'body');
    end if;
    return billing_audit.keep_callback(p,
        case when p ? 'body_text' then convert_to(p ->> 'body_text', 'UTF8') else decode(p ->> 'body', 'base64') end);
end
$$;

-- p: callbacks, each as billing_audit_accept_callback takes it. All or none. Gives {new, is_new}: how many were not here,
-- and of each, in the order given, whether it was not.
create or replace function public.billing_audit_accept_callbacks(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    one  jsonb;
    kept boolean[] := '{}';
begin
    perform billing_audit.require(p, 'callbacks');
    for one in select value from jsonb_array_elements(p -> 'callbacks') loop
        kept := kept || billing_audit.keep_callback(one);
    end loop;
    return jsonb_build_object('new', cardinality(array_positions(kept, true)), 'is_new', to_jsonb(kept));
end
$$;

-- p: callbacks, each as billing_audit_accept_callback takes it, with body_bytes in place of its body: how many of `bodies`,
-- where they come one after the other, are its own. All or none. Gives {new, is_new} as billing_audit_accept_callbacks.
create function public.billing_audit_accept_bodies(p jsonb, bodies bytea) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    one   jsonb;
    many  integer;
    start integer := 1;
    kept  boolean[] := '{}';
begin
    perform billing_audit.require(p, 'callbacks');
    for one in select value from jsonb_array_elements(p -> 'callbacks') loop
        many := (one ->> 'body_bytes')::integer;
        if many is null then
            perform billing_audit.require(one, 'body_bytes');
        end if;
        kept := kept || billing_audit.keep_callback(one, substring(bodies from start for many));
        start := start + many;
    end loop;
    if start <> octet_length(bodies) + 1 then
        raise exception using errcode = 'BA001',
            message = format('The callbacks name %s bytes of bodies, and %s came.', start - 1, octet_length(bodies)),
            hint = 'Nothing was stored. Give each callback the number of bytes of its own body.';
    end if;
    return jsonb_build_object('new', cardinality(array_positions(kept, true)), 'is_new', to_jsonb(kept));
end
$$;
call billing_audit.offer_to_service('public.billing_audit_accept_bodies(jsonb, bytea)');

-- Compressing a body with pglz took a third of the time of storing it; lz4 takes a tenth of that. PostgreSQL may have been
-- built without it: then bodies are compressed as before.
do $$
begin
    alter table billing_audit.webhook_events alter column body set compression lz4;
exception when feature_not_supported then
    null;
end
$$;
