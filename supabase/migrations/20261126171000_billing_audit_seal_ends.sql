-- Where each chain ends, for whoever checks only what is new: `billing_audit_seal_heads` looks for strays as well, which
-- costs a walk over the whole trail.

-- p: nothing. Gives {streams: [{stream, seq, head}]}.
create function public.billing_audit_seal_ends(p jsonb) returns jsonb
language sql stable security definer
set search_path = ''
as $$
    select jsonb_build_object('streams', coalesce(jsonb_agg(jsonb_build_object(
        'stream', stream, 'seq', seq, 'head', encode(head, 'hex')) order by stream), '[]'))
    from billing_audit.streams
$$;

call billing_audit.offer_to_service('public.billing_audit_seal_ends(jsonb)');
