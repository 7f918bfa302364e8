const month = new Date().toISOString().slice(0, 7).replace('-', '_');

/** MONTH: the partition of this month; PAYLOADS: that of its payloads. */
export const on = (statement: string): string =>
  statement
    .replaceAll('EVENTS', 'billing_audit.audit_events')
    .replaceAll('MONTH', `billing_audit.audit_events_${month}`)
    .replaceAll('PAYLOADS', `billing_audit.event_payloads_${month}`);

/** What whoever owns the tables, or a superuser, may do to a database, and what `billing-audit verify` then says of it. */
export const WAYS: readonly (readonly [way: string, statement: string, said: RegExp])[] = [
  [
    'all triggers off',
    on('alter table EVENTS disable trigger user'),
    /trigger never_altered on audit_events was changed/,
  ],
  [
    'a guard that does not hold for replicas',
    on('alter table EVENTS enable trigger never_altered'),
    /should be "always/,
  ],
  [
    'a guard dropped',
    on('drop trigger never_truncated on EVENTS'),
    /trigger never_truncated on audit_events is missing/,
  ],
  [
    'a guard against removal dropped',
    on('drop trigger never_removed on EVENTS'),
    /trigger never_removed on audit_events is missing/,
  ],
  [
    'the other guard against removal dropped',
    on('drop trigger only_archived_removed on EVENTS'),
    /trigger only_archived_removed on audit_events is missing/,
  ],
  [
    'the guard of payloads dropped',
    'drop trigger never_altered on billing_audit.event_payloads',
    /event_payloads is missing/,
  ],
  [
    'a check dropped',
    on('alter table EVENTS drop constraint hash_is_of_preimage'),
    /check hash_is_of_preimage .* missing/,
  ],
  [
    'a check put back unchecked',
    on(`alter table EVENTS drop constraint hash_is_of_preimage; alter table EVENTS add constraint
    hash_is_of_preimage check (hash = sha256(previous_hash || convert_to(preimage, 'UTF8'))) not valid`),
    /not validated/,
  ],
  [
    'a check exchanged for one that says yes',
    on(
      `alter table EVENTS drop constraint hash_is_of_preimage; alter table EVENTS add constraint hash_is_of_preimage check (true)`,
    ),
    /check hash_is_of_preimage on audit_events was changed/,
  ],
  [
    'a guard that holds under a condition',
    on(`drop trigger never_altered on EVENTS; create trigger never_altered before update or delete on EVENTS for each row
      when (false) execute function billing_audit.refuse_change(); alter table EVENTS enable always trigger never_altered`),
    /trigger never_altered on audit_events was changed: .*under a condition/,
  ],
  [
    'a guard of one column',
    on(`drop trigger never_altered on EVENTS; create trigger never_altered before update of seq or delete on EVENTS for each row
      execute function billing_audit.refuse_change(); alter table EVENTS enable always trigger never_altered`),
    /trigger never_altered on audit_events was changed: .*for some columns/,
  ],
  [
    'a function that is kept parsed',
    `create or replace function billing_audit.next_hash(hash bytea, head bytea, preimage text) returns bytea
      language sql immutable return sha256(head)`,
    /function billing_audit.next_hash\(bytea,bytea,text\) was changed: its text is another/,
  ],
  [
    'a unique key dropped',
    'alter table billing_audit.tree_leaves drop constraint tree_leaves_stream_seq_key',
    /tree_leaves_stream_seq_key/,
  ],
  ['row security off', on('alter table EVENTS disable row level security'), /no row security/],
  [
    'a policy for everybody',
    on('create policy mine on EVENTS using (true)'),
    /policy mine on audit_events is none of ours/,
  ],
  ['a policy dropped', on('drop policy functions_only on EVENTS'), /policy functions_only on audit_events is missing/],
  [
    'a right for the service',
    on('grant update, delete on EVENTS to service_role'),
    /right UPDATE on audit_events is none of ours/,
  ],
  ['a right for the functions', on('grant delete on EVENTS to billing_audit_owner'), /right DELETE on audit_events/],
  ['a right for everybody', on('grant select on EVENTS to public'), /right SELECT on audit_events was changed/],
  ['another owner', on('alter table EVENTS owner to service_login'), /its owner is service_login/],
  [
    'a rule that swallows events',
    on('create rule quiet as on insert to EVENTS do instead nothing'),
    /rule quiet on audit_events is none of ours/,
  ],
  ['a rule that spares the guard', on('create rule quiet as on delete to EVENTS do instead nothing'), /rule quiet/],
  [
    'a trigger that alters what comes in',
    on(`create function public.alters() returns trigger language plpgsql as 'begin new.severity := ''LOW''; return new; end';
    create trigger a on_insert before insert on EVENTS for each row execute function public.alters()`).replace(
      'a on_insert',
      'a_on_insert',
    ),
    /trigger a_on_insert on audit_events is none of ours/,
  ],
  [
    'the guards of one month off',
    on('alter table MONTH disable trigger user'),
    new RegExp(`partition audit_events_${month} is not guarded as the others are`),
  ],
  [
    'a guard of one month dropped',
    on('drop trigger never_truncated on MONTH'),
    new RegExp(`partition audit_events_${month} is not guarded`),
  ],
  [
    'the guards of the payloads of one month off',
    on('alter table PAYLOADS disable trigger user'),
    new RegExp(`partition event_payloads_${month} is not guarded`),
  ],
  ['a right on one month', on('grant select on MONTH to service_role'), /not guarded .*SELECT to service_role/],
  [
    'row security of one month off',
    on('alter table MONTH disable row level security'),
    /not guarded .*no row security/,
  ],
  [
    'the policy of one month for everybody',
    on('alter policy functions_only on MONTH to public'),
    /not guarded .*to public with/,
  ],
  [
    'a right on one column of one month',
    on('grant select (severity) on MONTH to service_role'),
    /of its columns to service_role/,
  ],
  [
    'a right on one column',
    on('grant update (severity) on EVENTS to service_role'),
    /right UPDATE on severity of audit_events/,
  ],
  ['a check of one month more', on('alter table MONTH add constraint mine check (seq < 9)'), /not guarded .*seq < 9/],
  ['a month that is not logged', on('alter table MONTH set unlogged'), /not guarded .*not logged/],
  [
    'another number by default',
    on('alter table EVENTS alter column position set default 7'),
    /default position of audit_events was changed/,
  ],
  [
    'keys of other tables not looked at, in one month',
    on('alter table PAYLOADS disable trigger all'),
    /not guarded .*keys of other tables not looked at/,
  ],
  [
    'keys of other tables not looked at',
    on('alter table EVENTS disable trigger all'),
    /table audit_events does not look at the keys of other tables/,
  ],
  ['a policy for one month', on('create policy mine on MONTH using (true)'), /not guarded .*policy mine/],
  [
    'a rule for one month',
    on('create rule quiet as on delete to MONTH do instead nothing'),
    /not guarded .*rule quiet/,
  ],
  [
    'a trigger of one month that alters what comes in',
    on(`create function public.alters() returns trigger language plpgsql as 'begin return null; end';
      create trigger alters before insert on MONTH for each row execute function public.alters()`),
    /not guarded .*alters O public.alters/,
  ],
  [
    'a month of somebody else',
    on(`create table public.mine (like EVENTS including constraints);
      alter table EVENTS attach partition public.mine for values from ('2001-01-01') to ('2001-02-01')`),
    /partition .*mine is not guarded/,
  ],
  [
    'the guards of the rest off',
    on('alter table EVENTS_rest disable trigger user'),
    /trigger never_removed on audit_events_rest was changed/,
  ],
  [
    'an heir',
    'create table public.heir () inherits (billing_audit.event_keys)',
    /heir .*heir of event_keys is none of ours/,
  ],
  [
    'a guard that says yes',
    `create or replace function billing_audit.refuse_change() returns trigger language plpgsql set search_path = '' as 'begin return new; end'`,
    /function billing_audit.refuse_change\(\) was changed: its text is another/,
  ],
  [
    'an append that does nothing',
    `create or replace function public.billing_audit_append(p jsonb) returns jsonb language sql security definer set search_path = '' as 'select ''{}''::jsonb'`,
    /billing_audit_append\(jsonb\) was changed/,
  ],
  [
    'a verify that always holds',
    `create or replace function public.billing_audit_verify(p jsonb) returns jsonb language sql security definer set search_path = '' as 'select ''{"ok": true}''::jsonb'`,
    /billing_audit_verify\(jsonb\) was changed/,
  ],
  [
    'a search_path that can be hijacked',
    'alter function public.billing_audit_append(jsonb) reset search_path',
    /is "definer, enable_seqscan=off [^"]*" and should be "definer, search_path="" /,
  ],
  [
    "a function with the caller's rights",
    'alter function public.billing_audit_append(jsonb) security invoker',
    /invoker/,
  ],
  ['a function of another owner', 'alter function public.billing_audit_append(jsonb) owner to super', /super/],
  [
    'a function for everybody',
    'grant execute on function public.billing_audit_append(jsonb) to anon',
    /call public.billing_audit_append\(jsonb\) was changed/,
  ],
  [
    'a helper for everybody',
    'grant execute on function billing_audit.note_acts(jsonb) to authenticated',
    /call billing_audit.note_acts/,
  ],
  [
    'a function beside ours',
    `create function public.billing_audit_wipe(p jsonb) returns jsonb language sql as 'select p'`,
    /billing_audit_wipe\(jsonb\) is none of ours/,
  ],
  ['a role that may log in', 'alter role billing_audit_owner login', /role billing_audit_owner was changed/],
  ['a role that passes row security', 'alter role billing_audit_owner bypassrls', /passes row security/],
  [
    'acts that are not recorded',
    'alter table billing_audit.people disable trigger user',
    /trigger is_an_act_added on people was changed/,
  ],
  [
    "a view with its owner's rights",
    'alter view billing_audit.audit_event reset (security_invoker)',
    /view audit_event was changed/,
  ],
  [
    'a view that leaves out what is HIGH',
    `do $$ begin
      execute 'create or replace view billing_audit.audit_event with (security_invoker = true) as select * from ('
        || rtrim(pg_get_viewdef('billing_audit.audit_event'::regclass), ';') || ') as e where severity <> ''HIGH''';
    end $$`,
    /definition of the view audit_event was changed: its text is another/,
  ],
  [
    'a view that shows the marks of another table',
    `create table public.feedback (like billing_audit.feedback);
    create or replace view billing_audit.last_marks with (security_invoker = true) as
      select distinct on (event_key) event_key, mark, reason, by_name, marked_at from public.feedback order by event_key, id desc`,
    /definition of the view last_marks was changed/,
  ],
  [
    'approvals that may be altered',
    'drop trigger never_altered on billing_audit.approvals',
    /trigger never_altered on approvals is missing/,
  ],
  [
    'the table exchanged',
    on(
      'create table billing_audit.copy (like EVENTS); alter table EVENTS rename to real; alter table billing_audit.copy rename to audit_events',
    ),
    /table real is none of ours/,
  ],
];

