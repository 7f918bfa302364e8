-- Facts that the rules ask for: who a person is, and which corrections were approved.

create table billing_audit.people (
    email             text        primary key check (email = lower(email) and email <> ''),
    name              text,
    role              text,
    access_level      integer     check (access_level between 1 and 10),
    supervisor        text,
    department        text,
    last_review_at    timestamptz,
    last_active_at    timestamptz,
    active            boolean     not null,
    saved_at          timestamptz not null default billing_audit.clock()
);
comment on table billing_audit.people is 'The directory of people, by lower-case e-mail.';
comment on column billing_audit.people.access_level is '1 (least) to 10; null = nobody knows.';
comment on column billing_audit.people.last_review_at is 'When this person''s access was last reviewed.';
comment on column billing_audit.people.last_active_at is 'What the directory says; null = it does not say.';

-- Saved once, never altered: an approval that was wrong is followed by another.
create table billing_audit.approvals (
    id               uuid        primary key default gen_random_uuid(),
    sheet_id         text        not null check (sheet_id ~ '^\d{1,20}$'),
    row_ids          text[]      not null,
    work_requests    text[]      not null,
    columns          text[]      not null,
    people           text[]      not null,
    valid_from       timestamptz not null,
    valid_to         timestamptz not null,
    reason           text        not null check (reason <> ''),
    ticket           text,
    approver         text        not null check (approver <> ''),
    approved_at      timestamptz not null default billing_audit.clock(),
    check (valid_from <= valid_to),
    -- The editor is never the approver.
    check (not lower(approver) = any (lower(people::text)::text[]))
);
comment on table billing_audit.approvals is 'Approved corrections. An empty list means all, except that nobody approves their own edit.';
create index approvals_of_sheet on billing_audit.approvals (sheet_id, valid_from, valid_to);

-- Approvals that come after the change: what was recorded without one is marked, and stays as it was recorded.
-- Said once, never altered: the first approval that covers an event counts.
create table billing_audit.approved_afterwards (
    event_key    text        primary key references billing_audit.event_keys,
    approval_id  uuid        not null references billing_audit.approvals,
    at           timestamptz not null default billing_audit.clock()
);
comment on table billing_audit.approved_afterwards is 'Historical changes that were recorded unapproved, and the approval that came later.';

create trigger never_altered before update or delete on billing_audit.approved_afterwards
    for each row execute function billing_audit.refuse_change();
create trigger never_truncated before truncate on billing_audit.approved_afterwards
    for each statement execute function billing_audit.refuse_change();
alter table billing_audit.approved_afterwards enable always trigger never_altered;
alter table billing_audit.approved_afterwards enable always trigger never_truncated;

call billing_audit.protect_table('billing_audit.people');
call billing_audit.protect_table('billing_audit.approvals');
grant select, insert, update on billing_audit.people to billing_audit_owner;
grant select, insert on billing_audit.approvals to billing_audit_owner;
call billing_audit.protect_table('billing_audit.approved_afterwards');
grant select, insert on billing_audit.approved_afterwards to billing_audit_owner;
