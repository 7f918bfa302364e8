import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openEmbeddedStore } from '../../lib/store';
import { diagnose, type Line } from '../../server/doctor';
import { checkWatch } from '../../server/doctor/check-watch';
import { readConfiguration } from '../../server/configuration';
import { httpOverFetch } from '../../lib/runtime/http-over-fetch';
import { openPostOffice, type PostOffice } from '../alert/post-office';
import { firstFlow } from '../pipeline/harness';
import { startNodeRed } from '../support/node-red';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { layStoreOf } from '../support/store';
import { until } from '../support/until';
import { runCommand } from './setup/command';

const PALETTE = resolve(__dirname, '../../dist/node-red');

let sandbox: SandboxProcess;
let post: PostOffice;
let folder: string;
let sheet: { readonly id: number };

beforeAll(async () => {
  sandbox = await startSandboxProcess();
  post = await openPostOffice({ login: { user: 'audit', password: 'right' } });
  sheet = await sandbox.control('POST', '/sandbox/sheets', {
    name: 'Billing',
    columns: ['Work Request #', 'Quantity'],
  });
});
afterAll(async () => {
  await post.close();
  await sandbox.stop();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'doctor-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const real = (): Record<string, string> => ({
  SMARTSHEET_ACCESS_TOKEN: 'practice-token',
  SMARTSHEET_API_BASE: `${sandbox.url}/2.0/`,
  SMARTSHEET_SHEETS: String(sheet.id),
  SMTP_URL: `smtp://audit:right@127.0.0.1:${post.port}`,
  ALERT_FROM: 'audit@example.com',
  ALERT_TO: 'manager@example.com',
});

interface Said {
  readonly code: number | null;
  readonly ok: boolean;
  readonly lines: readonly Line[];
  line(name: string): Line;
}

async function askDoctor(env: Readonly<Record<string, string>>): Promise<Said> {
  const { code, output, errors } = await runCommand(['doctor', '--json'], { cwd: folder, env });
  if (output === '') throw new Error(errors);
  const { ok, lines } = JSON.parse(output) as { ok: boolean; lines: Line[] };
  return { code, ok, lines, line: (name) => lines.find((each) => each.name === name)! };
}

describe('doctor', () => {
  it('finds nothing wrong with a folder in which nothing has been started', async () => {
    const { code, lines } = await askDoctor({});
    expect(code).toBe(0);
    expect(lines.filter(({ state }) => state === 'wrong')).toEqual([]);
    expect(lines.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'database',
        'permissions',
        'models',
        'webhook',
        'dashboard',
        'backup',
        'alerts',
        'smartsheet',
        'clock',
        'disk space',
      ]),
    );
  });

  it('opens the store of a server that does not run, tries token, sheets and mail server, and closes all again', async () => {
    const home = join(folder, '.billing-audit');
    mkdirSync(join(home, 'store'), { recursive: true });
    const directory = join(home, 'store', 'embedded');
    await layStoreOf(home);
    const store = await openEmbeddedStore({
      directory,
      workerPath: join(PALETTE, 'store-worker.js'),
      migrations: join(PALETTE, 'supabase'),
    });
    const locked = await askDoctor(real());
    expect(locked.line('database')).toMatchObject({
      state: 'wrong',
      text: expect.stringContaining(String(process.pid)),
    });
    await store.close();
    const { code, line } = await askDoctor(real());
    expect(line('database')).toEqual({
      name: 'database',
      state: 'ok',
      text: 'It opens: 0 changes of sheets in the trail.',
      todo: null,
    });
    expect(line('smartsheet').text).toContain('billing-audit@example.com');
    expect(line('sheets').state).toBe('ok');
    expect(line('alerts')).toMatchObject({ state: 'ok', text: expect.stringContaining('manager@example.com') });
    expect(line('clock').state).toBe('ok');
    expect(line('webhook')).toMatchObject({ state: 'off', text: expect.stringContaining('polling') });
    expect(code).toBe(0);
  });

  it('says what is wrong and what to do: token, sheet, password of the mail server, keys that others can read', async () => {
    const keys = join(folder, '.billing-audit', 'keys');
    mkdirSync(keys, { recursive: true });
    writeFileSync(join(keys, 'service.key'), 'secret');
    chmodSync(join(keys, 'service.key'), 0o644);
    const { code, line } = await askDoctor({
      ...real(),
      SMARTSHEET_SHEETS: '4583173393803140',
      SMTP_URL: `smtp://audit:wrong@127.0.0.1:${post.port}`,
    });
    expect(code).toBe(1);
    expect(line('sheets')).toMatchObject({ state: 'wrong', todo: expect.stringContaining('sheet id') });
    expect(line('alerts')).toMatchObject({ state: 'wrong', todo: expect.stringContaining('password') });
    expect(line('alerts').text).not.toContain('wrong@');
    expect(line('permissions')).toMatchObject({ state: 'wrong', todo: expect.stringContaining('chmod 600') });
    const token = await askDoctor({ ...real(), SMARTSHEET_ACCESS_TOKEN: 'no-such-token' });
    expect(token.line('smartsheet')).toMatchObject({ state: 'wrong', todo: expect.stringContaining('API Access') });
  });

  it('does not take a home that has lost its token for a practice home', async () => {
    mkdirSync(join(folder, '.billing-audit', 'keys'), { recursive: true });
    writeFileSync(join(folder, '.billing-audit', 'keys', 'had-token'), '', { mode: 0o600 });
    const { code, line } = await askDoctor({});
    expect({ code, state: line('smartsheet').state }).toEqual({ code: 1, state: 'wrong' });
  });

  it('takes a setting that cannot be read for a finding', async () => {
    const { code, lines } = await askDoctor({ PORT: 'eighteen' });
    expect(code).toBe(1);
    expect(lines).toEqual([
      expect.objectContaining({ name: 'settings', state: 'wrong', todo: expect.stringContaining('1880') }),
    ]);
  });

  it('says in sentences what --json says in one line', async () => {
    const { code, output } = await runCommand(['doctor'], { cwd: folder });
    expect(code).toBe(0);
    expect(output).toMatch(
      /^off {4}smartsheet +No token: practice mode.*\n +-> To watch real sheets: billing-audit setup$/mu,
    );
  });
});

