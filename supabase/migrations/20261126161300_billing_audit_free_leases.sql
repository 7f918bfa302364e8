-- For whoever knows that no other process uses this database, as an embedded store does once it has taken its lock: what
-- is leased was leased by a process that is dead, and need not wait until its lease ends. Only what was handed out at most
-- three times: when the process dies again and again, the rest of the eight tries keep their distance, and callbacks that
-- are not to blame do not become dead letters within seconds.
create function billing_audit.free_leases() returns void
language plpgsql
set search_path = ''
set enable_seqscan = off
as $$
declare
    now_ timestamptz := billing_audit.clock();
begin
    update billing_audit.webhook_events set leased_until = now_
    where state = 'leased' and leased_until > now_ and attempts <= 3;
    update billing_audit.changes set leased_until = now_
    where state = 'leased' and leased_until > now_ and attempts <= 3;
end
$$;
call billing_audit.keep_private('billing_audit.free_leases()');
