import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../support/ports';

/** A real PostgreSQL of the test's own: n8n keeps its workflows and executions there. */
export interface Postgres {
  readonly port: number;
  readonly user: string;
  readonly database: string;
  /** Runs one statement. @returns its rows, each a list of texts */
  query(statement: string): string[][];
  stop(): void;
}

const SERVERS = '/usr/lib/postgresql';
const COLUMN_END = '\u001f';

/** The programs of the newest PostgreSQL server that is installed, or null. */
function serverPrograms(): string | null {
  const versions = existsSync(SERVERS) ? readdirSync(SERVERS).sort((one, other) => Number(other) - Number(one)) : [];
  const folders = versions.map((version) => join(SERVERS, version, 'bin'));
  return folders.find((path) => existsSync(join(path, 'initdb'))) ?? null;
}

/** @throws Error  when none is installed */
export async function startPostgres(): Promise<Postgres> {
  const programs = serverPrograms();
  if (programs === null) throw new Error(`There is no PostgreSQL server below ${SERVERS}; install postgresql.`);
  const folder = mkdtempSync(join(tmpdir(), 'n8n-postgres-'));
  // A real server refuses to run as root; its own user runs it then, and needs a way in.
  chmodSync(folder, 0o777);
  const data = join(folder, 'data');
  const port = await freePort();
  const [user, database] = ['n8n', 'n8n'];
  const run = (program: string, ...given: readonly string[]): string => {
    const own = [join(programs, program), ...given];
    const [command = '', ...rest] = process.getuid?.() === 0 ? ['runuser', '-u', 'postgres', '--', ...own] : own;
    return execFileSync(command, rest, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], cwd: folder });
  };
  run('initdb', '-D', data, '-U', user, '-A', 'trust', '-E', 'UTF8', '--no-sync');
  const settings = `-k ${folder} -p ${port} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=40`;
  run('pg_ctl', '-D', data, '-w', '-l', join(folder, 'log'), '-o', settings, 'start');
  run('createdb', '-h', folder, '-p', String(port), '-U', user, database);
  return {
    port,
    user,
    database,
    query: (statement) => {
      const place = ['-h', folder, '-p', String(port), '-U', user, '-d', database];
      const output = run('psql', '-X', '-A', '-t', '-q', '-F', COLUMN_END, ...place, '-c', statement).trim();
      return output === '' ? [] : output.split('\n').map((line) => line.split(COLUMN_END));
    },
    stop: () => {
      if (existsSync(join(data, 'postmaster.pid'))) run('pg_ctl', '-D', data, '-m', 'immediate', 'stop');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
