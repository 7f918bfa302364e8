-- Alerts: who is told what, decided once for each recorded event, and the mails that carry it.
--
-- How none is lost. An alert must not depend on a message that reaches the Alert node after the trail has recorded the
-- event: a crash in between would lose it, because the change is done by then. So the insert into the trail itself puts
-- the event into `alert_queue`, in the same transaction. The deciding (which is code, not SQL) reads the queue; raising
-- the alerts, their place in mails, and leaving the queue is one transaction again. The node's message only wakes it.
-- A queue, and not a cursor over audit_events.position: positions are given out before they are committed, so a cursor
-- that has passed one could miss it; a row of a queue is seen whenever it is committed.
--
-- How none is sent twice. One alert per event and recipient (unique). One mail per group or digest. A mail that is being
-- sent is leased by one sender; what may have reached the mail server is marked before it is handed over, so that a
-- crash anywhere else is known to have sent nothing.
--
-- Times come in as p.at, so that tests and callers share one clock; without it the store's own is used.

-- What each Alert node asks for, kept here so that alerting goes on when the node's process has just started or is gone.
create table billing_audit.alert_rules (
    rule_id           text        primary key check (rule_id <> ''),
    recipients        text[]      not null,
    risk_from         numeric     not null check (risk_from between 0 and 1),
    severity_from     text        not null check (severity_from in ('HIGH', 'MEDIUM', 'LOW', 'NONE')),
    mails_per_hour    integer     not null check (mails_per_hour between 1 and 1000),
    group_minutes     integer     not null check (group_minutes between 1 and 1440),
    frame             jsonb       not null default '{}',
    edition           integer     not null default 1,
    saved_at          timestamptz not null,
    retired_at        timestamptz
);
comment on table billing_audit.alert_rules is 'One row per Alert node. Retired = the node was removed or disabled.';
comment on column billing_audit.alert_rules.severity_from is 'Least severity of a violation that is told; NONE = severity alone tells nobody.';
comment on column billing_audit.alert_rules.frame is 'How mails are dressed: subject prefix, time zone, column names.';
comment on column billing_audit.alert_rules.edition is 'Counts changes of the rule: part of the key of a notice about it.';

create table billing_audit.alert_queue (
    stream      text        not null,
    seq         bigint      not null,
    position    bigint      not null,
    primary key (stream, seq),
    foreign key (stream, seq) references billing_audit.audit_events
);
comment on table billing_audit.alert_queue is 'Recorded events about which nobody has decided yet whom to tell.';
create index alert_queue_order on billing_audit.alert_queue (position);

-- The hour that a recipient's mails are counted in. Its row is the lock of whoever raises or sends for the recipient.
create table billing_audit.alert_recipients (
    recipient      text        primary key,
    hour_from      timestamptz,
    mails          integer     not null default 0 check (mails >= 0)
);
comment on table billing_audit.alert_recipients is 'The hour that a recipient''s mails are counted in. Its row is the lock of whoever raises or sends for the recipient.';
comment on column billing_audit.alert_recipients.hour_from is 'When the hour began: with the first mail after the last hour was over.';

create table billing_audit.alert_groups (
    id             bigint      generated always as identity primary key,
    recipient      text        not null references billing_audit.alert_recipients,
    person         text        not null,
    topic          text        not null,
    row_id         text,
    opened_at      timestamptz not null,
    closes_at      timestamptz not null check (closes_at >= opened_at)
);
comment on table billing_audit.alert_groups is 'What one person did in one sheet within some minutes, for one recipient.';
comment on column billing_audit.alert_groups.topic is 'The sheet''s id, or "notice" for what is no change of a sheet.';
comment on column billing_audit.alert_groups.row_id is 'The row whose alert opened the group: its cells share the first mail.';
create index alert_groups_open on billing_audit.alert_groups (recipient, person, topic, closes_at);

create table billing_audit.alert_mails (
    id                 bigint      generated always as identity primary key,
    recipient          text        not null references billing_audit.alert_recipients,
    rule_id            text        not null references billing_audit.alert_rules,
    kind               text        not null check (kind in ('first', 'update', 'digest')),
    group_id           bigint      references billing_audit.alert_groups,
    state              text        not null default 'pending'
        check (state in ('pending', 'sending', 'sent', 'uncertain', 'dead', 'folded')),
    severity           text        not null check (severity in ('LOW', 'MEDIUM', 'HIGH')),
    message_id         text        unique,
    created_at         timestamptz not null,
    next_at            timestamptz not null,
    attempts           integer     not null default 0 check (attempts >= 0),
    first_attempt_at   timestamptz,
    leased_by          text,
    leased_until       timestamptz,
    handed_over_at     timestamptz,
    hand_overs         integer     not null default 0 check (hand_overs >= 0),
    told_tries         integer     not null default 0,
    told_at            timestamptz,
    last_error         text,
    ended_at           timestamptz,
    check ((group_id is null) = (kind = 'digest')),
    check ((state = 'sending') = (leased_until is not null and leased_by is not null)),
    check ((message_id is null) = (first_attempt_at is null)),
    check ((ended_at is null) = (state in ('pending', 'sending')))
);
comment on table billing_audit.alert_mails is 'The outbox. uncertain = may have been delivered, a person decides; dead = refused or given up; folded = moved into a digest.';
comment on column billing_audit.alert_mails.message_id is 'Hash of the recipient and what the mail holds; set with the first attempt, which freezes both.';
comment on column billing_audit.alert_mails.handed_over_at is 'Set before the text goes to the mail server: from here on it may have been delivered.';
comment on column billing_audit.alert_mails.told_at is 'When the second channel was told that this mail has trouble.';
create index alert_mails_due on billing_audit.alert_mails (next_at) where state in ('pending', 'sending');
create index alert_mails_trouble on billing_audit.alert_mails (id) where state in ('dead', 'uncertain');
create unique index alert_mails_one_of_a_kind on billing_audit.alert_mails (group_id, kind) where group_id is not null;
create unique index alert_mails_one_digest on billing_audit.alert_mails (recipient) where kind = 'digest' and message_id is null;

