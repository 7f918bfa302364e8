import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { MigrationMissing, MigrationRefused, StoreRefused } from './store-errors';

/** A database that takes SQL: all statements in one transaction, the rows of the last one as the answer. */
export interface SqlSession {
  transaction(
    statements: readonly { readonly sql: string; readonly parameters?: readonly unknown[] }[],
  ): Promise<readonly Record<string, unknown>[]>;
}

export interface Migration {
  /** The timestamp that the file name begins with. */
  readonly version: string;
  readonly name: string;
  readonly sql: string;
}

export interface MigrateOptions {
  /** The folder `supabase/`: `migrations/*.sql`, and `bootstrap.sql`. */
  readonly directory: string;
  /** True for plain PostgreSQL and PGlite, which lack the roles that Supabase has. */
  readonly bootstrap: boolean;
  /** Called before a database that holds something already is changed; what it throws keeps the database as it is. */
  readonly beforeUpgrade?: (newestVersion: string) => Promise<void>;
}

/** Our files, told from a user's own migrations by their name. */
const OURS = 'billing_audit_';

export const HISTORY = `
  create schema if not exists supabase_migrations;
  create table if not exists supabase_migrations.schema_migrations (version text primary key, statements text[], name text);
`;

/**
 * Brings a database up to date: applies what is missing in lexical order, all of it or nothing, and records it where the
 * Supabase CLI looks for it. Safe to run twice, and by two processes: the second one's record collides, and all that it did
 * is undone.
 * @returns the versions applied now
 * @throws MigrationMissing  when there are no files, or the database holds a migration of ours that has no file
 * @throws MigrationRefused  a file was refused: the database is as it was
 */
export async function migrate(session: SqlSession, options: MigrateOptions): Promise<readonly string[]> {
  const migrations = readMigrations(options.directory);
  if (options.bootstrap) {
    await session.transaction([{ sql: readFileSync(join(options.directory, 'bootstrap.sql'), 'utf8') }]);
  }
  await session.transaction([{ sql: HISTORY }]);
  const rows = await session.transaction([
    { sql: 'select version, name from supabase_migrations.schema_migrations order by version', parameters: [] },
  ]);
  const missing = missingFrom(migrations, rows);
  const newest = migrations.filter((each) => !missing.includes(each)).at(-1);
  if (missing.length === 0) return [];
  if (newest) await options.beforeUpgrade?.(newest.version);
  await applyAll(session, missing, newest?.version ?? null);
  return missing.map((migration) => migration.version);
}

async function applyAll(session: SqlSession, missing: readonly Migration[], from: string | null): Promise<void> {
  const record = 'insert into supabase_migrations.schema_migrations (version, name, statements) values ($1, $2, $3)';
  try {
    await session.transaction(
      missing.flatMap(({ version, name, sql }) => [{ sql }, { sql: record, parameters: [version, name, [sql]] }]),
    );
  } catch (thrown) {
    const file = thrown instanceof StoreRefused ? missing[Math.floor((thrown.statement ?? -2) / 2)] : undefined;
    if (!file || !(thrown instanceof StoreRefused)) throw thrown;
    throw new MigrationRefused(`${file.version}_${file.name}`, from, thrown);
  }
}

/** @throws MigrationMissing  when the folder holds none */
export function readMigrations(directory: string): readonly Migration[] {
  const folder = join(directory, 'migrations');
  const found = fileNames(folder).flatMap((file) => {
    const parts = /^(\d+)_(.+)\.sql$/.exec(file);
    const [, version, name] = parts ?? [];
    if (version === undefined || name === undefined) return [];
    return [{ version, name, sql: readFileSync(join(folder, file), 'utf8') }];
  });
  if (found.length > 0) return found;
  throw new MigrationMissing(
    `There are no migrations in ${folder}.`,
    'Install the package again: its folder supabase/ is not complete.',
    { folder },
  );
}

function fileNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** @throws MigrationMissing  when the database holds a migration of ours that has no file */
export function missingFrom(
  migrations: readonly Migration[],
  rows: readonly Record<string, unknown>[],
): readonly Migration[] {
  const known = new Set(migrations.map((migration) => migration.version));
  const newer = rows.filter((row) => String(row['name']).startsWith(OURS) && !known.has(String(row['version'])));
  if (newer.length > 0) {
    const versions = newer.map((row) => String(row['version']));
    throw new MigrationMissing(
      `The store was made by a newer Billing Audit: this one does not know its migrations ${versions.join(', ')}.`,
      'Install the newest Billing Audit; an older one must not write to this store.',
      { versions },
    );
  }
  const applied = new Set(rows.map((row) => String(row['version'])));
  return migrations.filter((migration) => !applied.has(migration.version));
}
