-- What comes in: webhooks, their callbacks, the last known cells of every sheet, and the changes found between them.

-- One webhook per sheet. Secrets are sealed by the service (AES-256-GCM); the database never sees them in clear.
create table billing_audit.webhooks (
    webhook_id            text        primary key check (webhook_id ~ '^\d{1,20}$'),
    sheet_id              text        not null check (sheet_id ~ '^\d{1,20}$'),
    callback_url          text        not null,
    shared_secret_box     text        not null,
    previous_secret_box   text,
    status                text        not null,
    saved_at              timestamptz not null default billing_audit.clock()
);
comment on table billing_audit.webhooks is 'One row per webhook that belongs to this installation.';
comment on column billing_audit.webhooks.shared_secret_box is 'Sealed by the service with a key that is not in the database.';
comment on column billing_audit.webhooks.previous_secret_box is 'The secret before the last reset: callbacks under way may still be signed with it.';
comment on column billing_audit.webhooks.status is 'As Smartsheet says it: ENABLED, DISABLED_BY_OWNER, ...';

-- One row per accepted callback. Written before Smartsheet is answered; never updated except for its state.
create table billing_audit.webhook_events (
    id             bigint      generated always as identity primary key,
    webhook_id     text        not null,
    sheet_id       text        not null,
    nonce          text        not null,
    body_sha256    bytea       not null check (octet_length(body_sha256) = 32),
    body           bytea       not null,
    received_at    timestamptz not null default billing_audit.clock(),
    state          text        not null default 'waiting' check (state in ('waiting', 'leased', 'done', 'dead')),
    attempts       integer     not null default 0 check (attempts >= 0),
    leased_until   timestamptz,
    retry_at       timestamptz,
    why            text,
    ended_at       timestamptz,
    unique (webhook_id, nonce),
    unique (webhook_id, body_sha256),
    check ((state = 'leased') = (leased_until is not null)),
    check ((state in ('done', 'dead')) = (ended_at is not null))
);
comment on table billing_audit.webhook_events is 'Accepted callbacks, each until it is done or a visible dead letter.';
comment on column billing_audit.webhook_events.nonce is 'Set by Smartsheet, one per callback; a retry may repeat it.';
comment on column billing_audit.webhook_events.body is 'The signed bytes.';
comment on column billing_audit.webhook_events.retry_at is 'Not handed out again before; null = at once.';
comment on column billing_audit.webhook_events.why is 'Why the last try failed.';
create index webhook_events_open on billing_audit.webhook_events (id) where state in ('waiting', 'leased');
create index webhook_events_dead on billing_audit.webhook_events (id) where state = 'dead';

create table billing_audit.sheets (
    sheet_id             text        primary key check (sheet_id ~ '^\d{1,20}$'),
    name                 text        not null,
    version              bigint      not null default 0,
    compared_at          timestamptz,
    columns_seen_at      timestamptz,
    known_since          timestamptz not null default billing_audit.clock()
);
comment on table billing_audit.sheets is 'Every sheet that was ever observed.';
comment on column billing_audit.sheets.version is 'Version up to which every change has been resolved.';
comment on column billing_audit.sheets.compared_at is 'When the sheet was last compared as a whole, or read by rowsModifiedSince.';
comment on column billing_audit.sheets.columns_seen_at is 'The read that told the titles; an older read does not change them back.';

create table billing_audit.sheet_columns (
    sheet_id     text    not null references billing_audit.sheets,
    column_id    text    not null,
    title        text    not null,
    renames      integer not null default 0 check (renames >= 0),
    present      boolean not null default true,
    primary key (sheet_id, column_id)
);
comment on table billing_audit.sheet_columns is 'Titles of columns as last seen.';
comment on column billing_audit.sheet_columns.renames is 'Counts renames and removals: the version in a column_renamed change''s key.';

