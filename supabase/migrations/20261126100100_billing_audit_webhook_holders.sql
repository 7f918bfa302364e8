-- Webhooks of other hosts. A server seals the secrets of its webhooks with a key of its home, which nobody else has. A
-- host that knows nothing but the address and key of the store seals them with a key made from that key instead, so that
-- each of its processes can check a signature. Each reads its own only: a box of the other would not open.

alter table billing_audit.webhooks
    add column sealed_with text not null default 'home' check (sealed_with in ('home', 'store_key'));
comment on column billing_audit.webhooks.sealed_with is 'home: the key of the server''s home. store_key: a key made from the service key of the store.';

-- p: webhook_id, sheet_id, callback_url, shared_secret_box, previous_secret_box, status, sealed_with (absent = home).
-- Gives {}.
create or replace function public.billing_audit_save_webhook(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
begin
    perform billing_audit.require(p, 'webhook_id', 'sheet_id', 'callback_url', 'shared_secret_box', 'status');
    insert into billing_audit.webhooks
        (webhook_id, sheet_id, callback_url, shared_secret_box, previous_secret_box, status, sealed_with)
    values
        (p ->> 'webhook_id', p ->> 'sheet_id', p ->> 'callback_url', p ->> 'shared_secret_box',
         p ->> 'previous_secret_box', p ->> 'status', coalesce(p ->> 'sealed_with', 'home'))
    on conflict (webhook_id) do update set
        sheet_id = excluded.sheet_id,
        callback_url = excluded.callback_url,
        shared_secret_box = excluded.shared_secret_box,
        previous_secret_box = excluded.previous_secret_box,
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
        jsonb_agg(to_jsonb(w) - array['saved_at', 'sealed_with'] order by w.webhook_id), '[]'))
    from billing_audit.webhooks as w
    where w.sealed_with = coalesce(p ->> 'sealed_with', 'home')
$$;
