import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { openPostOffice, type PostOffice } from '../../alert/post-office';
import { artefact, openBrowser } from '../../support/browser';
import { startSandboxProcess, type SandboxProcess } from '../../support/sandbox';
import { ask, formTokenIn, signedIn, type Answer } from '../sign-in/support/client';
import { startCommand, type RunningCommand } from './command';

let sandbox: SandboxProcess;
let post: PostOffice;
let folder: string;
let server: RunningCommand;
let address: string;

beforeAll(async () => {
  sandbox = await startSandboxProcess();
  post = await openPostOffice();
  await sandbox.control('POST', '/sandbox/sheets', {
    name: 'Billing <South> & "West"',
    columns: [
      'Work Request #',
      'Count of units',
      'Unit Totl Price',
      'Redlined Total Price',
      'Weekly Referenced Logged Date',
    ],
  });
  for (const week of ['Week 07', 'Week 08', 'Week 09']) {
    await sandbox.control('POST', '/sandbox/sheets', { name: `Billing ${week}`, columns: ['Work Request #'] });
  }
});
afterAll(async () => {
  await post.close();
  await sandbox.stop();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'setup-pages-'));
});
afterEach(async () => {
  server.child.kill('SIGTERM');
  await server.ended;
  rmSync(folder, { recursive: true, force: true });
});

async function start(env: Readonly<Record<string, string>> = {}): Promise<string> {
  server = startCommand(['start', '--port', '0'], { cwd: folder, env: { SANDBOX_PORT: '0', ...env } });
  await server.says('Health');
  address = /Health\s+(\S+)\/health/u.exec(server.said())?.[1] ?? '';
  return address;
}
const page = (path: string, cookie?: string): Promise<Answer> =>
  ask(address + path, { cookie, headers: { accept: 'text/html' } });

