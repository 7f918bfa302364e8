-- What decides what is found, told and proved (fields of nodes, which of them are on and how they are connected, some
-- variables of the environment), kept as it was put in force, so that a change of it is noticed, also one that was made
-- while nothing ran, and so that everybody can see later what was in force when. Rows are never altered.

create table billing_audit.configurations (
    scope           text        not null check (scope <> ''),
    edition         integer     not null check (edition > 0),
    fingerprint     text        not null check (fingerprint ~ '^[0-9a-f]{64}$'),
    configuration   jsonb       not null,
    in_force_from   timestamptz not null,
    primary key (scope, edition)
);
comment on table billing_audit.configurations is 'Every configuration that was in force; the last edition of a scope is in force now.';
comment on column billing_audit.configurations.scope is 'What it is of: node-red:<id of the installation>.';
comment on column billing_audit.configurations.fingerprint is 'SHA-256 of the configuration: the same one again is no change.';

create trigger never_altered before update or delete on billing_audit.configurations
    for each row execute function billing_audit.refuse_change();
create trigger never_truncated before truncate on billing_audit.configurations
    for each statement execute function billing_audit.refuse_change();
alter table billing_audit.configurations enable always trigger never_altered;
alter table billing_audit.configurations enable always trigger never_truncated;

-- p: scope. Gives {edition, fingerprint, configuration, elsewhere}; before the first edition 0 and nulls, and elsewhere the
-- newest of any other scope, {scope, configuration}, or null.
create function public.billing_audit_configuration_in_force(p jsonb) returns jsonb
language sql stable security definer
set search_path = ''
as $$
    select coalesce(
        (select jsonb_build_object('edition', edition, 'fingerprint', fingerprint, 'configuration', configuration,
            'elsewhere', null)
         from billing_audit.configurations where scope = p ->> 'scope' order by edition desc limit 1),
        jsonb_build_object('edition', 0, 'fingerprint', null, 'configuration', null, 'elsewhere', (
            select jsonb_build_object('scope', scope, 'configuration', configuration)
            from billing_audit.configurations order by in_force_from desc, scope, edition desc limit 1)))
$$;

-- Tells of recorded weakenings those who were told before them. A rule that is retired by now still carries its mails.
-- Who is told of an event here is not told of it again by the rules in force: an alert is one per event and recipient.
create function billing_audit.tell_of_weakening(told jsonb, events jsonb, at_ timestamptz) returns integer
language plpgsql
set search_path = ''
as $$
declare
    given    record;
    place    billing_audit.alerts;
    raised   integer := 0;
begin
    perform billing_audit.lock_recipients(array(
        select distinct r from jsonb_array_elements(told) as t, jsonb_array_elements_text(t -> 'recipients') as r));
    place.severity := 'HIGH';
    place.always := true;
    place.why := jsonb_build_array(jsonb_build_object('code', 'configuration_weakened', 'because',
        'From now on less is found or told than before. Those are told who were told until now.'));
    for given in
        select r as rule, billing_audit.texts(t.entry -> 'recipients') as recipients, k.event_key, k.stream, k.seq,
            e.event ->> 'sheet_id' as sheet_id, coalesce(lower(e.event ->> 'changed_by'), '') as person
        from jsonb_array_elements(told) as t (entry)
        cross join lateral (
            -- A node inside a subflow has a rule for each place where the subflow stands; any rule carries the mail.
            select rule_id from billing_audit.alert_rules
            order by rule_id = t.entry ->> 'rule_id' desc, saved_at desc, rule_id limit 1
        ) as carrier
        join billing_audit.alert_rules as r on r.rule_id = carrier.rule_id
        cross join jsonb_array_elements(events) with ordinality as e (event, place)
        join billing_audit.event_keys as k on k.event_key = e.event ->> 'event_key'
        where e.event ->> 'violation_type' = 'CONFIGURATION_WEAKENED'
        order by r.rule_id, e.place
    loop
        place.stream := given.stream;
        place.seq := given.seq;
        raised := raised + billing_audit.tell(given.rule, given.event_key, given.recipients, place, given.person,
            given.sheet_id, null, at_);
    end loop;
    return raised;
end
$$;

