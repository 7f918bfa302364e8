import { join } from 'node:path';
import { Client } from 'pg';
import { openEmbeddedStore } from '../../../lib/store';
import { postgresUrl } from '../../support/postgres-driver';
import { startPostgres, type TestPostgres } from '../../support/postgres';
import { bundle, buildStoreWorker, migrations, newFolder, openTestStore, removeFolder } from '../../support/store';

export const STORES = ['embedded', 'postgres'] as const;
export type StoreKind = (typeof STORES)[number];

type Rows = readonly Record<string, unknown>[];

/** A home with an empty store of one kind, and SQL past the product: as only a superuser has it. */
export interface Ground {
  readonly kind: StoreKind;
  readonly home: string;
  readonly workerPath: string;
  readonly migrations: string;
  /** Null: the embedded store. */
  readonly server: TestPostgres | null;
  /** Of the embedded store only while no process has it open. */
  sql(text: string): Promise<Rows>;
  close(): void;
}

/** The programs of a campaign, bundled once. */
export interface Programs {
  readonly auditor: string;
  readonly worker: string;
}

export function buildPrograms(): Programs {
  return { auditor: bundle('test/faults/programs/auditor.ts', 'auditor'), worker: buildStoreWorker() };
}

export async function openGround(kind: StoreKind, { worker }: Programs): Promise<Ground> {
  const home = newFolder();
  const base = { home, workerPath: worker, migrations };
  if (kind === 'embedded') {
    await (await openTestStore(home, worker)).close();
    return {
      ...base,
      kind,
      server: null,
      sql: (text) => embeddedSql(home, worker, text),
      close: () => removeFolder(home),
    };
  }
  const server = startPostgres();
  const stopWithUs = (): void => server.stop();
  // A campaign that is broken off leaves no server behind.
  process.once('exit', stopWithUs);
  return {
    ...base,
    kind,
    server,
    sql: (text) => serverSql(server.folder, text),
    close: () => {
      process.off('exit', stopWithUs);
      server.stop();
      removeFolder(home);
    },
  };
}

async function embeddedSql(home: string, workerPath: string, sql: string): Promise<Rows> {
  const driver = await openEmbeddedStore({ directory: join(home, 'store'), workerPath, migrations });
  try {
    return await driver.transaction([{ sql, parameters: [] }]);
  } finally {
    await driver.close();
  }
}

async function serverSql(folder: string, text: string): Promise<Rows> {
  const client = new Client({ connectionString: postgresUrl(folder, { user: 'super' }) });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}
