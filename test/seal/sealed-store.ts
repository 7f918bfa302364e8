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
import { secretBox, storeOver, type EmbeddedStoreDriver, type Store } from '../../lib/store';
import { event } from '../store/examples';
import { newFolder, openTestStore, removeFolder } from '../support/store';

/** A real embedded store with a key of its own; the clock is ours. */
export interface SealedStore {
  readonly folder: string;
  readonly keysFolder: string;
  readonly driver: EmbeddedStoreDriver;
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

const GUARDS_OFF = `
  alter table billing_audit.audit_events drop constraint if exists hash_is_of_preimage;
  do $$ declare t record; begin
    for t in select oid::regclass as name from pg_class where relnamespace = 'billing_audit'::regnamespace and relkind = 'r' loop
      execute format('alter table %s disable trigger all', t.name);
    end loop;
  end $$;`;
const GUARDS_ON = `
  do $$ declare t record; begin
    for t in select oid::regclass as name from pg_class where relnamespace = 'billing_audit'::regnamespace and relkind = 'r' loop
      execute format('alter table %s enable trigger all', t.name);
    end loop;
  end $$;`;

export async function openSealedStore(workerPath: string): Promise<SealedStore> {
  const folder = newFolder();
  const keysFolder = join(folder, 'keys');
  mkdirSync(keysFolder);
  const driver = await openTestStore(folder, workerPath);
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
    close: async () => {
      await driver.close();
      removeFolder(folder);
    },
  };
}
