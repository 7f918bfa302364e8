import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { AccessEvent } from '../../lib/access';
import type { AccessPage } from '../../lib/store';
import { ask, formTokenIn, signedIn } from '../server/sign-in/support/client';
import { freePort } from '../support/ports';
import { violationsOn, type Page } from '../dashboard/pages';
import { artefact, openBrowser, type OpenBrowser } from '../support/browser';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { layStoreOf } from '../support/store';
import { until } from '../support/until';

const CLI = resolve(__dirname, '../../dist/billing-audit/cli.js');
const folder = mkdtempSync(join(tmpdir(), 'access-'));
const home = join(folder, 'home');
const AGENT = { 'user-agent': 'Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/150.0' };

let sandbox: SandboxProcess;
let server: ChildProcess;
let address: string;
let environment: Record<string, string | undefined>;
let output = '';
let admin: string;

jest.setTimeout(240_000);

const passwordOf = (name: string): string => new RegExp(`^ +${name} +(\\S+)$`, 'm').exec(output)?.[1] ?? '';

async function start(): Promise<void> {
  server = spawn(process.execPath, [CLI, 'start'], { cwd: folder, env: environment as NodeJS.ProcessEnv });
  for (const stream of [server.stdout, server.stderr]) stream?.on('data', (text) => void (output += String(text)));
  const isUp = async (): Promise<boolean> => (await ask(`${address}/health`)).body.includes('"watching;');
  await until(isUp, `the sheet to be watched; the server said so far: ${output}`, 200_000);
}

/** Asks the store as a program of the owner does. */
async function log(query: object = {}): Promise<readonly AccessEvent[]> {
  const key = readFileSync(join(home, 'keys', 'service.key'), 'utf8').trim();
  const { body } = await ask(`${address}/rest/v1/rpc/billing_audit_access_events`, {
    headers: { apikey: key, 'content-type': 'application/json' },
    body: JSON.stringify({ p: { after_seq: 0, limit: 1000, ...query } }),
  });
  return (JSON.parse(body) as AccessPage).events ?? [];
}
const told = (kind: string, is: (event: AccessEvent) => boolean = () => true) =>
  until(async () => (await log({ kinds: [kind] })).find(is), `${kind} in the log; the server said: ${output}`, 60_000);

interface Flows {
  readonly flows: readonly Record<string, unknown>[];
  readonly rev: string;
}
const flowsNow = async (): Promise<Flows> =>
  JSON.parse(
    (await ask(`${address}/admin/flows`, { cookie: admin, headers: { 'node-red-api-version': 'v2' } })).body,
  ) as Flows;
