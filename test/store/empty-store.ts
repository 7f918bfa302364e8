import type { SqlSession } from '../../lib/store';

/**
 * Takes the guards off for the moment, empties the store and puts the guards back: as only a superuser can. Rows are deleted:
 * a test leaves few, and to truncate makes a file for each index of each month.
 */
const EMPTY = `
  do $$
  declare
    guards record;
    emptied regclass;
  begin
    create temporary table guard on commit drop as
      select tgrelid::regclass as guarded, tgname as name from pg_trigger
      where not tgisinternal and tgenabled = 'A' and tgparentid = 0
        and tgrelid in (select oid from pg_class where relnamespace = 'billing_audit'::regnamespace);
    for guards in select * from guard loop
      execute format('alter table %s disable trigger %I', guards.guarded, guards.name);
    end loop;
    set local session_replication_role = replica;
    for emptied in
      with recursive pointing (oid) as (
        select format('billing_audit.%s', name)::regclass::oid from unnest(array[
          'access_readers', 'sheet_activity', 'event_origins', 'watched_sheets', 'streams', 'event_keys', 'sheets', 'changes',
          'webhooks', 'webhook_events', 'approvals', 'people', 'people_source', 'jobs', 'rollups', 'look_rollups', 'open_counts',
          'legal_holds', 'erasures', 'archives', 'alerts', 'alert_queue', 'models', 'erased_events']) as name
        union
        select k.conrelid from pg_constraint as k join pointing as p on p.oid = k.confrelid
        where k.contype = 'f' and k.conparentid = 0)
      select p.oid from pointing as p
    loop
      execute format('delete from %s', emptied);
    end loop;
    set local session_replication_role = origin;
    for guards in select * from guard loop
      execute format('alter table %s enable always trigger %I', guards.guarded, guards.name);
    end loop;
    if not exists (select from pg_constraint where conname = 'hash_is_of_preimage' and conrelid = 'billing_audit.audit_events'::regclass) then
      alter table billing_audit.audit_events add constraint hash_is_of_preimage
        check (hash = sha256(previous_hash || convert_to(preimage, 'UTF8')));
    end if;
  end
  $$;`;

/** Empties a test's store. */
export async function emptyStore(session: SqlSession): Promise<void> {
  await session.transaction([{ sql: EMPTY }]);
}
