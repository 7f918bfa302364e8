-- Failures of the watch itself, which leave no event in any trail: the token is refused, the sheet is gone, its webhook is
-- off. Each is one row from its beginning to its end, and the row and the notice about it are one transaction. So it is
-- told once while it lasts, however often it is met and whatever restarts meanwhile, and once more when it has ended.

create table billing_audit.watch_troubles (
    id         bigint      generated always as identity primary key,
    kind       text        not null check (kind in ('token', 'sheet', 'webhook', 'callbacks', 'watch')),
    sheet_id   text        not null check (sheet_id <> ''),
    severity   text        not null check (severity in ('LOW', 'MEDIUM', 'HIGH')),
    title      text        not null check (title <> ''),
    text       text        not null check (text <> ''),
    began_at   timestamptz not null,
    ended_at   timestamptz check (ended_at >= began_at)
);
comment on table billing_audit.watch_troubles is 'Failures of the watch of a sheet, each from when it began until it was well again.';
comment on column billing_audit.watch_troubles.text is 'As it was first told; who is told later reads the same.';
create unique index watch_troubles_one_open on billing_audit.watch_troubles (kind, sheet_id) where ended_at is null;

-- p: notice_key, severity, title, text, at, because (left out: that the watch is weakened), and recipients (left out: those
-- of every rule in force). For what is no change of a sheet: the watch itself, or alerting. The same key is told once.
-- Gives {raised}.
create or replace function public.billing_audit_raise_notice(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    at_     timestamptz := billing_audit.moment(p);
    rule    billing_audit.alert_rules;
    told    text[];
    place   billing_audit.alerts;
    raised  integer := 0;
begin
    perform billing_audit.require(p, 'notice_key', 'severity', 'title', 'text');
    place.severity := p ->> 'severity';
    place.always := true;
    place.notice := jsonb_build_object('title', p ->> 'title', 'text', p ->> 'text');
    place.why := jsonb_build_array(jsonb_build_object(
        'code', 'watch', 'because', coalesce(p ->> 'because', 'It weakens the watch itself. This is always told.')));
    perform billing_audit.lock_recipients(billing_audit.texts(p -> 'recipients') || array(
        select distinct unnest(recipients) from billing_audit.alert_rules where retired_at is null));
    for rule in
        select * from billing_audit.alert_rules
        where case when p ? 'rule_id' then rule_id = p ->> 'rule_id' else retired_at is null end
        order by rule_id
    loop
        told := case when p ? 'recipients' then billing_audit.texts(p -> 'recipients') else rule.recipients end;
        raised := raised + billing_audit.tell(rule, p ->> 'notice_key', told, place, '', 'notice', null, at_);
    end loop;
    return jsonb_build_object('raised', raised);
end
$$;

-- p: kind, sheet_id, severity, title, text, began_at, at. The trouble begins, or is met again. Meeting it again tells those
-- who have become recipients since, in its first words, and nobody else. Gives {began_at, raised}.
create function public.billing_audit_begin_watch_trouble(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    trouble   billing_audit.watch_troubles;
    told      jsonb;
begin
    perform billing_audit.require(p, 'kind', 'sheet_id', 'severity', 'title', 'text', 'began_at');
    insert into billing_audit.watch_troubles (kind, sheet_id, severity, title, text, began_at)
    values (p ->> 'kind', p ->> 'sheet_id', p ->> 'severity', p ->> 'title', p ->> 'text', (p ->> 'began_at')::timestamptz)
    on conflict (kind, sheet_id) where ended_at is null do nothing;
    select * into strict trouble from billing_audit.watch_troubles
    where kind = p ->> 'kind' and sheet_id = p ->> 'sheet_id' and ended_at is null
    for update;
    told := public.billing_audit_raise_notice(jsonb_build_object(
        'notice_key', format('watch:%s:%s:%s', trouble.kind, trouble.sheet_id, trouble.id),
        'severity', trouble.severity, 'title', trouble.title, 'text', trouble.text,
        'at', billing_audit.instant(billing_audit.moment(p))));
    return told || jsonb_build_object('began_at', billing_audit.instant(trouble.began_at));
end
$$;

-- p: kind, sheet_id, title, text, at. The trouble is over, which those are told who were told of it. Nothing happens when
-- there is none, or, with callbacks, while one of the sheet still fails. Gives {ended, raised}.
create function public.billing_audit_end_watch_trouble(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    at_       timestamptz := billing_audit.moment(p);
    trouble   billing_audit.watch_troubles;
    told      text[];
begin
    perform billing_audit.require(p, 'kind', 'sheet_id', 'title', 'text');
    update billing_audit.watch_troubles set ended_at = greatest(at_, began_at)
    where kind = p ->> 'kind' and sheet_id = p ->> 'sheet_id' and ended_at is null
        and not (kind = 'callbacks' and exists (
            select from billing_audit.webhook_events as e
            where e.sheet_id = p ->> 'sheet_id' and e.state in ('waiting', 'leased') and e.why is not null))
    returning * into trouble;
    if not found then
        return jsonb_build_object('ended', false, 'raised', 0);
    end if;
    told := array(
        select distinct recipient from billing_audit.alerts
        where event_key = format('watch:%s:%s:%s', trouble.kind, trouble.sheet_id, trouble.id));
    if told = '{}' then
        return jsonb_build_object('ended', true, 'raised', 0);
    end if;
    return jsonb_build_object('ended', true) || public.billing_audit_raise_notice(jsonb_build_object(
        'notice_key', format('watch:%s:%s:%s:well', trouble.kind, trouble.sheet_id, trouble.id),
        'severity', 'LOW', 'title', p ->> 'title', 'text', p ->> 'text', 'at', billing_audit.instant(at_),
        'recipients', to_jsonb(array_remove(told, '')),
        'because', 'You were told of the trouble; this is its end.'));
end
$$;

-- Gives {troubles: [{kind, sheet_id, title, began_at}]}: those that last, the oldest first.
create function public.billing_audit_watch_troubles(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    select jsonb_build_object('troubles', coalesce(jsonb_agg(jsonb_build_object(
        'kind', kind, 'sheet_id', sheet_id, 'title', title, 'began_at', billing_audit.instant(began_at)) order by id), '[]'))
    from billing_audit.watch_troubles where ended_at is null
$$;

call billing_audit.protect_table('billing_audit.watch_troubles');
grant select, insert, update on billing_audit.watch_troubles to billing_audit_owner;
call billing_audit.offer_to_service('public.billing_audit_raise_notice(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_begin_watch_trouble(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_end_watch_trouble(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_watch_troubles(jsonb)');
