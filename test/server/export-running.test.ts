import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort } from '../support/ports';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { until } from '../support/until';
import { textOfExport } from './text-of-export';
import { ask, formTokenIn, signedIn } from './sign-in/support/client';

const CLI = resolve(__dirname, '../../dist/billing-audit/cli.js');
const TOKEN = 'practice-token';
const folder = mkdtempSync(join(tmpdir(), 'running-'));
const home = join(folder, 'home');

let sandbox: SandboxProcess;
let server: ChildProcess;
let address: string;
let dashboardAddress: string;
let environment: Record<string, string | undefined>;
let output = '';
const firstHealth: string[] = [];
const cookies: Record<string, string> = {};

/** `billing-audit ...` as its owner types it. */
function billingAudit(...flags: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [CLI, ...flags], {
    cwd: folder,
    env: environment as NodeJS.ProcessEnv,
    encoding: 'utf8',
  });
}

const PERIOD = ['--from', '2020-01-01', '--to', '2100-01-01'];
const key = (): string => readFileSync(join(home, 'keys', 'service.key'), 'utf8').trim();
const withKey = (given: string) => ({ headers: { authorization: `Bearer ${given}` } });

beforeAll(async () => {
  sandbox = await startSandboxProcess();
  const { sheetId, rowIds } = await sandbox
    .control<{ sheetId: number; rowIds: number[] }>('POST', '/sandbox/sheets', {
      name: 'Week 1',
      columns: ['Work Request #', 'Quantity'],
      rows: [{ 'Work Request #': '90001.1', Quantity: 10 }],
    })
    .then(async () => {
      const { sheets } = await sandbox.control<{ sheets: { id: number }[] }>('GET', '/sandbox/state');
      const { body } = await sandbox.api<{ rows: { id: number }[] }>('GET', `/sheets/${sheets[0]!.id}`);
      return { sheetId: sheets[0]!.id, rowIds: body.rows.map(({ id }) => id) };
    });
  const [port, dashboardPort] = [await freePort(), await freePort()];
  address = `http://127.0.0.1:${port}`;
  dashboardAddress = `http://127.0.0.1:${dashboardPort}`;
  environment = {
    ...process.env,
    PORT: String(port),
    DASHBOARD_PORT: String(dashboardPort),
    BILLING_AUDIT_HOME: home,
    SMARTSHEET_ACCESS_TOKEN: TOKEN,
    SMARTSHEET_API_BASE: `${sandbox.url}/2.0/`,
    SMARTSHEET_SHEETS: String(sheetId),
    PUBLIC_URL: address,
    HOLIDAYS: 'none',
    ALERT_TO: 'manager@example.com',
  };
  server = spawn(process.execPath, [CLI, 'start'], { cwd: folder, env: environment as NodeJS.ProcessEnv });
  for (const stream of [server.stdout, server.stderr]) stream?.on('data', (text) => void (output += String(text)));
  await until(
    async () => {
      const { body } = await ask(`${address}/health`);
      firstHealth.push((JSON.parse(body) as { status: string }).status);
      return body.includes('"watching;');
    },
    `the sheet to be watched; the server said: ${output}`,
    50_000,
  );
  for (const value of [12, 15]) {
    await sandbox.control('POST', '/sandbox/edit', {
      sheetId,
      rowId: rowIds[0],
      column: 'Quantity',
      value,
      by: 'clerk@example.com',
    });
  }
  await until(
    async () =>
      (JSON.parse((await ask(`${address}/health`)).body) as { counts: { events: number } }).counts.events === 2,
    'both changes to be recorded',
    40_000,
  );
  for (const name of ['admin', 'viewer']) {
    const password = new RegExp(`^ +${name} +(\\S+)$`, 'm').exec(output)?.[1] ?? '';
    cookies[name] = await signedIn(address, name, password);
  }
}, 120_000);

