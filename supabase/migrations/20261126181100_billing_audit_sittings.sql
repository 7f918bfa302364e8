-- Sittings, findings and the cap: how many findings a day people can look at, and what became of the rest.
--
-- A sitting is what a person did until half an hour passed without an event. It is kept when its events leave the queue of
-- alerts, in that transaction: an event that is decided twice is counted once. A finding is a sitting that a rule with a cap
-- told, or held back. What the cap holds back becomes an alert that waits for a summary; it is never dropped. What is always
-- told is not counted, and never held back.

alter table billing_audit.alert_rules add column findings_a_day integer check (findings_a_day between 1 and 10000);
comment on column billing_audit.alert_rules.findings_a_day is 'So many findings a day are told at once, the rest in a summary; null = all at once.';

alter table billing_audit.alerts add column held boolean not null default false;
alter table billing_audit.alerts add constraint always_is_never_held check (not (held and always));
comment on column billing_audit.alerts.held is 'The cap was used up: it waits for the summary of the next morning.';

alter table billing_audit.alerts add column told_by jsonb not null default '{}' check (jsonb_typeof(told_by) = 'object');
comment on column billing_audit.alerts.told_by is 'What each rule says of it, by its id: {held, always, why}. One mail carries what all of them say.';
update billing_audit.alerts set told_by = jsonb_build_object(rule_id, jsonb_build_object('held', held, 'always', always, 'why', why));

create table billing_audit.sittings (
    id          bigint      generated always as identity primary key,
    person      text        not null,
    began_at    timestamptz not null,
    last_at     timestamptz not null check (last_at >= began_at),
    events      bigint      not null check (events > 0),
    score       numeric     not null check (score between 0 and 1),
    modelled    boolean     not null,
    risk        numeric     check (risk between 0 and 1),
    severity    integer     not null default 0 check (severity between 0 and 3),
    always      boolean     not null default false
);
comment on table billing_audit.sittings is 'What a person did until 30 minutes passed without an event, and its highest risk.';
comment on column billing_audit.sittings.person is 'E-mail in lower case; kind:automation and such where no person did it; empty = erased.';
comment on column billing_audit.sittings.score is 'In thousandths, so that scores can be counted.';
comment on column billing_audit.sittings.modelled is 'A model took part; its scores are not compared with those of rule points.';
comment on column billing_audit.sittings.risk is 'Its highest risk, as limits are compared with it; null = nobody said any, the score is how strange it is.';
comment on column billing_audit.sittings.severity is 'Highest severity of a violation in it: 1 low, 2 medium, 3 high; 0 = no violation.';
comment on column billing_audit.sittings.always is 'Something in it is told whatever the settings say.';
create index sittings_of_person on billing_audit.sittings (person, last_at desc);
create index sittings_recent on billing_audit.sittings (last_at) include (score, modelled, always);

create table billing_audit.findings (
    sitting_id   bigint      not null references billing_audit.sittings,
    rule_id      text        not null references billing_audit.alert_rules,
    held         boolean     not null,
    found_at     timestamptz not null,
    primary key (sitting_id, rule_id)
);
comment on table billing_audit.findings is 'Sittings that a rule with a cap told at once, or held back (held). What is always told is not among them.';
create index findings_of_rule on billing_audit.findings (rule_id, found_at);

-- The score of an event among sittings: what a model or the rules say of its risk, or else how strange it is.
create function billing_audit.sitting_score(risk_score numeric, anomaly_score numeric) returns numeric
language sql immutable
set search_path = ''
as $$
    select round(coalesce(risk_score, anomaly_score, 0), 3)
$$;

-- What the severity of an event counts among limits: 1 low, 2 medium, 3 high; 0 where it violates nothing.
create function billing_audit.violation_rank(violation_type text, severity text) returns integer
language sql immutable
set search_path = ''
as $$
    select case when violation_type in ('NONE', 'APPROVED_CORRECTION') then 0 else billing_audit.severity_rank(severity) end
$$;

-- Lays what some seconds or days of the trail hold into the sittings. Each span is one person's, without half an hour's pause.
create function billing_audit.keep_sitting(
    person_ text, from_ timestamptz, to_ timestamptz, events_ bigint, score_ numeric, modelled_ boolean,
    risk_ numeric, severity_ integer
) returns void
language plpgsql
set search_path = ''
as $$
begin
    update billing_audit.sittings as s set began_at = least(s.began_at, from_), last_at = greatest(s.last_at, to_),
        events = s.events + events_, score = greatest(s.score, score_), modelled = s.modelled or modelled_,
        risk = greatest(s.risk, risk_), severity = greatest(s.severity, severity_)
    where s.id = (
        select id from billing_audit.sittings
        where person = person_ and last_at >= from_ - interval '30 minutes' and began_at <= to_ + interval '30 minutes'
        order by last_at desc limit 1);
    if not found then
        insert into billing_audit.sittings (person, began_at, last_at, events, score, modelled, risk, severity)
        values (person_, from_, to_, events_, score_, modelled_, risk_, severity_);
    end if;