create table billing_audit.alerts (
    id             bigint      generated always as identity primary key,
    event_key      text        not null,
    recipient      text        not null,
    rule_id        text        not null references billing_audit.alert_rules,
    stream         text,
    seq            bigint,
    notice         jsonb,
    severity       text        not null check (severity in ('LOW', 'MEDIUM', 'HIGH')),
    always         boolean     not null,
    why            jsonb       not null,
    raised_at      timestamptz not null,
    mail_id        bigint      references billing_audit.alert_mails,
    unique (event_key, recipient),
    foreign key (stream, seq) references billing_audit.audit_events,
    check ((stream is null) = (notice is not null)),
    check ((mail_id is null) = (recipient = ''))
);
comment on table billing_audit.alerts is 'One row per event, or notice, and recipient. The recipient '''' is nobody: shown, not mailed.';
comment on column billing_audit.alerts.always is 'No setting could have kept it back.';
comment on column billing_audit.alerts.why is 'List of {code, because}.';
create index alerts_of_mail on billing_audit.alerts (mail_id);
create index alerts_newest on billing_audit.alerts (id desc);

-- What people said about an alert. Never altered: a change of mind is another row.
create table billing_audit.alert_answers (
    id             bigint      generated always as identity primary key,
    event_key      text        not null,
    decision       text        not null check (decision in ('approved', 'false_alarm', 'looking')),
    person         text        not null check (person <> ''),
    reason         text        not null,
    answered_at    timestamptz not null
);
comment on table billing_audit.alert_answers is 'Acknowledgements, each with name, reason and time. The last one of an event counts.';
create index alert_answers_of_event on billing_audit.alert_answers (event_key, id desc);

-- In the transaction that records the event. Nothing is queued before an Alert node has ever been deployed.
create function billing_audit.queue_for_alerts() returns trigger
language plpgsql
set search_path = ''
as $$
begin
    insert into billing_audit.alert_queue (stream, seq, position)
    select new.stream, new.seq, new.position
    where exists (select from billing_audit.alert_rules where retired_at is null);
    return null;
end
$$;

create trigger to_be_told after insert on billing_audit.audit_events
    for each row execute function billing_audit.queue_for_alerts();

-- The caller's time, or the store's.
create function billing_audit.moment(p jsonb) returns timestamptz
language sql volatile
set search_path = ''
as $$
    select coalesce((p ->> 'at')::timestamptz, billing_audit.clock())
$$;

create function billing_audit.severity_rank(severity text) returns integer
language sql immutable
set search_path = ''
as $$
    select case severity when 'HIGH' then 3 when 'MEDIUM' then 2 when 'LOW' then 1 else 9 end
$$;

call billing_audit.protect_table('billing_audit.alert_rules');
call billing_audit.protect_table('billing_audit.alert_queue');
call billing_audit.protect_table('billing_audit.alert_recipients');
call billing_audit.protect_table('billing_audit.alert_groups');
call billing_audit.protect_table('billing_audit.alert_mails');
call billing_audit.protect_table('billing_audit.alerts');
call billing_audit.protect_table('billing_audit.alert_answers');
call billing_audit.keep_private('billing_audit.queue_for_alerts()');
call billing_audit.keep_private('billing_audit.moment(jsonb)');
call billing_audit.keep_private('billing_audit.severity_rank(text)');
grant select, insert, update on billing_audit.alert_rules to billing_audit_owner;
grant select, insert, update, delete on billing_audit.alert_queue to billing_audit_owner;
grant select, insert, update on billing_audit.alert_recipients to billing_audit_owner;
grant select, insert, update on billing_audit.alert_groups to billing_audit_owner;
grant select, insert, update on billing_audit.alert_mails to billing_audit_owner;
grant select, insert, update on billing_audit.alerts to billing_audit_owner;
grant select, insert on billing_audit.alert_answers to billing_audit_owner;
