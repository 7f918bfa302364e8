-- Whatever changes a table is in the trail by an event of the same transaction, or stands below with the reason why not.
begin;
select no_plan();
set local request.jwt.claims = '{"role": "service_role"}';

create temporary table exceptions (name text, reason text);
insert into exceptions values
    ('streams', 'the trail itself'), ('audit_events', 'the trail itself'), ('event_payloads', 'the trail itself'),
    ('event_keys', 'the trail itself'), ('in_force_texts', 'what events of the trail refer to by its hash'),
    ('schema_changes', 'a log of its own, append-only, given by billing_audit_guards'),
    ('tree_leaves', 'the seal: each row is a leaf of a signed tree'), ('checkpoints', 'the seal, signed'),
    ('tree_state', 'the seal: can be made anew'), ('sealed_streams', 'the seal: can be made anew'),
    ('anchor_marks', 'the seal: how far each anchor agrees'),
    ('webhooks', 'how the program listens, mended by itself; what was heard is told by the daily coverage'),
    ('webhook_events', 'callbacks on their way: each ends as events, or as a dead letter that is told of'),
    ('changes', 'on their way: each becomes an event'), ('unexplained_rows', 'on their way: each becomes an event'),
    ('sheets', 'last known state: each difference becomes an event'), ('sheet_columns', 'as sheets'),
    ('sheet_rows', 'as sheets'), ('sheet_cells', 'as sheets'), ('sheet_objects', 'as sheets'),
    ('object_lists', 'up to where lists were compared; what is found becomes events'),
    ('holes', 'recorded as WATCH_GAP when they are closed'), ('watch_troubles', 'told as notices; the day''s coverage is an event'),
    ('watched_sheets', 'the day''s coverage is an event'), ('watch_spans', 'the day''s coverage is an event'),
    ('rate_budget', 'counts requests of a minute'), ('jobs', 'work of the program; what it finds becomes events'),
    ('replays', 'the function that writes it appends an event'), ('approved_afterwards', 'the approval that caused it is an event'),
    ('alert_rules', 'the Alert node''s fields; what weakens them is told to the previous recipients'),
    ('alert_queue', 'events on their way to people'), ('sittings', 'counts of the trail: what the promise about false alarms is made from'),
    ('findings', 'what became of a sitting: each of its alerts names its event'), ('alert_recipients', 'counts mails of an hour'),
    ('alert_groups', 'mails on their way'), ('alert_mails', 'mails on their way'), ('alerts', 'what was told; each names its event'),
    ('given_alerts', 'what was told'), ('alert_readers', 'what each person has seen: a reading mark'),
    ('access_readers', 'how far a reader is; what it reads becomes events of the chain access'),
    ('sheet_activity', 'goes after 7 days: what the origin of a change is looked for in; what counts becomes event_origins'),
    ('event_origins', 'append-only: points from a change to entries of the chain access, which are events'),
    ('audit_sheet_writer', 'whether events go to a sheet too: a field of the Audit Sheet node, whose change is an event'),
    ('audit_sheets', 'the function that writes it appends events'), ('audit_sheet_rows', 'events on their way to a sheet'),
    ('configurations', 'the function that writes it appends an event for each difference'),
    ('rollups', 'counts of the trail: can be made anew'), ('look_rollups', 'counts of the trail: can be made anew'),
    ('open_counts', 'counts of the trail: can be made anew'),
    ('legal_holds', 'the function that writes it appends an event'), ('legal_hold_releases', 'the function that writes it appends an event'),
    ('erasures', 'the function that writes it appends an event'), ('erased_events', 'as erasures; verify holds the two against each other'),
    ('archives', 'the function that writes it appends an event'), ('archived_spans', 'as archives; verify holds the two against each other');
select is_empty($$select c.relname from pg_class as c
    where c.relnamespace = 'billing_audit'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
        and not exists (select from exceptions where name = c.relname)
        and not exists (select from pg_trigger where tgrelid = c.oid and tgname like 'is\_an\_act%')$$,
    'every table writes its own audit events (a trigger is_an_act), or has a reason here why not');

create function pg_temp.acts() returns table (kind text, who text, sheet text) language sql as $$
    select e.kind, d.payload ->> 'changed_by', e.sheet_id from billing_audit.audit_events as e
    join billing_audit.event_payloads as d using (stream, seq) where e.event_key like 'act:%' order by e.position
$$;

select isnt(public.billing_audit_save_people('{"by": "admin@example.com", "people": [
    {"email": "Clerk@example.com", "name": "Clerk", "access_level": 3, "active": true},
    {"email": "boss@example.com", "name": "Boss", "access_level": 9, "active": true}]}'), null, 'two people are saved');
select results_eq('select * from pg_temp.acts()',
    $$values ('person_saved', 'admin@example.com', '0'), ('person_saved', 'admin@example.com', '0')$$, 'two events say so');
select isnt(public.billing_audit_save_people('{"people": [
    {"email": "clerk@example.com", "name": "Clerk", "access_level": 3, "active": true},
    {"email": "boss@example.com", "name": "Boss", "access_level": 10, "active": true}]}'), null, 'one of them is changed');
select is((select count(*) from pg_temp.acts()), 3::bigint, 'one more event, since one is as before');
select results_eq($$select d.payload ->> 'old_value' like '%"access_level": 9%', d.payload ->> 'new_value' like '%"access_level": 10%'
    from billing_audit.event_payloads as d where event_key like 'act:person_saved:%' order by seq desc limit 1$$,
    'values (true, true)', 'with what was known before and after');

