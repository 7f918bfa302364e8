-- What a person may do who calls by a token of their own: the role and the second factor are checked in the database.
begin;
select no_plan();

create function pg_temp.as_person(role text, aal text, email text default 'someone@example.com') returns void language sql as $$
    select set_config('request.jwt.claims', jsonb_build_object('role', 'authenticated', 'email', email, 'aal', aal,
        'app_metadata', jsonb_build_object('billing_audit_role', role))::text, true)
$$;
create function pg_temp.outcome(statement text) returns text language plpgsql as $$
begin
    set local role authenticated;
    execute statement;
    raise exception using errcode = 'ZZ999';
exception
    when sqlstate 'ZZ999' then return 'done';
    when others then return sqlstate;
end
$$;

set local request.jwt.claims = '{"role": "service_role"}';
select isnt(public.billing_audit_append('{"events": [{"event_key": "tap:1", "kind": "cell_changed", "sheet_id": "99",
    "violation_type": "HISTORICAL_CHANGE", "changed_at": "2026-01-05T09:00:00.000Z", "severity": "HIGH", "audit_run_id": "tap",
    "currency": "USD", "changed_by_kind": "person", "changed_by": "clerk@example.com", "intermediate_unknown": false}]}'),
    null, 'there is an event to decide about');

create temporary table decisions (name text, statement text);
insert into decisions values
    ('billing_audit_mark', $$select public.billing_audit_mark('{"event_key": "tap:1", "mark": "approved", "reason": "as agreed", "by": "forged@example.com", "role": "admin"}')$$),
    ('billing_audit_try_dead_again', $$select public.billing_audit_try_dead_again('{"by": "forged@example.com", "role": "admin"}')$$),
    ('billing_audit_approve', $$select public.billing_audit_approve('{"sheet_id": "99", "from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z", "reason": "rates corrected", "approver": "forged@example.com"}')$$);

-- Whatever a signed-in person may call is either a decision listed above, or changes nothing but their own reading mark.
select is_empty($$select p.proname from pg_proc as p
    where p.pronamespace = 'public'::regnamespace and p.proname like 'billing\_audit\_%'
        and has_function_privilege('authenticated', p.oid, 'execute')
        and p.proname not in (select name from decisions union select 'billing_audit_seen_alerts'
            union select 'billing_audit_promote_model' union select 'billing_audit_roll_back_model')
        and p.prosrc !~ 'demand_second_factor'$$,
    'whatever else a person may call asks for the second factor');

select pg_temp.as_person(role, 'aal2') is not null as "set" , is(pg_temp.outcome(statement), wanted,
    format('%s: %s', name, coalesce(role, 'without a role')))
from decisions, (values ('viewer', 'BA005'), ('auditor', 'BA005'), ('manager', 'done'), ('admin', 'done'), (null, 'BA005'), ('root', 'BA005'))
    as r (role, wanted);
select pg_temp.as_person('admin', aal) is not null as "set", is(pg_temp.outcome(statement), 'BA007', format('%s with %s', name, coalesce(aal, 'no aal')))
from decisions, (values ('aal1'), (null), ('AAL2')) as a (aal);

select set_config('request.jwt.claims', claims, true), is(pg_temp.outcome(statement), 'BA005', format('%s with the claims %s', name, claims))
from decisions, unnest(array['', '{}', '{"role": "authenticated", "aal": "aal2"}',
    '{"role": "authenticated", "aal": "aal2", "email": "x@example.com", "user_metadata": {"billing_audit_role": "admin"}}']) as claims;

-- A person is who the token says, whatever the call says.
select pg_temp.as_person('manager', 'aal2', 'boss@example.com');
set local role authenticated;
create temporary table said as select public.billing_audit_mark('{"event_key": "tap:1", "mark": "looking", "by": "forged@example.com", "role": "admin"}') as mark,
    public.billing_audit_approve('{"sheet_id": "99", "from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z", "reason": "r", "approver": "forged@example.com"}') as approval;
