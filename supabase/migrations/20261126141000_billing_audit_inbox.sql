-- The inbox: callbacks that a store with a journal of its own accepted before the database had them come in together,
-- with the time of their acceptance. It is kept which of a webhook's secrets signed a callback, and an oversize one is
-- kept by its hash and its beginning.

alter table billing_audit.webhooks add column previous_until timestamptz;
comment on column billing_audit.webhooks.previous_until is 'The previous secret is accepted until then; null: no longer.';
update billing_audit.webhooks set previous_until = saved_at + interval '24 hours' where previous_secret_box is not null;

alter table billing_audit.webhook_events
    add column complete boolean not null default true,
    add column matched_secret text check (matched_secret in ('current', 'previous'));
comment on column billing_audit.webhook_events.body is 'The signed bytes; of an oversize callback the first 64 kB.';
comment on column billing_audit.webhook_events.body_sha256 is 'Of all the signed bytes, also where only their beginning is kept.';
comment on column billing_audit.webhook_events.complete is 'False: the callback was oversize. Its sheet is compared as a whole instead.';
comment on column billing_audit.webhook_events.matched_secret is 'Which secret of the webhook signed it; null: not told.';

-- Stores a callback that is not here yet. One whose webhook was forgotten meanwhile is accepted for the sheet that it
-- names itself: it was answered 200, or will be. Gives whether it is new.
create function billing_audit.keep_callback(p jsonb) returns boolean
language plpgsql volatile
set search_path = ''
as $$
declare
    bytes       bytea;
    is_complete boolean := coalesce((p ->> 'complete')::boolean, true);
    sheet       text;
begin
    if not (p ?& array['webhook_id', 'nonce'] and p ?| array['body', 'body_text']) then
        perform billing_audit.require(p, 'webhook_id', 'nonce', 'body');
    end if;
    select sheet_id into sheet from billing_audit.webhooks where webhook_id = p ->> 'webhook_id';
    sheet := coalesce(sheet, p ->> 'sheet_id');
    if sheet is null then
        raise exception using errcode = 'BA002',
            message = format('Webhook %s is not known here.', p ->> 'webhook_id'),
            hint = 'Save the webhook before its callbacks are accepted.';
    end if;
    bytes := case when p ? 'body_text' then convert_to(p ->> 'body_text', 'UTF8') else decode(p ->> 'body', 'base64') end;
    insert into billing_audit.webhook_events
        (webhook_id, sheet_id, nonce, body_sha256, body, received_at, complete, matched_secret)
    values
        (p ->> 'webhook_id', sheet, p ->> 'nonce',
         case when is_complete then sha256(bytes) else decode(p ->> 'body_sha256', 'hex') end,
         bytes, coalesce((p ->> 'received_at')::timestamptz, billing_audit.clock()), is_complete, p ->> 'matched_secret')
    on conflict do nothing;
    return found;
end
$$;
call billing_audit.keep_private('billing_audit.keep_callback(jsonb)');

-- p: webhook_id, nonce, body (base64; or body_text, whose bytes in UTF-8 are the body), and where known sheet_id,
-- received_at, matched_secret, complete; of one that is not complete body_sha256 (hex). Gives {is_new}; a callback that is
-- here already is not stored twice.
create or replace function public.billing_audit_accept_callback(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
begin
    return jsonb_build_object('is_new', billing_audit.keep_callback(p));
end
$$;

-- p: callbacks, each as billing_audit_accept_callback takes it. All or none. Gives {new}: how many were not here.
create function public.billing_audit_accept_callbacks(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    one  jsonb;
    kept bigint := 0;
begin
    perform billing_audit.require(p, 'callbacks');
    for one in select value from jsonb_array_elements(p -> 'callbacks') loop
        kept := kept + billing_audit.keep_callback(one)::integer;
    end loop;
    return jsonb_build_object('new', kept);
end
$$;

-- p: webhook_id, sheet_id, callback_url, shared_secret_box, previous_secret_box, previous_until, status, sealed_with
-- (absent = home). Gives {}.
create or replace function public.billing_audit_save_webhook(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
begin
    perform billing_audit.require(p, 'webhook_id', 'sheet_id', 'callback_url', 'shared_secret_box', 'status');
    insert into billing_audit.webhooks
        (webhook_id, sheet_id, callback_url, shared_secret_box, previous_secret_box, previous_until, status, sealed_with)
    values
        (p ->> 'webhook_id', p ->> 'sheet_id', p ->> 'callback_url', p ->> 'shared_secret_box',
         p ->> 'previous_secret_box', (p ->> 'previous_until')::timestamptz, p ->> 'status',
         coalesce(p ->> 'sealed_with', 'home'))
    on conflict (webhook_id) do update set
        sheet_id = excluded.sheet_id,
        callback_url = excluded.callback_url,
        shared_secret_box = excluded.shared_secret_box,
        previous_secret_box = excluded.previous_secret_box,
        previous_until = excluded.previous_until,
        status = excluded.status,
        sealed_with = excluded.sealed_with,
        saved_at = billing_audit.clock();
    return '{}';
end
$$;

-- p: sealed_with (absent = home). Gives {webhooks} of that kind.
create or replace function public.billing_audit_webhooks(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    select jsonb_build_object('webhooks', coalesce(
        jsonb_agg((to_jsonb(w) - array['saved_at', 'sealed_with'])
            || jsonb_build_object('previous_until', billing_audit.instant(w.previous_until)) order by w.webhook_id), '[]'))
    from billing_audit.webhooks as w
    where w.sealed_with = coalesce(p ->> 'sealed_with', 'home')
$$;

-- p: limit, lease_seconds, sheet_ids (a list, or "all"; absent = all). Gives {callbacks}, oldest first. One that was
-- handed out eight times and never ended, for example because it ends the process each time, becomes a dead letter.
create or replace function public.billing_audit_lease_callbacks(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    now_   timestamptz := billing_audit.clock();
    leased jsonb;
begin
    perform billing_audit.require(p, 'limit', 'lease_seconds');
    update billing_audit.webhook_events
    set state = 'dead', leased_until = null, ended_at = now_, why = coalesce(why, 'Never finished in eight tries.')
    where state = 'leased' and leased_until <= now_ and attempts >= 8;

    with free as (
        select id
        from billing_audit.webhook_events
        where ((state = 'waiting' and coalesce(retry_at <= now_, true)) or (state = 'leased' and leased_until <= now_))
            and (coalesce(p -> 'sheet_ids', '"all"') = '"all"' or sheet_id = any (billing_audit.texts(p -> 'sheet_ids')))
        order by id
        limit (p ->> 'limit')::integer
        for update skip locked
    ), taken as (
        update billing_audit.webhook_events as e
        set state = 'leased', attempts = attempts + 1, retry_at = null,
            leased_until = now_ + make_interval(secs => (p ->> 'lease_seconds')::double precision)
        from free
        where e.id = free.id
        returning e.*
    )
    select jsonb_agg(jsonb_build_object(
        'id', t.id::text, 'webhook_id', t.webhook_id, 'nonce', t.nonce, 'sheet_id', t.sheet_id,
        'body', translate(encode(t.body, 'base64'), E'\n', ''), 'complete', t.complete,
        'received_at', billing_audit.instant(t.received_at), 'attempts', t.attempts) order by t.id)
    into leased from taken as t;
    return jsonb_build_object('callbacks', coalesce(leased, '[]'));
end
$$;

call billing_audit.offer_to_service('public.billing_audit_accept_callbacks(jsonb)');
