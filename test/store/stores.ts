import { join } from 'node:path';
import { Client } from 'pg';
import { thisMachine } from '../../lib/runtime/machine';
import {
  openEmbeddedStore,
  openPostgresStore,
  openSupabaseStore,
  StoreRefused,
  type EmbeddedStoreDriver,
  type SqlSession,
  type StoreDriver,
} from '../../lib/store';
import { postgresUrl } from '../support/postgres-driver';
import { startPostgres, type TestPostgres } from '../support/postgres';
import { buildStoreWorker, migrations, newFolder, openTestStore, removeFolder } from '../support/store';
import { startPostgrest, tokenOf, type RunningPostgrest } from '../server/rpc/support/postgrest';

/** The driver that is tested, and SQL past it, as only a superuser has it. */
export type TestedDriver = StoreDriver & SqlSession;

export interface StoreUnderTest {
  readonly driver: TestedDriver;
  /** Takes the database away, in the middle of whatever it does. */
  halt(): Promise<void>;
  /** Brings it back. @returns the driver to go on with: of a server the same */
  resume(): Promise<TestedDriver>;
  close(): Promise<void>;
}

/** The default: a folder on disk. Its database ends with its driver. */
export async function openEmbedded(): Promise<StoreUnderTest> {
  const folder = newFolder();
  const workerPath = buildStoreWorker();
  const tested = (driver: EmbeddedStoreDriver): TestedDriver => ({
    rpc: (...given) => driver.rpc(...given),
    transaction: (statements) => driver.transaction(statements),
    close: () => driver.close(),
  });
  let driver = tested(await openTestStore(folder, workerPath));
  return {
    driver,
    halt: () => driver.close(),
    resume: async () =>
      (driver = tested(await openEmbeddedStore({ directory: join(folder, 'store'), workerPath, migrations }))),
    close: async () => {
      await driver.close();
      removeFolder(folder);
    },
  };
}

/** A real PostgreSQL that was migrated by no superuser. */
export async function openPostgres(): Promise<StoreUnderTest & { readonly url: string }> {
  const postgres = startPostgres();
  const url = postgresUrl(postgres.folder);
  const driver = await openPostgresStore({ ...thisMachine(), url });
  return { ...over(postgres, driver, async () => undefined), url };
}

/** A real PostgREST before a real PostgreSQL, as in a Supabase project. */
export async function openSupabase(): Promise<StoreUnderTest> {
  const postgres = startPostgres();
  let postgrest: RunningPostgrest;
  try {
    postgrest = await startPostgrest(postgres);
  } catch (thrown) {
    postgres.stop();
    throw thrown;
  }
  const { address: url } = postgrest;
  const driver = openSupabaseStore({ ...thisMachine(), url, key: tokenOf('service_role'), path: '' });
  return over(postgres, driver, () => postgrest.stop());
}

function over(postgres: TestPostgres, driver: StoreDriver, stop: () => Promise<void>): StoreUnderTest {
  const tested: TestedDriver = {
    rpc: (...given) => driver.rpc(...given),
    ...(driver.acceptCallbacks && { acceptCallbacks: driver.acceptCallbacks.bind(driver) }),
    close: () => driver.close(),
    transaction: (statements) => asSuperuser(postgres.folder, statements),
  };
  return {
    driver: tested,
    halt: async () => postgres.halt(),
    resume: async () => {
      postgres.resume();
      return tested;
    },
    close: async () => {
      await driver.close();
      await stop();
      postgres.stop();
    },
  };
}

type Statements = Parameters<SqlSession['transaction']>[0];

async function asSuperuser(folder: string, statements: Statements): Promise<readonly Record<string, unknown>[]> {
  const client = new Client({ connectionString: postgresUrl(folder, { user: 'super' }) });
  await client.connect();
  try {
    let rows: readonly Record<string, unknown>[] = [];
    await client.query('begin');
    for (const { sql, parameters } of statements) {
      const answer: unknown = await client.query(sql, parameters ? [...parameters] : undefined);
      const last = (Array.isArray(answer) ? answer.at(-1) : answer) as { rows: Record<string, unknown>[] };
      rows = last.rows;
    }
    await client.query('commit');
    return rows;
  } catch (thrown) {
    const { code = 'XX000', message = '', detail, hint } = thrown as Partial<Record<string, string>>;
    throw new StoreRefused(code, message, hint ?? '', detail ?? null);
  } finally {
    await client.end();
  }
}
