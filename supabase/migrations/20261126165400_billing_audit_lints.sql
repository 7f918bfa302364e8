-- What Supabase's database linter found: procedures without a fixed search_path, foreign keys without an index.

alter procedure billing_audit.offer_to_service(regprocedure) set search_path = '';
alter procedure billing_audit.keep_private(regprocedure) set search_path = '';
alter procedure billing_audit.protect_table(regclass) set search_path = '';

create index alert_mails_of_group on billing_audit.alert_mails (group_id);
create index alert_mails_of_recipient on billing_audit.alert_mails (recipient);
create index alert_mails_of_rule on billing_audit.alert_mails (rule_id);
create index alerts_of_rule on billing_audit.alerts (rule_id);
create index alerts_of_stream on billing_audit.alerts (stream, seq);
create index approved_afterwards_of_approval on billing_audit.approved_afterwards (approval_id);
