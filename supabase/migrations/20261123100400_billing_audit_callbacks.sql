-- Webhooks and their callbacks.

-- p: webhook_id, sheet_id, callback_url, shared_secret_box, previous_secret_box, status. Gives {}.
create function public.billing_audit_save_webhook(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
begin
    perform billing_audit.require(p, 'webhook_id', 'sheet_id', 'callback_url', 'shared_secret_box', 'status');
    insert into billing_audit.webhooks
        (webhook_id, sheet_id, callback_url, shared_secret_box, previous_secret_box, status)
    values
        (p ->> 'webhook_id', p ->> 'sheet_id', p ->> 'callback_url', p ->> 'shared_secret_box',
         p ->> 'previous_secret_box', p ->> 'status')
    on conflict (webhook_id) do update set
        sheet_id = excluded.sheet_id,
        callback_url = excluded.callback_url,
        shared_secret_box = excluded.shared_secret_box,
        previous_secret_box = excluded.previous_secret_box,
        status = excluded.status,
        saved_at = billing_audit.clock();
    return '{}';
end
$$;

-- p: {}. Gives {webhooks}.
create function public.billing_audit_webhooks(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    select jsonb_build_object('webhooks', coalesce(jsonb_agg(to_jsonb(w) - 'saved_at' order by w.webhook_id), '[]'))
    from billing_audit.webhooks as w
$$;

-- p: webhook_id. Its callbacks stay until they are done. Gives {}.
create function public.billing_audit_forget_webhook(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
begin
    perform billing_audit.require(p, 'webhook_id');
    delete from billing_audit.webhooks where webhook_id = p ->> 'webhook_id';
    return '{}';
end
$$;

-- p: webhook_id, nonce, body (base64). Gives {is_new}; a callback that is here already is not stored twice.
create function public.billing_audit_accept_callback(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    signed_bytes bytea := decode(p ->> 'body', 'base64');
    sheet        text;
begin
    perform billing_audit.require(p, 'webhook_id', 'nonce', 'body');
    select sheet_id into sheet from billing_audit.webhooks where webhook_id = p ->> 'webhook_id';
    if sheet is null then
        raise exception using errcode = 'BA002',
            message = format('Webhook %s is not known here.', p ->> 'webhook_id'),
            hint = 'Save the webhook before its callbacks are accepted.';
    end if;
    insert into billing_audit.webhook_events (webhook_id, sheet_id, nonce, body_sha256, body)
    values (p ->> 'webhook_id', sheet, p ->> 'nonce', sha256(signed_bytes), signed_bytes)
    on conflict do nothing;
    return jsonb_build_object('is_new', found);
end
$$;

-- p: limit, lease_seconds, sheet_ids (a list, or "all"; absent = all). Gives {callbacks}, oldest first. One that was
-- handed out eight times and never ended, for example because it ends the process each time, becomes a dead letter.
create function public.billing_audit_lease_callbacks(p jsonb) returns jsonb
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
        'body', translate(encode(t.body, 'base64'), E'\n', ''),
        'received_at', billing_audit.instant(t.received_at), 'attempts', t.attempts) order by t.id)
    into leased from taken as t;
    return jsonb_build_object('callbacks', coalesce(leased, '[]'));
end
$$;

-- p: ids, lease_seconds. Extends the leases of callbacks that are still being worked on; that is no new try. Gives {}.
create function public.billing_audit_renew_callbacks(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
begin
    perform billing_audit.require(p, 'ids', 'lease_seconds');
    update billing_audit.webhook_events
    set leased_until = billing_audit.clock() + make_interval(secs => (p ->> 'lease_seconds')::double precision)
    where id = any (billing_audit.texts(p -> 'ids')::bigint[]) and state = 'leased';
    return '{}';
end
$$;

-- p: ids. Puts callbacks back that nobody has tried yet, or that an outage kept waiting: their try does not count. Gives {}.
create function public.billing_audit_release_callbacks(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
begin
    perform billing_audit.require(p, 'ids');
    update billing_audit.webhook_events
    set state = 'waiting', leased_until = null, attempts = greatest(attempts - 1, 0)
    where id = any (billing_audit.texts(p -> 'ids')::bigint[]) and state = 'leased';
    return '{}';
end
$$;

-- p: ids, why, retry_in_seconds. Puts callbacks back, or to the dead letters after the eighth try. Gives {dead}.
create function public.billing_audit_fail_callbacks(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    now_ timestamptz := billing_audit.clock();
    dead bigint;
begin
    perform billing_audit.require(p, 'ids', 'why', 'retry_in_seconds');
    with failed as (
        update billing_audit.webhook_events
        set state = case when attempts >= 8 then 'dead' else 'waiting' end,
            ended_at = case when attempts >= 8 then now_ end,
            retry_at = now_ + make_interval(secs => (p ->> 'retry_in_seconds')::double precision),
            leased_until = null,
            why = p ->> 'why'
        where id = any (billing_audit.texts(p -> 'ids')::bigint[]) and state in ('waiting', 'leased')
        returning state
    )
    select count(*) filter (where state = 'dead') into dead from failed;
    return jsonb_build_object('dead', dead);
end
$$;

call billing_audit.offer_to_service('public.billing_audit_save_webhook(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_webhooks(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_forget_webhook(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_accept_callback(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_lease_callbacks(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_renew_callbacks(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_release_callbacks(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_fail_callbacks(jsonb)');