/** Refused even to the owner and a superuser, unless one of the above was done first. */
export const REFUSED: readonly string[] = [
  `update EVENTS set severity = 'LOW'`,
  'delete from EVENTS',
  'truncate EVENTS cascade',
  `set session_replication_role = replica; delete from EVENTS`,
  `set session_replication_role = replica; truncate EVENTS cascade`,
  'merge into EVENTS as e using (select 1) as s on true when matched then delete',
  `merge into EVENTS as e using (select 1) as s on true when matched then update set severity = 'LOW'`,
  'insert into billing_audit.event_keys select * from billing_audit.event_keys on conflict (event_key) do update set seq = 9',
  `update billing_audit.event_payloads set payload = '{}'`,
  'truncate billing_audit.event_payloads',
  'delete from billing_audit.event_keys',
  'update billing_audit.feedback set reason = reason where false; delete from billing_audit.event_keys',
  `create index on MONTH (severity); cluster MONTH using audit_events_${month}_pkey; delete from EVENTS`,
  `update MONTH set severity = 'LOW'`,
  'delete from MONTH',
  'truncate MONTH cascade',
  'set session_replication_role = replica; delete from MONTH',
  `update PAYLOADS set payload = '{}'`,
  'truncate PAYLOADS',
  `update EVENTS set recorded_at = '2001-01-01'`,
  'set row_security = off; delete from EVENTS',
  'set local role migrator; delete from EVENTS',
  `update billing_audit.approvals set approver = 'somebody.else@example.com'`,
  'delete from billing_audit.approvals',
  'truncate billing_audit.approvals cascade',
  'truncate billing_audit.alert_answers',
  'truncate billing_audit.people',
];
