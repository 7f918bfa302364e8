-- What Alert nodes ask for. Whoever was told before is told when a rule gets weaker.

-- What makes `new_` tell less than `old_`, each a sentence; empty when nothing does.
create function billing_audit.weakened(old_ billing_audit.alert_rules, new_ billing_audit.alert_rules) returns text[]
language sql stable
set search_path = ''
as $$
    select coalesce(array_agg(w.sentence), '{}')
    from (
        select format('Alerts now begin at a risk of %s instead of %s.', round(new_.risk_from * 100), round(old_.risk_from * 100))
        where new_.risk_from > old_.risk_from
        union all
        select format('Alerts now begin at severity %s instead of %s.', new_.severity_from, old_.severity_from)
        where billing_audit.severity_rank(new_.severity_from) > billing_audit.severity_rank(old_.severity_from)
        union all
        select format('%s gets no alerts any more.', r)
        from unnest(old_.recipients) as r where r <> all (new_.recipients)
    ) as w (sentence)
$$;

-- p: rule_id, recipients, risk_from, severity_from, mails_per_hour, group_minutes, frame, at.
-- Gives {is_new, weakened}. A rule that tells less than before is told to those who were told before.
create function public.billing_audit_save_alert_rule(p jsonb) returns jsonb
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
    if weaker <> '{}' then
        perform public.billing_audit_raise_notice(jsonb_build_object(
            'notice_key', format('alert-rule:%s:%s', new_.rule_id, new_.edition), 'rule_id', new_.rule_id,
            'severity', 'HIGH', 'title', 'Alerts were made to tell less', 'text', array_to_string(weaker, ' '),
            'recipients', to_jsonb(old_.recipients), 'at', billing_audit.instant(at_)));
    end if;
    return jsonb_build_object('is_new', old_.rule_id is null, 'weakened', to_jsonb(weaker));
end
$$;

-- p: rule_id, at. The node is removed or disabled: its recipients are told so. Gives {retired}.
create function public.billing_audit_retire_alert_rule(p jsonb) returns jsonb
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
    perform public.billing_audit_raise_notice(jsonb_build_object(
        'notice_key', format('alert-rule:%s:%s', rule.rule_id, rule.edition), 'rule_id', rule.rule_id,
        'severity', 'HIGH', 'title', 'Alerts were switched off',
        'text', 'The Alert node that told you was removed or disabled. What is decided from now on is not mailed by it.',
        'recipients', to_jsonb(rule.recipients), 'at', billing_audit.instant(at_)));
    return jsonb_build_object('retired', true);
end
$$;

call billing_audit.keep_private('billing_audit.weakened(billing_audit.alert_rules, billing_audit.alert_rules)');
call billing_audit.offer_to_service('public.billing_audit_save_alert_rule(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_retire_alert_rule(jsonb)');