create table billing_audit.sheet_rows (
    sheet_id           text        not null references billing_audit.sheets,
    row_id             text        not null,
    version            bigint      not null,
    created_at         timestamptz,
    created_by         text,
    modified_at        timestamptz,
    modified_by        text,
    sheet_reference    text,
    seen_at            timestamptz not null,
    removed_as         text        check (removed_as in ('deleted', 'moved')),
    lifecycle          integer     not null default 0 check (lifecycle >= 0),
    primary key (sheet_id, row_id)
);
comment on table billing_audit.sheet_rows is 'Rows as last seen. A removed row is kept, without values, so that its return is seen.';
comment on column billing_audit.sheet_rows.version is 'Of the last accepted read; a read with an older one is stale and ignored.';
comment on column billing_audit.sheet_rows.lifecycle is 'Counts added, deleted, moved: the version in such a change''s key.';

create table billing_audit.sheet_cells (
    sheet_id      text        not null,
    row_id        text        not null,
    column_id     text        not null,
    value         text        check (value <> ''),
    changed_at    timestamptz not null,
    revision      integer     not null default 0 check (revision >= 0),
    primary key (sheet_id, row_id, column_id),
    foreign key (sheet_id, row_id) references billing_audit.sheet_rows
);
comment on table billing_audit.sheet_cells is 'Last known cells. Null = empty; there is no empty text.';
comment on column billing_audit.sheet_cells.revision is 'Raised by one for each change: the last part of the change''s event_key.';

-- A change stays here until it is in the trail; then only its key, its person and its time remain.
create table billing_audit.changes (
    id              bigint      generated always as identity primary key,
    event_key       text        not null unique,
    kind            text        not null
        check (kind in ('cell_changed', 'row_added', 'row_deleted', 'row_moved', 'column_renamed', 'watch_gap')),
    sheet_id        text        not null,
    row_id          text,
    column_id       text,
    changed_by      text,
    person          text        generated always as (lower(changed_by)) stored,
    changed_at      timestamptz not null,
    body            jsonb,
    found_at        timestamptz not null default billing_audit.clock(),
    state           text        not null default 'waiting' check (state in ('waiting', 'leased', 'done')),
    attempts        integer     not null default 0 check (attempts >= 0),
    leased_until    timestamptz,
    done_at         timestamptz,
    check ((state = 'leased') = (leased_until is not null)),
    check ((state = 'done') = (done_at is not null)),
    check (state = 'done' or body is not null)
);
comment on table billing_audit.changes is 'Changes on their way to the trail: waiting, leased or done (recorded).';
comment on column billing_audit.changes.event_key is 'sheet:row:column:revision for a cell; sheet:type:object:action:version for all else.';
comment on column billing_audit.changes.body is 'The change as it is emitted; dropped once it is recorded, since the trail holds it then.';
create index changes_open on billing_audit.changes (least(attempts, 10), changed_at, id)
    where state in ('waiting', 'leased');
create index changes_failing on billing_audit.changes (id) where attempts >= 8 and state in ('waiting', 'leased');
create index changes_of_person on billing_audit.changes (person, changed_at);

call billing_audit.protect_table('billing_audit.webhooks');
call billing_audit.protect_table('billing_audit.webhook_events');
call billing_audit.protect_table('billing_audit.sheets');
call billing_audit.protect_table('billing_audit.sheet_columns');
call billing_audit.protect_table('billing_audit.sheet_rows');
call billing_audit.protect_table('billing_audit.sheet_cells');
call billing_audit.protect_table('billing_audit.changes');
grant select, insert, update, delete on billing_audit.webhooks to billing_audit_owner;
grant select, insert, update on billing_audit.webhook_events to billing_audit_owner;
grant select, insert, update on billing_audit.sheets to billing_audit_owner;
grant select, insert, update on billing_audit.sheet_columns to billing_audit_owner;
grant select, insert, update on billing_audit.sheet_rows to billing_audit_owner;
grant select, insert, update on billing_audit.sheet_cells to billing_audit_owner;
grant select, insert, update on billing_audit.changes to billing_audit_owner;
