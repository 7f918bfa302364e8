import type { SqlSession } from '../../lib/store';

/** Takes the guards off for the moment, empties the store and puts the guards back: as only a superuser can. */
const EMPTY = `
  do $$
  declare
    guards record;
  begin
    create temporary table guard on commit drop as
      select tgrelid::regclass as guarded, tgname as name from pg_trigger
      where not tgisinternal and tgenabled = 'A'
        and tgrelid in (select oid from pg_class where relnamespace = 'billing_audit'::regnamespace);
    for guards in select * from guard loop
      execute format('alter table %s disable trigger %I', guards.guarded, guards.name);
    end loop;
    truncate billing_audit.access_readers, billing_audit.sheet_activity, billing_audit.event_origins,
      billing_audit.watched_sheets, billing_audit.streams, billing_audit.event_keys, billing_audit.sheets, billing_audit.changes,
      billing_audit.webhooks, billing_audit.webhook_events, billing_audit.approvals, billing_audit.people, billing_audit.people_source,
      billing_audit.jobs,
      billing_audit.rollups, billing_audit.look_rollups, billing_audit.open_counts,
      billing_audit.legal_holds, billing_audit.erasures, billing_audit.archives, billing_audit.alerts, billing_audit.alert_queue, billing_audit.models, billing_audit.erased_events cascade;
    for guards in select * from guard loop
      execute format('alter table %s enable always trigger %I', guards.guarded, guards.name);
    end loop;
  end
  $$;
  alter table billing_audit.audit_events drop constraint if exists hash_is_of_preimage;
  alter table billing_audit.audit_events add constraint hash_is_of_preimage
    check (hash = sha256(previous_hash || convert_to(preimage, 'UTF8')));`;

/** Empties a test's store. */
export async function emptyStore(session: SqlSession): Promise<void> {
  await session.transaction([{ sql: EMPTY }]);
}
