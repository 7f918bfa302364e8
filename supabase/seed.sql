-- Practice data for a local project (`supabase start`, `supabase db reset`): three people, the rules in force, one approval.
-- Nobody real, nothing secret. Safe to run again and again; never run by `billing-audit migrate`.
begin;
set local request.jwt.claims = '{"role": "service_role"}';

select public.billing_audit_save_people('{"by": "seed.sql", "people": [
    {"email": "clerk@example.com", "name": "Casey Clerk", "role": "Billing clerk", "access_level": 3,
     "supervisor": "manager@example.com", "department": "Billing", "last_review_at": "2026-01-15T00:00:00.000Z", "active": true},
    {"email": "manager@example.com", "name": "Morgan Manager", "role": "Billing manager", "access_level": 8,
     "supervisor": null, "department": "Billing", "last_review_at": "2026-01-15T00:00:00.000Z", "active": true},
    {"email": "auditor@example.com", "name": "Alex Auditor", "role": "Auditor", "access_level": 1,
     "supervisor": null, "department": "Finance", "last_review_at": null, "active": true}]}');

select public.billing_audit_keep_in_force(jsonb_build_object('texts', jsonb_build_array(jsonb_build_object(
    'kind', 'rules', 'text', '{"closesAfterHours":0,"severityHighAbove":"1000","severityMediumAbove":"100","timeZone":"America/Chicago"}'))));

select public.billing_audit_approve('{"sheet_id": "1001", "from": "2026-01-05T00:00:00.000Z", "to": "2026-01-12T00:00:00.000Z",
    "reason": "Practice: rates of week 1 were corrected", "ticket": "DEMO-1", "approver": "manager@example.com", "role": "manager",
    "people": ["clerk@example.com"]}')
where not exists (select from billing_audit.approvals where ticket = 'DEMO-1' and sheet_id = '1001');
commit;