-- p: scope, edition, fingerprint, configuration, events (AuditEvent), told [{rule_id, recipients}], at. The edition after
-- the one that was compared with: the configuration, its events and its mails, all or nothing.
-- Gives {saved, raised}; saved is false when another was put in force meanwhile, and then nothing was done. The first of a
-- scope in a store that has others is not saved in silence: it needs an event.
create function public.billing_audit_put_configuration_in_force(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    at_      timestamptz := billing_audit.moment(p);
    last_    integer;
    raised   integer := 0;
begin
    perform billing_audit.require(p, 'scope', 'edition', 'fingerprint', 'configuration', 'events', 'told');
    -- One at a time, so that of two new scopes one is the first.
    perform pg_advisory_xact_lock(hashtextextended('billing_audit:configurations', 0));
    select coalesce(max(edition), 0) into last_ from billing_audit.configurations where scope = p ->> 'scope';
    if last_ <> (p ->> 'edition')::integer - 1
        or last_ = 0 and p -> 'events' = '[]' and exists (select from billing_audit.configurations)
    then
        return jsonb_build_object('saved', false, 'raised', 0);
    end if;
    insert into billing_audit.configurations (scope, edition, fingerprint, configuration, in_force_from)
    values (p ->> 'scope', (p ->> 'edition')::integer, p ->> 'fingerprint', p -> 'configuration', at_)
    on conflict do nothing;
    if not found then
        return jsonb_build_object('saved', false, 'raised', 0);
    end if;
    if jsonb_array_length(p -> 'events') > 0 then
        perform public.billing_audit_append(jsonb_build_object('events', p -> 'events'));
        raised := billing_audit.tell_of_weakening(p -> 'told', p -> 'events', at_);
    end if;
    return jsonb_build_object('saved', true, 'raised', raised);
end
$$;

-- As before (20261123120200), but for p.quietly: who compares the whole configuration tells of a weaker rule by itself.
-- p: rule_id, recipients, risk_from, severity_from, mails_per_hour, group_minutes, frame, quietly, at.
-- Gives {is_new, weakened}. A rule that tells less than before is told to those who were told before.
create or replace function public.billing_audit_save_alert_rule(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    at_    timestamptz := billing_audit.moment(p);
    old_   billing_audit.alert_rules;
    new_   billing_audit.alert_rules;
    weaker text[] := '{}';
begin
    perform billing_audit.require(p, 'rule_id', 'recipients', 'risk_from', 'severity_from', 'mails_per_hour',
        'group_minutes', 'frame');
    select * into old_ from billing_audit.alert_rules where rule_id = p ->> 'rule_id' for update;
    new_.recipients := array(select distinct lower(r) from unnest(billing_audit.texts(p -> 'recipients')) as r order by 1);
    new_.risk_from := (p ->> 'risk_from')::numeric;
    new_.severity_from := p ->> 'severity_from';
    insert into billing_audit.alert_rules as r
        (rule_id, recipients, risk_from, severity_from, mails_per_hour, group_minutes, frame, saved_at)
    values (p ->> 'rule_id', new_.recipients, new_.risk_from, new_.severity_from, (p ->> 'mails_per_hour')::integer,
        (p ->> 'group_minutes')::integer, p -> 'frame', at_)
    on conflict (rule_id) do update set
        recipients = excluded.recipients, risk_from = excluded.risk_from, severity_from = excluded.severity_from,
        mails_per_hour = excluded.mails_per_hour, group_minutes = excluded.group_minutes, frame = excluded.frame,
        edition = r.edition + case when r.retired_at is null and (r.recipients, r.risk_from, r.severity_from)
            = (excluded.recipients, excluded.risk_from, excluded.severity_from) then 0 else 1 end,
        saved_at = excluded.saved_at, retired_at = null
    returning * into new_;
    if old_.rule_id is not null and old_.retired_at is null then
        weaker := billing_audit.weakened(old_, new_);
    end if;
    if weaker <> '{}' and not coalesce((p ->> 'quietly')::boolean, false) then
        perform public.billing_audit_raise_notice(jsonb_build_object(
            'notice_key', format('alert-rule:%s:%s', new_.rule_id, new_.edition), 'rule_id', new_.rule_id,
            'severity', 'HIGH', 'title', 'Alerts were made to tell less', 'text', array_to_string(weaker, ' '),
            'recipients', to_jsonb(old_.recipients), 'at', billing_audit.instant(at_)));
    end if;
    return jsonb_build_object('is_new', old_.rule_id is null, 'weakened', to_jsonb(weaker));
end
$$;

-- p: rule_id, quietly, at. The node is removed or disabled: its recipients are told so. Gives {retired}.
create or replace function public.billing_audit_retire_alert_rule(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    at_   timestamptz := billing_audit.moment(p);
    rule  billing_audit.alert_rules;
begin
    perform billing_audit.require(p, 'rule_id');
    update billing_audit.alert_rules set retired_at = at_, edition = edition + 1
    where rule_id = p ->> 'rule_id' and retired_at is null
    returning * into rule;
    if not found then
        return jsonb_build_object('retired', false);
    end if;
    if coalesce((p ->> 'quietly')::boolean, false) then
        return jsonb_build_object('retired', true);
    end if;
    perform public.billing_audit_raise_notice(jsonb_build_object(
        'notice_key', format('alert-rule:%s:%s', rule.rule_id, rule.edition), 'rule_id', rule.rule_id,
        'severity', 'HIGH', 'title', 'Alerts were switched off',
        'text', 'The Alert node that told you was removed or disabled. What is decided from now on is not mailed by it.',
        'recipients', to_jsonb(rule.recipients), 'at', billing_audit.instant(at_)));
    return jsonb_build_object('retired', true);
end
$$;

call billing_audit.protect_table('billing_audit.configurations');
grant select, insert on billing_audit.configurations to billing_audit_owner;
call billing_audit.keep_private('billing_audit.tell_of_weakening(jsonb, jsonb, timestamptz)');
call billing_audit.offer_to_service('public.billing_audit_configuration_in_force(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_put_configuration_in_force(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_save_alert_rule(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_retire_alert_rule(jsonb)');
