-- As before; a person who puts dead letters back to work by a token of their own has signed in with a second factor.

-- p: by and role (from the service alone). Puts all dead letters back to work, and says in the trail who did it.
-- Gives {replayed, by}.
create or replace function public.billing_audit_try_dead_again(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    who record;
begin
    who := billing_audit.caller(p);
    if who.name is null then
        raise exception using errcode = 'BA005', message = 'Nobody is signed in, so nothing was put back to work.',
            hint = 'Sign in, then try again.';
    elsif who.role is null or who.role not in ('manager', 'admin') then
        raise exception using errcode = 'BA005',
            message = format('%s may look, but not decide: that takes a manager.', who.name),
            hint = 'Ask a manager or an administrator to put them back to work.';
    end if;
    perform billing_audit.demand_second_factor();
    return public.billing_audit_replay_dead(jsonb_build_object('ids', 'all', 'by', who.name))
        || jsonb_build_object('by', who.name);
end
$$;
