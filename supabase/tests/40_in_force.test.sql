-- What rules_hash, model_version and flow_version stand for.
begin;
select no_plan();
set local request.jwt.claims = '{"role": "service_role"}';

select columns_are('billing_audit', 'audit_event', array['timestamp', 'sheet_id', 'row_id', 'work_request', 'column_name',
    'violation_type', 'old_value', 'new_value', 'delta', 'changed_by', 'changed_at', 'week_ending', 'is_historical',
    'audit_run_id', 'severity', 'issue_description', 'suggested_fix', 'sheet_reference', 'ip_address', 'device_info',
    'session_id', 'user_agent', 'risk_score', 'anomaly_score', 'predicted_category',
    'stream', 'seq', 'event_key', 'rules_hash', 'model_version', 'flow_version',
    'origin'],
    'the view has the 25 fields, and beside them what an auditor resolves them with');
select is(public.billing_audit_keep_in_force('{"texts": [{"kind": "rules", "text": "{\"a\":1}"}, {"kind": "flow", "text": "[]"}]}') -> 'hashes',
    '["015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862", "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"]',
    'a text is kept by its SHA-256');
select is(public.billing_audit_keep_in_force('{"texts": [{"kind": "model", "text": "{\"a\":1}"}]}') -> 'hashes' ->> 0,
    '015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862', 'once');
select results_eq($$select t ->> 'kind', t ->> 'text' from jsonb_array_elements(public.billing_audit_in_force(
    '{"hashes": ["015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862", "0000000000000000000000000000000000000000000000000000000000000000"]}')
    -> 'texts') as t$$, $$values ('rules', '{"a":1}')$$, 'and found again; what is not known is left out');
select throws_ok($$update billing_audit.in_force_texts set body = '{}'$$, 'BA010');
select throws_ok($$delete from billing_audit.in_force_texts$$, 'BA010');
select throws_ok($$insert into billing_audit.in_force_texts (hash, kind, body) values (repeat('0', 64), 'rules', 'other')$$, '23514');

select * from finish();
rollback;