describe('doctor --replay-dead', () => {
  it('puts callbacks that failed eight times back to work, says why they failed, and who did it', async () => {
    const directory = join(folder, '.billing-audit', 'store', 'embedded');
    mkdirSync(join(folder, '.billing-audit', 'store'), { recursive: true });
    await layStoreOf(join(folder, '.billing-audit'));
    const open = (): ReturnType<typeof openEmbeddedStore> =>
      openEmbeddedStore({
        directory,
        workerPath: join(PALETTE, 'store-worker.js'),
        migrations: join(PALETTE, 'supabase'),
      });
    const store = await open();
    const hook = { webhook_id: '1', sheet_id: '7', callback_url: 'https://x.example.com', status: 'ENABLED' };
    const boxes = { shared_secret_box: 'x', previous_secret_box: null, sealed_with: 'home' };
    await store.rpc('billing_audit_save_webhook', { ...hook, ...boxes });
    await store.rpc('billing_audit_accept_callback', { webhook_id: '1', nonce: 'n', body: 'e30=' });
    for (let attempt = 1; attempt <= 8; attempt += 1) {
      const asked = await store.rpc('billing_audit_lease_callbacks', { limit: 1, lease_seconds: 60 });
      const ids = (asked as { callbacks: { id: string }[] }).callbacks.map(({ id }) => id);
      await store.rpc('billing_audit_fail_callbacks', { ids, why: 'It was torn.', retry_in_seconds: 0 });
    }
    await store.close();
    const first = await runCommand(['doctor', '--replay-dead', '--json'], { cwd: folder });
    expect(JSON.parse(first.output)).toMatchObject({ replayed: 1, through: 'store', dead: [{ why: 'It was torn.' }] });
    expect(first.code).toBe(0);
    const second = await runCommand(['doctor', '--replay-dead'], { cwd: folder });
    expect(second.output.trim()).toBe('There are no dead letters.');
    const again = await open();
    const { events } = (await again.rpc('billing_audit_search', {
      sheet_id: '7',
      kind: 'callbacks_replayed',
    })) as { events: unknown[] };
    await again.close();
    expect(events).toMatchObject([
      { kind: 'callbacks_replayed', changed_by: expect.stringMatching(/ \(command line\)$/), new_value: '1 callbacks' },
    ]);
  });
});

