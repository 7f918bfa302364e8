import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from 'pg';
import { codeOf } from '../error-code';
import { messageOf } from '../../errors';
import type { SqlConnection } from '../rows';
import { HISTORY, missingFrom, readMigrations, type Migration } from '../migrate';
import { StoreMisconfigured, StoreRefused } from '../store-errors';
import { readPostgresAddress } from './address';
import { failureOf, type Stage } from './failures';

export interface MigratePostgresOptions {
  /** `DATABASE_URL` of whoever owns the tables, or may make them. */
  readonly url: string;
  /** The folder `supabase/`. */
  readonly directory: string;
  /** Looks and changes nothing. */
  readonly dryRun?: boolean;
  readonly onProgress?: (done: number, of: number, file: string) => void;
  /**
   * All files in one transaction, which is committed when this resolves: it sees what they made. Default: each file in a
   * transaction of its own.
   */
  readonly check?: (migrated: SqlConnection) => Promise<void>;
}

export interface Migrated {
  /** `user@host:port/database`. */
  readonly place: string;
  /** What a plain database lacked: roles, schema `auth`. */
  readonly prepared: readonly string[];
  /** Files applied now; with `dryRun`, those that would be. */
  readonly applied: readonly string[];
  /** Files that were there already. */
  readonly already: number;
  /** What somebody with more rights has to do before a server can work with this user. */
  readonly notes: readonly string[];
}

/** Any number that no other program is likely to choose: two of ours then wait for each other. */
const LOCK = 'select pg_advisory_xact_lock(20261126140000)';
const OLDEST = 150_000;

const LACKING = `
  select what from (
    select 'the role ' || name as what, place
      from unnest(array['anon', 'authenticated', 'service_role']) with ordinality as r (name, place)
      where not exists (select from pg_roles where rolname = name)
    union all select 'the schema auth', 4 where to_regnamespace('auth') is null
    union all select 'the function auth.jwt()', 5 where to_regnamespace('auth') is null or to_regprocedure('auth.jwt()') is null
    union all select 'the function auth.uid()', 6 where to_regnamespace('auth') is null or to_regprocedure('auth.uid()') is null
  ) as lacking order by place`;

/**
 * Brings a PostgreSQL or Supabase database up to date: each file in a transaction of its own, recorded as the Supabase
 * CLI records it. Safe to run twice, and by two at once: each file is looked for again when the lock is held.
 * @throws MigrationMissing  no files, or a newer program has made the database
 * @throws StoreMisconfigured, StoreUnavailable  no way in, or too few rights; it names what is lacking
 * @throws StoreRefused  a file was refused; those before it stay, of that one nothing
 */