select isnt(public.billing_audit_append('{"events": [{"event_key": "tap:1", "kind": "cell_changed", "sheet_id": "99", "row_id": "7",
    "violation_type": "HISTORICAL_CHANGE", "changed_at": "2026-01-05T09:00:00.000Z", "severity": "HIGH", "audit_run_id": "tap",
    "currency": "USD", "changed_by_kind": "person", "changed_by": "clerk@example.com", "intermediate_unknown": false}]}'),
    null, 'an event is recorded');
select isnt(public.billing_audit_mark('{"event_key": "tap:1", "mark": "approved", "reason": "as agreed", "by": "boss@example.com", "role": "manager"}'),
    null, 'and marked');
select isnt(public.billing_audit_approve('{"sheet_id": "99", "from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z",
    "reason": "rates corrected", "approver": "boss@example.com", "role": "manager"}'), null, 'and a correction approved');
select results_eq('select * from pg_temp.acts() offset 3',
    $$values ('event_marked', 'boss@example.com', '99'), ('approval_given', 'boss@example.com', '99')$$, 'both are events of the sheet');
select is((select row_id from billing_audit.audit_events where kind = 'event_marked'), '7', 'a verdict stands beside its event');
select is(public.billing_audit_verify('{"stream": "sheet:99"}') ->> 'ok', 'true', 'in the same chain');
select is((public.billing_audit_person_facts('{"requests": [{"person": "boss@example.com", "at": "2100-01-01T00:00:00Z", "within_minutes": 999999999}]}')
    -> 'answers' -> 0 ->> 'changes_in_window')::integer, 0, 'a verdict is no change of a sheet: it makes nobody hasty');

-- Neither is without the other.
create function pg_temp.tried(statement text) returns text language plpgsql as $$
begin
    execute statement;
    return 'done';
exception when others then return sqlstate;
end
$$;
select is(pg_temp.tried($$select public.billing_audit_save_people('{"people": [{"email": "a@example.com", "active": true}, {"email": "b@example.com", "access_level": 11, "active": true}]}')$$),
    '23514', 'a person that cannot be saved');
select is((select count(*) from pg_temp.acts()), 5::bigint, 'leaves no event behind');
create function pg_temp.fail() returns trigger language plpgsql as $$begin raise exception using errcode = 'ZZ001'; end$$;
create trigger fails before insert on billing_audit.audit_events for each statement execute function pg_temp.fail();
select is(pg_temp.tried($$select public.billing_audit_save_people('{"people": [{"email": "c@example.com", "active": true}]}')$$),
    'ZZ001', 'and an event that cannot be recorded');
select is_empty($$select from billing_audit.people where email = 'c@example.com'$$, 'leaves no person behind');

-- Models: one act each, whoever moves them and however many rows it moves.
create function pg_temp.model_acts() returns table (kind text, who text, before text, after text) language sql as $$
    select e.kind, d.payload ->> 'changed_by', d.payload ->> 'old_value', d.payload ->> 'new_value' from billing_audit.audit_events as e
    join billing_audit.event_payloads as d using (stream, seq) where e.kind like 'model\_%' order by e.position
$$;
drop trigger fails on billing_audit.audit_events;
create function pg_temp.put(description text, status text) returns jsonb language sql as $$
    select public.billing_audit_put_model(jsonb_build_object('description', description, 'body', '{"m":1}', 'data', '{}'::jsonb, 'seed', 0,
        'metrics', '{}'::jsonb, 'gates', '[]'::jsonb, 'status', status, 'by', 'a training', 'reason', 'it is worse.'))
$$;
select isnt(pg_temp.put('{"n":1}', 'champion'), null, 'a first model');
select isnt(pg_temp.put('{"n":2}', 'champion'), null, 'takes the place of the first');
select isnt(pg_temp.put('{"n":3}', 'refused'), null, 'a third is refused');
select is(pg_temp.put('{"n":3}', 'refused') ->> 'is_new', 'false', 'the same again is no act');
select isnt(public.billing_audit_promote_model('{"version": 3, "by": "boss@example.com", "role": "admin", "reason": "tried by hand"}'), null, 'a person decides');
select isnt(public.billing_audit_roll_back_model('{"by": "boss@example.com", "role": "admin", "reason": "too loud"}'), null, 'and takes it back');
select results_eq('select * from pg_temp.model_acts()', $$values
    ('model_promoted', 'a training', null, '1'), ('model_promoted', 'a training', '1', '2'), ('model_trained', 'a training', null, '3'),
    ('model_promoted', 'boss@example.com', '2', '3'), ('model_rolled_back', 'boss@example.com', '3', '2')$$, 'five acts, one event each');
update billing_audit.models set status = 'retired' where version = 2;
select is((select kind from pg_temp.model_acts() offset 5), 'model_changed', 'a hand that goes past the functions is told of');
select throws_ok('delete from billing_audit.models', 'BA010');
create trigger fails before insert on billing_audit.audit_events for each statement execute function pg_temp.fail();
select is(pg_temp.tried($$select pg_temp.put('{"n":4}', 'champion')$$), 'ZZ001', 'an event that cannot be recorded');
select is((select count(*) from billing_audit.models), 3::bigint, 'leaves no model behind');

select * from finish();
rollback;
