-- Dead letters on the dashboard: shown by sheet, and put back to work by a person who may decide. The command line puts them
-- back as the machine's owner (billing_audit_replay_dead); this asks who it is.

-- p: nothing. Gives {total, sheets: [{sheet_id, name, callbacks, since, why}]}, those with most first, twenty at most: how
-- many callbacks of each failed eight times, since when, and the reason of the last one.
create function public.billing_audit_dead_by_sheet(p jsonb) returns jsonb
language sql stable security definer
set search_path = ''
as $$
    with dead as (
        select sheet_id, count(*) as callbacks, min(received_at) as since, (array_agg(why order by id desc))[1] as why
        from billing_audit.webhook_events
        where state = 'dead'
        group by sheet_id
        order by count(*) desc, sheet_id
    )
    select jsonb_build_object('total', (select coalesce(sum(callbacks), 0) from dead), 'sheets', coalesce(
        jsonb_agg(jsonb_build_object('sheet_id', f.sheet_id, 'name', coalesce(s.name, ''), 'callbacks', f.callbacks,
            'since', billing_audit.instant(f.since), 'why', coalesce(f.why, '')) order by f.callbacks desc, f.sheet_id), '[]'))
    from (select * from dead limit 20) as f
    left join billing_audit.sheets as s using (sheet_id)
$$;

-- p: by, role (taken from the claims where a person calls). Puts all dead letters back to work. Gives {replayed, by}; 0 where
-- somebody else has done it meanwhile.
create function public.billing_audit_try_dead_again(p jsonb) returns jsonb
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
    return public.billing_audit_replay_dead(jsonb_build_object('ids', 'all', 'by', who.name))
        || jsonb_build_object('by', who.name);
end
$$;

-- As before; it says the button too.
create or replace function billing_audit.tell_of_dead_letters() returns void
language plpgsql
set search_path = ''
as $$
declare
    sheet record;
begin
    for sheet in
        select e.sheet_id, count(*) as callbacks, (array_agg(e.why order by e.id desc))[1] as why,
            (select count(*) from billing_audit.replays as r where r.sheet_id = e.sheet_id) as replays,
            (select name from billing_audit.sheets as s where s.sheet_id = e.sheet_id) as name
        from billing_audit.webhook_events as e
        where e.state = 'dead'
        group by e.sheet_id
    loop
        perform public.billing_audit_raise_notice(jsonb_build_object(
            'notice_key', format('dead-letters:%s:%s', sheet.sheet_id, sheet.replays),
            'severity', 'HIGH',
            'title', format('Callbacks of sheet %s could not be worked on', coalesce('"' || sheet.name || '"', sheet.sheet_id)),
            'text', format('Callbacks of sheet %s failed in eight tries and are kept aside; nothing of them is lost. '
                || 'The last reason: %s Look for the cause, then press "Try again" on the Overview page, or put them back to '
                || 'work on the command line: billing-audit doctor --replay-dead',
                sheet.sheet_id, coalesce(sheet.why, 'unknown.'))));
    end loop;
end
$$;

call billing_audit.keep_private('billing_audit.tell_of_dead_letters()');
call billing_audit.offer_to_service('public.billing_audit_dead_by_sheet(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_try_dead_again(jsonb)');
grant execute on function public.billing_audit_try_dead_again(jsonb) to authenticated;