export async function migratePostgres(options: MigratePostgresOptions): Promise<Migrated> {
  const { config, place } = readPostgresAddress(options.url);
  const files = readMigrations(options.directory);
  // As in the driver: loaded only where it is used.
  const { Client: PgClient } = await import('pg');
  const client = new PgClient(config);
  client.on('error', () => undefined);
  let stage: Stage = 'connecting';
  try {
    await client.connect();
    stage = 'calling';
    return await bringUpToDate(client, files, place, options);
  } catch (thrown) {
    if (isOurs(thrown)) throw thrown;
    if (codeOf(thrown) === '42501') throw tooFewRights(place, thrown);
    throw failureOf(thrown, stage, place).error;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function tooFewRights(place: string, cause: unknown): StoreMisconfigured {
  const hint = 'Name the user that owns the database in DATABASE_URL, or: alter database <name> owner to <user>.';
  return new StoreMisconfigured('rights', `${place} may not do what is needed: ${messageOf(cause)}.`, hint, { cause });
}

async function bringUpToDate(
  client: Client,
  files: readonly Migration[],
  place: string,
  { directory, dryRun = false, onProgress = () => undefined, check }: MigratePostgresOptions,
): Promise<Migrated> {
  await checkVersion(client, place);
  const prepared = (await client.query<{ what: string }>(LACKING)).rows.map(({ what }) => what);
  const missing = missingFrom(files, await history(client));
  const already = files.length - missing.length;
  const names = missing.map(fileName);
  if (dryRun) return { place, prepared, applied: names, already, notes: [] };
  if (prepared.length > 0) await prepare(client, directory, prepared, place);
  await within(client, async () => void (await client.query(HISTORY)));
  const applied: string[] = [];
  const applyAll = async (wrap: typeof within): Promise<void> => {
    for (const [index, file] of missing.entries()) {
      onProgress(index, missing.length, fileName(file));
      if (await apply(client, file, wrap)) applied.push(fileName(file));
    }
  };
  if (check) await atOnce(client, () => applyAll((_, work) => work()), check);
  else await applyAll(within);
  const notes = await letLoginActAsService(client);
  // A PostgREST beside it learns of new functions; nobody else listens.
  if (applied.length > 0) await client.query(`notify pgrst, 'reload schema'`);
  return { place, prepared, applied, already: files.length - applied.length, notes };
}

const fileName = ({ version, name }: Migration): string => `${version}_${name}`;

async function checkVersion(client: Client, place: string): Promise<void> {
  const { rows } = await client.query<{ number: number; text: string }>(
    `select current_setting('server_version_num')::integer as number, current_setting('server_version') as text`,
  );
  const [version] = rows;
  if (version && version.number >= OLDEST) return;
  const text = `${place} is PostgreSQL ${version?.text ?? '?'}; 15 is the oldest that will do.`;
  throw new StoreMisconfigured('version', text, 'Upgrade it, or name another database.');
}

async function history(client: Client): Promise<readonly Record<string, unknown>[]> {
  const table = 'supabase_migrations.schema_migrations';
  const { rows } = await client.query<{ there: boolean }>(`select to_regclass('${table}') is not null as there`);
  if (rows[0]?.there !== true) return [];
  return (await client.query<Record<string, unknown>>(`select version, name from ${table} order by version`)).rows;
}

async function prepare(client: Client, directory: string, lacking: readonly string[], place: string): Promise<void> {
  const file = join(directory, 'bootstrap.sql');
  try {
    await within(client, async () => void (await client.query(readFileSync(file, 'utf8'))));
  } catch (thrown) {
    if (codeOf(thrown) !== '42501') throw thrown;
    throw new StoreMisconfigured(
      'rights',
      `${place} lacks ${lacking.join(', ')}, and may not make them: ${messageOf(thrown)}.`,
      `Have a superuser run it once: psql -d <database> -f ${file}; then run "billing-audit migrate" again.`,
      { cause: thrown },
    );
  }
}

/** @returns false when another has applied it meanwhile */
async function apply(client: Client, file: Migration, wrap: typeof within): Promise<boolean> {
  const { version, name, sql } = file;
  try {
    return await wrap(client, async () => {
      const there = 'select from supabase_migrations.schema_migrations where version = $1';
      if ((await client.query(there, [version])).rowCount !== 0) return false;
      // A file that moves what is there takes as long as there is much of it; Supabase ends a statement after two minutes.
      await client.query('set local statement_timeout to 0');
      await client.query(sql);
      await client.query(
        'insert into supabase_migrations.schema_migrations (version, name, statements) values ($1, $2, $3)',
        [version, name, [sql]],
      );
      return true;
    });
  } catch (thrown) {
    const sqlstate = codeOf(thrown);
    if (sqlstate === null || (thrown as { severity?: unknown }).severity === undefined) throw thrown;
    const hint =
      sqlstate === '42501'
        ? 'It needs a user that owns the database, with the right to make a role: alter role <user> createrole.'
        : 'Look at what the message names; then run it again: it goes on with this file.';
    const text = `${fileName(file)} was not applied, and nothing of it was done: ${messageOf(thrown)}.`;
    throw new StoreRefused(sqlstate, text, hint);
  }
}

/** From PostgreSQL 16 on who makes a role is a member of it that may give it away, and still may not act as it. */
const CAN_ACT_AS_SERVICE = `select current_user as user, pg_has_role(current_user, 'service_role',
  case when current_setting('server_version_num')::integer >= 160000 then 'set' else 'member' end) as able`;

/** So that the same user can run the server. Where another user does, or may not be given the role, it is only a note. */
async function letLoginActAsService(client: Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ user: string; able: boolean }>(CAN_ACT_AS_SERVICE);
  if (rows[0]?.able !== false) return [];
  const grant = `grant anon, authenticated, service_role to ${client.escapeIdentifier(rows[0].user)}`;
  try {
    await client.query(grant);
    return [];
  } catch (thrown) {
    if (codeOf(thrown) !== '42501') throw thrown;
    return [`Before this user can run the server, have a superuser run: ${grant};`];
  }
}

/** Files and check see each other, and nobody else sees either before all is well. */
async function atOnce(
  client: Client,
  applyAll: () => Promise<void>,
  check: (migrated: SqlConnection) => Promise<void>,
): Promise<void> {
  await within(client, async () => {
    await client.query(`set local statement_timeout to 0; set local lock_timeout to '30s'`);
    await applyAll();
    await check({
      query: async (sql, parameters) =>
        (await client.query<Record<string, unknown>>(sql, parameters && [...parameters])).rows,
    });
  });
}

async function within<Answer>(client: Client, work: () => Promise<Answer>): Promise<Answer> {
  await client.query('begin');
  try {
    await client.query(LOCK);
    // Waiting for that lock tells a session nothing of what the other made meanwhile; opening a table does.
    await client.query('select count(*) from pg_namespace');
    const answer = await work();
    await client.query('commit');
    return answer;
  } catch (thrown) {
    await client.query('rollback').catch(() => undefined);
    throw thrown;
  }
}

function isOurs(thrown: unknown): boolean {
  return typeof thrown === 'object' && thrown !== null && 'context' in thrown && 'hint' in thrown;
}