const deploy = (flows: Flows) =>
  ask(`${address}/admin/flows`, {
    cookie: admin,
    body: JSON.stringify(flows),
    headers: {
      'content-type': 'application/json',
      'node-red-api-version': 'v2',
      origin: address,
      'x-forwarded-for': '198.51.100.66',
      ...AGENT,
    },
  });

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  sandbox = await startSandboxProcess('--event-reporting');
  await sandbox.control('POST', '/sandbox/sheets', {
    name: 'Week 1',
    columns: ['Work Request #', 'Quantity'],
    rows: [{ 'Work Request #': '90001.1', Quantity: 10 }],
  });
  const { sheets } = await sandbox.control<{ sheets: { id: number }[] }>('GET', '/sandbox/state');
  const port = await freePort();
  address = `http://127.0.0.1:${port}`;
  environment = {
    ...process.env,
    PORT: String(port),
    BILLING_AUDIT_HOME: home,
    SMARTSHEET_ACCESS_TOKEN: 'practice-token',
    SMARTSHEET_API_BASE: `${sandbox.url}/2.0/`,
    SMARTSHEET_SHEETS: String(sheets[0]!.id),
    PUBLIC_URL: address,
    HOLIDAYS: 'none',
  };
  await layStoreOf(home);
  await start();
  admin = await signedIn(address, 'admin', passwordOf('admin'));
}, 240_000);
afterAll(async () => {
  if (server.exitCode === null) server.kill('SIGKILL');
  await sandbox.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('records who signed in, who failed to, and who left, as the real door saw them', async () => {
  expect(
    (await ask(`${address}/sign-in`, { form: { name: 'mallory\u0000', password: 'wrong' }, headers: AGENT })).status,
  ).not.toBe(303);
  const viewer = await signedIn(address, 'viewer', passwordOf('viewer'));
  const page = (await ask(`${address}/account`, { cookie: viewer, headers: { accept: 'text/html' } })).body;
  await ask(`${address}/sign-out`, { cookie: viewer, form: { form: formTokenIn(page) }, headers: { origin: address } });
  const came = await told('signed_in', ({ person }) => person === 'viewer');
  expect(came).toMatchObject({ source: 'server', ip_address: '127.0.0.1', details: { role: 'viewer' } });
  expect(await told('session_ended', ({ person }) => person === 'viewer')).toMatchObject({
    session_id: came.session_id,
    details: { reason: 'signed_out' },
  });
  const failed = await told('sign_in_failed');
  expect(failed.person).toMatch(/^unknown name #[0-9a-f]{8}$/);
  expect(JSON.stringify(await log())).not.toContain('mallory');
  expect(failed).toMatchObject({ ip_address: '127.0.0.1', device_info: 'Firefox on Windows', session_id: null });
  expect(JSON.stringify(await log())).not.toContain(passwordOf('viewer'));
});

it('records a deploy with who, from where, and what it changed in which node, without credentials', async () => {
  const { flows, rev } = await flowsNow();
  const risk = flows.find(({ type }) => type === 'billing-audit-risk-score')!;
  const changed = flows.map((node) => (node === risk ? { ...node, highRiskFrom: 0.95, name: 'Score' } : node));
  const added = {
    id: 'new-node',
    type: 'http request',
    z: String(risk['z']),
    name: 'Ask',
    url: 'https://ann:hunter2@example.com',
    x: 10,
    y: 10,
    wires: [[]],
    credentials: { user: 'ann', password: 'hunter2-too' },
  };
  expect((await deploy({ flows: [...changed, added], rev })).status).toBe(200);
  const event = await told('flows_deployed');
  expect(event).toMatchObject({
    source: 'editor',
    person: 'admin',
    // A header that anybody can write is not believed where it comes from no proxy of ours; loopback is one.
    ip_address: '198.51.100.66',
    device_info: 'Firefox on Windows',
    happened: expect.stringContaining('1 changed, 1 added') as unknown,
    details: { type: 'full', counts: { added: 1, changed: 1 }, credentials_changed: true, left_out: 0 },
  });
  expect(event.session_id).toBe((await told('signed_in', ({ person }) => person === 'admin')).session_id);
  const changes = event.details['changes'] as {
    kind: string;
    node: object;
    properties: { name: string; before: unknown; after: unknown }[];
  }[];
  expect(changes.find(({ kind }) => kind === 'changed')).toMatchObject({
    node: { id: risk.id, type: 'billing-audit-risk-score', name: 'Score' },
  });
  expect(changes.find(({ kind }) => kind === 'changed')?.properties).toContainEqual({
    name: 'highRiskFrom',
    before: risk['highRiskFrom'] ?? null,
    after: 0.95,
  });
  expect(JSON.stringify(event)).not.toContain('hunter2');
});

it('records what a command changed, and by whom', async () => {
  writeFileSync(join(folder, 'people.csv'), 'email,access level\nclerk@example.com,3\n');
  const done = spawnSync(process.execPath, [CLI, 'import', '--people', 'people.csv'], {
    cwd: folder,
    env: environment as NodeJS.ProcessEnv,
    encoding: 'utf8',
  });
  expect([done.status, done.stderr]).toEqual([0, '']);
  expect(await told('command_run')).toMatchObject({
    source: 'command_line',
    details: { command: 'import --people', people: 1 },
  });
});

it('keeps what happened while the trail was away, over a kill, and records it once at the next start', async () => {
  const headers = { 'user-agent': 'just-before-the-end' };
  await ask(`${address}/sign-in`, { form: { name: 'viewer', password: 'wrong' }, headers });
  server.kill('SIGKILL');
  await until(() => server.exitCode !== null || server.signalCode !== null, 'the server to end');
  await start();
  await told('sign_in_failed', ({ user_agent }) => user_agent === 'just-before-the-end');
  const all = await log({ kinds: ['sign_in_failed'] });
  const last = all.filter(({ user_agent }) => user_agent === 'just-before-the-end');
  expect(last.map(({ person }) => person)).toEqual(['viewer']);
});

it('shows it on the page Access to those who may see it, with what nobody told as unknown', async () => {
  admin = await signedIn(address, 'admin', passwordOf('admin'));
  const viewer = await signedIn(address, 'viewer', passwordOf('viewer'));
  const get = (query: string, cookie: string) =>
    ask(`${address}/access${query}`, { cookie, headers: { accept: 'text/html' } });
  expect((await get('', viewer)).status).toBe(403);
  expect((await ask(`${address}/access`)).status).toBe(401);
  const page = await get('?kind=administration&days=1', admin);
  expect(page.status).toBe(200);
  expect(page.body).toContain('deployed the flows: 1 changed, 1 added');
  expect(page.body).toMatch(/highRiskFrom: .* → 0\.95/);
  const own = await get('?person=viewer', admin);
  expect(own.body).toContain('viewer signed in as viewer');
  expect(own.body).not.toContain('admin signed in as admin');
  expect(page.body).toContain('unknown');
  expect((await get('?kind=exports', admin)).body).toContain('Nothing of this kind in this time.');
  const hostile = await get('?text=%3Cscript%3Ealert(1)%3C/script%3E', admin);
  expect(hostile.body).not.toContain('<script>alert');
  const bad = await get('?after=nonsense', admin);
  expect(bad.status).toBe(400);
  expect(bad.body).toContain('role="alert"');
});

describe('the page Access of the dashboard', () => {
  let browser: OpenBrowser;
  const events = (): Promise<string> => browser.page.locator('[data-access=events]').innerText();
  const enter = async (name: string): Promise<void> => {
    await browser.page.goto(`${address}/sign-in?next=/dashboard/access`);
    await browser.page.locator('input[name=name]').fill(name);
    await browser.page.locator('input[name=password]').fill(passwordOf(name));
    await browser.page.locator('button.main').click();
  };
  const show = async (): Promise<void> => browser.page.locator('.ba-access button[type=submit]').click();
  beforeAll(async () => void (browser = await openBrowser({ width: 1280, height: 900 })));
  afterAll(() => browser?.close());

  it('shows who signed in and what was deployed, from what to what, and of one person alone when asked', async () => {
    await enter('admin');
    await browser.page.locator('[data-access=people]').waitFor({ timeout: 60_000 });
    expect(await browser.page.locator('[data-access=tally]').innerText()).toMatch(/Failed and refused\s+[1-9]/);
    await browser.page.locator('.ba-access select').nth(1).selectOption('administration');
    await show();
    await until(async () => !(await events()).includes('signed in as'), 'the deploys alone');
    await browser.page.locator('[data-access=events] summary').first().click();
    expect(await events()).toMatch(/highRiskFrom: .* → 0\.95/);
    await browser.page.screenshot({ path: artefact('access-desktop.png'), fullPage: true });
    await browser.page.locator('.ba-access select').nth(1).selectOption('all');
    await browser.page.locator('.ba-access input').first().fill('viewer');
    await show();
    await until(
      async () => (await events()).includes('viewer') && !(await events()).includes('admin signed in'),
      'the viewer alone',
    );
    expect(await violationsOn(browser.page as unknown as Page)).toEqual([]);
  });

  it('says so where nothing of the kind happened, and fits a phone', async () => {
    await browser.page.setViewportSize({ width: 390, height: 844 });
    await browser.page.locator('.ba-access input').first().fill('nobody@example.com');
    await show();
    await browser.page.locator('.ba-access .ba-empty').first().waitFor();
    await browser.page.locator('.ba-access input').first().fill('');
    await show();
    await browser.page.locator('[data-access=events]').waitFor();
    expect(
      await browser.page.evaluate<number>('document.documentElement.scrollWidth - window.innerWidth'),
    ).toBeLessThanOrEqual(0);
    await browser.page.screenshot({ path: artefact('access-phone.png'), fullPage: true });
    // The page for signing in is itself an answer 401.
    expect(browser.errors.filter((each) => !each.includes('401'))).toEqual([]);
    expect(browser.strangers).toEqual([]);
  });

  it('tells a viewer who may see it, and shows them nothing of it', async () => {
    const stranger = await openBrowser({ width: 1280, height: 900 });
    const own = browser;
    browser = stranger;
    try {
      await enter('viewer');
      await stranger.page.locator('.ba-access .ba-problem').waitFor({ timeout: 60_000 });
      expect(await stranger.page.locator('.ba-access').innerText()).toContain(
        'shown to auditors, managers and administrators',
      );
      expect(await stranger.page.locator('[data-access=events]').count()).toBe(0);
    } finally {
      browser = own;
      await stranger.close();
    }
  });

  it.each([1280, 390])(
    'has a sister on the server that breaks no address at %i px, nor is wider than that',
    async (width) => {
      await browser.page.setViewportSize({ width, height: 900 });
      await browser.page.goto(`${address}/access?kind=failed`);
      // How many lines each address takes.
      const { lines, beyond } = await browser.page.evaluate<{ lines: readonly number[]; beyond: number }>(`(() => {
      const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const lines = [];
      while (texts.nextNode()) {
        for (const { index, 0: found } of texts.currentNode.data.matchAll(/127\\.0\\.0\\.1/g)) {
          const range = document.createRange();
          range.setStart(texts.currentNode, index);
          range.setEnd(texts.currentNode, index + found.length);
          lines.push(range.getClientRects().length);
        }
      }
      return { lines, beyond: document.documentElement.scrollWidth - innerWidth };
    })()`);
      expect(lines.length).toBeGreaterThan(2);
      expect([new Set(lines), beyond]).toEqual([new Set([1]), 0]);
      await browser.page.screenshot({ path: artefact(`access-of-the-server-${width}.png`), fullPage: true });
      await browser.page.setViewportSize({ width: 1280, height: 900 });
    },
  );
});