reset role;
select is((select mark -> 'mark' ->> 'by' from said), 'boss@example.com', 'a verdict bears the name of the token');
select is((select approval -> 'approval' ->> 'approver' from said), 'boss@example.com', 'so does an approval');
select is(pg_temp.outcome($$select public.billing_audit_approve('{"sheet_id": "99", "from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z", "reason": "r", "people": ["Boss@example.com"]}')$$),
    'BA003', 'nobody approves their own corrections');

select is(pg_temp.outcome($$select public.billing_audit_append('{"events": []}')$$), '42501', 'no person appends');
select is(pg_temp.outcome($$select public.billing_audit_save_people('{"people": []}')$$), '42501', 'no person edits the directory past the server');

-- The view of one's own reading mark needs a role, and no second factor.
select pg_temp.as_person(role, 'aal1') is not null as "set", is(pg_temp.outcome($$select public.billing_audit_seen_alerts('{}')$$), wanted, format('seen_alerts: %s', coalesce(role, 'none')))
from (values ('viewer', 'done'), ('auditor', 'done'), ('manager', 'done'), ('admin', 'done'), (null, 'BA005')) as r (role, wanted);

-- Models are moved by an administrator, with a second factor.
reset role;
set local request.jwt.claims = '{"role": "service_role"}';
create temporary table put as select public.billing_audit_put_model(jsonb_build_object('description', d, 'body', '{}', 'data', '{}'::jsonb,
    'seed', 0, 'metrics', '{}'::jsonb, 'gates', '[]'::jsonb, 'status', 'champion', 'by', 'tap')) -> 'model' as model
from unnest(array['{"a":1}', '{"a":2}']) as d;
create temporary table moves (name text, statement text);
insert into moves values
    ('billing_audit_promote_model', $$select public.billing_audit_promote_model('{"version": 1, "reason": "r", "by": "forged@example.com", "role": "admin"}')$$),
    ('billing_audit_roll_back_model', $$select public.billing_audit_roll_back_model('{"reason": "r", "by": "forged@example.com", "role": "admin"}')$$);
select pg_temp.as_person(role, 'aal2') is not null as "set", is(pg_temp.outcome(statement), wanted, format('%s: %s', name, coalesce(role, 'without a role')))
from moves, (values ('viewer', 'BA005'), ('auditor', 'BA005'), ('manager', 'BA005'), ('admin', 'done'), (null, 'BA005'), ('root', 'BA005')) as r (role, wanted);
select pg_temp.as_person('admin', aal) is not null as "set", is(pg_temp.outcome(statement), 'BA007', format('%s with %s', name, coalesce(aal, 'no aal')))
from moves, (values ('aal1'), (null), ('AAL2')) as a (aal);
select set_config('request.jwt.claims', claims, true), is(pg_temp.outcome(statement), 'BA005', format('%s with the claims %s', name, claims))
from moves, unnest(array['', '{}', '{"role": "authenticated", "aal": "aal2"}',
    '{"role": "authenticated", "aal": "aal2", "email": "x@example.com", "user_metadata": {"billing_audit_role": "admin"}}']) as claims;
select pg_temp.as_person('admin', 'aal2', 'boss@example.com');
set local role authenticated;
create temporary table moved as select public.billing_audit_roll_back_model('{"reason": "too loud", "by": "forged@example.com"}') as answer;
reset role;
select is((select d.payload ->> 'changed_by' from billing_audit.audit_events as e join billing_audit.event_payloads as d using (stream, seq)
    where e.kind = 'model_rolled_back'), 'boss@example.com', 'a roll-back bears the name of the token');
select is(pg_temp.outcome($$select public.billing_audit_put_model('{}')$$), '42501', 'no person puts a model');
select is(pg_temp.outcome($$select public.billing_audit_trail_lines('{}')$$), '42501', 'no person reads the trail past its pages');
select is(pg_temp.outcome($$select public.billing_audit_imported_lines('{}')$$), '42501', 'nor what was imported');

select * from finish();
rollback;