afterAll(async () => {
  if (server.exitCode === null) server.kill('SIGKILL');
  await sandbox.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('answers /health before Node-RED and the store are up', () => {
  expect(firstHealth[0]).toBe('starting');
  expect(firstHealth.at(-1)).toBe('ok');
});

describe('who may take what home', () => {
  const path = '/export?from=2020-01-01&to=2100-01-01';

  it('gives the export to an admin, to nobody unknown, and not to a viewer', async () => {
    const answer = await ask(address + path, { cookie: cookies['admin'] });
    expect(answer.status).toBe(200);
    expect(answer.headers['content-disposition']).toBe('attachment; filename="changes-2020-01-01-to-2100-01-01.xlsx"');
    expect((await ask(address + path)).status).toBe(401);
    expect((await ask(address + path, { cookie: cookies['viewer'] })).status).toBe(403);
  });

  it('shows people a page to choose with, and gives what they chose, on the port of the dashboard too', async () => {
    for (const at of [address, dashboardAddress]) {
      const headers = { accept: 'text/html' };
      const page = await ask(`${at}/export`, { cookie: cookies['admin'], headers });
      expect([at, page.status, page.headers['content-type']]).toEqual([at, 200, 'text/html; charset=utf-8']);
      expect(page.body).toMatch(/name="from" type="date" value="\d{4}-\d{2}-01"/);
      const chosen = await ask(`${at}${path}&format=csv&sheet=`, { cookie: cookies['admin'], headers });
      expect([at, chosen.status, chosen.headers['content-type']]).toEqual([at, 200, 'application/zip']);
      expect((await ask(`${at}/export`, { cookie: cookies['viewer'], headers })).status).toBe(403);
    }
  });

  it('tells people what is wrong on that page, and keeps what they typed', async () => {
    const wrong = await ask(`${address}/export?from=2026-02-01&to=2026-01-01&format=csv&sheet=7,+x`, {
      cookie: cookies['admin'],
      headers: { accept: 'text/html' },
    });
    expect([wrong.status, wrong.headers['content-type']]).toEqual([400, 'text/html; charset=utf-8']);
    expect(wrong.headers['content-disposition']).toBeUndefined();
    expect(wrong.body).toContain('role="alert"');
    expect(wrong.body).toContain('Give the later day as &quot;to&quot;.');
    expect(wrong.body).toContain('value="2026-02-01"');
    expect(wrong.body).toContain('value="csv" selected');
    expect(wrong.body).toContain('value="7, x"');
  });

  it('offers the sheets by name, and comes filled in from the page Changes', async () => {
    const sheetId = environment['SMARTSHEET_SHEETS'] ?? '';
    const get = async (query: string): Promise<string> =>
      (await ask(`${address}/export?${query}`, { cookie: cookies['admin'], headers: { accept: 'text/html' } })).body;
    const plain = await get('choose=');
    expect(plain).toMatch(new RegExp(`type="checkbox" name="sheet" value="${sheetId}"\\s*/>\\s*Week 1</label`, 'u'));
    expect(plain).toContain('name="from" type="date" value="2000-01-01"');
    const filled = await get(`choose=&person=%22%3Eclerk&severity=HIGH&from=2026-01-05&sheet=${sheetId}&sheet=77`);
    expect(filled).toContain(`value="${sheetId}" checked`);
    expect(filled).toContain('value="2026-01-05"');
    expect(filled).toContain('name="person" value="&quot;&gt;clerk"');
    expect(filled).toMatch(/value="77"[^]*value="HIGH" selected/u);
    expect(await get('from=2020-01-01&to=2100-01-01&severity=huge')).toContain('Use HIGH, MEDIUM or LOW.');
  });

  it('leaves out of a filtered export what does not fit, and says so in it', async () => {
    const textOf = (filters: string) => textOfExport(`${address + path}&format=csv&${filters}`, withKey(key()));
    const none = await textOf('person=nobody%40example.com');
    expect(none).not.toContain('clerk@example.com');
    expect(none).toContain('Only by,nobody@example.com');
    expect(await textOf('person=clerk%40example.com&column=Quantity')).toContain('clerk@example.com');
  });

  it('says what is wrong with a question that cannot be answered', async () => {
    const answer = await ask(`${address}/export?from=yesterday&to=2100-01-01`, { cookie: cookies['admin'] });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({ error: 'bad_setting', hint: 'Write a day like 2026-01-31.' });
  });

  it('tells its metrics to admins and to programs with the key', async () => {
    expect((await ask(`${address}/metrics`)).status).toBe(401);
    expect((await ask(`${address}/metrics`, withKey('0'.repeat(64)))).status).toBe(401);
    expect((await ask(`${address}/metrics`, { cookie: cookies['viewer'] })).status).toBe(403);
    const metrics = await ask(`${address}/metrics`, withKey(key()));
    expect(metrics.status).toBe(200);
    expect(metrics.body).toContain('\nbilling_audit_events_total 2\n');
    expect(metrics.body).toMatch(/billing_audit_webhook_answers_total\{status="200"\} \d/);
    expect(metrics.body).toMatch(/billing_audit_sheet_watched\{sheet="\d+",by="webhook"\} 1/);
  });

  it('lets the key open nothing but what is for programs', async () => {
    for (const place of ['/people', '/admin/flows', '/flows/versions', '/dashboard', '/metrics-not']) {
      expect((await ask(address + place, withKey(key()))).status).toBe(401);
    }
  });

  it('calls functions of the store for programs, and for no session', async () => {
    const call = { method: 'POST', body: '{"p":{}}' };
    const json = { 'content-type': 'application/json' };
    const rpc = `${address}/rest/v1/rpc`;
    const answer = await ask(`${rpc}/billing_audit_counts`, {
      ...call,
      headers: { ...json, authorization: `Bearer ${key()}` },
    });
    expect(JSON.parse(answer.body)).toMatchObject({ events: 2 });
    expect(
      (await ask(`${rpc}/billing_audit_counts`, { ...call, headers: json, cookie: cookies['admin'] })).status,
    ).toBe(403);
    const unknown = await ask(`${rpc}/pg_read_file`, {
      ...call,
      headers: { ...json, authorization: `Bearer ${key()}` },
    });
    expect(unknown.status).toBe(404);
    const bad = await ask(`${rpc}/billing_audit_append`, {
      ...call,
      headers: { ...json, authorization: `Bearer ${key()}` },
    });
    expect(bad.status).toBe(400);
    expect(JSON.parse(bad.body)).toMatchObject({ code: 'BA001' });
  });
});

describe('versions of the flows', () => {
  const node = { id: 'extra', type: 'comment', z: 'watch-a-sheet', name: 'Extra', x: 1, y: 1, wires: [] };
  const flows = async (): Promise<{ id: string }[]> =>
    JSON.parse((await ask(`${address}/admin/flows`, { cookie: cookies['admin'] })).body) as { id: string }[];
  const page = async (): Promise<string> =>
    (await ask(`${address}/flows/versions`, { cookie: cookies['admin'], headers: { accept: 'text/html' } })).body;

  it('lists what was deployed and by whom, and goes back', async () => {
    const before = await flows();
    const deployed = await ask(`${address}/admin/flows`, {
      cookie: cookies['admin'],
      headers: { 'content-type': 'application/json', 'node-red-deployment-type': 'nodes' },
      method: 'POST',
      body: JSON.stringify([...before, node]),
    });
    expect(deployed.status).toBe(204);
    const shown = await page();
    expect(shown).toContain('<td data-label="By">admin</td>');
    expect(shown).toContain('1 added');
    const version = /name="version" value="([^"]+)"/.exec(shown)?.[1] ?? '';
    const form = { version, form: formTokenIn(shown) };
    const forged = await ask(`${address}/flows/versions/back`, {
      cookie: cookies['admin'],
      form: { version, form: 'x' },
    });
    expect(forged.status).toBe(403);
    expect((await ask(`${address}/flows/versions/back`, { cookie: cookies['viewer'], form })).status).toBe(403);
    expect(await flows()).toHaveLength(before.length + 1);
    expect((await ask(`${address}/flows/versions/back`, { cookie: cookies['admin'], form })).status).toBe(303);
    expect((await flows()).map(({ id }) => id).sort()).toEqual(before.map(({ id }) => id).sort());
    const after = await page();
    expect(after).toContain('That version is in force again.');
    expect(after).toContain('1 removed');
    expect(readdirSync(join(home, 'node-red', 'versions')).filter((name) => name.endsWith('.json'))).toHaveLength(3);
  });

  it('answers a failure inside with a page that says where to look, and shows nobody the inside', async () => {
    const form = { answer: 'leave', form: formTokenIn(await page()) };
    const [kept, aside] = [join(home, 'node-red', 'versions'), join(home, 'node-red', 'versions-aside')];
    renameSync(kept, aside);
    mkdirSync(kept);
    expect(await page()).toContain('No version is kept.');
    rmSync(kept, { recursive: true });
    writeFileSync(kept, 'a file where the folder was');
    const headers = { accept: 'text/html' };
    const answer = await ask(`${address}/flows/versions/shipped`, { cookie: cookies['admin'], form, headers });
    rmSync(kept);
    renameSync(aside, kept);
    expect([answer.status, answer.headers['content-type']]).toEqual([500, 'text/html; charset=utf-8']);
    expect(answer.body).toContain('The log of this server says why.');
    expect(answer.body).not.toMatch(/EEXIST|Internal Server Error/);
    expect(readFileSync(join(home, 'logs', 'billing-audit.log'), 'utf8')).toContain('EEXIST');
    const long = { ...form, more: 'x'.repeat(9000) };
    const unread = await ask(`${address}/flows/versions/back`, { cookie: cookies['admin'], form: long, headers });
    expect([unread.status, unread.body.includes('This form could not be read.')]).toEqual([413, true]);
  });

  it('says so when a version is not kept any more', async () => {
    const form = { version: '2020-01-01T000000.000Z-00000000', form: formTokenIn(await page()) };
    await ask(`${address}/flows/versions/back`, { cookie: cookies['admin'], form });
    expect(await page()).toContain('There is no kept version');
  });
});