end
$$;

-- The sittings that some events make. streams, seqs: places of events in the trail.
create function billing_audit.keep_sittings(streams text[], seqs bigint[]) returns void
language plpgsql
set search_path = ''
as $$
begin
    perform billing_audit.keep_sitting(i.person, i.from_at, i.to_at, i.events, i.score, i.modelled, i.risk, i.severity)
    from (
        select person, min(at) as from_at, max(at) as to_at, count(*) as events, max(score) as score, bool_or(modelled) as modelled,
            max(risk_score) as risk, max(severity) as severity
        from (
            select *, count(*) filter (where begins) over (partition by person order by at, seq, stream) as span
            from (
                select coalesce(d.person, 'kind:' || e.changed_by_kind) as person, e.changed_at as at, e.stream, e.seq,
                    billing_audit.sitting_score(e.risk_score, e.anomaly_score) as score, e.anomaly_score is not null as modelled,
                    e.risk_score, billing_audit.violation_rank(e.violation_type, e.severity) as severity,
                    coalesce(e.changed_at - lag(e.changed_at) over (
                        partition by coalesce(d.person, 'kind:' || e.changed_by_kind) order by e.changed_at, e.seq, e.stream)
                        > interval '30 minutes', true) as begins
                from unnest(streams, seqs) as g (stream, seq)
                join billing_audit.audit_events as e on e.stream = g.stream and e.seq = g.seq
                left join billing_audit.event_payloads as d on d.stream = g.stream and d.seq = g.seq
                where billing_audit.is_change(e.kind)) as moments) as spans
        group by person, span
        order by person, from_at) as i;
end
$$;

-- What was recorded in the last 28 days, but for what still waits to be decided.
select billing_audit.keep_sittings(array_agg(e.stream order by e.position), array_agg(e.seq order by e.position))
from billing_audit.audit_events as e
where e.changed_at >= billing_audit.clock() - interval '28 days'
    and not exists (select from billing_audit.alert_queue as q where q.stream = e.stream and q.seq = e.seq)
having count(*) > 0;

-- Sittings that reviewers confirmed, by their ids; there are few, so they are looked for from the judgements.
create function billing_audit.confirmed_sittings() returns setof bigint
language sql stable
set search_path = ''
as $$
    select distinct s.id
    from billing_audit.judgements as j
    join billing_audit.event_keys as k on k.event_key = j.event_key
    join billing_audit.audit_events as e on e.stream = k.stream and e.seq = k.seq
    left join billing_audit.event_payloads as d on d.stream = k.stream and d.seq = k.seq
    join billing_audit.sittings as s on s.person = coalesce(d.person, 'kind:' || e.changed_by_kind)
        and e.changed_at between s.began_at and s.last_at
    where j.verdict = 'true'
        and not exists (select from billing_audit.judgements as n where n.event_key = j.event_key and n.id > j.id)
$$;

-- Normal sittings of the last 28 days by their score. A sitting that goes on is not among them.
create function billing_audit.normal_sittings(at_ timestamptz) returns jsonb
language sql stable
set search_path = ''
as $$
    select coalesce(jsonb_agg(jsonb_build_object('score', score, 'modelled', modelled, 'sittings', sittings,
        'first_at', billing_audit.instant(first_at)) order by first_at, score), '[]')
    from (
        select s.score, s.modelled, count(*) as sittings, min(s.last_at) as first_at
        from billing_audit.sittings as s
        where s.last_at >= at_ - interval '28 days' and s.last_at < at_ - interval '30 minutes'
            and s.id not in (select * from billing_audit.confirmed_sittings())
        group by s.score, s.modelled) as each
$$;

-- How many findings a rule has told since midnight, business time.
create function billing_audit.told_today(rule billing_audit.alert_rules, at_ timestamptz) returns bigint
language sql stable
set search_path = ''
as $$
    select count(*) from billing_audit.findings as f
    where f.rule_id = rule.rule_id and not f.held
        and f.found_at >= date_trunc('day', at_ at time zone coalesce(rule.frame ->> 'timeZone', 'UTC'))
            at time zone coalesce(rule.frame ->> 'timeZone', 'UTC')
$$;

