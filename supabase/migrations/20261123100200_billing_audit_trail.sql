-- The trail. `audit_events` is what happened, chained by hashes and never altered; `event_payloads` holds what is
-- personal, tied to its event by a salted commitment, and may be erased without breaking the chain.

create table billing_audit.streams (
    stream      text   primary key,
    seq         bigint not null default 0 check (seq >= 0),
    head        bytea  not null check (octet_length(head) = 32)
);
comment on table billing_audit.streams is 'The head of each chain. Its row is locked by whoever appends.';
comment on column billing_audit.streams.stream is 'sheet:<sheet id>, or a concern of our own.';
comment on column billing_audit.streams.head is 'Hash of the last event; before the first: sha256(''billing-audit:genesis:'' || stream).';

create table billing_audit.audit_events (
    stream                  text         not null references billing_audit.streams,
    seq                     bigint       not null check (seq > 0),
    position                bigint       generated always as identity,
    event_key               text         not null,
    kind                    text         not null,
    recorded_at             timestamptz  not null,
    sheet_id                text         not null check (sheet_id ~ '^\d{1,20}$'),
    row_id                  text         check (row_id ~ '^\d{1,20}$'),
    work_request            text,
    column_name             text,
    violation_type          text         not null check (violation_type in (
        'HISTORICAL_CHANGE', 'HISTORICAL_ROW_ADDED', 'HISTORICAL_ROW_DELETED', 'DATE_VALIDATION_ERROR',
        'APPROVED_CORRECTION', 'NONE', 'WATCH_GAP', 'CONFIGURATION_WEAKENED')),
    delta                   numeric,
    currency                text         not null check (currency ~ '^[A-Z]{3}$'),
    changed_by_kind         text         not null
        check (changed_by_kind in ('person', 'automation', 'form', 'cell_link', 'system', 'unknown')),
    changed_at              timestamptz  not null,
    week_ending             date,
    is_historical           boolean,
    audit_run_id            text         not null,
    severity                text         not null check (severity in ('LOW', 'MEDIUM', 'HIGH')),
    risk_score              numeric(7,6) check (risk_score between 0 and 1),
    anomaly_score           numeric(7,6) check (anomaly_score between 0 and 1),
    predicted_category      text,
    approval_id             text,
    intermediate_unknown    boolean      not null,
    rules_hash              text         check (rules_hash ~ '^[0-9a-f]{64}$'),
    model_version           text,
    flow_version            text,
    commitment              bytea        not null check (octet_length(commitment) = 32),
    previous_hash           bytea        not null check (octet_length(previous_hash) = 32),
    preimage                text         not null,
    hash                    bytea        not null check (octet_length(hash) = 32),
    primary key (stream, seq),
    unique (position),
    constraint hash_is_of_preimage check (hash = sha256(previous_hash || convert_to(preimage, 'UTF8')))
);
comment on table billing_audit.audit_events is 'Immutable. hash = sha256(previous_hash || preimage); columns are checked against the preimage.';
comment on column billing_audit.audit_events.position is 'Order of storing over all streams, with gaps.';
comment on column billing_audit.audit_events.commitment is 'sha256(salt || payload text): binds the erasable payload without telling it.';
comment on column billing_audit.audit_events.preimage is 'The exact text that is hashed; verifiers hash it first and parse it then.';
comment on column billing_audit.audit_events.rules_hash is 'SHA-256 of the rules that judged it.';
create index audit_events_newest on billing_audit.audit_events (changed_at desc, position desc);
create index audit_events_of_sheet on billing_audit.audit_events (sheet_id, changed_at desc);
create index audit_events_of_row on billing_audit.audit_events (row_id, changed_at desc);
create index audit_events_delta on billing_audit.audit_events ((coalesce(abs(delta), -1)) desc, position desc);
create index audit_events_money_at_risk on billing_audit.audit_events
    ((coalesce(abs(delta) * greatest(risk_score, 0.05), -1)) desc, position desc);