describe('the command', () => {
  it('exports the same while the server runs and when it does not, and the log holds no secret', async () => {
    const running = billingAudit('export', ...PERIOD, '--out', 'a.csv', '--seed', 'x', '--json');
    expect(running.stderr).toBe('');
    const one = JSON.parse(running.stdout) as Record<string, unknown>;
    expect(one).toMatchObject({ through: 'server', changes: 2, sampled: 2 });
    const secret = key();
    server.kill('SIGTERM');
    await until(() => server.exitCode !== null, 'the server to stop');
    const alone = billingAudit('export', ...PERIOD, '--out', 'b.csv', '--seed', 'x', '--json');
    const other = JSON.parse(alone.stdout) as Record<string, unknown>;
    expect(other).toMatchObject({ through: 'store', changes: 2, fingerprint: one['fingerprint'] });
    for (const part of ['csv', 'sample.csv', 'acts.csv', 'coverage.csv']) {
      expect(readFileSync(join(folder, `b.${part}`), 'utf8')).toBe(readFileSync(join(folder, `a.${part}`), 'utf8'));
    }
    const log = readFileSync(join(home, 'logs', 'billing-audit.log'), 'utf8');
    const lines = log
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toContainEqual(expect.objectContaining({ from: 'editor', message: 'flows.set', user: 'admin' }));
    const deploys = lines.filter(({ from, message }) => from === 'editor' && message === 'flows.set');
    expect(deploys.map(({ user, path }) => [user, path])).toEqual([
      ['admin', '/flows'],
      ['admin', '/flows/versions'],
    ]);
    expect(lines).toContainEqual(expect.objectContaining({ from: 'access', message: 'signed_in' }));
    expect(lines.at(-1)).toMatchObject({ from: 'server', message: 'stopped' });
    expect(log).not.toContain(TOKEN);
    expect(log).not.toContain(secret);
  });

  it('leaves nothing half-written, and says what it could not do', () => {
    const nowhere = billingAudit('export', ...PERIOD, '--out', join('missing', 'a.xlsx'));
    expect(nowhere).toMatchObject({ status: 3, stderr: expect.stringContaining('cannot be written') });
    expect(billingAudit('export', ...PERIOD, '--out', 'a.pdf')).toMatchObject({ status: 2 });
    const empty = billingAudit('export', ...PERIOD, '--out', 'c.csv', '--home', 'elsewhere');
    expect(empty).toMatchObject({ status: 3, stderr: expect.stringContaining('holds no store') });
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  });
});