/** Sends a form as a browser would, and gives the page that comes then. */
async function send(step: string, fields: Readonly<Record<string, string>>, cookie?: string): Promise<Answer> {
  const shown = await page(`/setup/${step}`, cookie);
  const asked = [...shown.body.matchAll(/name="asked" value="([^"]+)"/gu)].map(([, name = '']) => unescaped(name));
  const body = new URLSearchParams({ form: formTokenIn(shown.body), ...fields });
  for (const name of asked) body.append('asked', name);
  const answer = await ask(`${address}/setup/${step}`, {
    method: 'POST',
    cookie,
    body: body.toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  return answer.status === 303 ? page(answer.headers.location ?? '', cookie) : answer;
}
const unescaped = (text: string): string =>
  text.replaceAll('&#39;', "'").replaceAll('&quot;', '"').replaceAll('&amp;', '&');

describe('the first-run page', () => {
  it('leads from practice to a .env, and never shows a secret again', async () => {
    await start();
    const wrong = await send('token', { token: 'no-such-token', apiBase: `${sandbox.url}/2.0/` });
    expect(wrong.body).toContain('Your Access Token is invalid');
    expect(wrong.body).not.toContain('no-such-token');
    expect(wrong.body).toContain(`value="${sandbox.url}/2.0/"`);
    const sheets = await send('token', { token: 'practice-token', apiBase: `${sandbox.url}/2.0/` });
    expect(sheets.body).toContain('The token belongs to');
    expect(sheets.body).toContain('Billing &lt;South&gt; &amp; &quot;West&quot;');
    const id = /name="sheets" value="(\d+)"[^>]*>\s*<span>Billing &lt;South/u.exec(sheets.body)?.[1] ?? '';
    const columns = await send('sheets', { sheets: id });
    expect(columns.body).toMatch(/<option value="Unit Totl Price" selected>/u);
    await send('columns', { 'column:Quantity': 'Count of units', 'column:Units Total Price': 'Unit Totl Price' });
    await send('store', { home: './home' });
    const smtp = { smtpUrl: `smtp://127.0.0.1:${post.port}`, alertFrom: 'audit@example.com' };
    const bad = await send('mail', { ...smtp, alertTo: 'nobody at home', sendTestMail: 'on' });
    expect(bad.body).toContain('nobody at home');
    expect(existsSync(join(folder, '.env'))).toBe(false);
    await send('mail', { ...smtp, alertTo: 'manager@example.com', sendTestMail: 'on' });
    expect(post.arrived.map(({ subject }) => subject)).toEqual(['Billing Audit: test mail']);
    const review = await send('address', { publicUrl: '' });
    expect(review.body).toContain('SMARTSHEET_ACCESS_TOKEN');
    expect(review.body).not.toContain('practice-token<');
    const saved = await send('review', {});
    expect(saved.body).toContain('Written to');
    expect(saved.body).toContain('still practises');
    expect(parseEnv(readFileSync(join(folder, '.env'), 'utf8'))).toMatchObject({
      SMARTSHEET_ACCESS_TOKEN: 'practice-token',
      SMARTSHEET_SHEETS: id,
      BILLING_AUDIT_HOME: './home',
    });
    expect(statSync(join(folder, '.env')).mode & 0o777).toBe(0o600);
    const flow = readFileSync(join(folder, 'home/node-red/flows.json'), 'utf8');
    expect(flow).toContain('Count of units = Quantity, Unit Totl Price = Units Total Price');
  });

  it('is for admins only once people sign in, and takes no form that another site made', async () => {
    await start({ SMARTSHEET_ACCESS_TOKEN: 'practice-token', SMARTSHEET_API_BASE: `${sandbox.url}/2.0/` });
    const password = (name: string): string => new RegExp(`${name}\\s+(\\S+)`, 'u').exec(server.said())?.[1] ?? '';
    const admin = await signedIn(address, 'admin', password('  admin'));
    const viewer = await signedIn(address, 'viewer', password('  viewer'));
    expect((await page('/setup/token')).status).toBe(401);
    expect((await page('/setup/token', viewer)).status).toBe(403);
    const shown = await page('/setup/token', admin);
    expect(shown.status).toBe(200);
    expect(shown.body).not.toContain('practice-token');
    for (const path of ['/setup/review', '/flows/versions/back', '/people/add']) {
      const form = { form: 'guessed' };
      const forged = await ask(address + path, { cookie: admin, form, headers: { accept: 'text/html' } });
      expect([path, forged.status]).toEqual([path, 403]);
      expect(forged.body).toContain('<h1>This form is not from a page of your session.</h1>');
    }
    const fromElsewhere = await ask(`${address}/setup/review`, {
      cookie: admin,
      form: { form: formTokenIn(shown.body) },
      headers: { origin: 'https://elsewhere.example.com', 'sec-fetch-site': 'cross-site' },
    });
    expect(fromElsewhere.status).toBe(403);
    expect(existsSync(join(folder, '.env'))).toBe(false);
  });

  it('names the damaged line of a .env instead of a form', async () => {
    await start();
    writeFileSync(join(folder, '.env'), 'PORT=1880\nthis is no setting\n');
    const { status, body } = await page('/setup/token');
    expect(status).toBe(409);
    expect(body).toContain('Line 2 of');
    expect(body).not.toContain('<input type="password"');
  });

  it('looks as it should at 390 and 1280 pixels, and loads nothing from elsewhere', async () => {
    await start();
    const { page: tab, errors, strangers, close } = await openBrowser({ width: 1280, height: 900 });
    const pictures = async (name: string): Promise<void> => {
      for (const width of [1280, 390]) {
        await tab.setViewportSize({ width, height: 900 });
        await tab.screenshot({ path: artefact(`setup-${name}-${width}.png`), fullPage: true });
        const overflow = await tab.evaluate<number>('document.documentElement.scrollWidth - window.innerWidth');
        expect(overflow).toBeLessThanOrEqual(0);
      }
    };
    try {
      await tab.goto(`${address}/setup`);
      await pictures('1-token');
      await tab.locator('input[name="token"]').fill('practice-token');
      await tab.locator('input[name="apiBase"]').fill(`${sandbox.url}/2.0/`);
      await tab.locator('form.wide button.main').click();
      await pictures('2-sheets');
      for (const at of ['"South"', 'Week 07'])
        await tab.locator(`label.tick:has-text(${JSON.stringify(at.replaceAll('"', ''))}) input`).click();
      await tab.locator('form.wide button.main').click();
      await pictures('3-columns');
      await tab.locator('form.wide button.main').click();
      await tab.locator('form.wide button.main').click();
      await tab.locator('input[name="smtpUrl"]').fill(`smtp://127.0.0.1:${post.port}`);
      await tab.locator('input[name="alertFrom"]').fill('audit@example.com');
      await tab.locator('input[name="alertTo"]').fill('nobody');
      await tab.locator('form.wide button.main').click();
      await pictures('5-mail');
      await tab.locator('input[name="smtpUrl"]').fill(`smtp://127.0.0.1:${post.port}`);
      await tab.locator('input[name="alertTo"]').fill('manager@example.com');
      await tab.locator('form.wide button.main').click();
      await tab.locator('form.wide button.main').click();
      await pictures('7-review');
      await tab.locator('section button.main').click();
      await pictures('8-first-change');
      expect({ errors, strangers }).toEqual({ errors: [], strangers: [] });
    } finally {
      await close();
    }
  });
});
