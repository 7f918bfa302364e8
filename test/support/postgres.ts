import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HISTORY, readMigrations } from '../../lib/store/migrate';
import { migrations, newFolder, removeFolder } from './store';
import { addMigrations, keepTemplate, keptTemplate, makingFolder } from './templates';

/** The programs of the newest PostgreSQL server that is installed, or null. */
function serverPrograms(): string | null {
  const home = '/usr/lib/postgresql';
  const versions = existsSync(home) ? readdirSync(home).sort((one, other) => Number(other) - Number(one)) : [];
  const found = versions.map((version) => join(home, version, 'bin')).find((path) => existsSync(join(path, 'initdb')));
  return found ?? null;
}

const programs = serverPrograms();

/** A benchmark starts a server too, and has no `describe`. */
const runner = globalThis as unknown as { readonly describe: typeof describe };

/** `describe`, or `describe.skip` where no PostgreSQL is installed; CI counts it as a failure instead. */
export const describeOnPostgres =
  programs === null && process.env['CI'] === undefined ? runner.describe.skip : runner.describe;

/** Warns of what is skipped. */
export function warnWithoutPostgres(what: string): void {
  if (programs !== null || process.env['CI'] !== undefined) return;
  process.stderr.write(`No PostgreSQL server is installed: ${what} Install postgresql.\n`);
}

/** A real server of a test's own, on a socket in a folder of its own. */
export interface TestPostgres {
  /** Where its socket is: the `host` of a connection. */
  readonly folder: string;
  /** Runs SQL by psql; gives its unaligned output, or throws with what it said. */
  sql(user: string, text: string, database?: string): string;
  /** Ends it at once, as a crash does; its folder stays. */
  halt(): void;
  resume(): void;
  stop(): void;
}

/**
 * Starts a server whose database `audit` was migrated by `migrator`, who is no superuser. `service_login` may become
 * service_role, `gate` any of the roles of the API. What it starts with is made once and copied from then on: all copies
 * have the same origin of their log.
 * @param bare  only the server, with an empty database `audit`
 */
export function startPostgres({ bare = false } = {}): TestPostgres {
  const folder = newFolder();
  const data = join(folder, 'data');
  const bin = (name: string): string => join(programs ?? '/usr/lib/postgresql', name);
  const run = (program: string, ...given: readonly string[]): void => {
    // A real server refuses to run as root; its own user runs it then.
    const isRoot = process.getuid?.() === 0;
    const [command, ...rest] = isRoot
      ? ['runuser', '-u', 'postgres', '--', bin(program), ...given]
      : [bin(program), ...given];
    execFileSync(command ?? '', rest, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  };
  const sql = (user: string, text: string, database = 'audit'): string => {
    const file = join(folder, 'statement.sql');
    writeFileSync(file, text, { mode: 0o644 });
    const form = ['-X', '-A', '-t', '-q', '-v', 'ON_ERROR_STOP=1'];
    const given = [...form, '-h', folder, '-U', user, '-d', database, '-f', file];
    const { status, stdout, stderr } = spawnSync(bin('psql'), given, { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    return stdout.trim();
  };
  const halt = (): void => {
    if (existsSync(join(data, 'postmaster.pid'))) run('pg_ctl', '-D', data, '-m', 'immediate', '-w', 'stop');
  };
  // Shared memory in its own folder: a server that is halted leaves some behind, which must go with the folder.
  const settings = `-k ${folder} -c listen_addresses='' -c dynamic_shared_memory_type=mmap`;
  const resume = (): void => run('pg_ctl', '-D', data, '-w', '-l', join(folder, 'log'), '-o', settings, 'start');
  const stop = (): void => {
    halt();
    removeFolder(folder);
  };
  const make = (): void => {
    run('initdb', '-D', data, '-U', 'super', '-A', 'trust', '-E', 'UTF8', '--no-sync');
    resume();
    run('createdb', '-h', folder, '-U', 'super', 'audit');
    if (!bare) migrateAsNobodySpecial(sql);
    run('pg_ctl', '-D', data, '-m', 'fast', '-w', 'stop');
  };
  try {
    chmodSync(folder, 0o777);
    layCluster(data, keptTemplate(bare ? 'postgres-bare' : 'postgres-migrated', fingerprint(bare)), make);
    resume();
    return { folder, sql, halt, resume, stop };
  } catch (thrown) {
    stop();
    throw thrown;
  }
}

/** @param make  makes the cluster in `data` when nobody has made one like it before */
function layCluster(data: string, template: string, make: () => void): void {
  if (existsSync(template)) return copyCluster(template, data);
  make();
  const made = join(makingFolder(template), 'data');
  copyCluster(data, made);
  keepTemplate(made, template);
}

/** With its owner, who must be the user that the server runs as. */
function copyCluster(from: string, to: string): void {
  execFileSync('cp', ['-a', from, to], { stdio: 'pipe' });
}

/** Of all that a cluster is made of: this file, the server, and, if they were run, the migrations and the months they made. */
function fingerprint(bare: boolean): string {
  const hash = createHash('sha256').update(String(programs)).update(readFileSync(__filename));
  hash.update(execFileSync(join(programs ?? '', 'postgres'), ['--version']));
  if (!bare) {
    addMigrations(hash, migrations);
    hash.update(HISTORY);
    hash.update(new Date().toISOString().slice(0, 7));
  }
  return hash.digest('hex').slice(0, 16);
}

function migrateAsNobodySpecial(sql: TestPostgres['sql']): void {
  sql(
    'super',
    `create role migrator login createrole nosuperuser; alter database audit owner to migrator;
      create role service_login login; create role gate login noinherit;`,
  );
  sql(
    'super',
    `begin; ${readFileSync(join(migrations, 'bootstrap.sql'), 'utf8')}
      grant anon, authenticated, service_role to migrator, gate; grant service_role to service_login; commit;`,
  );
  sql('migrator', HISTORY);
  for (const { version, name, sql: text } of readMigrations(migrations)) {
    const record = `insert into supabase_migrations.schema_migrations (version, name) values ('${version}', '${name}');`;
    sql('migrator', `begin; ${text} ${record} commit;`);
  }
}
