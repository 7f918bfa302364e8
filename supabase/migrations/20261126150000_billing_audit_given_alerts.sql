-- Alerts that a workflow sends by itself. They are in no outbox, which would keep them from being sent twice: a change
-- whose lease ran out is handed out again, and two runs then carry the same event. So the store remembers who was given
-- which alert, by which run.

create table billing_audit.given_alerts (
    event_key      text        not null check (event_key <> ''),
    given_to       text        not null check (length(given_to) between 1 and 500),
    run            text        not null check (length(run) between 1 and 500),
    given_at       timestamptz not null,
    primary key (event_key, given_to)
);
comment on table billing_audit.given_alerts is 'One row per event and node that gave its alert to the next node of its workflow. Never altered.';
comment on column billing_audit.given_alerts.run is 'The run of the workflow that was given it: the same run may ask again, when n8n repeats a node that failed.';

-- p: event_key, given_to (a node of a workflow), run, at. Gives {given}: whether this run is the one that tells of it.
create function public.billing_audit_give_alert(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    run_ text;
begin
    perform billing_audit.require(p, 'event_key', 'given_to', 'run');
    insert into billing_audit.given_alerts (event_key, given_to, run, given_at)
    values (p ->> 'event_key', p ->> 'given_to', p ->> 'run', billing_audit.moment(p))
    on conflict (event_key, given_to) do nothing;
    select run into run_ from billing_audit.given_alerts
    where event_key = p ->> 'event_key' and given_to = p ->> 'given_to';
    return jsonb_build_object('given', run_ = p ->> 'run');
end
$$;

call billing_audit.protect_table('billing_audit.given_alerts');
grant select, insert on billing_audit.given_alerts to billing_audit_owner;
call billing_audit.offer_to_service('public.billing_audit_give_alert(jsonb)');
