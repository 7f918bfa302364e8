import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditEvent } from '../../lib/event/audit-event';
import {
  checkTrail,
  openSealKeys,
  SealBook,
  sealNext,
  viewsOf,
  type Anchor,
  type SealKeys,
  type TrailReport,
} from '../../lib/seal';
import {
  secretBox,
  storeOver,
  type EmbeddedStoreDriver,
  type SqlSession,
  type Store,
  type StoreDriver,
} from '../../lib/store';
import { event } from '../store/examples';
import { openPostgres } from '../store/stores';
import { newFolder, openTestStore, removeFolder } from '../support/store';

/** A real store with a key of its own; the clock is ours. */
export interface SealedStore {
  readonly folder: string;
  readonly keysFolder: string;
  readonly driver: StoreDriver & SqlSession;
  readonly store: Store;
  readonly book: SealBook;
  readonly keys: SealKeys;
  /** Appends so many events to a sheet. */
  append(count: number, sheetId?: string): Promise<void>;
  /** Seals until nothing is left. */
  seal(): Promise<number>;
  check(anchors?: readonly Anchor[]): Promise<TrailReport>;
  /** What a superuser can do, who takes the guards off first and puts them back. */
  tamper(sql: string): Promise<void>;
  close(): Promise<void>;
}

/** What a superuser does first. */
export const GUARDS_OFF = `
  alter table billing_audit.audit_events drop constraint if exists hash_is_of_preimage;
  do $$ declare t record; begin
    for t in select oid::regclass as name from pg_class where relnamespace = 'billing_audit'::regnamespace and relkind in ('r', 'p') loop
      execute format('alter table %s disable trigger all', t.name);
    end loop;
  end $$;`;
const GUARDS_ON = `
  do $$ declare t record; begin
    for t in select oid::regclass as name from pg_class where relnamespace = 'billing_audit'::regnamespace and relkind in ('r', 'p') loop
      execute format('alter table %s enable trigger all', t.name);
    end loop;
  end $$;`;

const EMPTIED = `
  do $$ declare t record; begin
    for t in select tgrelid::regclass as name from pg_trigger where tgname = 'never_truncated' loop
      execute format('alter table %s disable trigger never_truncated', t.name);
    end loop;
    truncate billing_audit.audit_events, billing_audit.event_payloads, billing_audit.event_keys, billing_audit.streams,
      billing_audit.tree_leaves, billing_audit.checkpoints, billing_audit.sealed_streams, billing_audit.anchor_marks,
      billing_audit.rollups, billing_audit.look_rollups, billing_audit.open_counts,
      billing_audit.legal_holds, billing_audit.erasures, billing_audit.archives, billing_audit.alerts, billing_audit.alert_queue, billing_audit.people, billing_audit.erased_events cascade;
    update billing_audit.tree_state set size = 0, frontier = '', origin = 'billing-audit/log/' || gen_random_uuid();
    for t in select tgrelid::regclass as name from pg_trigger where tgname = 'never_truncated' loop
      execute format('alter table %s enable always trigger never_truncated', t.name);
    end loop;
  end $$`;

/**
 * One store after the other for the tests of a file. Opening costs more than most tests, so a store is emptied and used
 * again; not one that was tampered with, whose guards are no longer what they were.
 */
export class SealedStores {
  private idle: { readonly folder: string; readonly driver: EmbeddedStoreDriver } | null = null;

  constructor(private readonly workerPath: string) {}

  async next(): Promise<SealedStore> {
    const { folder, driver } = this.idle ?? (await openAnew(this.workerPath));
    this.idle = null;
    const folderOfTest = newFolder();
    let isTampered = false;
    const sealed = sealedOver(folderOfTest, driver);
    return {
      ...sealed,
      tamper: (sql) => {
        isTampered = true;
        return sealed.tamper(sql);
      },
      close: async () => {
        removeFolder(folderOfTest);
        if (isTampered) return void (await endOf(folder, driver));
        await driver.transaction([{ sql: EMPTIED }]);
        this.idle = { folder, driver };
      },
    };
  }

  async close(): Promise<void> {
    if (this.idle) await endOf(this.idle.folder, this.idle.driver);
    this.idle = null;
  }
}

export async function openSealedStore(workerPath: string): Promise<SealedStore> {
  const { folder, driver } = await openAnew(workerPath);
  return { ...sealedOver(folder, driver), close: () => endOf(folder, driver) };
}

/** The same in a real PostgreSQL, which the product reaches as no superuser. */
export async function openSealedPostgres(): Promise<SealedStore & { readonly url: string }> {
  const folder = newFolder();
  const { driver, url, close } = await openPostgres();
  const end = async (): Promise<void> => {
    await close();
    removeFolder(folder);
  };
  return { ...sealedOver(folder, driver), url, close: end };
}

async function openAnew(workerPath: string): Promise<{ folder: string; driver: EmbeddedStoreDriver }> {
  const folder = newFolder();
  return { folder, driver: await openTestStore(folder, workerPath) };
}

async function endOf(folder: string, driver: EmbeddedStoreDriver): Promise<void> {
  await driver.close();
  removeFolder(folder);
}

function sealedOver(folder: string, driver: StoreDriver & SqlSession): Omit<SealedStore, 'close'> {
  const keysFolder = join(folder, 'keys');
  mkdirSync(keysFolder);
  const store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
  const book = new SealBook(driver);
  const keys = openSealKeys(keysFolder, {});
  let made = 0;
  const now = (): number => Date.now();
  return {
    folder,
    keysFolder,
    driver,
    store,
    book,
    keys,
    append: async (count, sheetId = '1') => {
      const events: AuditEvent[] = Array.from({ length: count }, () => {
        made += 1;
        return event(`sheet:${sheetId}:${made}`, { sheet_id: sheetId, new_value: String(made), delta: String(made) });
      });
      for (let at = 0; at < count; at += 200) await store.append(events.slice(at, at + 200));
    },
    seal: async () => {
      for (let sealed = 0; ;) {
        const turn = await sealNext({ book, keys, now });
        sealed += turn.sealed;
        if (!turn.more) return sealed;
      }
    },
    check: async (anchors = []) => {
      const { views } = await viewsOf(anchors, keys);
      return checkTrail({ source: book, trusted: keys.trusted(), anchors: views });
    },
    tamper: async (sql) => {
      await driver.transaction([{ sql: GUARDS_OFF }, { sql }, { sql: GUARDS_ON }]);
    },
  };
}