create table billing_audit.event_payloads (
    stream        text        not null,
    seq           bigint      not null,
    event_key     text        not null,
    salt          bytea       not null check (octet_length(salt) = 16),
    payload       jsonb       not null,
    person        text        generated always as (lower(payload ->> 'changed_by')) stored,
    changed_at    timestamptz not null,
    primary key (stream, seq),
    foreign key (stream, seq) references billing_audit.audit_events
);
comment on table billing_audit.event_payloads is 'The erasable half of an event: personal fields, values, reasons. Deleted = erased; never altered.';
create index event_payloads_of_person on billing_audit.event_payloads (person, changed_at);

create table billing_audit.event_keys (
    event_key    text   primary key check (event_key <> ''),
    stream       text   not null,
    seq          bigint not null
);
comment on table billing_audit.event_keys is 'Every key ever appended: repeating one appends nothing. Not partitioned, so that it stays unique.';

-- Says no, to the owner of the table too.
create function billing_audit.refuse_change() returns trigger
language plpgsql
set search_path = ''
as $$
begin
    raise exception using errcode = 'BA010',
        message = format('%s on %s.%s was refused: the trail is append-only.', tg_op, tg_table_schema, tg_table_name),
        hint = 'Append a correcting event instead.';
end
$$;

create trigger never_altered before update or delete on billing_audit.audit_events
    for each row execute function billing_audit.refuse_change();
create trigger never_truncated before truncate on billing_audit.audit_events
    for each statement execute function billing_audit.refuse_change();
create trigger never_altered before update on billing_audit.event_payloads
    for each row execute function billing_audit.refuse_change();
create trigger never_truncated before truncate on billing_audit.event_payloads
    for each statement execute function billing_audit.refuse_change();
create trigger never_altered before update or delete on billing_audit.event_keys
    for each row execute function billing_audit.refuse_change();
create trigger never_truncated before truncate on billing_audit.event_keys
    for each statement execute function billing_audit.refuse_change();
-- `always`: session_replication_role = replica does not switch them off.
alter table billing_audit.audit_events enable always trigger never_altered;
alter table billing_audit.audit_events enable always trigger never_truncated;
alter table billing_audit.event_payloads enable always trigger never_altered;
alter table billing_audit.event_payloads enable always trigger never_truncated;
alter table billing_audit.event_keys enable always trigger never_altered;
alter table billing_audit.event_keys enable always trigger never_truncated;

-- The 25 fields of the contract in its order, then what an auditor resolves them with.
create view billing_audit.audit_event with (security_invoker = true) as
select
    billing_audit.instant(e.recorded_at) as timestamp,
    e.sheet_id,
    e.row_id,
    e.work_request,
    e.column_name,
    e.violation_type,
    d.payload ->> 'old_value' as old_value,
    d.payload ->> 'new_value' as new_value,
    e.delta::text as delta,
    d.payload ->> 'changed_by' as changed_by,
    billing_audit.instant(e.changed_at) as changed_at,
    e.week_ending,
    e.is_historical,
    e.audit_run_id,
    e.severity,
    d.payload ->> 'issue_description' as issue_description,
    d.payload ->> 'suggested_fix' as suggested_fix,
    d.payload ->> 'sheet_reference' as sheet_reference,
    d.payload ->> 'ip_address' as ip_address,
    d.payload ->> 'device_info' as device_info,
    d.payload ->> 'session_id' as session_id,
    d.payload ->> 'user_agent' as user_agent,
    e.risk_score,
    e.anomaly_score,
    e.predicted_category,
    e.stream,
    e.seq,
    e.event_key,
    e.rules_hash,
    e.model_version,
    e.flow_version
from billing_audit.audit_events as e
left join billing_audit.event_payloads as d using (stream, seq);
comment on view billing_audit.audit_event is 'The trail in the 25 names of the contract. What was erased is null.';

call billing_audit.protect_table('billing_audit.streams');
call billing_audit.protect_table('billing_audit.audit_events');
call billing_audit.protect_table('billing_audit.event_payloads');
call billing_audit.protect_table('billing_audit.event_keys');
call billing_audit.keep_private('billing_audit.refuse_change()');
revoke all on billing_audit.audit_event from public, anon, authenticated, service_role;
grant select, insert, update on billing_audit.streams to billing_audit_owner;
grant select, insert on billing_audit.audit_events to billing_audit_owner;
grant select, insert on billing_audit.event_payloads to billing_audit_owner;
grant select, insert on billing_audit.event_keys to billing_audit_owner;
grant select on billing_audit.audit_event to billing_audit_owner;
