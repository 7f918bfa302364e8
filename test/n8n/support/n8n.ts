import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort } from '../../support/ports';
import { until } from '../../support/until';
import { installPackage } from './install-package';
import type { Postgres } from './postgres';

const PROGRAM = resolve(__dirname, '../host/node_modules/n8n/bin/n8n');
const START_MILLISECONDS = 180_000;
export const OWNER = { email: 'owner@example.com', firstName: 'Olive', lastName: 'Owner', password: 'Passw0rd123' };
/** The session is bound to the browser that signed in, by this header. */
const BROWSER = { 'browser-id': 'billing-audit-test' };

/** A real n8n with our package installed, as its editor speaks to it. */
export interface N8n {
  readonly address: string;
  /** The folder of our package as it was installed. */
  readonly installed: string;
  /** Asks what the editor asks. @returns the answer's `data`; rejects with the answer's text unless it is 2xx */
  ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer>;
  logs(): string;
  /** Signs a browser in: the cookie that n8n gave. */
  readonly cookie: () => string;
  /** Ends the process and starts it again over the same folder and database. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
if (typeof afterAll === 'function') afterAll(() => running.forEach((child) => child.kill('SIGKILL')));

export async function startN8n(database: Postgres): Promise<N8n> {
  const folder = mkdtempSync(join(tmpdir(), 'n8n-user-'));
  const installed = installPackage(folder);
  const [port, broker] = [await freePort(), await freePort()];
  const address = `http://127.0.0.1:${port}`;
  const environment = { ...ownEnvironment(), ...settings(folder, port, broker, database) };
  let output = '';
  let child: ChildProcess;
  let cookie = '';

  const start = async (): Promise<void> => {
    child = spawn(process.execPath, [PROGRAM, 'start'], {
      cwd: folder,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const own = child;
    running.add(own);
    own.once('exit', () => running.delete(own));
    for (const stream of [own.stdout, own.stderr]) stream?.on('data', (chunk) => void (output += String(chunk)));
    await until(
      async () => own.exitCode !== null || (await fetch(`${address}/healthz/readiness`)).ok,
      'n8n to start',
      START_MILLISECONDS,
    );
    if (own.exitCode !== null) throw new Error(`n8n ended with ${own.exitCode}: ${output}`);
  };
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((done) => child.once('exit', done));
    child.kill('SIGTERM');
    const last = setTimeout(() => child.kill('SIGKILL'), 30_000);
    await ended;
    clearTimeout(last);
  };
  const ask = async <Answer>(method: string, path: string, body?: unknown): Promise<Answer> => {
    const answer = await fetch(`${address}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...BROWSER, cookie },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
    cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? cookie;
    const parsed = JSON.parse(text) as { data?: Answer };
    return parsed.data ?? (parsed as Answer);
  };

  await start();
  // "Ready" is said a little before its routes are there.
  await until(() => ask('POST', '/rest/owner/setup', OWNER), 'the owner to be set up', 30_000);
  return {
    address,
    installed,
    ask,
    logs: () => output,
    cookie: () => cookie,
    restart: async () => {
      await stop();
      await start();
    },
    stop: async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** No setting of the machine that runs the tests gets in. */
function ownEnvironment(): Record<string, string> {
  const { PATH = '', HOME = '', TMPDIR = tmpdir() } = process.env;
  return { PATH, HOME, TMPDIR, NODE_ENV: 'production' };
}

function settings(folder: string, port: number, broker: number, database: Postgres): Record<string, string> {
  return {
    N8N_USER_FOLDER: folder,
    N8N_PORT: String(port),
    N8N_LISTEN_ADDRESS: '127.0.0.1',
    WEBHOOK_URL: `http://127.0.0.1:${port}/`,
    N8N_RUNNERS_BROKER_PORT: String(broker),
    DB_TYPE: 'postgresdb',
    DB_POSTGRESDB_HOST: '127.0.0.1',
    DB_POSTGRESDB_PORT: String(database.port),
    DB_POSTGRESDB_USER: database.user,
    DB_POSTGRESDB_DATABASE: database.database,
    N8N_ENCRYPTION_KEY: 'only for tests',
    N8N_SECURE_COOKIE: 'false',
    N8N_DIAGNOSTICS_ENABLED: 'false',
    N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
    N8N_TEMPLATES_ENABLED: 'false',
    N8N_PERSONALIZATION_ENABLED: 'false',
  };
}