describe('doctor beside a server', () => {
  it('asks a running one, and notices when it is gone', async () => {
    const nodeRed = await startNodeRed({ env: real(), flows: firstFlow(), storeIsLaid: true });
    const home = join(nodeRed.userDir, 'home');
    const env = { ...real(), BILLING_AUDIT_HOME: home, PORT: new URL(nodeRed.address).port };
    await until(async () => (await fetch(`${nodeRed.address}/health`)).ok, 'the server to be healthy');
    const up = await askDoctor(env);
    expect(up.line('server')).toMatchObject({ state: 'ok', text: expect.stringContaining(nodeRed.address) });
    expect(up.line('database')).toMatchObject({ state: 'ok', text: expect.stringContaining('The server has it open') });
    await nodeRed.stop('SIGKILL');
    const down = await askDoctor(env);
    expect(down.line('server').state).toBe('off');
  });

  it('tells what the server says is not well, and which model it scores with', async () => {
    const checks = [
      { name: 'store', status: 'ok', text: '7 changes of sheets in the trail (embedded store)' },
      {
        name: 'sheet 4583',
        status: 'degraded',
        text: 'Smartsheet cannot be reached; last compare none since the start',
      },
      { name: 'callbacks', status: 'degraded', text: 'last none since the start; none refused; 2 dead letters' },
      { name: 'queue', status: 'ok', text: '0 callbacks and 0 changes wait' },
      { name: 'model', status: 'ok', text: 'model 3 in force since 2026-01-05T09:00:00.000Z' },
    ];
    const { code, line, lines } = await beside({ status: 'degraded', checks });
    expect(code).toBe(1);
    expect(line('sheet 4583')).toEqual({
      name: 'sheet 4583',
      state: 'wrong',
      text: 'Smartsheet cannot be reached; last compare none since the start.',
      todo: expect.stringContaining('behind the bell') as string,
    });
    expect(line('callbacks')).toMatchObject({
      state: 'wrong',
      todo: expect.stringContaining('--replay-dead') as string,
    });
    expect(lines.map(({ name }) => name)).not.toContain('queue');
    expect(line('models')).toMatchObject({ state: 'ok', text: 'Model 3 in force since 2026-01-05T09:00:00.000Z.' });
    const { line: without } = await beside({ status: 'ok', checks: checks.slice(0, 1) });
    expect(without('backup')).toMatchObject({ state: 'off', text: 'No copies are made.' });
    expect(without('models')).toMatchObject({ state: 'off', text: 'No model is in force: scores are rule points.' });
  });

  it('tells what lies in no month, which is no fault, and that months cannot be made, which is one', async () => {
    const store = { name: 'store', status: 'ok', text: '7 changes of sheets in the trail (PostgreSQL)' };
    const text = '3 events, recorded since 2026-01-05T09:00:00.000Z, without a partition of the month';
    const lying = await beside({ status: 'ok', checks: [store, { name: 'months', status: 'ok', text }] });
    expect(lying.line('months')).toEqual({ name: 'months', state: 'ok', text: `${text}.`, todo: null });
    const failing = await beside({ status: 'degraded', checks: [store, { name: 'months', status: 'degraded', text }] });
    expect([failing.code, failing.line('months')]).toMatchObject([1, { state: 'wrong' }]);
    expect(failing.lines.filter(({ name }) => name === 'months')).toHaveLength(1);
  });

  it('says that a server which runs without BACKUP_DIR makes no copies', async () => {
    const { line } = await beside({ status: 'ok', checks: [] }, { BACKUP_DIR: join(folder, 'copies') });
    expect(line('backup')).toMatchObject({ state: 'wrong', text: expect.stringContaining('no copies') as string });
  });

  it('tells of a server that starts in one line, and ends each sentence once', () => {
    const checks = [
      { name: 'server', status: 'down', text: 'starting: callbacks cannot be stored yet' },
      { name: 'flow', status: 'down', text: 'no node of ours is deployed. Deploy one.' },
    ] as const;
    expect(checkWatch({ health: { status: 'down', checks: [...checks] } })).toEqual([
      expect.objectContaining({ name: 'flow', text: 'No node of ours is deployed. Deploy one.' }),
    ]);
  });

  /** A server that has the home open and says this of itself. */
  async function beside(health: object, env: Record<string, string> = {}): Promise<Said> {
    const server = createServer((_request, response) => response.end(JSON.stringify(health)));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const note = { pid: process.pid, started_at: new Date().toISOString(), address, service_key_file: '' };
    mkdirSync(join(folder, '.billing-audit'), { recursive: true });
    writeFileSync(join(folder, '.billing-audit', 'runtime.json'), JSON.stringify(note));
    try {
      return await askDoctor({ ...real(), ...env });
    } finally {
      server.close();
    }
  }

  it('notices a clock that is wrong', async () => {
    const server = await serverWithDate(new Date(Date.now() - 3_600_000));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/2.0/`;
    const environment = { SMARTSHEET_API_BASE: address, BILLING_AUDIT_HOME: folder };
    const lines = await diagnose({
      configuration: readConfiguration({}, environment),
      environment,
      envPath: join(folder, '.env'),
      http: httpOverFetch(),
      now: () => Date.now(),
      sleep: async () => undefined,
      random: () => 0,
      lookIntoStore: () => Promise.reject(new Error('There is none.')),
    });
    server.close();
    expect(lines.find(({ name }) => name === 'clock')).toMatchObject({
      state: 'wrong',
      text: expect.stringMatching(/\d{4} s/),
    });
  });
});

function serverWithDate(date: Date): Promise<Server> {
  const server = createServer((_request, response) => {
    response.sendDate = false;
    response.writeHead(404, { date: date.toUTCString() }).end();
  });
  return new Promise((listening) => server.listen(0, '127.0.0.1', () => listening(server)));
}