-- p: people (those of the events to decide), at. What rules with a cap are decided by. Gives {normal: [{score, modelled,
-- sittings, first_at}], open: the sitting that each of these people was in last, each with `told_by` (the rules that told
-- it), told_today: {rule_id: number}}.
create function public.billing_audit_alert_sittings(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    select jsonb_build_object(
        'normal', billing_audit.normal_sittings(billing_audit.moment(p)),
        'open', (
            select coalesce(jsonb_agg(jsonb_build_object('person', s.person, 'from', billing_audit.instant(s.began_at),
                'to', billing_audit.instant(s.last_at), 'events', s.events, 'score', s.score, 'told_by', (
                    select coalesce(jsonb_agg(f.rule_id), '[]') from billing_audit.findings as f
                    where f.sitting_id = s.id and not f.held))), '[]')
            from unnest(billing_audit.texts(p -> 'people')) as who
            cross join lateral (
                select * from billing_audit.sittings where person = who order by last_at desc limit 1) as s),
        'told_today', (
            select coalesce(jsonb_object_agg(r.rule_id, billing_audit.told_today(r, billing_audit.moment(p))), '{}')
            from billing_audit.alert_rules as r where r.retired_at is null and r.findings_a_day is not null))
$$;

-- p: event_key, rule_id. What a rule decided of a recorded event. Gives {recorded, waits, alert: {held, always, why} or null}.
create function public.billing_audit_alert_of(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    select jsonb_build_object(
        'recorded', k.event_key is not null,
        'waits', exists (select from billing_audit.alert_queue as q where q.stream = k.stream and q.seq = k.seq),
        'alert', (
            select a.told_by -> (p ->> 'rule_id')
            from billing_audit.alerts as a where a.event_key = p ->> 'event_key' and a.told_by ? (p ->> 'rule_id')
            order by (a.told_by -> (p ->> 'rule_id') ->> 'held')::boolean, a.id limit 1))
    from (select p ->> 'event_key' as asked) as given
    left join billing_audit.event_keys as k on k.event_key = given.asked
$$;

-- p: at. How the promise is kept, for each rule with a cap in force. Gives {normal, problems: the sittings that reviewers
-- confirmed [{score, modelled, risk: its highest or null, severity: the highest of a violation or NONE, always, told: by
-- some rule, as rules were then}], rules: [{rule_id, findings_a_day, risk_from, severity_from, told_today, held_today,
-- told_normal: normal sittings of the last 28 days that it told}]}.
create function public.billing_audit_promise(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    with given as materialized (select billing_audit.moment(p) as at), confirmed as materialized (
        select s.* from billing_audit.sittings as s where s.id in (select * from billing_audit.confirmed_sittings())
    )
    select jsonb_build_object(
        'normal', billing_audit.normal_sittings(g.at),
        'problems', (
            select coalesce(jsonb_agg(jsonb_build_object('score', c.score, 'modelled', c.modelled, 'always', c.always,
                'risk', c.risk, 'severity', (array['NONE', 'LOW', 'MEDIUM', 'HIGH'])[c.severity + 1],
                'told', exists (select from billing_audit.findings as f where f.sitting_id = c.id and not f.held))
                order by c.id), '[]')
            from confirmed as c),
        'rules', (
            select coalesce(jsonb_agg(jsonb_build_object('rule_id', r.rule_id, 'findings_a_day', r.findings_a_day,
                'risk_from', r.risk_from, 'severity_from', r.severity_from, 'told_today', billing_audit.told_today(r, g.at),
                'held_today', (
                    select count(*) from billing_audit.findings as f where f.rule_id = r.rule_id and f.held
                        and f.found_at >= g.at - interval '24 hours'),
                'told_normal', (
                    select count(*) from billing_audit.findings as f
                    join billing_audit.sittings as s on s.id = f.sitting_id
                    where f.rule_id = r.rule_id and not f.held and s.last_at >= g.at - interval '28 days'
                        and s.id not in (select id from confirmed))) order by r.rule_id), '[]')
            from billing_audit.alert_rules as r where r.retired_at is null and r.findings_a_day is not null))
    from given as g
$$;

-- What is kept beside the trail and names who changed something. A row that is seen again in Smartsheet says again who
-- changed it there.
create or replace function billing_audit.forget_beside_trail(who text) returns void
language sql
set search_path = ''
as $$
    delete from billing_audit.sheet_activity where person = who;
    update billing_audit.sittings set person = '' where person = who;
    delete from billing_audit.alert_readers where person = who;
    update billing_audit.alert_groups set person = '' where person = who;
    update billing_audit.sheet_rows
    set created_by = case when lower(created_by) = who then null else created_by end,
        modified_by = case when lower(modified_by) = who then null else modified_by end
    where who in (lower(created_by), lower(modified_by))
$$;

call billing_audit.protect_table('billing_audit.sittings');
call billing_audit.protect_table('billing_audit.findings');
grant select, insert, update on billing_audit.sittings to billing_audit_owner;
grant select, insert, update on billing_audit.findings to billing_audit_owner;
call billing_audit.keep_private('billing_audit.sitting_score(numeric, numeric)');
call billing_audit.keep_private('billing_audit.violation_rank(text, text)');
call billing_audit.keep_private('billing_audit.keep_sitting(text, timestamptz, timestamptz, bigint, numeric, boolean, numeric, integer)');
call billing_audit.keep_private('billing_audit.keep_sittings(text[], bigint[])');
call billing_audit.keep_private('billing_audit.confirmed_sittings()');
call billing_audit.keep_private('billing_audit.normal_sittings(timestamptz)');
call billing_audit.keep_private('billing_audit.told_today(billing_audit.alert_rules, timestamptz)');
call billing_audit.offer_to_service('public.billing_audit_alert_sittings(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_alert_of(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_promise(jsonb)');
